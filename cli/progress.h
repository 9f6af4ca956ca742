/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How far a long work is, in one line of a terminal's that is written over; nothing elsewhere. */
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *file; /* NULL: nobody looks */
	const char *what;
	uint64_t began_ms, shown_ms; /* boot time */
};

/* On standard error, if that is a terminal. */
void progress_begin(struct progress *progress, const char *what, uint64_t now_ms);
/* share: 0 to 1. Shown from a second on, five times a second at most. */
void progress_tell(struct progress *progress, double share, uint64_t now_ms);
/* Takes the line away. */
void progress_end(struct progress *progress);
