// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which unit holds which end of which connection over a unix socket, and which listening TCP sockets:
 * one walk over all open files.
 *
 * What such a socket says of its owner is no help: both ends carry the cgroup of who connected. So a
 * socket is of whoever holds it open. Unlike a walk of unix sockets this sees every network namespace.
 * A TCP socket carries the cgroup of who made it, who may have passed it on.
 */
#include "kernel.h"
#include "sockets.h"

__u64 manager_id; /* the cgroup of systemd itself; 0: not known */
__u32 files;	  /* of this piece of the walk */
__u64 lost;	  /* sockets that found no room */

/* By the address of the socket in the kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STREAMS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct stream_end);
} ends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MADE_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct made);
	__type(value, struct made_holder);
} listening SEC(".maps");

/* The walk stops, and can go on later, where a reader got what it asked for: one byte. */
static __always_inline void end_piece(struct seq_file *out)
{
	static const char byte;

	if (++files < STREAM_FILES)
		return;
	files = 0;
	bpf_seq_write(out, &byte, sizeof(byte));
}

static __always_inline bool is_manager(struct task_struct *task)
{
	return manager_id && cgroup_id_of(task) == manager_id;
}

/* Both ends must know each other: one whose other end was closed is no connection any more. */
static __always_inline bool read_peer(struct unix_sock *socket, struct stream_end *end)
{
	struct sock *peer = BPF_CORE_READ(socket, peer);
	struct unix_sock *other = (void *)peer;

	if (!peer || BPF_CORE_READ(other, peer) != (void *)socket)
		return false;
	end->peer = (__u64)peer;
	end->peer_address = (__u64)BPF_CORE_READ(other, addr);
	return true;
}

static __always_inline bool is_stream(struct sock *socket)
{
	return socket->__sk_common.skc_family == AF_UNIX &&
	       (socket->sk_type == SOCK_STREAM || socket->sk_type == SOCK_SEQPACKET);
}

/* Of several who hold it the first is taken, which began the others most often; systemd itself, which
 * opens sockets for others, last. */
static __always_inline void keep(__u64 key, const struct stream_end *end)
{
	struct stream_end *found = bpf_map_lookup_elem(&ends, &key);
	bool is_same = found && found->peer == end->peer && found->inode == end->inode;

	if (is_same && (!found->is_managers || end->is_managers))
		return;
	/* Not "< 0": before 6.4 it has the sign of an int, in 64 bits. */
	if (bpf_map_update_elem(&ends, &key, end, BPF_ANY) != 0)
		__sync_fetch_and_add(&lost, 1);
}

static __always_inline void take_stream(struct sock *socket, __u32 inode, struct task_struct *task)
{
	struct stream_end end = {};

	if (socket->__sk_common.skc_state != TCP_LISTEN && !read_peer((void *)socket, &end))
		return;
	end.address = (__u64)BPF_CORE_READ((struct unix_sock *)socket, addr);
	end.inode = inode;
	end.unit = unit_of(task);
	end.is_managers = is_manager(task);
	keep((__u64)socket, &end);
}

static __always_inline bool is_listening(struct sock *socket)
{
	__u16 family = socket->__sk_common.skc_family;

	return (family == AF_INET || family == AF_INET6) && socket->sk_type == SOCK_STREAM &&
	       socket->__sk_common.skc_state == TCP_LISTEN;
}

static __always_inline void take_listening(struct sock *socket, struct task_struct *task)
{
	const struct made key = { cgroup_id_of_socket(socket), socket->__sk_common.skc_num };
	struct made_holder holder = {}, *found;

	if (is_manager(task))
		return;
	holder.unit = watched_above(task->cgroups->dfl_cgrp, &holder.cgroup_id);
	holder.is_several = !holder.unit || holder.unit == unit_of_socket(socket);
	found = bpf_map_lookup_elem(&listening, &key);
	if (found)
		found->is_several |= holder.is_several || holder.unit != found->unit;
	else if (bpf_map_update_elem(&listening, &key, &holder, BPF_ANY) != 0)
		__sync_fetch_and_add(&lost, 1);
}

SEC("iter/task_file")
int streams_walk(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct socket *opened;
	struct sock *socket;

	if (!task || !file) /* the end */
		return 0;
	end_piece(context->meta->seq);
	opened = bpf_sock_from_file(file);
	if (!opened)
		return 0;
	socket = opened->sk;
	if (!socket)
		return 0;
	if (is_stream(socket))
		take_stream(socket, file->f_inode->i_ino, task);
	else if (is_listening(socket))
		take_listening(socket, task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
