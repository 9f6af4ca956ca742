/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The extremes of a unit's health as bytes: little-endian, column by column. A block under way is not kept. */
#include <stddef.h>

#include "judge/tail.h"

#define TAIL_BLOB_SIZE ((size_t)TAIL_COLUMNS * (1 + 2 * TAIL_KEPT) * 2)

void tail_blob_write(const struct tail *tail, uint8_t bytes[TAIL_BLOB_SIZE]);
/* -EBADMSG: no such extremes can have been written. */
int tail_blob_read(const uint8_t bytes[TAIL_BLOB_SIZE], struct tail *ret);
