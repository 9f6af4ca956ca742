/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The results of many trials as a table against the bars, or as JSON. */
#include <stddef.h>

#include "tests/days/trial.h"

/* What a judge must keep to, by default settings. */
#define BAR_NOTICES_EARLY 0.5  /* a unit and day, in the first day */
#define BAR_NOTICES_LATER 0.25 /* in any other */
#define BAR_SICK	  1.0  /* units called sick in health, per hundred unit-days */

struct report {
	uint32_t faults; /* 1 << enum fault: those that were tried */
	size_t n;
	const struct trial *trial;   /* n of them, */
	const struct result *result; /* and what came of each */
};

/* On stdout. What misses its bar has a "!" behind it. */
void report_print(const struct report *report);
void report_print_json(const struct report *report);
