/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a minute of all units is in bytes. */
#include <errno.h>

#include "store/minute.h"

size_t minute_bound(void)
{
	return MINUTE_HEAD + chunk_bound(METRIC_N, MINUTE_POINTS);
}

size_t minute_put(uint32_t unit, const struct chunk_stream *streams, size_t n_streams, uint8_t *ret)
{
	size_t size = chunk_encode(streams, n_streams, MINUTE_POINTS, ret + MINUTE_HEAD);

	for (unsigned int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(unit >> (8 * i));
	ret[4] = (uint8_t)size;
	ret[5] = (uint8_t)(size >> 8);
	return MINUTE_HEAD + size;
}

int minute_next(const uint8_t *body, size_t size, size_t *at, struct minute_part *ret)
{
	const uint8_t *head = body + *at;
	size_t bytes;

	if (*at == size)
		return 0;
	if (size - *at < MINUTE_HEAD)
		return -EBADMSG;
	bytes = (size_t)head[4] | (size_t)head[5] << 8;
	if (size - *at - MINUTE_HEAD < bytes)
		return -EBADMSG;
	ret->unit = 0;
	for (unsigned int i = 0; i < 4; i++)
		ret->unit |= (uint32_t)head[i] << (8 * i);
	ret->bytes = head + MINUTE_HEAD;
	ret->size = bytes;
	*at += MINUTE_HEAD + bytes;
	return 1;
}
