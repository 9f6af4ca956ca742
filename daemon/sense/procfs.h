/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Facts from files under /proc: tier 0, and the check on the kernel programs.
 * Each reader gets the root ("/proc"), so tests feed it a folder. A file that is
 * not there, or may not be read, leaves its metrics absent; so does a process of
 * several threads with what /proc tells of its first thread alone (run delay,
 * context switches).
 */
#include <stddef.h>
#include <stdint.h>

#include "sense/usage.h"

/* One process from its stat, statm, status, io, schedstat, limits and descriptors; the cgroup is left unknown.
 * A zombie is no process any more, but has totals. -ESRCH: it ended meanwhile; -ENODATA: a kernel
 * thread; -EBADMSG: its stat makes no sense. */
int procfs_process(const char *root, uint32_t pid, struct process *ret);

/* All processes but kernel threads; ret is the caller's to free(). Those that end meanwhile are
 * left out. */
int procfs_processes(const char *root, struct process **ret, size_t *ret_n);

/* The whole host: stat, meminfo, vmstat, pressure/... CPU in seconds over all CPUs, without what the
 * hypervisor took. */
void procfs_host(const char *root, struct usage *ret);
/* Set how many processes there are, kernel threads too. It lists them, which on a host of thousands costs more
 * than all else that is known of it. */
void procfs_count(const char *root, struct usage *usage);
