/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is kept of a unit's conduct: what work it needs, and how long its excursions
 * of health were. A part of forest_blob.h, which guards it. Little-endian, fixed size.
 * What was going on is not in it: nobody knows what happened since.
 */
#include <stdint.h>

#include "judge/conduct.h"

#define CONDUCT_BLOB_SIZE 3292

void conduct_blob_write(const struct conduct *conduct, uint8_t bytes[CONDUCT_BLOB_SIZE]);
/* Into ret, which is all zero. -EBADMSG: no such numbers can have been written. */
int conduct_blob_read(const uint8_t bytes[CONDUCT_BLOB_SIZE], struct conduct *ret);
