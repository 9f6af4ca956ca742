/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kept-open files of one cgroup: a table of which there may be, and what each tells. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "sense/cgroup.h"
#include "sense/keyfile.h"

#define FILE_SIZE_MAX 8192 /* io.stat has 100 bytes a device */

static void use_number(const char *text, const char *key, double scale, enum metric metric,
		       struct usage *usage)
{
	uint64_t number;

	if (keyfile_number(text, key, &number) >= 0)
		usage_set(usage, metric, (double)number * scale);
}

static void use_value(const char *text, double scale, enum metric metric, struct usage *usage)
{
	uint64_t number;

	if (keyfile_value(text, &number) >= 0)
		usage_set(usage, metric, (double)number * scale);
}

static void use_cpu_stat(const char *text, struct usage *usage)
{
	use_number(text, "usage_usec", 1e-6, METRIC_CPU, usage);
	use_number(text, "throttled_usec", 1e-6, METRIC_THROTTLED, usage);
}

static void use_cpuacct(const char *text, struct usage *usage)
{
	use_value(text, 1e-9, METRIC_CPU, usage);
}

static void use_memory(const char *text, struct usage *usage)
{
	use_value(text, 1, METRIC_MEMORY, usage);
}

static void use_swap(const char *text, struct usage *usage)
{
	use_value(text, 1, METRIC_SWAP, usage);
}

static void use_oom_control(const char *text, struct usage *usage)
{
	use_number(text, "oom_kill", 1, METRIC_OOM_KILLS, usage);
}

/* With those of the cgroups below it, as all else; memory.events.local would be without. */
static void use_memory_events(const char *text, struct usage *usage)
{
	use_oom_control(text, usage);
	use_number(text, "high", 1, METRIC_MEMORY_HIGH, usage);
	use_number(text, "max", 1, METRIC_MEMORY_MAX, usage);
}

static void use_pids(const char *text, struct usage *usage)
{
	use_value(text, 1, METRIC_THREADS, usage);
}

/* Add up what follows each occurrence of the word: a line a device. A file without lines is of a
 * cgroup that did no I/O yet. */
static void use_sum(const char *text, const char *word, enum metric metric, struct usage *usage)
{
	uint64_t number, sum = 0;

	for (const char *at = text; (at = strstr(at, word));) {
		at += strlen(word);
		if (keyfile_value(at, &number) >= 0)
			sum += number;
	}
	usage_set(usage, metric, (double)sum);
}

static void use_io_stat(const char *text, struct usage *usage)
{
	use_sum(text, " rbytes=", METRIC_READ_BYTES, usage);
	use_sum(text, " wbytes=", METRIC_WRITE_BYTES, usage);
}

static void use_blkio(const char *text, struct usage *usage)
{
	use_sum(text, " Read ", METRIC_READ_BYTES, usage);
	use_sum(text, " Write ", METRIC_WRITE_BYTES, usage);
}

static void use_pressure(const char *text, const char *line, enum metric metric,
			 struct usage *usage)
{
	uint64_t total_us;

	if (keyfile_pressure(text, line, &total_us) >= 0)
		usage_set(usage, metric, (double)total_us * 1e-6);
}

static void use_cpu_pressure(const char *text, struct usage *usage)
{
	use_pressure(text, "some", METRIC_PSI_CPU_SOME, usage);
	use_pressure(text, "full", METRIC_PSI_CPU_FULL, usage);
}

static void use_memory_pressure(const char *text, struct usage *usage)
{
	use_pressure(text, "some", METRIC_PSI_MEMORY_SOME, usage);
	use_pressure(text, "full", METRIC_PSI_MEMORY_FULL, usage);
}

static void use_io_pressure(const char *text, struct usage *usage)
{
	use_pressure(text, "some", METRIC_PSI_IO_SOME, usage);
	use_pressure(text, "full", METRIC_PSI_IO_FULL, usage);
}

enum hierarchy { UNIFIED, CPUACCT, MEMORY, PIDS, BLKIO, HIERARCHY_N };

/* In order of preference: of two that give the same metric, the first that is there is opened. */
static const struct source {
	const char *file;
	void (*use)(const char *text, struct usage *usage);
	enum hierarchy hierarchy;
	enum metric gives; /* one of them stands for all */
} sources[] = {
	{ "cpu.stat", use_cpu_stat, UNIFIED, METRIC_CPU },
	{ "memory.current", use_memory, UNIFIED, METRIC_MEMORY },
	{ "memory.swap.current", use_swap, UNIFIED, METRIC_SWAP },
	{ "memory.events", use_memory_events, UNIFIED, METRIC_OOM_KILLS },
	{ "pids.current", use_pids, UNIFIED, METRIC_THREADS },
	{ "io.stat", use_io_stat, UNIFIED, METRIC_READ_BYTES },
	{ "cpu.pressure", use_cpu_pressure, UNIFIED, METRIC_PSI_CPU_SOME },
	{ "memory.pressure", use_memory_pressure, UNIFIED, METRIC_PSI_MEMORY_SOME },
	{ "io.pressure", use_io_pressure, UNIFIED, METRIC_PSI_IO_SOME },
	{ "cpuacct.usage", use_cpuacct, CPUACCT, METRIC_CPU },
	{ "memory.usage_in_bytes", use_memory, MEMORY, METRIC_MEMORY },
	{ "memory.oom_control", use_oom_control, MEMORY, METRIC_OOM_KILLS },
	{ "pids.current", use_pids, PIDS, METRIC_THREADS },
	{ "blkio.throttle.io_service_bytes_recursive", use_blkio, BLKIO, METRIC_READ_BYTES },
};

#define SOURCES_N (sizeof(sources) / sizeof(sources[0]))

struct cgroup_files {
	int fd[SOURCES_N]; /* -1: not there, or not needed */
};

static const char *root_of(const struct cgroup_roots *roots, enum hierarchy hierarchy)
{
	const char *const root[HIERARCHY_N] = {
		[UNIFIED] = roots->unified, [CPUACCT] = roots->cpuacct, [MEMORY] = roots->memory,
		[PIDS] = roots->pids,	    [BLKIO] = roots->blkio,
	};

	return root[hierarchy];
}

/* A descriptor, -1 where there is no such file, or the error of one that is there. */
static int open_source(const struct cgroup_roots *roots, const char *path,
		       const struct source *source, int *ret_fd)
{
	CLEANUP(cleanup_close) int folder_fd = -1;

	folder_fd = cgroup_open_folder(root_of(roots, source->hierarchy), path);
	if (folder_fd < 0)
		return folder_fd == -ENOENT ? 0 : folder_fd;
	*ret_fd = openat(folder_fd, source->file, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 && (errno == EMFILE || errno == ENFILE) ? -errno : 0;
}

static int open_sources(const struct cgroup_roots *roots, const char *path,
			struct cgroup_files *files)
{
	uint64_t given = 0;
	int r;

	for (size_t i = 0; i < SOURCES_N; i++) {
		if (given & METRIC_BIT(sources[i].gives))
			continue;
		r = open_source(roots, path, &sources[i], &files->fd[i]);
		if (r < 0)
			return r;
		if (files->fd[i] >= 0)
			given |= METRIC_BIT(sources[i].gives);
	}
	return given ? 0 : -ENOENT;
}

int cgroup_files_open(const struct cgroup_roots *roots, const char *path, struct cgroup_files **ret)
{
	struct cgroup_files *files = malloc(sizeof(*files));
	int r;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < SOURCES_N; i++)
		files->fd[i] = -1;
	r = open_sources(roots, path, files);
	if (r < 0) {
		cgroup_files_close(files);
		return r;
	}
	*ret = files;
	return 0;
}

struct cgroup_files *cgroup_files_close(struct cgroup_files *files)
{
	if (files) {
		for (size_t i = 0; i < SOURCES_N; i++)
			cleanup_close(&files->fd[i]);
		free(files);
	}
	return NULL;
}

int cgroup_files_read(struct cgroup_files *files, struct usage *ret)
{
	struct usage usage = { 0 };
	char text[FILE_SIZE_MAX];
	int r;

	for (size_t i = 0; i < SOURCES_N; i++) {
		if (files->fd[i] < 0)
			continue;
		r = keyfile_read_fd(files->fd[i], text, sizeof(text));
		if (r == -ENODEV)
			return r;
		if (r >= 0) /* else that one is unknown: pressure may be switched off */
			sources[i].use(text, &usage);
	}
	*ret = usage;
	return 0;
}
