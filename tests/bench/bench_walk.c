/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs that ship, against files: the walk of tasks and the naive scan of
 * /proc, the walk of cgroups and nine kept-open files of each, a map read at once
 * and key by key. By turns, so that a busy neighbour hits both.
 *
 *	walk ROUNDS HIERARCHY...
 *
 * Each HIERARCHY (the unified one first) is a folder that holds unit-000, unit-001, ... Prints
 * lines of a name and a number: CPU time in microseconds, medians; a ratio is the median of the
 * rounds' own ratios.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bpf/events.h"
#include "sense/flush.h"
#include "sense/programs.h"
#include "tests/bench/median.h"
#include "tests/bench/scan.h"

#include "cgroups.skel.h"
#include "lifecycle.skel.h"
#include "tasks.skel.h"

#define ROUNDS_MAX  200
#define UNITS_MAX   1000
#define RECORD_MAX  4096 /* bytes */
#define HOT_WALKS   5	 /* one alone is short beside the clock's own 1 us */
#define CACHE_BYTES (64 << 20)
#define MAP_KEYS    500u
#define NAP_MS	    200

/* ---- time ---------------------------------------------------------------- */

static double cpu_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void nap(void)
{
	const struct timespec span = { .tv_nsec = NAP_MS * 1000000L };

	(void)nanosleep(&span, NULL);
}

/* What was in the caches is not any more, as after a second of other work. */
static void chill(void)
{
	static char other[CACHE_BYTES];

	for (size_t i = 0; i < sizeof(other); i += 64)
		other[i]++;
}

struct series {
	size_t n;
	double a[ROUNDS_MAX], b[ROUNDS_MAX], ratio[ROUNDS_MAX]; /* b is the dear one */
};

static void series_add(struct series *series, double a, double b)
{
	series->a[series->n] = a;
	series->b[series->n] = b;
	series->ratio[series->n++] = b / a;
}

static void series_print(struct series *series, const char *a, const char *b, const char *ratio)
{
	double middle = median(series->ratio, series->n);

	(void)printf("%s %.3f\n%s %.3f\n%s %.2f\n%s_least %.2f\n%s_most %.2f\n", a,
		     median(series->a, series->n), b, median(series->b, series->n), ratio, middle,
		     ratio, series->ratio[0], ratio, series->ratio[series->n - 1]);
}

/* ---- the kernel's side, as the probe uses it ------------------------------- */

static struct programs programs;
static __u64 keys[WATCHED_MAX + 1];
static char *records; /* room for all of any map */

static void walk(const struct bpf_link *link)
{
	CLEANUP(cleanup_close) int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		errx(1, "cannot walk: %s", strerror(-fd));
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
}

static unsigned int empty(const struct bpf_map *map)
{
	__u32 cursor, n = WATCHED_MAX + 1;
	int r = bpf_map_lookup_and_delete_batch(bpf_map__fd(map), NULL, &cursor, keys, records, &n,
						NULL);

	if (r < 0 && r != -ENOENT)
		errx(1, "cannot read a map: %s", strerror(-r));
	return n;
}

static void walk_tasks(void)
{
	walk(programs.tasks->links.tasks_walk);
	(void)empty(programs.tasks->maps.sums);
}

static unsigned int walk_cgroups(void)
{
	if (flush_all(programs.flush) < 0)
		errx(1, "cannot flush");
	walk(programs.cgroups->links.cgroups_walk);
	return empty(programs.cgroups->maps.facts);
}

/* ---- units ----------------------------------------------------------------- */

/* Controllers are in the unified hierarchy, or have one of their own with names of its own. */
static const char *const nine[][2] = {
	{ "cpu.stat", "cpuacct.stat" },
	{ "memory.current", "memory.usage_in_bytes" },
	{ "memory.stat", "memory.stat" },
	{ "io.stat", "blkio.throttle.io_service_bytes_recursive" },
	{ "pids.current", "pids.current" },
	{ "cpu.pressure", "cpu.pressure" },
	{ "memory.pressure", "memory.pressure" },
	{ "io.pressure", "io.pressure" },
	{ "cgroup.events", "cgroup.events" },
};
#define NINE (sizeof(nine) / sizeof(nine[0]))

struct unit {
	size_t n_files;
	int fd[NINE];
};

static size_t n_units;
static struct unit units[UNITS_MAX];

static int open_file(char **hierarchies, size_t unit, const char *const names[2])
{
	char path[512];
	int fd = -1;

	for (char **hierarchy = hierarchies; *hierarchy && fd < 0; hierarchy++)
		for (size_t i = 0; i < 2 && fd < 0; i++) {
			(void)snprintf(path, sizeof(path), "%s/unit-%03zu/%s", *hierarchy, unit,
				       names[i]);
			fd = open(path, O_RDONLY | O_CLOEXEC);
		}
	return fd;
}

static bool watch(char **hierarchies, size_t unit)
{
	const __u32 number = (__u32)unit + 1;
	struct stat status;
	char path[512];
	__u64 id;

	(void)snprintf(path, sizeof(path), "%s/unit-%03zu", hierarchies[0], unit);
	if (stat(path, &status) < 0)
		return false;
	id = status.st_ino;
	if (bpf_map_update_elem(programs.watched_fd, &id, &number, BPF_ANY) < 0)
		err(1, "cannot watch %s", path);
	return true;
}

static void find_units(char **hierarchies)
{
	for (; n_units < UNITS_MAX && watch(hierarchies, n_units); n_units++)
		for (size_t i = 0; i < NINE; i++) {
			struct unit *unit = &units[n_units];
			int fd = open_file(hierarchies, n_units, nine[i]);

			if (fd >= 0)
				unit->fd[unit->n_files++] = fd;
		}
	if (n_units == 0)
		errx(1, "there is no unit-000 in %s", hierarchies[0]);
}

static void read_files(void)
{
	char text[8192];

	for (size_t i = 0; i < n_units; i++)
		for (size_t j = 0; j < units[i].n_files; j++)
			(void)!pread(units[i].fd[j], text, sizeof(text), 0);
}

/* ---- the claims -------------------------------------------------------------- */

static void compare_hot(unsigned int rounds)
{
	static struct series series;
	size_t n_processes = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		double from, walked;

		walk_tasks();
		from = cpu_us();
		for (unsigned int j = 0; j < HOT_WALKS; j++)
			walk_tasks();
		walked = (cpu_us() - from) / HOT_WALKS;
		(void)scan_four();
		from = cpu_us();
		n_processes = scan_four();
		series_add(&series, walked, cpu_us() - from);
	}
	(void)printf("processes %zu\n", n_processes);
	series_print(&series, "tasks_hot_us", "processes_hot_us", "hot_ratio");
}

/* By entry: the walk has one for each thread, the scan for each process. */
static void compare_cold(unsigned int rounds)
{
	static struct series series;
	struct sysinfo info;
	unsigned int n_tasks;

	(void)sysinfo(&info);
	n_tasks = info.procs;
	for (unsigned int i = 0; i < rounds; i++) {
		double from, walked;
		size_t n_processes;

		nap();
		chill();
		from = cpu_us();
		walk_tasks();
		walked = cpu_us() - from;
		nap();
		chill();
		from = cpu_us();
		n_processes = scan_four();
		series_add(&series, walked / n_tasks, (cpu_us() - from) / (double)n_processes);
	}
	(void)printf("tasks %u\n", n_tasks);
	series_print(&series, "task_cold_us", "process_cold_us", "cold_ratio");
}

/* With a nap before each, so that every unit has run and has something to be flushed. */
static void compare_cgroups(unsigned int rounds)
{
	static struct series series;
	unsigned int n_walked = 0;

	(void)printf("cgroup_files %zu\n", units[0].n_files);
	if (!programs.cgroups || units[0].n_files < NINE)
		return;
	for (unsigned int i = 0; i < rounds; i++) {
		double from, walked;

		nap();
		from = cpu_us();
		n_walked = walk_cgroups();
		walked = cpu_us() - from;
		nap();
		from = cpu_us();
		read_files();
		series_add(&series, walked, cpu_us() - from);
	}
	if (n_walked != n_units)
		errx(1, "the walk found %u of %zu cgroups", n_walked, n_units);
	(void)printf("cgroups %zu\n", n_units);
	series_print(&series, "cgroup_walk_us", "cgroup_files_us", "cgroup_ratio");
}

static void fill(int map_fd)
{
	memset(records, 0, RECORD_MAX);
	for (__u32 key = 1; key <= MAP_KEYS; key++)
		if (bpf_map_update_elem(map_fd, &key, records, BPF_ANY) < 0)
			err(1, "cannot fill the map of counters");
}

static void read_at_once(int map_fd)
{
	__u32 cursor, n = WATCHED_MAX + 1;

	(void)bpf_map_lookup_batch(map_fd, NULL, &cursor, keys, records, &n, NULL);
	if (n < MAP_KEYS)
		errx(1, "only %u of %u keys came at once", n, MAP_KEYS);
}

static void read_by_key(int map_fd)
{
	__u32 key, next, n = 0;

	for (__u32 *at = NULL; bpf_map_get_next_key(map_fd, at, &next) == 0; at = &key) {
		key = next;
		(void)bpf_map_lookup_elem(map_fd, &key, records);
		n++;
	}
	if (n < MAP_KEYS)
		errx(1, "only %u of %u keys came one by one", n, MAP_KEYS);
}

static void compare_map_reads(unsigned int rounds)
{
	static struct series series;
	int map_fd;

	if (!programs.lifecycle)
		return;
	map_fd = bpf_map__fd(programs.lifecycle->maps.counters);
	fill(map_fd);
	for (unsigned int i = 0; i < rounds; i++) {
		double from, at_once;

		read_at_once(map_fd);
		from = cpu_us();
		for (unsigned int j = 0; j < HOT_WALKS; j++)
			read_at_once(map_fd);
		at_once = (cpu_us() - from) / HOT_WALKS;
		from = cpu_us();
		read_by_key(map_fd);
		series_add(&series, at_once, cpu_us() - from);
	}
	series_print(&series, "map_batch_us", "map_keys_us", "map_ratio");
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0;

	if (argc < 3 || rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: walk ROUNDS HIERARCHY..., 1 to %d rounds", ROUNDS_MAX);
	records = calloc(WATCHED_MAX + 1, RECORD_MAX);
	if (!records)
		err(1, "memory");
	programs_load(&programs, false);
	if (!programs.tasks)
		errx(3, "%s", programs.limit);
	find_units(argv + 2);
	compare_hot(rounds);
	compare_cold(rounds);
	compare_cgroups(rounds);
	compare_map_reads(rounds);
	programs_clear(&programs);
	free(records);
	return 0;
}
