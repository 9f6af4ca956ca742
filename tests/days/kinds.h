/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Kinds of healthy, bursty service, each a table in natural units: what is asked
 * of it over a day, what one request costs, what it is made of, and what befalls
 * it. The figures are a model's, not measurements: orders of magnitude of common
 * servers. The judge is not consulted for them, and none may be chosen so that it looks good.
 */
#include <stddef.h>

#define JOBS_MAX 10

/* What something that goes on adds to the service, at its height. */
struct effect {
	double demand; /* of the requests there are: 2 makes them three times as many */
	double cores;  /* of CPU, in one thread unless... */
	double wide;   /* ... so many threads share it */
	double read_bytes, write_bytes; /* a second, from and to storage */
	double rss_bytes;
	double processes, threads, descriptors;
	double errors; /* lines a second */
	double others; /* cores that the rest of the host uses */
	double slower; /* of the time to serve a request */
	double lost;   /* share of its segments that are sent again */
};

/* Something that happens again and again, each time a little different. */
struct job {
	const char *name;
	double every_s; /* from one beginning to the next */
	double slack; /* of that, what chance moves a beginning: 0 is a clock; 1: it comes by itself */
	double lasts_s; /* the median, and the spread of its logarithm */
	double lasts_spread;
	double height_spread; /* of the logarithm of the effect's height, the same for all of it */
	double ramp_s;	      /* it begins and ends as slowly as that */
	struct effect effect;
};

struct kind {
	const char *name;

	/* What is asked of it. */
	double requests; /* a second, when the day is at its busiest */
	double night;	 /* of that, what is left when it is quietest */
	double days_spread; /* of the logarithm of how loud each day is: a quiet one follows a loud one */
	double demand_noise; /* the share that wanders within minutes */
	double accepts;	     /* connections that come in, a request */
	double serve_s;	     /* that such a connection is open: it is served, and then closed */
	double pool;	     /* connections that are always open */
	double connects;     /* to others, a request */
	double segments;     /* TCP, a request */
	double rtt_s;	     /* to its clients */

	/* What a request costs. */
	double core_s;
	double idle_cores;	  /* without any */
	double switches, wakeups; /* voluntary ones a request, and a second without any */
	double read_bytes, write_bytes;
	double fault_bytes; /* of memory that is touched anew */

	/* What it is made of. */
	double rss_bytes, rss_per_connection, cache_bytes;
	double garbage_bytes; /* a request leaves behind; */
	double garbage_most;  /* at so much of it is collected. 0: no garbage collector */
	double processes, threads, threads_per_connection;
	double workers; /* threads that requests are spread over */
	double descriptors, descriptors_most;
	double memory_most_bytes; /* MemoryMax= */
	double backlog_most;	  /* of its listening socket; 0: it has none */
	double errors;		  /* lines a second */

	/* How it is kept. */
	double deploy_every_s;	  /* a restart for a new version or configuration */
	double shift_every_s;	  /* its level changes for good, and nobody says so */
	struct job job[JOBS_MAX]; /* until one without a name */
};

#define KINDS_N 5
extern const struct kind kind_table[KINDS_N];

/* NULL: there is none of that name. */
const struct kind *kind_named(const char *name);
