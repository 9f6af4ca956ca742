/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of metrics. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "record/metric.h"

const struct metric_info metric_table[METRIC_N] = {
	[METRIC_CPU] = { "cpu", METRIC_KIND_RATE, "cores", "CPU time it uses" },
	[METRIC_RUN_DELAY] = { "run_delay", METRIC_KIND_RATE, "seconds_per_second",
			       "time its runnable threads waited for a CPU" },
	[METRIC_MEMORY] = { "memory", METRIC_KIND_LEVEL, "bytes",
			    "memory charged to its cgroup, caches included" },
	[METRIC_RSS] = { "rss", METRIC_KIND_LEVEL, "bytes",
			 "anonymous resident memory of its processes" },
	[METRIC_SWAP] = { "swap", METRIC_KIND_LEVEL, "bytes", "its memory that was swapped out" },
	[METRIC_PROCESSES] = { "processes", METRIC_KIND_LEVEL, "count", "its processes" },
	[METRIC_THREADS] = { "threads", METRIC_KIND_LEVEL, "count", "its threads" },
	[METRIC_DESCRIPTORS] = { "descriptors", METRIC_KIND_LEVEL, "count",
				 "file descriptors its processes hold open" },
	[METRIC_BLOCKED] = { "blocked", METRIC_KIND_LEVEL, "count",
			     "threads in uninterruptible sleep" },
	[METRIC_STOPPED] = { "stopped", METRIC_KIND_LEVEL, "count",
			     "threads stopped, traced or frozen" },
	[METRIC_ZOMBIES] = { "zombies", METRIC_KIND_LEVEL, "count",
			     "ended processes that nobody has waited for" },
	[METRIC_MINOR_FAULTS] = { "minor_faults", METRIC_KIND_RATE, "per_second",
				  "page faults served from memory" },
	[METRIC_MAJOR_FAULTS] = { "major_faults", METRIC_KIND_RATE, "per_second",
				  "page faults that waited for storage" },
	[METRIC_READ_BYTES] = { "read_bytes", METRIC_KIND_RATE, "bytes_per_second",
				"read from storage" },
	[METRIC_WRITE_BYTES] = { "write_bytes", METRIC_KIND_RATE, "bytes_per_second",
				 "written to storage" },
	[METRIC_SWITCHES_VOLUNTARY] = { "switches_voluntary", METRIC_KIND_RATE, "per_second",
					"times its threads went to sleep" },
	[METRIC_SWITCHES_INVOLUNTARY] = { "switches_involuntary", METRIC_KIND_RATE, "per_second",
					  "times its threads were pushed off the CPU" },
	[METRIC_PSI_CPU_SOME] = { "psi_cpu_some", METRIC_KIND_RATE, "ratio",
				  "share of time some of it waited for a CPU" },
	[METRIC_PSI_MEMORY_SOME] = { "psi_memory_some", METRIC_KIND_RATE, "ratio",
				     "share of time some of it waited for memory" },
	[METRIC_PSI_MEMORY_FULL] = { "psi_memory_full", METRIC_KIND_RATE, "ratio",
				     "share of time all of it waited for memory" },
	[METRIC_PSI_IO_SOME] = { "psi_io_some", METRIC_KIND_RATE, "ratio",
				 "share of time some of it waited for I/O" },
	[METRIC_PSI_IO_FULL] = { "psi_io_full", METRIC_KIND_RATE, "ratio",
				 "share of time all of it waited for I/O" },
	[METRIC_FORKS] = { "forks", METRIC_KIND_COUNT, "count", "processes it began" },
	[METRIC_EXITS] = { "exits", METRIC_KIND_COUNT, "count",
			   "its processes that ended, in any way" },
	[METRIC_EXITS_FAILED] = { "exits_failed", METRIC_KIND_COUNT, "count",
				  "its processes that ended with a code other than 0" },
	[METRIC_EXITS_SIGNAL] = { "exits_signal", METRIC_KIND_COUNT, "count",
				  "its processes that a signal ended" },
	[METRIC_OOM_KILLS] = { "oom_kills", METRIC_KIND_COUNT, "count",
			       "its processes killed because memory was out" },
	[METRIC_RESTARTS] = { "restarts", METRIC_KIND_COUNT, "count",
			      "starts of it by systemd's Restart=" },
	[METRIC_ACCEPTS] = { "accepts", METRIC_KIND_RATE, "per_second",
			     "TCP connections that came in" },
	[METRIC_CONNECTS] = { "connects", METRIC_KIND_RATE, "per_second",
			      "TCP connections that it made" },
	[METRIC_RETRANSMITS] = { "retransmits", METRIC_KIND_RATE, "per_second",
				 "TCP segments that it sent again" },
	[METRIC_RESETS_SENT] = { "resets_sent", METRIC_KIND_RATE, "per_second",
				 "TCP resets that its sockets sent" },
	[METRIC_RESETS_RECEIVED] = { "resets_received", METRIC_KIND_RATE, "per_second",
				     "TCP resets that its sockets received" },
	[METRIC_UDP_DROPS] = { "udp_drops", METRIC_KIND_COUNT, "count",
			       "datagrams dropped because its receive queue was full" },
	[METRIC_IO_REQUESTS] = { "io_requests", METRIC_KIND_RATE, "per_second",
				 "block I/O requests completed for it" },
	[METRIC_IO_LATENCY] = { "io_latency", METRIC_KIND_LEVEL, "seconds",
				"mean time the device took for these" },
	[METRIC_PSI_CPU_FULL] = { "psi_cpu_full", METRIC_KIND_RATE, "ratio",
				  "share of time all of it waited for a CPU" },
	[METRIC_THROTTLED] = { "throttled", METRIC_KIND_RATE, "seconds_per_second",
			       "time it was stopped at its CPU quota, summed over CPUs" },
	[METRIC_MEMORY_HIGH] = { "memory_high", METRIC_KIND_COUNT, "count",
				 "times it was slowed for being over memory.high" },
	[METRIC_MEMORY_MAX] = { "memory_max", METRIC_KIND_COUNT, "count",
				"times it was about to go over memory.max" },
	[METRIC_THREAD_CPU] = { "thread_cpu", METRIC_KIND_LEVEL, "cores",
				"CPU time of its busiest thread" },
	[METRIC_THREAD_SWITCHES] = { "thread_switches", METRIC_KIND_LEVEL, "per_second",
				     "times its busiest thread went to sleep" },
	[METRIC_STUCK] = { "stuck", METRIC_KIND_LEVEL, "seconds",
			   "longest that a thread is in uninterruptible sleep without progress" },
	[METRIC_DESCRIPTORS_SHARE] = { "descriptors_share", METRIC_KIND_LEVEL, "ratio",
				       "descriptors against the limit, in the process nearest to "
				       "it" },
	[METRIC_CONNECTIONS] = { "connections", METRIC_KIND_LEVEL, "count",
				 "its established TCP connections" },
	[METRIC_RTT] = { "rtt", METRIC_KIND_LEVEL, "seconds",
			 "round trip of its TCP connections, on average" },
	[METRIC_UNREAD] = { "unread", METRIC_KIND_LEVEL, "bytes",
			    "received by TCP and not read by it yet" },
	[METRIC_BACKLOG] = { "backlog", METRIC_KIND_LEVEL, "count",
			     "TCP connections that wait for it to accept them" },
	[METRIC_BACKLOG_SHARE] = { "backlog_share", METRIC_KIND_LEVEL, "ratio",
				   "how full the fullest of its queues for accept is" },
	[METRIC_OVERFLOWS] = { "overflows", METRIC_KIND_COUNT, "count",
			       "TCP connections refused because such a queue was full" },
	[METRIC_ERROR_LINES] = { "error_lines", METRIC_KIND_RATE, "per_second",
				 "lines of priority err or worse it wrote to the journal" },
	[METRIC_WAIT_TAIL] = { "wait_tail", METRIC_KIND_LEVEL, "seconds",
			       "99 of 100 waits of its threads for a CPU were no longer" },
	[METRIC_FAILING_CALLS] = { "failing_calls", METRIC_KIND_LEVEL, "per_second",
				   "its system calls that failed, of no everyday error" },
	[METRIC_FAILING_ERRNO] = { "failing_errno", METRIC_KIND_CODE, "errno",
				   "the error that most of these failed with" },
};

int metric_from_name(const char *name, enum metric *ret)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		if (strcmp(metric_table[i].name, name) != 0)
			continue;
		*ret = (enum metric)i;
		return 0;
	}
	return -ENOENT;
}

bool metric_is_of_moment(enum metric metric)
{
	enum metric_kind kind = metric_table[metric].kind;

	return kind == METRIC_KIND_LEVEL || kind == METRIC_KIND_CODE;
}
