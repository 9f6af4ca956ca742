/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is remembered of one unit, as bytes that outlive daemon and host. Only the
 * rows are kept, not the trees: those are grown again from the rows, so a better
 * forest can read what an older one has learnt, and hostile bytes can at worst
 * teach something wrong.
 *
 * Little-endian. A head; its conduct; its season; its tail; a part for each column that was ever
 * seen: its lowest and highest value and, unless all are the same, a level between
 * the two for each row; a CRC-32. Whatever a later version changes, the first six bytes
 * and the CRC at the end stay.
 */
#include <stddef.h>
#include <stdint.h>

#include "judge/conduct.h"
#include "judge/remembered.h"
#include "judge/tail.h"

/* ret is the caller's to free(). -ENOMEM. */
int forest_blob_write(const struct remembered *remembered, const struct conduct *conduct,
		      const struct tail *tail, uint8_t **ret, size_t *ret_size);
/* Into all three, of which the first two are all zero. -EBADMSG: damaged; -EPROTONOSUPPORT: whole, but of
 * another version; -ENOMEM. After a failure they may hold some of it. */
int forest_blob_read(const uint8_t *bytes, size_t size, struct remembered *ret,
		     struct conduct *ret_conduct, struct tail *ret_tail);
