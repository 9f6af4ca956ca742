/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The parts of a running daemon, each opened in its order and taken down in the
 * reverse: store, judge, telemetry, healer, orders. Whoever has them turns the
 * wheel; here they are only made.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "control.h"
#include "forensics.h"
#include "heal/healer.h"
#include "judge/judge.h"
#include "link.h"
#include "options.h"
#include "outbox.h"
#include "remember.h"
#include "sense/packages.h"
#include "sense/sampler.h"
#include "settings.h"
#include "simulation.h"
#include "store/live.h"

/* The units as they were published last; they are the publisher's, until it publishes again. */
struct shown {
	const struct present *present;
	size_t n;
};

struct parts {
	sd_event *event; /* these three are borrowed */
	const struct options *options;
	const struct settings *settings;

	struct past past;
	struct live *live; /* NULL: no space for it, so far */
	struct judge *judge;
	struct link *link;	       /* NULL: no systemd here */
	struct sampler *sampler;       /* NULL with --speed: real units cannot be sped up */
	struct simulation *simulation; /* NULL: nothing is simulated */
	struct packages packages;      /* asked for only where there is a sampler */
	struct healer *healer;
	struct forensics *forensics;
	struct control *control;
	struct hold hold; /* whom people have paused: it outlives the parts that are made anew */
	struct shown shown;
	struct outbox outbox;
	struct actuator mock, by_systemd, by_simulator;
	uint64_t distrust_until_wall_ms; /* budgets count as spent until then; 0 */
};

/* Open all of them; event, options, settings and the status that the outbox asks for are set by the
 * caller (zero the rest). After a failure it was said why, and parts_close() takes down what there is. */
int parts_open(struct parts *parts);
/* With past.start.obstacle: is it gone by now? 0: all parts were made anew, with the past. -EAGAIN: not
 * yet, and nothing happened. Other errors were said, and are the end. */
int parts_find_room(struct parts *parts);
/* Where the bus was lost: connect to it again, end what is in flight as lost, list the units anew. True:
 * that succeeded. False: nothing was lost, or nobody answers yet. */
bool parts_relink(struct parts *parts);
/* Publish the present; opens it when there was no space for it before. */
int parts_publish(struct parts *parts, const struct keeper *keeper, const struct present *present,
		  size_t n);
/* Waits for the store, at most 5 s. */
void parts_close(struct parts *parts);
