/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The kernel fields we read, declared by hand for CO-RE, and no others.
 *
 * A generated header is 2.8 MB, belongs to one kernel, and makes a build need
 * one. Here each field that is read stands once; where it lies is settled at load time
 * from the running kernel's own BTF. A name with three underscores is a flavour:
 * the same struct as other kernels have it.
 */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
/* Types of the helpers' prototypes: checksums and addresses, in network order. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
#define BPF_MAP_TYPE_HASH	  1
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_LRU_HASH	  9
#define BPF_MAP_TYPE_RINGBUF	  27
#define BPF_ANY			  0
#define BPF_F_NO_PREALLOC	  1
#define BPF_NOEXIST		  1
#define BPF_RB_NO_WAKEUP	  1
#define BPF_RB_FORCE_WAKEUP	  2

struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

/* include/linux/sched.h, sched/signal.h, mm_types_task.h: the same in 5.10 to 6.18. */
#define TASK_UNINTERRUPTIBLE 0x02
#define TASK_STOPPED	     0x04
#define TASK_TRACED	     0x08
#define TASK_NOLOAD	     0x400    /* with UNINTERRUPTIBLE: idle, which proc(5) shows as I */
#define JOBCTL_TRAP_FREEZE   0x800000 /* its cgroup (v2) is frozen */
#define TASK_FROZEN	     0x8000   /* from 6.1 on; before, the bit is of no state */
#define PF_EXITING	     0x04
#define PF_FROZEN	     0x10000 /* until 6.1 the frozen are in D; since, no user's task has it */
#define PF_KTHREAD	     0x200000
#define SIGNAL_GROUP_EXIT    0x04
#define MM_ANONPAGES	     1
#define MM_SWAPENTS	     2
#define RLIMIT_NOFILE	     7 /* asm-generic/resource.h; the daemon's side checks it */

/* include/net/tcp_states.h, linux/socket.h, linux/net.h, linux/in.h */
#define TCP_ESTABLISHED	 1
#define TCP_SYN_SENT	 2
#define TCP_SYN_RECV	 3
#define TCP_TIME_WAIT	 6
#define TCP_LISTEN	 10 /* unix sockets too */
#define TCP_NEW_SYN_RECV 12
#define AF_UNIX		 1
#define AF_INET		 2
#define AF_INET6	 10
#define SOCK_STREAM	 1
#define SOCK_DGRAM	 2
#define SOCK_SEQPACKET	 5
#define IPPROTO_TCP	 6

/* include/uapi/linux/stat.h */
#define S_IFMT	0170000
#define S_IFIFO 0010000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	__s64 counter;
} atomic64_t;

/* ---- tasks ---- */

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct sched_info {
	__u64 run_delay;
};

struct task_io_accounting {
	__u64 read_bytes;
	__u64 write_bytes;
};

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	int group_exit_code;
	unsigned int flags;
	/* Of threads that ended and were released. */
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	struct task_io_accounting ioac;
	__u64 sum_sched_runtime;
	struct rlimit rlim[16];
};

struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	struct percpu_counter rss_stat[4];
};

struct mm_rss_stat___before_6_2 {
	atomic_long_t count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat;
};

struct fdtable {
	unsigned int max_fds;
	unsigned long *open_fds;
	unsigned long *full_fds_bits; /* a bit for each word of open_fds that is all ones */
};

struct files_struct {
	struct fdtable *fdt;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;	/* of the innermost namespace it is in */
	struct upid numbers[1]; /* as many as there are levels */
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	unsigned long jobctl;
	struct sched_entity se;
	struct sched_info sched_info;
	struct mm_struct *mm;
	int exit_state;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	__u64 start_time;
	char comm[16];
	struct files_struct *files;
	struct signal_struct *signal;
	struct task_io_accounting ioac;
	struct css_set *cgroups;
};

struct task_struct___before_5_14 {
	volatile long state;
};

/* ---- cgroups ---- */

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct task_cputime {
	__u64 sum_exec_runtime;
};

struct cgroup_base_stat {
	struct task_cputime cputime;
};

enum psi_states {
	PSI_CPU_FULL = 5, /* 5.13+; before it the row ends here */
};

struct psi_group {
	bool enabled;
	__u64 total[6]; /* ns; the first row is PSI_AVGS, that of the pressure files */
};

struct cgroup_root {
	int hierarchy_id; /* 0: the unified one */
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct cgroup_root *root;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[1]; /* as many as there are controllers */
	struct cgroup_base_stat bstat;
	struct psi_group *psi;
};

enum cgroup_subsys_id {
	cpu_cgrp_id = 0, /* the values are the running kernel's */
	memory_cgrp_id = 1,
	pids_cgrp_id = 2,
	io_cgrp_id = 3,
};

struct page_counter {
	atomic_long_t usage; /* pages */
};

enum memcg_memory_event {
	MEMCG_HIGH = 1, /* the values are the running kernel's */
	MEMCG_MAX = 2,
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
	struct page_counter swap;
	atomic_long_t memory_events[1]; /* as many as there are kinds */
};

/* Empty without CONFIG_CFS_BANDWIDTH. */
struct cfs_bandwidth {
	__u64 throttled_time; /* ns */
};

struct task_group {
	struct cgroup_subsys_state css;
	struct cfs_bandwidth cfs_bandwidth;
};

struct pids_cgroup {
	struct cgroup_subsys_state css;
	atomic64_t counter;
};

/* ---- sockets ---- */

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* the local port, in the host's order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock_cgroup_data___before_5_15 {
	__u64 val; /* a cgroup, unless one of the low two bits is set */
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

/* It begins with a struct sock, as the next. */
struct inet_sock {
	__be16 inet_sport;
};

struct unix_address;

struct unix_sock {
	struct unix_address *addr; /* that of the listening socket, where it came in by one */
	struct sock *peer;
};

/* ---- files ---- */

struct path {
	void *mnt;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	struct path f_path;
};

/* ---- block I/O ---- */

struct blkcg {
	struct cgroup_subsys_state css;
};

struct blkcg_gq {
	struct blkcg *blkcg;
};

struct bio {
	struct blkcg_gq *bi_blkg;
};

struct request {
	unsigned int __data_len; /* bytes not completed yet */
	struct bio *bio;	 /* the first not completed yet */
	__u64 io_start_time_ns;	 /* given to the driver; 0: not kept */
};

/* ---- what iterators are given ---- */

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq; /* what it writes there its reader reads */
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task; /* NULL at the end */
};

struct bpf_iter__cgroup {
	struct cgroup *cgroup; /* NULL at the end */
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task; /* NULL at the end */
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop
