/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The hours of a unit's last days as bytes: how many days, then each of them, little-endian. A minute under
 * way is not kept. */
#include <stddef.h>

#include "judge/season.h"

#define SEASON_BLOB_DAY	 (4 + (size_t)SEASON_HOURS * SEASON_SERIES * 2)
#define SEASON_BLOB_MOST (1 + SEASON_DAYS * SEASON_BLOB_DAY)

/* Returns how many bytes it took. */
size_t season_blob_write(const struct season *season, uint8_t bytes[SEASON_BLOB_MOST]);
/* Into ret, which is all zero, and how many bytes that were of those that are there. -EBADMSG: no such days can
 * have been written. */
int season_blob_read(const uint8_t *bytes, size_t size, struct season *ret, size_t *ret_taken);
