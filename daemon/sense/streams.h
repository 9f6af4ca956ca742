/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which unit is connected with which over unix sockets (stream and seqpacket, in
 * every network namespace), looked at once a minute: what lasts shorter is met by chance only.
 *
 * Each end is the unit's whose process holds it open; of several, the first's that is not systemd
 * itself, which opens sockets for others. Server is the end that came in at a listening socket; one that nobody
 * has accepted yet is whose that socket is. A pair made by socketpair(2) has no server, and is none.
 *
 * Left out are connections of systemd itself, and those to systemd-journald.service: nearly every unit's
 * output goes there, and nothing follows from it. Paths are not looked at.
 *
 * The same walk finds whose the TCP sockets are that one unit made and another holds: passed.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/passed.h"

#define STREAMS_EVERY_MS (uint64_t)60000
#define STREAMS_PAIRS	 4096 /* of units, that are remembered */

struct streams_bpf;
struct streams;

/* The programs are borrowed, and have to outlive it. -ENOMEM. */
int streams_new(struct streams_bpf *programs, struct streams **ret);
struct streams *streams_free(struct streams *streams);
DEFINE_CLEANUP(struct streams *, streams_free)

/* Who is left out. */
struct streams_ground {
	uint64_t manager_cgroup; /* of systemd itself; 0: there is none */
	uint32_t journal;	 /* unit; 0: none */
};

/* Is a walk under way, or is it time for one? */
bool streams_are_due(const struct streams *streams, uint64_t now_ms);
/* One piece of a walk over all open files: some 16,000 of them. What it found counts when it
 * is whole: 1. Negative: this walk is given up. */
int streams_turn(struct streams *streams, const struct streams_ground *ground, uint64_t now_ms);

struct stream {
	uint32_t client, server; /* units; 0: none that is known */
	bool stands;		 /* it was there in the last walk */
	/* Met so far, each once, but for those of the first walk, which a daemon before us may have counted;
	 * begins anew where it was forgotten in between. */
	uint64_t connections;
};
/* All that were met, in order of client and server; they live until the next turn. NULL: there was no
 * whole walk yet. */
const struct stream *streams_list(const struct streams *streams, size_t *ret_n);
/* NULL: there was no whole walk yet. It lives as long as streams. */
const struct passed *streams_passed(const struct streams *streams);
/* Is what stands there known to stand? Not after two walks that failed. */
bool streams_are_fresh(const struct streams *streams, uint64_t now_ms);
/* Sockets and connections that found no room, once for each walk that met them. */
uint64_t streams_lost(const struct streams *streams);
