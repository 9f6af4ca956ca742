/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What everybody else does: all processes by their files under /proc, each opened,
 * read and closed. Nothing is parsed or kept, so this is the least that such a
 * monitor costs.
 */
#include <stdbool.h>
#include <stddef.h>

/* stat, status, io, and the number of descriptors in the cheapest way there is: as the size of the
 * fd folder (6.2+), else by listing it. Returns the number of processes. */
size_t scan_four(void);
/* stat, status, io, cgroup, and the descriptors listed. */
size_t scan_full(void);
