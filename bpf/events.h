/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The wire: what the kernel's side hands to daemon/sense, in maps and in the ring.
 * Fixed width and without a hole, so that both compilers lay it out alike.
 */
#ifdef __bpf__
#include "kernel.h"
#else
#include <linux/types.h>
#endif

#define WATCHED_MAX   4096 /* cgroups, and records of a walk */
#define COMMAND_MAX   16   /* TASK_COMM_LEN */
#define PORTS_MAX     1024
#define CALLS_MAX     4096
#define SUSPECTS_MAX  256   /* units whose threads are looked at in every walk */
#define WANTED_MAX    16    /* cgroups whose threads and files are told of at a time */
#define THREADS_MAX   8192  /* threads looked at in one walk */
#define BLOCKED_MAX   1024  /* threads in D at once whose time there is known */
#define THREADS_EVERY 10    /* walks, from one look at the threads of a unit to the next */
#define STREAMS_MAX   8192  /* unix sockets, connected or listening, in one walk of open files */
#define STREAM_FILES  16384 /* open files in one piece of that walk */
#define MADE_MAX      4096  /* cgroups and ports of TCP sockets that listen, in that walk */
#define PASSED_MAX    256   /* of these, that were passed on */

/* What only grows while a thread lives. */
enum total {
	TOTAL_EXEC_NS,
	TOTAL_RUN_DELAY_NS, /* runnable, waiting for a CPU */
	TOTAL_SWITCHES_VOLUNTARY,
	TOTAL_SWITCHES_INVOLUNTARY,
	TOTAL_MINOR_FAULTS,
	TOTAL_MAJOR_FAULTS,
	TOTAL_READ_BYTES,
	TOTAL_WRITE_BYTES,
	TOTAL_N
};

struct totals {
	__u64 of[TOTAL_N];
};

/* One record of a walk of tasks: of a unit, or of a process. */
struct task_sums {
	struct totals alive;
	/* Of threads between the flag that they exit and the end of it: their totals may be, or not
	 * yet be, in unit_counters.ended. */
	struct totals leaving;
	__u64 rss_pages; /* anonymous */
	__u64 swap_pages;
	__u64 descriptors;
	__u64 stuck_ns;	 /* longest that one of its threads is in D without progress */
	__u32 processes; /* that have a thread alive */
	__u32 threads;
	__u32 blocked;
	__u32 stopped;
	__u32 zombies;
	/* Of the process that is nearest to its limit of descriptors; 0 of 0: none holds any. */
	__u32 near_descriptors;
	__u32 near_limit;
	/* By unit only: the thread that used most CPU since the walk before. Known in the second of two
	 * looks, and only of all threads. */
	__u32 look;    /* enum thread_look */
	__u32 unknown; /* threads of which there is no earlier look */
	__u32 busiest_cpu_ppm;
	__u32 busiest_switches; /* voluntary, thousandths per second */
	/* By process only. */
	__u32 parent;
	__u64 cgroup_id;
	char command[COMMAND_MAX];
};

/* At the threads of a unit one by one, in this walk. */
enum thread_look {
	LOOK_NOT,
	LOOK_BEGIN, /* to be compared with in the next */
	LOOK_COMPARE,
};

enum cgroup_have {
	CGROUP_HAVE_MEMORY = 1 << 0,
	CGROUP_HAVE_SWAP = 1 << 1,
	CGROUP_HAVE_THREADS = 1 << 2,
	CGROUP_HAVE_PSI = 1 << 3,
	CGROUP_HAVE_IO = 1 << 4, /* block I/O is charged to it, and not to one above */
	CGROUP_HAVE_PSI_CPU_FULL = 1 << 5,
	CGROUP_HAVE_THROTTLED = 1 << 6,
	CGROUP_HAVE_MEMORY_EVENTS = 1 << 7,
};

enum fact_psi { /* in the kernel's order, enum psi_states */
		FACT_PSI_IO_SOME,
		FACT_PSI_IO_FULL,
		FACT_PSI_MEMORY_SOME,
		FACT_PSI_MEMORY_FULL,
		FACT_PSI_CPU_SOME,
		FACT_PSI_CPU_FULL, /* 5.13+ */
		FACT_PSI_N
};

/* One record of a walk of cgroups. CPU is as fresh as the last flush of cpu.stat above it. */
struct cgroup_facts {
	__u32 have;
	__u32 unused;
	__u64 cpu_ns;
	__u64 memory_pages;
	__u64 swap_pages;
	__u64 threads;
	__u64 psi_ns[FACT_PSI_N];
	__u64 throttled_ns; /* summed over CPUs, of this cgroup and not of those below it */
	__u64 memory_high, memory_max; /* events, of those below it too: as memory.events has it */
};

/* What tracepoints count, of a unit; of unit 0, which is the whole host, without `ended`. Only
 * grows. */
struct unit_counters {
	__u64 forks;
	__u64 exits;
	__u64 exits_failed;
	__u64 exits_signal;
	__u64 oom_kills;
	struct totals ended; /* of threads that ended under watch */
};

/* What a unit's sockets and block I/O did; unit 0 is the whole host. Only grows. */
enum traffic {
	TRAFFIC_ACCEPTS,  /* TCP connections that came in, and were established */
	TRAFFIC_CONNECTS, /* ... that went out */
	TRAFFIC_RETRANSMITS,
	TRAFFIC_RESETS_SENT,
	TRAFFIC_RESETS_RECEIVED,
	TRAFFIC_UDP_DROPS,
	TRAFFIC_IO_REQUESTS,
	TRAFFIC_IO_TIMED, /* requests whose time is known, */
	TRAFFIC_IO_NS,	  /* and that time, from the driver and back */
	TRAFFIC_N
};

struct unit_traffic {
	__u64 of[TRAFFIC_N];
};

/* A listening port, in its network namespace. */
struct port {
	__u32 network; /* inode of the namespace */
	__u16 port;
	__u16 unused;
};

/* ... whose sockets do not tell whose they are: an activator made them, or nobody who is watched. */
struct port_owner {
	__u64 accepts; /* charged to no unit, since the owner was not known */
	__u32 unit;    /* as user space says; 0: not known */
	__u32 unused;
};

/* Who called whom over TCP, on this host; the value is a __u64, connections so far. */
struct call_key {
	__u32 client; /* unit; 0: none is known */
	__u32 server;
	__u32 network;
	__u16 port; /* the server's */
	__u16 unused;
};

/* A unix socket that somebody holds open; the key is the __u64 by which others know it. */
struct stream_end {
	__u64 peer;    /* the key of the other end; 0: it listens */
	__u64 address; /* the same number for a listening socket and what came in by it; 0: none */
	__u64 peer_address;
	__u32 inode;
	__u32 unit;	   /* of who holds it; 0: of none that is watched */
	__u32 is_managers; /* systemd itself does, and nobody else */
	__u32 unused;
};

/* TCP sockets that listen at one port, or came in by one that does, and were made in one cgroup. */
struct made {
	__u64 cgroup_id;
	__u16 port;
	__u16 unused[3];
};

/* ... who holds them open, systemd itself left out. */
struct made_holder {
	__u64 cgroup_id; /* watched */
	__u32 unit;
	__u32 is_several; /* or whoever made them, or somebody who is not watched */
};

#define WAIT_CLASSES  32  /* of powers of two: the last is 2^30 us and more, 18 minutes */
#define ERRNO_CLASSES 134 /* errno(3) ends at EHWPOISON, 133 */

/* What the deep probes count of a suspect, from when user space makes the record. Only grows. */
struct deep_counters {
	__u64 waits[WAIT_CLASSES];     /* for a CPU: [0] below 1 us, [i] from 2^(i-1) us on */
	__u64 failures[ERRNO_CLASSES]; /* system calls, by errno; the everyday ones are 0 */
};

enum kernel_event_kind { KERNEL_EVENT_EXIT, KERNEL_EVENT_OOM_KILL };

/* One record of the ring: an OOM kill, or an exit by signal or with a code. */
struct kernel_event {
	__u64 when_ns; /* since boot */
	__u64 cgroup_id;
	__u32 unit; /* 0: not of a watched one */
	__u32 kind;
	__u32 pid;
	__u32 code; /* as wait(2) has it */
};

_Static_assert(sizeof(struct kernel_event) == 32, "a record of the ring is 32 bytes");
_Static_assert(sizeof(struct port) == 8, "no hole");
_Static_assert(sizeof(struct port_owner) == 16, "no hole");
_Static_assert(sizeof(struct call_key) == 16, "no hole");
_Static_assert(sizeof(struct stream_end) == 40, "no hole");
_Static_assert(sizeof(struct made) == 16, "no hole");
_Static_assert(sizeof(struct made_holder) == 16, "no hole");
_Static_assert(sizeof(struct task_sums) == 2 * sizeof(struct totals) + 104, "no hole");
_Static_assert(sizeof(struct cgroup_facts) == 112, "no hole");
