/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /proc: text of the kernel, with names in it that are anybody's. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sense/keyfile.h"
#include "sense/procfs.h"

#define KERNEL_THREAD 0x200000 /* PF_KTHREAD, in the flags of stat */
#define PROCESSES_MAX 4194304  /* the kernel's PID_MAX_LIMIT */

DEFINE_CLEANUP(DIR *, closedir)

/* What is used of /proc/PID/stat; the rest follows from the state. */
struct stat_line {
	char state;
	uint32_t parent, flags, threads;
	uint64_t minor_faults, major_faults, user_ticks, system_ticks;
};

/* The command may hold blanks, brackets and line ends: it reaches to the last bracket. */
static int parse_stat(const char *text, char command[16], struct stat_line *ret)
{
	const char *begin = strchr(text, '('), *end = strrchr(text, ')');
	struct stat_line line;
	size_t length;

	if (!begin || !end || end < begin)
		return -EBADMSG;
	if (sscanf(end + 1,
		   " %c %" SCNu32 " %*d %*d %*d %*d %" SCNu32 " %" SCNu64 " %*u %" SCNu64
		   " %*u %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %" SCNu32,
		   &line.state, &line.parent, &line.flags, &line.minor_faults, &line.major_faults,
		   &line.user_ticks, &line.system_ticks, &line.threads) != 8)
		return -EBADMSG;
	length = (size_t)(end - begin - 1);
	if (length > 15)
		length = 15;
	memcpy(command, begin + 1, length);
	command[length] = '\0';
	*ret = line;
	return 0;
}

static void use_stat(const struct stat_line *line, struct usage *usage)
{
	bool is_zombie = line->state == 'Z' || line->state == 'X';

	usage_set(usage, METRIC_CPU,
		  (double)(line->user_ticks + line->system_ticks) / (double)sysconf(_SC_CLK_TCK));
	usage_set(usage, METRIC_MINOR_FAULTS, (double)line->minor_faults);
	usage_set(usage, METRIC_MAJOR_FAULTS, (double)line->major_faults);
	usage_set(usage, METRIC_PROCESSES, !is_zombie);
	usage_set(usage, METRIC_THREADS, is_zombie ? 0 : line->threads);
	usage_set(usage, METRIC_BLOCKED, line->state == 'D');
	usage_set(usage, METRIC_STOPPED, line->state == 'T' || line->state == 't');
	usage_set(usage, METRIC_ZOMBIES, is_zombie);
}

static void use_statm(int fd, struct usage *usage)
{
	uint64_t resident, shared;
	char text[256];

	if (keyfile_read(fd, "statm", text, sizeof(text)) < 0)
		return;
	if (sscanf(text, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2 || shared > resident)
		return;
	usage_set(usage, METRIC_RSS, (double)(resident - shared) * (double)sysconf(_SC_PAGESIZE));
}

static void use_number(const char *text, const char *key, double scale, enum metric metric,
		       struct usage *usage)
{
	uint64_t number;

	if (keyfile_number(text, key, &number) >= 0)
		usage_set(usage, metric, (double)number * scale);
}

static void use_status(int fd, bool one_thread, struct usage *usage)
{
	char text[8192];

	if (keyfile_read(fd, "status", text, sizeof(text)) < 0)
		return;
	use_number(text, "VmSwap", 1024, METRIC_SWAP, usage);
	if (!one_thread)
		return;
	use_number(text, "voluntary_ctxt_switches", 1, METRIC_SWITCHES_VOLUNTARY, usage);
	use_number(text, "nonvoluntary_ctxt_switches", 1, METRIC_SWITCHES_INVOLUNTARY, usage);
}

static void use_schedstat(int fd, struct usage *usage)
{
	uint64_t delay_ns;
	char text[256];

	if (keyfile_read(fd, "schedstat", text, sizeof(text)) < 0)
		return;
	if (sscanf(text, "%*u %" SCNu64, &delay_ns) == 1)
		usage_set(usage, METRIC_RUN_DELAY, (double)delay_ns * 1e-9);
}

static void use_io(int fd, struct usage *usage)
{
	char text[1024];

	if (keyfile_read(fd, "io", text, sizeof(text)) < 0)
		return;
	use_number(text, "read_bytes", 1, METRIC_READ_BYTES, usage);
	use_number(text, "write_bytes", 1, METRIC_WRITE_BYTES, usage);
}

/* The entries whose names are numbers; a negative errno. */
static int64_t count_numbers(int directory_fd, const char *name)
{
	CLEANUP(closedirp) DIR *directory = NULL;
	int64_t n = 0;
	int fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		n += isdigit((unsigned char)entry->d_name[0]) != 0;
	return n;
}

static int read_limit(int fd, uint64_t *ret)
{
	static const char key[] = "Max open files";
	char text[2048];
	const char *line;
	int r;

	r = keyfile_read(fd, "limits", text, sizeof(text));
	if (r < 0)
		return r;
	line = strstr(text, key);
	if (!line || sscanf(line + sizeof(key) - 1, "%" SCNu64, ret) != 1)
		return -EBADMSG;
	return 0;
}

/* One that holds more than it may is not near the limit: that was lowered below it on purpose. */
static void use_descriptors_share(int fd, uint64_t n, struct usage *usage)
{
	uint64_t limit;

	if (read_limit(fd, &limit) >= 0)
		usage_set(usage, METRIC_DESCRIPTORS_SHARE,
			  limit > 0 && n <= limit ? (double)n / (double)limit : 0);
}

/* Since 6.2 the size of the folder is the answer, five times cheaper; before, it is 0. */
static void use_descriptors(int fd, struct usage *usage)
{
	struct statfs filesystem;
	struct stat status;
	int64_t n = 0;

	if (fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC &&
	    fstatat(fd, "fd", &status, 0) == 0)
		n = status.st_size;
	if (n == 0)
		n = count_numbers(fd, "fd");
	if (n < 0)
		return;
	usage_set(usage, METRIC_DESCRIPTORS, (double)n);
	use_descriptors_share(fd, (uint64_t)n, usage);
}

int procfs_process(const char *root, uint32_t pid, struct process *ret)
{
	CLEANUP(cleanup_close) int fd = -1;
	struct process process = { .pid = pid };
	struct stat_line line;
	char path[512], text[1024];
	int r;

	r = text_format(path, sizeof(path), "%s/%" PRIu32, root, pid);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* so all below is of one process */
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = keyfile_read(fd, "stat", text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	r = parse_stat(text, process.command, &line);
	if (r < 0)
		return r;
	if (line.flags & KERNEL_THREAD)
		return -ENODATA;

	process.parent = line.parent;
	use_stat(&line, &process.usage);
	if (process.usage.total[METRIC_ZOMBIES] == 0) {
		use_statm(fd, &process.usage);
		use_descriptors(fd, &process.usage);
	}
	use_status(fd, line.threads == 1, &process.usage);
	if (line.threads == 1)
		use_schedstat(fd, &process.usage);
	use_io(fd, &process.usage);
	*ret = process;
	return 0;
}

static int append(struct process **processes, size_t n, size_t *n_max,
		  const struct process *process)
{
	if (n == *n_max) {
		size_t grown = *n_max ? 2 * *n_max : 256;
		struct process *memory = reallocarray(*processes, grown, sizeof(*memory));

		if (!memory)
			return -ENOMEM;
		*processes = memory;
		*n_max = grown;
	}
	(*processes)[n] = *process;
	return 0;
}

int procfs_processes(const char *root, struct process **ret, size_t *ret_n)
{
	CLEANUP(closedirp) DIR *directory = opendir(root);
	CLEANUP(cleanup_free) struct process *processes = NULL;
	size_t n = 0, n_max = 0;

	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));) {
		struct process process;
		uint64_t pid;

		if (text_parse_u64(entry->d_name, &pid) < 0 || pid == 0 || pid > PROCESSES_MAX)
			continue;
		if (procfs_process(root, (uint32_t)pid, &process) < 0)
			continue;
		if (append(&processes, n, &n_max, &process) < 0)
			return -ENOMEM;
		n++;
	}
	*ret = TAKE(processes);
	*ret_n = n;
	return 0;
}

/* ---- the host ------------------------------------------------------------ */

static void use_cpu_line(const char *text, struct usage *usage)
{
	uint64_t user, nice, system, interrupts, soft_interrupts;

	if (sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64,
		   &user, &nice, &system, &interrupts, &soft_interrupts) != 5)
		return;
	usage_set(usage, METRIC_CPU,
		  (double)(user + nice + system + interrupts + soft_interrupts) /
			  (double)sysconf(_SC_CLK_TCK));
}

static void use_difference(const char *text, const char *whole_key, const char *rest_key,
			   enum metric metric, struct usage *usage)
{
	uint64_t whole_kib, rest_kib;

	if (keyfile_number(text, whole_key, &whole_kib) < 0 ||
	    keyfile_number(text, rest_key, &rest_kib) < 0 || rest_kib > whole_kib)
		return;
	usage_set(usage, metric, (double)(whole_kib - rest_kib) * 1024);
}

static void use_vmstat(const char *text, struct usage *usage)
{
	uint64_t all, major;

	use_number(text, "oom_kill", 1, METRIC_OOM_KILLS, usage);
	use_number(text, "pgpgin", 1024, METRIC_READ_BYTES, usage);
	use_number(text, "pgpgout", 1024, METRIC_WRITE_BYTES, usage);
	if (keyfile_number(text, "pgmajfault", &major) < 0)
		return;
	usage_set(usage, METRIC_MAJOR_FAULTS, (double)major);
	if (keyfile_number(text, "pgfault", &all) >= 0 && all >= major)
		usage_set(usage, METRIC_MINOR_FAULTS, (double)(all - major));
}

static void use_pressure(int fd, const char *name, const char *line, enum metric metric,
			 struct usage *usage)
{
	uint64_t total_us;
	char text[512];

	if (keyfile_read(fd, name, text, sizeof(text)) >= 0 &&
	    keyfile_pressure(text, line, &total_us) >= 0)
		usage_set(usage, metric, (double)total_us * 1e-6);
}

void procfs_host(const char *root, struct usage *ret)
{
	CLEANUP(cleanup_close) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct usage usage = { 0 };
	char text[16384];

	*ret = usage;
	if (fd < 0)
		return;
	if (keyfile_read(fd, "stat", text, 4096) >= 0) /* only its first line */
		use_cpu_line(text, &usage);
	if (keyfile_read(fd, "meminfo", text, sizeof(text)) >= 0) {
		use_difference(text, "MemTotal", "MemAvailable", METRIC_MEMORY, &usage);
		use_difference(text, "SwapTotal", "SwapFree", METRIC_SWAP, &usage);
	}
	if (keyfile_read(fd, "vmstat", text, sizeof(text)) >= 0)
		use_vmstat(text, &usage);
	/* Its line "full" is 0 on every host: where somebody waits for a CPU, somebody else has it. */
	use_pressure(fd, "pressure/cpu", "some", METRIC_PSI_CPU_SOME, &usage);
	use_pressure(fd, "pressure/memory", "some", METRIC_PSI_MEMORY_SOME, &usage);
	use_pressure(fd, "pressure/memory", "full", METRIC_PSI_MEMORY_FULL, &usage);
	use_pressure(fd, "pressure/io", "some", METRIC_PSI_IO_SOME, &usage);
	use_pressure(fd, "pressure/io", "full", METRIC_PSI_IO_FULL, &usage);
	*ret = usage;
}

void procfs_count(const char *root, struct usage *usage)
{
	int64_t n = count_numbers(AT_FDCWD, root);

	if (n >= 0)
		usage_set(usage, METRIC_PROCESSES, (double)n);
}
