// SPDX-License-Identifier: GPL-2.0-or-later
/* What threads of wanted cgroups do in the kernel, as text: "CGROUP PID TID", then a function a line. */
#include "kernel.h"
#include "wanted.h"

#define FRAMES 16

SEC("iter/task")
int stacks_walk(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct seq_file *out = context->meta->seq;
	unsigned long frame[FRAMES] = {};
	__u64 cgroup;
	long size;

	if (!task || task->flags & PF_KTHREAD)
		return 0;
	cgroup = wanted_of(task);
	if (!cgroup)
		return 0;
	BPF_SEQ_PRINTF(out, "%llu %u %u\n", cgroup, number_of(task->group_leader), number_of(task));
	size = bpf_get_task_stack(task, frame, sizeof(frame), 0);
	for (int i = 0; i < FRAMES; i++) {
		if (i * (long)sizeof(frame[0]) >= size)
			break;
		BPF_SEQ_PRINTF(out, " %pB\n", frame[i]);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
