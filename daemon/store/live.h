/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The present: live.db in the runtime directory (tmpfs). A ring of the last ten
 * minutes at 1 Hz and the newest state of every unit. Written by the loop, never
 * synced, lost with a reboot.
 */
#include <stddef.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "record/signal.h"

#define LIVE_TICKS 600

struct live;

/* Open or make it (mode 0640); what is not ours, or broken, is made anew: it holds nothing that must
 * last. -EACCES, -EROFS: no right to it. */
int live_open(const char *path, struct live **ret);
struct live *live_close(struct live *live);
DEFINE_CLEANUP(struct live *, live_close)

/* From where the values came, to be published with the next tick: copied, and written only if it is
 * another one than before. */
void live_set_signals(struct live *live, const struct signals *signals);
/* One tick in one transaction; on a full disk without its place in the ring. Units that are not among n are gone from the present. Allocates nothing
 * once there were as many units. -EBUSY: somebody else holds a write lock; the tick is not shown. */
int live_publish(struct live *live, const struct keeper *keeper, const struct present *present,
		 size_t n);
