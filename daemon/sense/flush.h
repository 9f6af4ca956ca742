/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The CPU time that the kernel keeps of a cgroup lies on its CPUs until somebody
 * reads a cpu.stat at or above it. So before a walk that reads it from memory,
 * read that of each top-level cgroup: 2.5 us each, with all below it.
 */
#include "base/cleanup.h"

struct flush;

/* The folder where cgroup2 is mounted. */
int flush_new(const char *root, struct flush **ret);
struct flush *flush_free(struct flush *flush);
DEFINE_CLEANUP(struct flush *, flush_free)

/* Returns 0 when all of them were read. */
int flush_all(struct flush *flush);
/* The folder's descriptor: the flush's own. */
int flush_root_fd(const struct flush *flush);
