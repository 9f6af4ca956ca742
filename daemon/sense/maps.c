/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches of maps, and reads of iterators. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/maps.h"

int maps_read(int fd, void *keys, void *values, uint32_t n_max)
{
	uint32_t cursor, n = n_max;
	int r;

	r = bpf_map_lookup_batch(fd, NULL, &cursor, keys, values, &n, NULL);
	return r < 0 && r != -ENOENT ? r : (int)n; /* -ENOENT: that was the end */
}

int maps_empty(const struct bpf_map *map, void *keys, void *values)
{
	uint32_t cursor, n = bpf_map__max_entries(map);
	int r;

	r = bpf_map_lookup_and_delete_batch(bpf_map__fd(map), NULL, &cursor, keys, values, &n,
					    NULL);
	return r < 0 && r != -ENOENT ? r : (int)n;
}

int maps_walk(const struct bpf_link *link)
{
	CLEANUP(cleanup_close) int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? -errno : 0;
}
