/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is a package manager at work? dpkg and rpm hold a lock while they change what is
 * installed, pacman leaves a file there. Whoever may not open a lock can still see
 * it held: /proc/locks tells the device and inode of each.
 *
 * The locks of lists of packages are none of these: to read lists changes no
 * service. Inside a PID namespace the locks of those outside are not seen.
 */
#include <stdbool.h>
#include <stdint.h>

/* No longer than a sick unit waits for who falls sick with it. */
#define PACKAGES_EVERY_MS (uint64_t)2000
/* pacman's file outlives a pacman that crashed, and then says nothing any more. */
#define PACKAGES_STALE_MS (uint64_t)3600000

struct packages {
	const char *root, *locks; /* borrowed */
	uint64_t read_ms;
	bool was_read, is_busy;
};

/* root is "" but in tests; locks is "/proc/locks". */
void packages_init(struct packages *packages, const char *root, const char *locks_file);
/* Looks at most once in PACKAGES_EVERY_MS, and not by itself. What cannot be read is not busy. */
bool packages_busy(struct packages *packages, uint64_t when_ms, uint64_t wall_ms);
