// SPDX-License-Identifier: GPL-2.0-or-later
/* What wanted cgroups hold open, as text: "CGROUP PID FD KIND STATE PORT PATH". */
#include "kernel.h"
#include "wanted.h"

#define PATH_SIZE 128

/* t u d s: TCP, unix, UDP and other sockets; p a f: pipe, anonymous inode, all else. */
static __always_inline char kind_of_socket(struct sock *socket)
{
	__u16 family = socket->__sk_common.skc_family;

	if (family == AF_UNIX)
		return 'u';
	if (family != AF_INET && family != AF_INET6)
		return 's';
	if (socket->sk_type == SOCK_STREAM)
		return socket->sk_protocol == IPPROTO_TCP ? 't' : 's';
	return socket->sk_type == SOCK_DGRAM ? 'd' : 's';
}

static __always_inline char kind_of_file(struct file *file)
{
	unsigned int type = file->f_inode->i_mode & S_IFMT;

	return type == S_IFIFO ? 'p' : type == 0 ? 'a' : 'f';
}

/* A name may hold what would be a line of its own. */
static __always_inline void tame(char *path)
{
	for (int i = 0; i < PATH_SIZE; i++)
		if (path[i] > 0 && path[i] < ' ')
			path[i] = '?';
}

SEC("iter/task_file")
int files_walk(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct seq_file *out = context->meta->seq;
	char path[PATH_SIZE] = {}, kind;
	__u32 state = 0, port = 0, fd = context->fd;
	struct socket *opened;
	struct sock *socket;
	__u64 cgroup;

	if (!task || !file)
		return 0;
	cgroup = wanted_of(task);
	if (!cgroup)
		return 0;
	kind = kind_of_file(file);
	opened = bpf_sock_from_file(file);
	socket = opened ? opened->sk : NULL;
	if (socket) {
		kind = kind_of_socket(socket);
		state = socket->__sk_common.skc_state;
		port = kind == 't' || kind == 'd' ? socket->__sk_common.skc_num : 0;
	}
	if (bpf_d_path(&file->f_path, path, sizeof(path)) < 0)
		path[0] = '\0'; /* too long */
	tame(path);
	BPF_SEQ_PRINTF(out, "%llu %u %u %c %u %u %s\n", cgroup, number_of(task->group_leader), fd,
		       kind, state, port, path);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
