/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a unit, from folders of the test's own: escaped, bounded, and what is refused is named. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heal/scene.h"
#include "scratch.h"
#include "tests/unit/assertion.h"

struct stage {
	struct scratch scratch;
	char proc[128], cgroup[128], journal[128];
	struct scene scene;
	char told[256 << 10];
};

static void make_folder(struct stage *stage, const char *name)
{
	cr_assert(zero(int, mkdir(scratch_path(&stage->scratch, name), 0700)), "%s", name);
}

static void write_stat(struct stage *stage, unsigned int tid, const char *comm, char state)
{
	char name[64], text[128];

	(void)snprintf(name, sizeof(name), "proc/20/task/%u", tid);
	make_folder(stage, name);
	(void)snprintf(name, sizeof(name), "proc/20/task/%u/stat", tid);
	(void)snprintf(text, sizeof(text), "%u (%s) %c 1 2 3\n", tid, comm, state);
	(void)scratch_write(&stage->scratch, name, text);
}

static void stage_open(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->scratch = scratch_make();
	(void)snprintf(stage->proc, sizeof(stage->proc), "%s",
		       scratch_path(&stage->scratch, "proc"));
	(void)snprintf(stage->cgroup, sizeof(stage->cgroup), "%s",
		       scratch_path(&stage->scratch, "cgroup"));
	(void)snprintf(stage->journal, sizeof(stage->journal), "%s",
		       scratch_path(&stage->scratch, "journal"));
	(void)scratch_write(&stage->scratch, "cgroup/cgroup.procs", "20\n");
	make_folder(stage, "proc");
	make_folder(stage, "proc/20");
	make_folder(stage, "proc/20/task");
	make_folder(stage, "proc/20/fd");
	make_folder(stage, "journal");
	stage->scene = (struct scene) {
		.unit = "shop.service",
		.cgroup = stage->cgroup,
		.proc = stage->proc,
		.journal = stage->journal,
		.stacks_fd = -1,
		.files_fd = -1,
		.cgroup_id = 77,
	};
}

static void stage_close(struct stage *stage)
{
	scratch_remove(&stage->scratch);
	free(stage);
}

/* All that is told, by way of a file. */
static const char *tell(struct stage *stage)
{
	FILE *file = tmpfile();
	size_t n;

	cr_assert(ne(ptr, file, NULL));
	scene_tell(&stage->scene, fileno(file));
	rewind(file);
	n = fread(stage->told, 1, sizeof(stage->told) - 1, file);
	stage->told[n] = '\0';
	(void)fclose(file);
	return stage->told;
}

static void assert_told(const char *told, const char *part)
{
	cr_assert(ne(ptr, strstr(told, part), NULL), "\"%s\" is not in:\n%s", part, told);
}

/* A descriptor of the kernel's text. */
static int kernel_says(const char *text)
{
	FILE *file = tmpfile();

	cr_assert(ne(ptr, file, NULL));
	(void)fputs(text, file);
	rewind(file);
	return fileno(file);
}

#define STAGE(stage)                                                                               \
	struct stage *stage = malloc(sizeof(*stage));                                              \
	stage_open(stage)

Test(scene, files_of_the_cgroup_are_told_as_they_are)
{
	STAGE(stage);

	(void)scratch_write(&stage->scratch, "cgroup/memory.current", "4096\n");
	(void)scratch_write(&stage->scratch, "cgroup/cpu.stat", "usage_usec 5\nuser_usec 3\n");
	assert_told(tell(stage),
		    "cgroup\t\"cgroup\":[{\"file\":\"memory.current\",\"text\":\"4096\"},"
		    "{\"file\":\"cpu.stat\",\"text\":\"usage_usec 5\\u000auser_usec 3\"}]\n");
	stage_close(stage);
}

Test(scene, a_thread_is_told_with_its_state_and_a_name_that_lies)
{
	STAGE(stage);

	write_stat(stage, 20, "x) R \"\033[31m", 'D');
	(void)scratch_write(&stage->scratch, "proc/20/task/20/wchan", "folio_wait");
	(void)scratch_write(&stage->scratch, "proc/20/task/20/stack",
			    "[<0>] schedule+0x1/0x2\n[<0>] folio_wait+0x3/0x4\n");
	assert_told(tell(stage),
		    "threads\t\"n_threads\":1,\"threads\":[{\"pid\":20,\"tid\":20,"
		    "\"comm\":\"x) R \\\"\\u001b[31m\",\"state\":\"D\",\"wait\":\"folio_wait\","
		    "\"stack_of\":20,\"stack\":\"schedule+0x1/0x2\\u000afolio_wait+0x3/0x4\"}]\n");
	stage_close(stage);
}

Test(scene, stacks_of_the_kernels_text_are_of_this_cgroup_alone_and_name_what_is_waited_for)
{
	STAGE(stage);

	write_stat(stage, 20, "a", 'S');
	write_stat(stage, 21, "b", 'S');
	stage->scene.stacks_fd = kernel_says(
		"78 20 20\n stranger+0x1/0x2\n"
		"77 20 20\n __schedule+0x1/0x2\n schedule+0x1/0x2\n futex_wait+0x5/0x6\n"
		"77 20 21\n __schedule+0x1/0x2\n schedule+0x1/0x2\n futex_wait+0x5/0x6\n"
		"78 20 21\n stranger+0x1/0x2\n");
	(void)tell(stage);
	assert_told(stage->told, "\"wait\":\"futex_wait\",");
	assert_told(
		stage->told,
		"\"stack\":\"__schedule+0x1/0x2\\u000aschedule+0x1/0x2\\u000afutex_wait+0x5/0x6\"");
	assert_told(stage->told, "\"stack\":null}"); /* as that of the other */
	cr_assert(eq(ptr, strstr(stage->told, "stranger"), NULL));
	cr_assert(eq(ptr, strstr(stage->told, "kernel stacks"), NULL), "they were read");
	stage_close(stage);
}

Test(scene, what_may_not_be_read_is_named)
{
	STAGE(stage);

	write_stat(stage, 20, "a", 'S');
	(void)scratch_write(&stage->scratch, "proc/20/task/20/wchan",
			    "0");		     /* as the kernel refuses */
	make_folder(stage, "proc/20/task/20/stack"); /* as good as refused */
	make_folder(stage, "cgroup/memory.events");
	stage->scene.no_kernel = "the kernel cannot be asked";
	(void)tell(stage);
	assert_told(
		stage->told,
		"unreadable\t{\"what\":\"kernel stacks\",\"why\":\"the kernel cannot be asked\"}");
	assert_told(stage->told,
		    "unreadable\t{\"what\":\"wait channels\",\"why\":\"Permission denied\"}");
	assert_told(stage->told,
		    "unreadable\t{\"what\":\"memory.events\",\"why\":\"Is a directory\"}");
	assert_told(stage->told,
		    "unreadable\t{\"what\":\"journal\",\"why\":\"Permission denied\"}");
	assert_told(stage->told, "unreadable\t{\"what\":\"course\",");
	stage_close(stage);
}

Test(scene, of_a_unit_with_no_process_left_that_is_said)
{
	STAGE(stage);

	stage->scene.cgroup = NULL;
	assert_told(tell(stage),
		    "unreadable\t{\"what\":\"processes\",\"why\":\"none is left of it\"}");
	stage_close(stage);
}

Test(scene, of_many_threads_the_first_are_told_and_all_are_counted)
{
	unsigned int n = 0;
	STAGE(stage);

	for (unsigned int i = 0; i < 100; i++)
		write_stat(stage, 20 + i, "worker", 'S');
	(void)tell(stage);
	assert_told(stage->told, "threads\t\"n_threads\":100,");
	for (const char *at = stage->told; (at = strstr(at, "\"tid\":")); at++)
		n++;
	cr_assert(eq(uint, n, SCENE_THREADS));
	stage_close(stage);
}

Test(scene, no_part_is_larger_than_its_bound_whatever_is_read)
{
	char name[64], text[4096];
	STAGE(stage);

	memset(text, '\001', sizeof(text) - 1); /* six bytes each once they are escaped */
	text[sizeof(text) - 1] = '\0';
	for (unsigned int i = 0; i < 64; i++) {
		write_stat(stage, 20 + i, "\001\001\001\001\001\001\001\001", 'S');
		(void)snprintf(name, sizeof(name), "proc/20/task/%u/stack", 20 + i);
		text[0] = (char)('a' + i % 26); /* each is another */
		(void)scratch_write(&stage->scratch, name, text);
		(void)snprintf(name, sizeof(name), "proc/20/fd/%u", i);
		(void)scratch_link(
			&stage->scratch, name,
			"\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001");
	}
	(void)scratch_write(&stage->scratch, "cgroup/io.stat", text);
	(void)scratch_write(&stage->scratch, "cgroup/cpu.stat", text);
	(void)tell(stage);
	for (char *line = strtok(stage->told, "\n"); line; line = strtok(NULL, "\n"))
		cr_assert(lt(sz, strlen(line), SCENE_LINE_MOST), "%.20s: %zu", line, strlen(line));
	stage_close(stage);
}

Test(scene, descriptors_are_counted_by_kind_and_listed)
{
	STAGE(stage);

	(void)scratch_link(&stage->scratch, "proc/20/fd/3", "socket:[5]");
	(void)scratch_link(&stage->scratch, "proc/20/fd/4", "socket:[6]");
	(void)scratch_link(&stage->scratch, "proc/20/fd/5", "/var/\"log");
	(void)tell(stage);
	assert_told(stage->told, "descriptors\t\"n_descriptors\":3,\"descriptor_kinds\":["
				 "{\"kind\":\"socket\",\"port\":null,\"n\":2},"
				 "{\"kind\":\"file\",\"port\":null,\"n\":1}]");
	assert_told(stage->told, "\"fd\":5,\"kind\":\"file\",\"what\":\"/var/\\\"log\"}");
	assert_told(stage->told, "unreadable\t{\"what\":\"states of sockets\",");
	stage_close(stage);
}

Test(scene, the_kernels_text_has_the_states_of_sockets)
{
	STAGE(stage);

	stage->scene.files_fd = kernel_says("77 20 3 t 10 80 socket:[5]\n"
					    "77 20 4 t 1 80 socket:[6]\n"
					    "77 20 5 t 1 80 socket:[7]\n"
					    "78 20 6 t 1 80 socket:[8]\n"
					    "77 20 6 f 0 0 /var/a file\n");
	(void)tell(stage);
	assert_told(stage->told, "\"n_descriptors\":4,\"descriptor_kinds\":["
				 "{\"kind\":\"tcp established\",\"port\":80,\"n\":2},"
				 "{\"kind\":\"file\",\"port\":null,\"n\":1},"
				 "{\"kind\":\"tcp listening\",\"port\":80,\"n\":1}]");
	assert_told(stage->told, "\"fd\":6,\"kind\":\"file\",\"what\":\"/var/a file\"}");
	stage_close(stage);
}
