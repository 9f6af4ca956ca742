/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders, carried out. */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "orders.h"

static int inject(struct parts *parts, const struct order *order)
{
	int r;

	if (!parts->simulation)
		return -EOPNOTSUPP;
	r = simulation_inject(parts->simulation, order->fault, order->unit, clock_boot_ms());
	if (r < 0)
		return r;
	log_notice("%s (simulated) falls ill by order of uid %u: %s", order->unit, order->who,
		   order->fault);
	return 0;
}

static int stop(struct parts *parts, const struct order *order)
{
	hold_all(&parts->hold, order->reason);
	log_notice("all healing is stopped by order of uid %u: %s", order->who, order->reason);
	return 0;
}

/* The unit of that name as it was published last; NULL: none is watched. */
static const struct present *find_present(const struct parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->shown.n; i++)
		if (unit_is_called(&parts->shown.present[i].status, name))
			return &parts->shown.present[i];
	return NULL;
}

/* The name by which a watched unit is known, whichever of its names was said; NULL: nobody knows it. */
static const char *known_name(const struct parts *parts, const char *name)
{
	const struct present *present = find_present(parts, name);

	return present ? present->status.name : NULL;
}

static int pause_unit(struct parts *parts, const struct order *order, const char **ret_words)
{
	const char *known = known_name(parts, order->unit);
	const char *unit = known ?: order->unit;
	char span[32];
	int r;

	r = hold_unit(&parts->hold, unit, clock_boot_ms() + order->for_ms, order->reason);
	if (r < 0)
		return r;
	log_notice("the healing of %s is paused for %s by order of uid %u: %s", unit,
		   text_span(span, sizeof(span), order->for_ms), order->who, order->reason);
	if (!known) /* not yet; or never, after a slip of the pen */
		*ret_words = "no unit of that name is watched now; it is paused all the same";
	return 0;
}

static int resume(struct parts *parts, const struct order *order, const char **ret_words)
{
	const char *unit = known_name(parts, order->unit) ?: order->unit;
	int r;

	if (!order->unit[0]) {
		hold_release_all(&parts->hold);
		log_notice("all healing goes on by order of uid %u", order->who);
		return 0;
	}
	r = hold_release(&parts->hold, unit);
	if (r == -ENODATA) /* it may have got this other name since */
		r = hold_release(&parts->hold, order->unit);
	if (r < 0)
		return r;
	log_notice("the healing of %s goes on by order of uid %u", unit, order->who);
	if (parts->hold.all)
		*ret_words = "all healing is still stopped";
	return 0;
}

static int approve(struct parts *parts, const struct order *order)
{
	int r;

	r = judge_approve(parts->judge, order->incident);
	if (r < 0)
		return r;
	log_notice("incident %" PRIu64 ": what is wanted is approved by uid %u, for 15 minutes",
		   order->incident, order->who);
	return 0;
}

static int heal(struct parts *parts, const struct order *order, const char **ret_words)
{
	const struct present *present = find_present(parts, order->unit);
	bool can_record = writer_state(parts->past.writer, clock_boot_ms()) == STORE_WELL;
	enum way way = WAY_NONE;
	enum why why;

	if (!present) {
		*ret_words = "no unit of that name is watched now";
		return -ENOENT;
	}
	why = judge_heal(parts->judge, &present->verdict, &present->status, can_record, &way);
	if (why != WHY_ALLOWED) {
		*ret_words = why_sentence(why);
		log_notice("%s is not healed by order of uid %u, because %s", present->status.name,
			   order->who, why_sentence(why));
		return -EPERM;
	}
	if (way == WAY_MOCK)
		*ret_words = "mock mode: all is done but the restart";
	log_notice("a heal of %s is ordered by uid %u", present->status.name, order->who);
	return 0;
}

static int obey(void *userdata, const struct order *order, const char **ret_words)
{
	struct parts *parts = userdata;

	switch (order->kind) {
	case ORDER_INJECT:
		return inject(parts, order);
	case ORDER_STOP:
		return stop(parts, order);
	case ORDER_PAUSE:
		return pause_unit(parts, order, ret_words);
	case ORDER_RESUME:
		return resume(parts, order, ret_words);
	case ORDER_APPROVE:
		return approve(parts, order);
	case ORDER_HEAL:
		return heal(parts, order, ret_words);
	default:
		return -EOPNOTSUPP;
	}
}

static void describe(void *userdata, struct control_state *ret)
{
	const struct parts *parts = userdata;
	const struct shown *shown = &parts->shown;

	*ret = (struct control_state) {
		.mode = parts->hold.all ? "stopped" : mode_word(parts->settings->config.mode),
		.n_units = (uint32_t)shown->n,
		.simulates = parts->simulation != NULL,
	};
	for (size_t i = 0; i < shown->n; i++)
		ret->n_sick += shown->present[i].verdict.health == HEALTH_SICK;
}

const struct control_handler orders_handler = { .obey = obey, .describe = describe };

void orders_turn(struct parts *parts, uint64_t when_ms)
{
	struct held held;

	while (hold_lapse(&parts->hold, when_ms, &held))
		log_notice("the healing of %s goes on: its pause is over", held.unit);
	if (parts->control)
		control_turn(parts->control, when_ms);
}
