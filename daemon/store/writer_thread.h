/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The thread that owns the past's database: takes messages from the queue, writes
 * them, answers. All that can wait for the disk happens here. Part of writer.h.
 */
#include <sqlite3.h>

#include "store/writer_queue.h"

struct writer_thread;

/* The queue stays the caller's and must outlive the thread; db is the thread's from then on, also on
 * failure. */
int writer_thread_start(sqlite3 *db, struct queue *queue, struct writer_thread **ret);
/* After queue_close(): wait until all is written and the database closed, at most timeout_ms. False:
 * it hangs in the disk; thread, queue and database are then left to it and must not be touched. */
bool writer_thread_stop(struct writer_thread *thread, int timeout_ms);
