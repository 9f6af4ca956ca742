/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is measured of a unit: the columns of a sample, and what people and machines call them. */
#include <stdbool.h>
#include <stdint.h>

/* One column of a sample. Levels are of the moment, rates are per second over
 * the sample's span, counts are since the sample before. The order is that of
 * the stored streams: append only. */
enum metric {
	METRIC_CPU,		   /* rate, cores: CPU seconds per second */
	METRIC_RUN_DELAY,	   /* rate, s/s: time its runnable threads waited for a CPU */
	METRIC_MEMORY,		   /* level, bytes: the cgroup's account, caches included */
	METRIC_RSS,		   /* level, bytes: anonymous resident memory, over its processes */
	METRIC_SWAP,		   /* level, bytes */
	METRIC_PROCESSES,	   /* level */
	METRIC_THREADS,		   /* level */
	METRIC_DESCRIPTORS,	   /* level: open descriptors, over its processes */
	METRIC_BLOCKED,		   /* level: threads in uninterruptible sleep (D) */
	METRIC_STOPPED,		   /* level: threads stopped, traced (T) or frozen */
	METRIC_ZOMBIES,		   /* level */
	METRIC_MINOR_FAULTS,	   /* rate */
	METRIC_MAJOR_FAULTS,	   /* rate */
	METRIC_READ_BYTES,	   /* rate, bytes/s, from storage */
	METRIC_WRITE_BYTES,	   /* rate, bytes/s, to storage */
	METRIC_SWITCHES_VOLUNTARY, /* rate: it went to sleep */
	METRIC_SWITCHES_INVOLUNTARY, /* rate: it was pushed off the CPU */
	METRIC_PSI_CPU_SOME,	     /* rate, ratio: share of time someone in it waited for a CPU */
	METRIC_PSI_MEMORY_SOME,	     /* rate, ratio: ... for memory */
	METRIC_PSI_MEMORY_FULL,	     /* rate, ratio: share of time all of it waited for memory */
	METRIC_PSI_IO_SOME,	     /* rate, ratio */
	METRIC_PSI_IO_FULL,	     /* rate, ratio */
	METRIC_FORKS,		     /* count: processes begun */
	METRIC_EXITS,		     /* count: processes ended, whatever the way */
	METRIC_EXITS_FAILED,	     /* count: ended with a code other than 0 */
	METRIC_EXITS_SIGNAL,	     /* count: ended by a signal */
	METRIC_OOM_KILLS,	     /* count: killed because memory was out */
	METRIC_RESTARTS,	     /* count: starts of the unit by systemd's Restart= */
	METRIC_ACCEPTS,		     /* rate: TCP connections that came in, and were established */
	METRIC_CONNECTS,	     /* rate: ... that went out */
	METRIC_RETRANSMITS,	     /* rate: TCP segments sent again */
	METRIC_RESETS_SENT,	     /* rate: TCP connections it cut off, or refused */
	METRIC_RESETS_RECEIVED,	     /* rate: ... that the other end did */
	METRIC_UDP_DROPS,	     /* count: datagrams that found its receive queue full */
	METRIC_IO_REQUESTS,	     /* rate: block I/O that completed, charged to its cgroup */
	METRIC_IO_LATENCY,	     /* level, seconds: the mean of these, in the device */
	METRIC_PSI_CPU_FULL,	     /* rate, ratio: share of time all of it waited for a CPU */
	METRIC_THROTTLED,	     /* rate, s/s: stopped at its CPU quota, summed over CPUs */
	METRIC_MEMORY_HIGH,	     /* count: over memory.high, so its allocations were slowed */
	METRIC_MEMORY_MAX,	     /* count: about to go over memory.max */
	METRIC_THREAD_CPU,	     /* level, cores: of its busiest thread */
	METRIC_THREAD_SWITCHES,	     /* level, per second: voluntary, of that same thread */
	METRIC_STUCK, /* level, seconds: longest that a thread is in D without progress */
	METRIC_DESCRIPTORS_SHARE, /* level, ratio: of RLIMIT_NOFILE, in the process nearest to it */
	METRIC_CONNECTIONS,	  /* level: established TCP connections */
	METRIC_RTT,	      /* level, seconds: smoothed round trip, mean over its connections */
	METRIC_UNREAD,	      /* level, bytes: received, and not read by it yet */
	METRIC_BACKLOG,	      /* level: connections that wait for its accept() */
	METRIC_BACKLOG_SHARE, /* level, ratio: its fullest listening queue against the limit */
	METRIC_OVERFLOWS,     /* count: connections refused since a queue was full */
	METRIC_ERROR_LINES,   /* rate: journal lines of priority err or worse */
	/* Of units under suspicion alone, while it lasts: sense/deep.h */
	METRIC_WAIT_TAIL,     /* level, seconds: 99 of 100 waits for a CPU were no longer */
	METRIC_FAILING_CALLS, /* level, per second: system calls that failed, of no everyday errno */
	METRIC_FAILING_ERRNO, /* code, errno(3): the most frequent of these */
	METRIC_N
};

/* Level and code: of the moment; of codes there is no mean. Rate and count come from totals that only
 * grow. */
enum metric_kind { METRIC_KIND_LEVEL, METRIC_KIND_RATE, METRIC_KIND_COUNT, METRIC_KIND_CODE };

/* The table of the above: the owner of the names that rules, JSON and people use. */
struct metric_info {
	const char *name; /* "psi_cpu_some": stable */
	enum metric_kind kind;
	const char *quantity; /* "cores", "seconds_per_second", "bytes", "bytes_per_second",
				 "count", "per_second", "ratio", "seconds", "errno" */
	const char *help;     /* half a sentence */
};
extern const struct metric_info metric_table[METRIC_N];

int metric_from_name(const char *name, enum metric *ret); /* -ENOENT */
bool metric_is_of_moment(enum metric metric);		  /* a level, or a code */

#define METRIC_BIT(metric) (UINT64_C(1) << (metric))
