/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roll of units: sorted followers, and the dense array of rows that readers see. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sense/roll.h"
#include "sense/share.h"

/* ---- followers ------------------------------------------------------------- */

static struct follower *follower_free(struct follower *follower)
{
	sd_bus_slot_unref(follower->call);
	facts_clear(&follower->facts);
	free(follower);
	return NULL;
}

void roll_clear(struct roll *roll)
{
	for (size_t i = 0; i < roll->n; i++)
		follower_free(roll->follower[i]);
	free(roll->follower);
	free(roll->status);
	*roll = (struct roll) { 0 };
}

/* The place of a name, or the one where it belongs. */
static size_t roll_place(const struct roll *roll, const char *name)
{
	size_t low = 0, high = roll->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(roll->follower[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct follower *roll_find(const struct roll *roll, const char *name)
{
	size_t place = roll_place(roll, name);

	if (place < roll->n && strcmp(roll->follower[place]->name, name) == 0)
		return roll->follower[place];
	return NULL;
}

static int roll_reserve(struct roll *roll)
{
	size_t n_max = roll->n_max ? 2 * roll->n_max : 128;
	struct follower **follower;

	if (roll->n < roll->n_max)
		return 0;
	if (roll->n >= UNITS_MEMBERS_MAX)
		return -ENOSPC;
	follower = reallocarray(roll->follower, n_max, sizeof(struct follower *));
	if (!follower)
		return -ENOMEM;
	roll->follower = follower;
	roll->n_max = n_max;
	return 0;
}

int roll_add(struct roll *roll, const char *name, struct follower **ret)
{
	size_t place = roll_place(roll, name);
	struct follower *follower = roll_find(roll, name);
	int r;

	if (follower) {
		*ret = follower;
		return 0;
	}
	r = roll_reserve(roll);
	if (r < 0)
		return r;
	follower = calloc(1, sizeof(*follower));
	if (!follower)
		return -ENOMEM;
	follower->row = ROLL_NO_ROW;
	follower->facts.name = follower->name;
	r = text_format(follower->name, sizeof(follower->name), "%s", name);
	assert(r >= 0); /* text_is_unit_name() bounds it */
	memmove(&roll->follower[place + 1], &roll->follower[place],
		(roll->n - place) * sizeof(struct follower *));
	roll->follower[place] = follower;
	roll->n++;
	*ret = follower;
	return 0;
}

static void roll_take_out(struct roll *roll, struct follower *follower)
{
	size_t place = roll_place(roll, follower->name);

	assert(roll->follower[place] == follower);
	roll->n--;
	memmove(&roll->follower[place], &roll->follower[place + 1],
		(roll->n - place) * sizeof(struct follower *));
	follower_free(follower);
}

/* ---- rows -------------------------------------------------------------------- */

static size_t row_find(const struct roll *roll, uint32_t unit)
{
	for (size_t i = 0; i < roll->n_rows; i++)
		if (roll->unit[i] == unit)
			return i;
	return ROLL_NO_ROW;
}

static int row_reserve(struct roll *roll)
{
	size_t n_max = roll->n_rows_max ? 2 * roll->n_rows_max : 64;
	struct unit_status *status;

	if (roll->n_rows < roll->n_rows_max)
		return 0;
	if (roll->n_rows >= UNITS_MAX)
		return -ENOSPC;
	status = reallocarray(roll->status, n_max, sizeof(*status));
	if (!status)
		return -ENOMEM;
	roll->status = status;
	roll->n_rows_max = n_max;
	return 0;
}

static enum unit_kind kind_of(const char *name)
{
	const char *type = strrchr(name, '.');

	return type && strcmp(type, ".scope") == 0 ? UNIT_KIND_SCOPE : UNIT_KIND_SERVICE;
}

/* Where there is no room, or no number, the unit is followed but not shown; that is tried again at
 * its next change, and when a row becomes free. */
static size_t row_of(struct roll *roll, const char *name, bool is_shared)
{
	uint32_t unit = roll->number(name, roll->userdata);
	struct unit_status *status;
	size_t row;

	if (!unit)
		return ROLL_NO_ROW;
	row = row_find(roll, unit);
	if (row != ROLL_NO_ROW)
		return row;
	if (row_reserve(roll) < 0)
		return ROLL_NO_ROW;
	row = roll->n_rows++;
	roll->version++;
	status = &roll->status[row];
	*status = (struct unit_status) {
		.unit = unit,
		.kind = is_shared ? UNIT_KIND_SHARED : kind_of(name),
	};
	(void)text_format(status->name, sizeof(status->name), "%s", name);
	roll->unit[row] = unit;
	return row;
}

static void row_drop(struct roll *roll, size_t row)
{
	size_t last = --roll->n_rows;

	roll->version++;
	roll->status[row] = roll->status[last];
	roll->unit[row] = roll->unit[last];
	for (size_t i = 0; i < roll->n; i++)
		if (roll->follower[i]->row == last)
			roll->follower[i]->row = row;
}

/* How alive: a shared row is as alive as the liveliest in it. */
static int liveliness(enum unit_active active)
{
	switch (active) {
	case UNIT_ACTIVE_ACTIVE:
		return 4;
	case UNIT_ACTIVE_ACTIVATING:
	case UNIT_ACTIVE_RELOADING:
	case UNIT_ACTIVE_DEACTIVATING:
		return 3;
	case UNIT_ACTIVE_UNKNOWN:
		return 2;
	case UNIT_ACTIVE_FAILED: /* one that failed says nothing of the row */
	default:
		return 1;
	}
}

static void show_shared(struct roll *roll, size_t row)
{
	struct unit_status *status = &roll->status[row];

	status->active = UNIT_ACTIVE_INACTIVE;
	for (size_t i = 0; i < roll->n; i++) {
		const struct facts *facts = &roll->follower[i]->facts;

		if (roll->follower[i]->row != row)
			continue;
		if (facts->transient)
			status->flags |= UNIT_TRANSIENT;
		if (liveliness(facts->active) > liveliness(status->active))
			status->active = facts->active;
	}
	if (strchr(status->name, '@'))
		status->flags |= UNIT_PER_CONNECTION;
}

void roll_show(struct roll *roll, struct follower *follower, uint64_t boot_ms, uint64_t wall_ms)
{
	char shared[UNIT_NAME_SIZE];
	bool is_shared = share_row(follower->name, shared, sizeof(shared));
	struct unit_status *status;
	struct terms before;

	facts_follow_files(&follower->facts, boot_ms);
	if (follower->row == ROLL_NO_ROW && facts_are_worth_a_row(&follower->facts))
		follower->row = row_of(roll, is_shared ? shared : follower->name, is_shared);
	if (follower->row == ROLL_NO_ROW)
		return;
	roll->version += follower->facts.needs_changed;
	follower->facts.needs_changed = false;
	if (is_shared) {
		show_shared(roll, follower->row);
		return;
	}
	status = &roll->status[follower->row];
	before = status->terms;
	status->terms = (struct terms) { 0 };
	if (roll->classes)
		classes_terms(roll->classes, follower->name, &status->terms);
	facts_status(&follower->facts, boot_ms, wall_ms, status);
	roll->version += strcmp(before.depends_on, status->terms.depends_on) != 0;
}

void roll_classes(struct roll *roll, const struct classes *classes, uint64_t boot_ms,
		  uint64_t wall_ms)
{
	roll->classes = classes;
	for (size_t i = 0; i < roll->n; i++)
		roll_show(roll, roll->follower[i], boot_ms, wall_ms);
}

void roll_drop(struct roll *roll, struct follower *follower, uint64_t boot_ms, uint64_t wall_ms)
{
	size_t row = follower->row;

	follower->call = sd_bus_slot_unref(follower->call);
	follower->is_stale = false;
	follower->is_new = false;
	facts_set_active(&follower->facts, UNIT_ACTIVE_GONE);
	if (row == ROLL_NO_ROW) {
		roll_take_out(roll, follower);
	} else if (roll->status[row].kind == UNIT_KIND_SHARED) {
		roll_take_out(roll, follower);
		show_shared(roll, row);
	} else if (!follower->gone_ms) {
		follower->gone_ms = boot_ms;
		roll->version++;
		roll_show(roll, follower, boot_ms, wall_ms);
	}
}

static bool is_unwatched(const struct follower *follower)
{
	return follower->row == ROLL_NO_ROW && facts_are_worth_a_row(&follower->facts);
}

void roll_sweep(struct roll *roll, uint64_t boot_ms, uint64_t wall_ms)
{
	size_t n_rows = roll->n_rows;

	for (size_t i = roll->n; i-- > 0;) {
		struct follower *follower = roll->follower[i];
		size_t row = follower->row;

		if (!follower->gone_ms || boot_ms - follower->gone_ms < UNITS_GONE_MS)
			continue;
		roll_take_out(roll, follower);
		row_drop(roll, row);
	}
	if (roll->n_rows == n_rows)
		return;
	for (size_t i = 0; i < roll->n; i++)
		if (is_unwatched(roll->follower[i]))
			roll_show(roll, roll->follower[i], boot_ms, wall_ms);
}

size_t roll_unwatched(const struct roll *roll)
{
	size_t n = 0;

	for (size_t i = 0; i < roll->n; i++)
		n += is_unwatched(roll->follower[i]);
	return n;
}
