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
