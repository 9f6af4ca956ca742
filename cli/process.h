/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What /proc tells of the daemon's process: who it is and what it may. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_GROUPS_MAX 64

struct process_rights {
	char name[32]; /* its command: hostile text */
	uint32_t uid;
	uint64_t capabilities; /* effective ones of any of its threads, a bit each */
	size_t n_groups;
	uint32_t groups[PROCESS_GROUPS_MAX];
};

/* proc is "/proc", or a test's folder. -ENOENT: no such process, or it is hidden; -EBADMSG: that is not
 * what /proc looks like. */
int process_read(const char *proc, uint32_t pid, struct process_rights *ret);
bool process_is_in(const struct process_rights *rights, uint32_t group);
/* "CAP_PERFMON, CAP_BPF", "39 capabilities", "all", "none". */
char *process_capabilities(char *buffer, size_t size, uint64_t capabilities);
