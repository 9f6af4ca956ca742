// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One walk over all cgroups: CPU, memory, pids and pressure of the watched ones.
 *
 * Into a map, because a cgroup iterator cannot resume: output through its seq_file
 * ends at 32 KiB without a word. It holds cgroup_mutex, so it does little.
 */
#include "kernel.h"
#include "watched.h"

__u64 lost; /* cgroups that found the map full */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__type(key, __u64); /* cgroup id */
	__type(value, struct cgroup_facts);
} facts SEC(".maps");

/* A controller's state in this cgroup; NULL: not enabled here. The number of a controller depends on
 * the kernel's configuration, so it is no constant to index with. */
static __always_inline void *controller_of(struct cgroup *cgroup, __u32 id)
{
	void *state = NULL;

	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)cgroup + bpf_core_field_offset(struct cgroup, subsys) +
				      id * sizeof(state));
	return state;
}

/* Those of the cgroups below it are in it. */
static __always_inline __u64 events_of(struct mem_cgroup *memory, __u32 kind)
{
	long n = 0;

	bpf_probe_read_kernel(&n, sizeof(n),
			      (void *)memory +
				      bpf_core_field_offset(struct mem_cgroup, memory_events) +
				      kind * sizeof(n));
	return n;
}

static __always_inline void read_memory_events(struct mem_cgroup *memory,
					       struct cgroup_facts *record)
{
	record->memory_high =
		events_of(memory, bpf_core_enum_value(enum memcg_memory_event, MEMCG_HIGH));
	record->memory_max =
		events_of(memory, bpf_core_enum_value(enum memcg_memory_event, MEMCG_MAX));
	record->have |= CGROUP_HAVE_MEMORY_EVENTS;
}

static __always_inline void read_memory(struct cgroup *cgroup, struct cgroup_facts *record)
{
	struct mem_cgroup *memory;
	void *state =
		controller_of(cgroup, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));

	if (!state)
		return;
	memory = state - bpf_core_field_offset(struct mem_cgroup, css);
	record->memory_pages = BPF_CORE_READ(memory, memory.usage.counter);
	record->have |= CGROUP_HAVE_MEMORY;
	if (bpf_core_field_exists(memory->swap)) {
		record->swap_pages = BPF_CORE_READ(memory, swap.usage.counter);
		record->have |= CGROUP_HAVE_SWAP;
	}
	if (bpf_core_field_exists(memory->memory_events) &&
	    bpf_core_enum_value_exists(enum memcg_memory_event, MEMCG_HIGH) &&
	    bpf_core_enum_value_exists(enum memcg_memory_event, MEMCG_MAX))
		read_memory_events(memory, record);
}

static __always_inline void read_throttled(struct cgroup *cgroup, struct cgroup_facts *record)
{
	struct task_group *group;
	void *state =
		controller_of(cgroup, bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id));

	if (!state)
		return;
	group = state - bpf_core_field_offset(struct task_group, css);
	record->throttled_ns = BPF_CORE_READ(group, cfs_bandwidth.throttled_time);
	record->have |= CGROUP_HAVE_THROTTLED;
}

static __always_inline void read_pids(struct cgroup *cgroup, struct cgroup_facts *record)
{
	struct pids_cgroup *pids;
	void *state =
		controller_of(cgroup, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));

	if (!state)
		return;
	pids = state - bpf_core_field_offset(struct pids_cgroup, css);
	record->threads = BPF_CORE_READ(pids, counter.counter);
	record->have |= CGROUP_HAVE_THREADS;
}

/* A controller of a v1 hierarchy has no state in a cgroup of the unified one. */
static __always_inline void read_io(struct cgroup *cgroup, struct cgroup_facts *record)
{
	if (controller_of(cgroup, bpf_core_enum_value(enum cgroup_subsys_id, io_cgrp_id)))
		record->have |= CGROUP_HAVE_IO;
}

static __always_inline void read_pressure(struct cgroup *cgroup, struct cgroup_facts *record)
{
	struct psi_group *psi = cgroup->psi;

	if (!psi || !psi->enabled)
		return;
	if (bpf_core_read(record->psi_ns, sizeof(record->psi_ns), &psi->total))
		return;
	record->have |= CGROUP_HAVE_PSI;
	/* Where there is none, another row has begun there. */
	if (bpf_core_enum_value_exists(enum psi_states, PSI_CPU_FULL))
		record->have |= CGROUP_HAVE_PSI_CPU_FULL;
}

SEC("iter/cgroup")
int cgroups_walk(struct bpf_iter__cgroup *context)
{
	struct cgroup *cgroup = context->cgroup;
	struct cgroup_facts record = {};
	__u64 id;

	if (!cgroup)
		return 0;
	id = cgroup->kn->id;
	if (!bpf_map_lookup_elem(&watched, &id))
		return 0;
	record.cpu_ns = cgroup->bstat.cputime.sum_exec_runtime;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		read_memory(cgroup, &record);
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		read_pids(cgroup, &record);
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, io_cgrp_id))
		read_io(cgroup, &record);
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, cpu_cgrp_id) &&
	    bpf_core_field_exists(struct cfs_bandwidth, throttled_time))
		read_throttled(cgroup, &record);
	if (bpf_core_field_exists(cgroup->psi))
		read_pressure(cgroup, &record);
	if (bpf_map_update_elem(&facts, &id, &record, 0))
		lost++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
