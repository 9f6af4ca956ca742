/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Counters of a unit's sockets and block I/O: one map for both objects, so that one read has them. */
#include "watched.h"

/* By unit; user space makes the map and its entries. 0 is the whole host. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX + 1);
	__type(key, __u32);
	__type(value, struct unit_traffic);
} traffic SEC(".maps");

static __always_inline void add_to(__u32 unit, enum traffic what, __u64 n)
{
	struct unit_traffic *found = bpf_map_lookup_elem(&traffic, &unit);

	if (found)
		__sync_fetch_and_add(&found->of[what], n);
}

/* For the unit, unless it is 0, and for the host. */
static __always_inline void count(__u32 unit, enum traffic what, __u64 n)
{
	if (unit)
		add_to(unit, what, n);
	add_to(0, what, n);
}
