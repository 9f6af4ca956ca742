// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block I/O that completed, and the time it took.
 *
 * At completion only, from the time that the kernel keeps in the request: a hook where it begins, and
 * a map between the two, would cost four times as much. Flushes, which have no bio of their
 * own, are not counted.
 */
#include "kernel.h"
#include "traffic.h"
#include <bpf/bpf_tracing.h>

/* Who it is charged to, which for write-back is who made the pages dirty. Where the controller is
 * bound to a v1 hierarchy, its cgroups are others, with ids that mean something else here. */
static __always_inline __u32 unit_of_bio(struct bio *bio)
{
	struct cgroup *cgroup;

	if (!bpf_core_field_exists(bio->bi_blkg) || !bio->bi_blkg)
		return 0;
	cgroup = bio->bi_blkg->blkcg->css.cgroup;
	if (!cgroup || cgroup->root->hierarchy_id != 0)
		return 0;
	return unit_of_cgroup(cgroup);
}

static __always_inline void add_request(__u32 unit, __u64 n_timed, __u64 ns)
{
	struct unit_traffic *found = bpf_map_lookup_elem(&traffic, &unit);

	if (!found)
		return;
	__sync_fetch_and_add(&found->of[TRAFFIC_IO_REQUESTS], 1);
	__sync_fetch_and_add(&found->of[TRAFFIC_IO_TIMED], n_timed);
	__sync_fetch_and_add(&found->of[TRAFFIC_IO_NS], ns);
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block_complete, struct request *request, int error, unsigned int n_bytes)
{
	__u64 now_ns = bpf_ktime_get_ns(), begun_ns = request->io_start_time_ns;
	bool is_timed = begun_ns != 0 && now_ns >= begun_ns;
	__u64 ns = is_timed ? now_ns - begun_ns : 0;
	__u32 unit;

	/* A part of it, or none: the last step of a request with a flush. */
	if (!request->bio || n_bytes < request->__data_len)
		return 0;
	unit = unit_of_bio(request->bio);
	if (unit)
		add_request(unit, is_timed, ns);
	add_request(0, is_timed, ns);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
