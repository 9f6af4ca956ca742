/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A close look at a few cgroups: where each of their threads is in the kernel, and what they hold
 * open, which /proc tells nobody but their user and root. As text, which another process may read: how
 * long a walk takes is then nobody's concern.
 */
#include <stdint.h>

#include "base/cleanup.h"

struct closeup;

/* Load and attach the two walks. A negative errno: neither can be had. One alone is fine. */
int closeup_new(struct closeup **ret);
struct closeup *closeup_free(struct closeup *closeup);
DEFINE_CLEANUP(struct closeup *, closeup_free)

/* Two new walks, which tell of that cgroup and all below it until closeup_end(); -1 for one that there is
 * not. Each reads to its end. -ENOSPC: too many cgroups are looked at; others: new walks are refused. */
struct closeup_text {
	int stacks_fd; /* "CGROUP PID TID", then " FUNCTION+0x1/0x2" for each frame, the innermost first */
	int files_fd; /* "CGROUP PID FD KIND STATE PORT PATH"; KIND: bpf/files.bpf.c */
};
int closeup_begin(struct closeup *closeup, uint64_t cgroup_id, struct closeup_text *ret);
/* The descriptors are closed by who has them; a walk that goes on finds no more of that cgroup. */
void closeup_end(struct closeup *closeup, uint64_t cgroup_id);
