/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The faults that are put into services, what of them is visible where, and what
 * is asked of a judge: found in how many places of how many, after how long.
 */
#include <stdbool.h>

#include "tests/days/service.h"

enum fault {
	FAULT_LEAK_QUICK,  /* 5 % of its usual anonymous memory a second */
	FAULT_LEAK_SLOW,   /* .1 % */
	FAULT_SPIN,	   /* one thread burns a core, and never sleeps */
	FAULT_FD_LEAK,	   /* two descriptors a second */
	FAULT_THREAD_LEAK, /* one thread a second */
	FAULT_LATENCY,	   /* each request takes three times as long */
	FAULT_HANG,	   /* no thread runs, clients go on coming */
	FAULT_ERRORS,	   /* one request of five fails */
	FAULT_LEAK_LIMIT,  /* .1 %, and MemoryMax= is half of its usual memory above what it has */
	FAULT_MANY_SMALL,  /* a dozen metrics, each two of its own standard deviations off */
	FAULT_CONTROL,	   /* nothing: what is found here is chance */
	FAULT_N
};

struct fault_info {
	const char *name;
	double bar_share; /* of the places, to be found */
	double bar_s;	  /* median delay until it is noted, at most */
};
extern const struct fault_info fault_table[FAULT_N];

/* Can the kernel see anything of it, in a service of that kind? Nobody waits for who has no clients, and in a
 * handful of requests a minute there is no share of errors, nor a time to serve. */
bool fault_is_visible(enum fault fault, const struct kind *kind);
/* What is wrong so long after it began. */
void fault_after(enum fault fault, double age_s, struct trouble *ret);
/* The bar of its delay for that kind: a database's spin hides behind its vacuum, so it may take longer. */
double fault_bar_s(enum fault fault, const struct kind *kind);
/* Is there a bar at all? Not in the control; nor for who works by itself: as long as nobody sees what is asked
 * of it, its burst of work is its fault's twin. */
bool fault_has_bar(enum fault fault, const struct kind *kind);
/* Called sick, where it is, at most so long after it was noted. */
#define FAULT_BAR_SICK_S 10.0
