/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Who made a socket: it carries that cgroup, and so does each connection that comes in by it. */
#include "watched.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define ROOT_ID 1

/* As unit_of_cgroup(), of a pointer that the verifier does not know. */
static __always_inline __u32 unit_of_unknown(struct cgroup *cgroup)
{
	for (int level = 0; level < CGROUP_DEPTH_MAX && cgroup; level++) {
		__u64 id = BPF_CORE_READ(cgroup, kn, id);
		__u32 *unit = bpf_map_lookup_elem(&watched, &id);

		if (unit)
			return *unit;
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return 0;
}

/* Before 5.15 the cgroup shares its place with numbers of v1 controllers, and the root is NULL. */
static __always_inline struct cgroup *cgroup_of_old(const struct sock *socket)
{
	struct sock_cgroup_data___before_5_15 *data = (void *)&socket->sk_cgrp_data;
	__u64 value = BPF_CORE_READ(data, val);

	return value & 3 ? NULL : (struct cgroup *)value;
}

static __always_inline bool is_old(const struct sock *socket)
{
	return !bpf_core_field_exists(socket->sk_cgrp_data.cgroup);
}

static __always_inline __u32 unit_of_old(const struct sock *socket)
{
	struct cgroup *cgroup = cgroup_of_old(socket);
	__u64 root = ROOT_ID;
	__u32 *unit;

	if (cgroup)
		return unit_of_unknown(cgroup);
	unit = bpf_map_lookup_elem(&watched, &root);
	return unit ? *unit : 0;
}

static __always_inline __u32 unit_of_socket(const struct sock *socket)
{
	return is_old(socket) ? unit_of_old(socket) : unit_of_cgroup(socket->sk_cgrp_data.cgroup);
}

static __always_inline __u64 cgroup_id_of_socket(const struct sock *socket)
{
	struct cgroup *cgroup;

	if (!is_old(socket))
		return socket->sk_cgrp_data.cgroup->kn->id;
	cgroup = cgroup_of_old(socket);
	return cgroup ? BPF_CORE_READ(cgroup, kn, id) : ROOT_ID;
}
