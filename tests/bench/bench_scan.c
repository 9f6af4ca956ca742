/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The naive monitor: a full scan of /proc once a second, until it is ended.
 *
 *	scan
 */
#include <time.h>

#include "tests/bench/scan.h"

int main(void)
{
	struct timespec next;

	(void)clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		next.tv_sec++;
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		(void)scan_full();
	}
}
