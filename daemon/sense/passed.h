/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * TCP sockets that listen, or came in by one that does, and are held by another
 * unit than made them: a supervisor opens them for those it starts, a service leaves them to
 * its successor. What such a socket says of its owner is the cgroup that made it.
 *
 * Whose they are is looked for once a minute among open files: streams.h. One that
 * its maker holds too, or several others do, stays its maker's; and so do all that one
 * cgroup made at the same port, in whatever network namespace, unless all are with the same unit.
 */
#include <stddef.h>
#include <stdint.h>

#include "bpf/events.h"

struct passed {
	size_t n;
	struct passed_on {
		struct made made;
		uint64_t holder; /* a watched cgroup */
	} on[PASSED_MAX];	 /* in order */
};

/* All anew, of what the walk found. Returns how many found no room. */
size_t passed_fill(struct passed *passed, const struct made *made, const struct made_holder *holder,
		   size_t n);
/* The cgroup whose unit holds what that cgroup made at that port: itself, if it did not pass it on, or if
 * passed is NULL. */
uint64_t passed_to(const struct passed *passed, uint64_t cgroup_id, uint16_t port);
