/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Randomly named units share rows, so that a host which starts a thousand short
 * ones a day does not have a thousand rows. Names that a person gave are never
 * taken for random. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* Does that unit belong to a shared row? Then ret is the row's name: "run-*.service" for
 * run-u12.service, "session-*.scope", "docker-*.scope", "sshd@*.service" for an instance that
 * serves one connection. How many such rows there are is bounded by the programs that make them. */
bool share_row(const char *name, char *ret, size_t size);
/* The same for a cgroup's path on a host without systemd: ret is the path with an asterisk for what is
 * random in its parts, which are the ids of containers, pods and builds, and elogind's sessions. */
bool share_cgroup(const char *path, char *ret, size_t size);
