/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon's tracepoint programs cost those who trip them.
 *
 *	bpf PID SECONDS
 *
 * Its programs are found by the links it holds (/proc/PID/fdinfo); iterators are left out, since the
 * kernel charges them to the daemon itself. The kernel's statistics take some time of their own at
 * each run, which an empty program on the same host and in the same window shows: that is
 * subtracted. Prints lines of a name and a number.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PROGRAMS_MAX 64

DEFINE_CLEANUP(FILE *, fclose)

struct cost {
	double runs, ns;
};

static void add_cost(int fd, double sign, struct cost *cost)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		err(1, "cannot ask about a program");
	cost->runs += sign * (double)info.run_cnt;
	cost->ns += sign * (double)info.run_time_ns;
}

/* The program of a link that is no iterator; 0: none. */
static __u32 program_of(const char *path)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	char line[128], type[32] = "";
	unsigned int id = 0;

	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "link_type: %31s", type);
		(void)sscanf(line, "prog_id: %u", &id);
	}
	return type[0] && strcmp(type, "iter") != 0 ? id : 0;
}

static size_t find_programs(const char *pid, int fds[PROGRAMS_MAX])
{
	char folder[64], path[512];
	size_t n = 0;
	DIR *directory;

	(void)snprintf(folder, sizeof(folder), "/proc/%.16s/fdinfo", pid);
	directory = opendir(folder);
	if (!directory)
		err(1, "%s", folder);
	for (struct dirent *entry; n < PROGRAMS_MAX && (entry = readdir(directory));) {
		__u32 id;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		id = program_of(path);
		if (id == 0)
			continue;
		fds[n] = bpf_prog_get_fd_by_id(id);
		if (fds[n] < 0)
			err(1, "cannot open program %u", id);
		n++;
	}
	(void)closedir(directory);
	return n;
}

/* return 0, at each fork. */
static int attach_empty(int *ret_link_fd)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd, btf_id = libbpf_find_vmlinux_btf_id("sched_process_fork", BPF_TRACE_RAW_TP);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);

	if (btf_id < 0)
		errx(1, "the kernel's BTF has no sched_process_fork");
	options.attach_btf_id = (__u32)btf_id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "empty", "GPL", code,
			   sizeof(code) / sizeof(code[0]), &options);
	if (fd < 0)
		err(1, "cannot load an empty program");
	*ret_link_fd = bpf_raw_tracepoint_open(NULL, fd);
	if (*ret_link_fd < 0)
		err(1, "cannot attach an empty program");
	return fd;
}

int main(int argc, char **argv)
{
	struct cost cost = { 0 }, floor = { 0 };
	struct timespec span = { 0 };
	double floor_ns;
	int fds[PROGRAMS_MAX], empty_fd, link_fd, stats_fd;
	size_t n;

	if (argc != 3 || (span.tv_sec = atoi(argv[2])) < 1)
		errx(2, "usage: bpf PID SECONDS");
	n = find_programs(argv[1], fds);
	empty_fd = attach_empty(&link_fd);
	stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats_fd < 0)
		err(1, "cannot switch the statistics on");
	for (size_t i = 0; i < n; i++)
		add_cost(fds[i], -1, &cost);
	(void)nanosleep(&span, NULL);
	for (size_t i = 0; i < n; i++)
		add_cost(fds[i], 1, &cost);
	add_cost(empty_fd, 1, &floor);
	(void)close(stats_fd);
	(void)close(link_fd);
	(void)close(empty_fd);
	if (floor.runs < 1)
		errx(1, "nothing forked in %s s", argv[2]);
	floor_ns = floor.ns / floor.runs;
	cost.ns -= cost.runs * floor_ns;
	(void)printf("programs %zu\nruns_per_s %.1f\nempty_ns %.1f\nrun_ns %.1f\nus_per_s %.3f\n",
		     n, cost.runs / (double)span.tv_sec, floor_ns,
		     cost.runs > 0 ? cost.ns / cost.runs : 0,
		     cost.ns > 0 ? cost.ns / 1e3 / (double)span.tv_sec : 0);
	return 0;
}
