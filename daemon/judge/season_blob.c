/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Days to bytes and back. */
#include <errno.h>

#include "judge/season_blob.h"

static uint8_t *put(uint8_t *at, uint32_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		*at++ = (uint8_t)(value >> 8 * i);
	return at;
}

static uint32_t get(const uint8_t **at, int n_bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < n_bytes; i++)
		value |= (uint32_t) * (*at)++ << 8 * i;
	return value;
}

size_t season_blob_write(const struct season *season, uint8_t bytes[SEASON_BLOB_MOST])
{
	uint8_t *at = bytes + 1;

	bytes[0] = 0;
	for (int i = 0; i < SEASON_DAYS; i++) {
		const struct season_day *day = &season->day[i];

		if (day->day == 0)
			continue;
		bytes[0]++;
		at = put(at, day->day, 4);
		for (int hour = 0; hour < SEASON_HOURS; hour++)
			for (int j = 0; j < SEASON_SERIES; j++)
				at = put(at, (uint16_t)day->high[hour][j], 2);
	}
	return (size_t)(at - bytes);
}

int season_blob_read(const uint8_t *bytes, size_t size, struct season *ret, size_t *ret_taken)
{
	const uint8_t *at = bytes + 1;

	if (size < 1 || bytes[0] > SEASON_DAYS || size < 1 + (size_t)bytes[0] * SEASON_BLOB_DAY)
		return -EBADMSG;
	for (int i = 0; i < bytes[0]; i++) {
		uint32_t number = get(&at, 4);
		struct season_day *day = &ret->day[number % SEASON_DAYS];

		if (number == 0 || day->day != 0)
			return -EBADMSG;
		day->day = number;
		for (int hour = 0; hour < SEASON_HOURS; hour++)
			for (int j = 0; j < SEASON_SERIES; j++)
				day->high[hour][j] = (int16_t)get(&at, 2);
	}
	*ret_taken = (size_t)(at - bytes);
	return 0;
}
