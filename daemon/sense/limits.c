/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits out of the files of cgroups, and of the host. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "sense/keyfile.h"
#include "sense/limits.h"

#define FILE_SIZE 4096
/* An administrator may change them while a unit runs. Each unit has a second of its own, so that the hundreds which
 * were met in one tick are not read again in one. */
#define READ_AGAIN_MS	  MINUTES(1)
#define READ_AGAIN_SPREAD 60u
#define BYTES_OF_A_KIB	  1024

void limits_lower(uint64_t *limit, uint64_t other)
{
	if (other != 0 && other != UINT64_MAX && (*limit == 0 || other < *limit))
		*limit = other;
}

/* "max" is no number. */
static void lower_by_file(int folder_fd, const char *name, uint64_t *limit)
{
	uint64_t number;
	char text[64];

	if (keyfile_read(folder_fd, name, text, sizeof(text)) > 0 &&
	    keyfile_value(text, &number) >= 0)
		limits_lower(limit, number);
}

static void lower_by_folder(const char *root, const char *path, const char *file, uint64_t *limit)
{
	CLEANUP(cleanup_close) int fd = cgroup_open_folder(root, path);

	if (fd >= 0)
		lower_by_file(fd, file, limit);
}

void limits_of_cgroup(const struct cgroup_roots *roots, const char *path, struct limits *ret)
{
	char folder[UNIT_ALIASES_SIZE];
	char *slash;

	*ret = (struct limits) { 0 };
	if (text_format(folder, sizeof(folder), "%s", path) < 0)
		return;
	/* The root has no limit but the host's. */
	while ((slash = strrchr(folder, '/')) && slash[1]) {
		lower_by_folder(roots->unified, folder, "memory.max", &ret->memory_bytes);
		lower_by_folder(roots->unified, folder, "pids.max", &ret->threads);
		lower_by_folder(roots->memory, folder, "memory.limit_in_bytes", &ret->memory_bytes);
		lower_by_folder(roots->pids, folder, "pids.max", &ret->threads);
		*slash = '\0';
	}
}

void limits_of_host(const char *root, struct limits *ret)
{
	CLEANUP(cleanup_close) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[FILE_SIZE];
	uint64_t kib;

	*ret = (struct limits) { 0 };
	if (fd < 0)
		return;
	if (keyfile_read(fd, "meminfo", text, sizeof(text)) > 0 &&
	    keyfile_number(text, "MemTotal", &kib) >= 0)
		ret->memory_bytes = kib * BYTES_OF_A_KIB;
	lower_by_file(fd, "sys/kernel/threads-max", &ret->threads);
	lower_by_file(fd, "sys/kernel/pid_max", &ret->threads);
}

static void replace(uint64_t *limit, uint64_t by)
{
	if (by != 0)
		*limit = by;
}

void limits_tell(struct limits_memory *memory, const struct cgroup_roots *roots,
		 const struct limits *host, uint64_t when_ms, struct unit_status *status)
{
	if (!status->cgroup[0])
		return; /* nothing of it runs, or many cgroups are one row: no limit is theirs together */
	if (when_ms >= memory->due_ms) {
		limits_of_cgroup(roots, status->cgroup, &memory->cgroup);
		memory->due_ms =
			when_ms + READ_AGAIN_MS + SECONDS(status->unit % READ_AGAIN_SPREAD);
	}
	replace(&status->memory_most_bytes, memory->cgroup.memory_bytes);
	replace(&status->threads_most, memory->cgroup.threads);
	limits_lower(&status->memory_most_bytes, host->memory_bytes);
	limits_lower(&status->threads_most, host->threads);
}
