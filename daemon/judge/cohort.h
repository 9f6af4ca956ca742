/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Instances of one template, worker@1.service and its siblings, do the same work:
 * so each is compared with the others, at the same moment.
 *
 * What a unit's own past cannot tell from trouble, a load that never was, a noisy host, befalls all of them. How
 * far one is above the median of its siblings, less the distance that it usually has, in spreads of theirs, is
 * news when it lasts as it never did (excursion.h): an instance that is always a little different silences
 * itself. Robust on both sides: of five, one that is odd moves neither the others' median nor their spread by much.
 *
 * Only what is asked of it and not of them explains it away: a load that is not shared out evenly, a backup that
 * one of them makes. A notice, by itself: to be unlike others is no harm. That all move together excuses none of them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "judge/evidence.h"
#include "record/record.h"

/* So many others must be there: of fewer the odd one cannot be told. */
#define COHORT_OTHERS_LEAST 3
/* An instance is held against so many of its siblings at most, always the same ones while they live. */
#define COHORT_OTHERS_MOST 16
/* So long it is only followed: what is usual is to be known first. */
#define COHORT_YOUNG_S 3600u

struct cohort;
struct cohort_member;

/* All cohorts of a judge. Zero it to begin; empty again when all members have left. */
struct cohorts {
	struct cohort *first;
};

/* Is it an instance of a template, other than a user's manager, which is one with all that people run below it? */
bool cohort_is_instance(const struct unit_status *status);
/* Join those of its template; ret is the caller's, and NULL for what is no instance. -ENOMEM. */
int cohort_join(struct cohorts *cohorts, const struct unit_status *status,
		struct cohort_member **ret);
/* Free it; NULL is allowed. Returns NULL. */
struct cohort_member *cohort_leave(struct cohort_member *member);
DEFINE_CLEANUP(struct cohort_member *, cohort_leave)

/* One more sample of it, smoothed; not `is_fit` (down, just started, being healed, not learnt): it is compared with
 * nobody, and its excursions are over and no record. Sets apart of the evidence, and adds to what is noted; what
 * is expected of a metric that is noted for that alone is what the siblings have. patience_s as in
 * conduct_look(). */
void cohort_look(struct cohort_member *member, const struct sample *sample, bool is_fit,
		 uint32_t patience_s, struct evidence *evidence);
