/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The roll of units: who is followed, and which row each one is shown in. Many
 * may share a row. Knows no bus; units.c tells it what systemd said.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "record/classes.h"
#include "record/record.h"
#include "sense/facts.h"
#include "sense/units.h"

#define ROLL_NO_ROW SIZE_MAX

/* One service or scope of the manager. */
struct follower {
	struct units *units;
	struct facts facts;
	sd_bus_slot *call; /* a question about it that is under way */
	bool is_stale;	   /* its properties are to be read again */
	bool is_new;	   /* whether it runs is to be looked up, without making systemd load it */
	bool is_listed;	   /* in the list that is being read */
	uint64_t gone_ms;  /* 0: it is there */
	size_t row;
	char name[UNIT_NAME_SIZE];
};

struct roll {
	const struct classes
		*classes; /* borrowed: what is said of classes of units; NULL: nothing */
	units_number *number;
	void *userdata;
	struct follower **follower; /* in the order of names */
	size_t n, n_max;
	size_t n_rows, n_rows_max;
	struct unit_status *status; /* a row each */
	uint32_t unit[UNITS_MAX];   /* their numbers again, close together for the search */
	uint64_t version;	    /* of all needs between rows: another one, other edges */
};

void roll_clear(struct roll *roll);

struct follower *roll_find(const struct roll *roll, const char *name);
/* The follower of that name, made if it is new. -ENOSPC, -ENOMEM. */
int roll_add(struct roll *roll, const char *name, struct follower **ret);
/* systemd dropped the unit. One with a row of its own is shown as gone for a while; others leave at
 * once, and the pointer with them. */
void roll_drop(struct roll *roll, struct follower *follower, uint64_t boot_ms, uint64_t wall_ms);
/* The facts changed: show them, in a new row if it is worth one now. */
void roll_show(struct roll *roll, struct follower *follower, uint64_t boot_ms, uint64_t wall_ms);
/* What is said of classes of units is another thing now, or in another place. */
void roll_classes(struct roll *roll, const struct classes *classes, uint64_t boot_ms,
		  uint64_t wall_ms);
/* Take out those that have been gone for UNITS_GONE_MS, and give their rows to those that found none. */
void roll_sweep(struct roll *roll, uint64_t boot_ms, uint64_t wall_ms);
/* How many of the followers are worth a row, and have none: all rows are taken, or all numbers. */
size_t roll_unwatched(const struct roll *roll);
