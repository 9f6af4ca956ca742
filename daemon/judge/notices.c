/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The budget of notices, rarest first. */
#include "base/clock.h"
#include "judge/notices.h"

/* Also what lies ahead, since the clock was set back: it would hold its place for ever. */
static void forget_old(struct notices *notices, uint64_t wall_ms)
{
	for (size_t i = notices->n; i > 0; i--) {
		const struct notice *notice = &notices->kept[i - 1];

		if (notice->wall_ms > wall_ms || wall_ms - notice->wall_ms >= DAYS(1))
			notices->kept[i - 1] = notices->kept[--notices->n];
	}
}

/* When there is no room, in place of the commonest that was not told. If all were told, no other will
 * be. */
static void keep(struct notices *notices, const struct notice *notice)
{
	struct notice *commonest = NULL;

	if (notices->n < CONFIG_NOTICES_MAX) {
		notices->kept[notices->n++] = *notice;
		return;
	}
	for (size_t i = 0; i < CONFIG_NOTICES_MAX; i++) {
		struct notice *other = &notices->kept[i];

		if (!other->told && (!commonest || other->rare_h < commonest->rare_h))
			commonest = other;
	}
	if (commonest && (notice->told || commonest->rare_h < notice->rare_h))
		*commonest = *notice;
}

bool notices_take(struct notices *notices, uint32_t per_day, uint64_t wall_ms, float rare_h)
{
	struct notice this = { .wall_ms = wall_ms, .rare_h = rare_h > 0 ? rare_h : 0 };
	size_t n_told = 0, n_as_rare = 0;

	forget_old(notices, wall_ms);
	for (size_t i = 0; i < notices->n; i++) {
		n_told += notices->kept[i].told;
		n_as_rare += notices->kept[i].rare_h >= this.rare_h;
	}
	this.told = n_told + n_as_rare < per_day;
	keep(notices, &this);
	return this.told;
}
