/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Evidence is gathered by a child process, since any file of a sick unit, of its cgroup or of the
 * journal may hang whoever reads it. The child is abandoned at its limit: it is killed, what it had
 * told by then counts, and nobody waits until it is gone.
 *
 * Not a thread, which could not be abandoned; and no exec(2), so that there is nothing to find on a disk
 * that hangs. The child has no capability that its maker has not, closes every descriptor but its own, and
 * ends with its maker.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "heal/scene.h"

struct gatherer;

/* scene_tell(), or that of a test. */
typedef void gatherer_tell(const struct scene *scene, int out_fd);

/* now_ms is boot time, here and below; limit_ms is how long it may take. The scene is the child's from
 * its beginning, so it need not stay. A negative errno: there can be no child now. */
int gatherer_new(const struct scene *scene, gatherer_tell *tell, uint64_t now_ms, uint64_t limit_ms,
		 struct gatherer **ret);
/* Kills it; one that cannot even be killed is left to itself. */
struct gatherer *gatherer_free(struct gatherer *gatherer);
DEFINE_CLEANUP(struct gatherer *, gatherer_free)

/* Readable when there is more to take; it stays the gatherer's. */
int gatherer_fd(const struct gatherer *gatherer);
/* Take what has come. True: it is over, since all was told, or the child ended, or is abandoned. */
bool gatherer_turn(struct gatherer *gatherer, uint64_t now_ms);
/* Is the child gone by now? Then the gatherer can be freed, and nothing is left behind. */
bool gatherer_is_gone(struct gatherer *gatherer);

/* Once it is over: was all of it told, and a JSON object of at most SNAPSHOT_MOST_BYTES; the caller owns
 * ret. -ENOMEM. */
int gatherer_body(const struct gatherer *gatherer, bool *ret_is_whole, char **ret,
		  size_t *ret_size);
