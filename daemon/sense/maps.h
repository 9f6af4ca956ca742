/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Maps of the kernel's side, each in one call, and its iterators. */
#include <stdint.h>

struct bpf_link;
struct bpf_map;

/* All records of a map, into arrays of n_max, of which it has no more. The number of them. */
int maps_read(int fd, void *keys, void *values, uint32_t n_max);
/* The same, and none is left; the arrays are as large as the map. */
int maps_empty(const struct bpf_map *map, void *keys, void *values);

/* Run an iterator to its end. It writes to maps, so there is nothing to read but the end. */
int maps_walk(const struct bpf_link *link);
