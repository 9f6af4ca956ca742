/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How much a unit may have at most: what its cgroup, those above it and the host
 * allow. The kernel refuses at the first of them that is met, so of each kind the
 * least is the limit.
 *
 * A limit of 0 is none that is known.
 */
#include <stdint.h>

#include "record/record.h"
#include "sense/cgroup.h"

struct limits {
	uint64_t memory_bytes, threads;
};

/* Another limit of the same thing; 0 and UINT64_MAX, systemd's infinity, are none. */
void limits_lower(uint64_t *limit, uint64_t other);
/* Of the cgroup at that path and all above it (memory.max, memory.limit_in_bytes, pids.max). A file that is not
 * there, or has no number, is no limit. */
void limits_of_cgroup(const struct cgroup_roots *roots, const char *path, struct limits *ret);
/* All memory there is, and how many threads the kernel lets there be; of the root "/proc". */
void limits_of_host(const char *root, struct limits *ret);

/* What is known of one unit. Zero it to begin. */
struct limits_memory {
	uint64_t due_ms; /* to be read again; 0: not read yet */
	struct limits cgroup;
};
/* Into the status, whose limits are systemd's: those of its cgroup, read again within two minutes, take their
 * place where there are any; a host that has less is the limit. */
void limits_tell(struct limits_memory *memory, const struct cgroup_roots *roots,
		 const struct limits *host, uint64_t when_ms, struct unit_status *status);
