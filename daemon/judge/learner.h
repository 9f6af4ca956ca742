/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * All that is learnt of one unit: the rows of its recent health, thinned so that
 * LEARNER_ROWS of them span an hour; the model that was fitted to them; its
 * conduct, tail and trend. Pure: time comes with the samples.
 *
 * Only health teaches: the caller hands over a sample for learning after its
 * verdict. Each time that what was taught has grown by half, and at least every
 * twenty minutes of it, the oldest trees are replaced and the baseline is fitted
 * anew. The threshold is the 99th percentile of the remembered rows, scored by the
 * present forest: scores of older forests are of another scale.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "judge/evidence.h"
#include "judge/remembered.h"
#include "record/record.h"

struct learner;

/* learn_s: healthy time to be taught before statistics may speak. */
int learner_new(uint64_t seed, uint32_t learn_s, struct learner **ret);
struct learner *learner_free(struct learner *learner);
DEFINE_CLEANUP(struct learner *, learner_free)

/* What this sample shows; patience_s as in conduct_look(). Follows the trend; teaches nothing. */
void learner_look(struct learner *learner, const struct sample *sample, uint32_t patience_s,
		  struct evidence *ret);
/* Take it as health; one that is disturbed or covers no time is passed over. Allocates a little when
 * a metric first changes, and briefly when it refits. -ENOMEM: what was learnt before
 * still stands, and the refit is tried again with the next sample. */
int learner_teach(struct learner *learner, const struct sample *sample);
/* Forget all: another binary, another unit file. */
void learner_forget(struct learner *learner);

/* A trouble is proven over: the counts that told of it are no evidence any more. */
void learner_calm(struct learner *learner);

bool learner_is_learnt(const struct learner *learner);
uint32_t learner_left_s(const struct learner *learner); /* 0 once learnt */
uint64_t learner_age_s(const struct learner *learner);	/* healthy time taught in all */
/* How long its conduct was followed too, which begins a third of the learning time later: what trust grows
 * with. */
uint64_t learner_trust_s(const struct learner *learner);
/* Trees grown so far, which grows with each refit: whether a save is worth it. */
uint32_t learner_generation(const struct learner *learner);

/* What was learnt, as bytes with version and checksum; ret is the caller's to free(). */
int learner_save(const struct learner *learner, uint8_t **ret, size_t *ret_size);
/* And back, fitted anew from the remembered rows. The bytes are hostile until checked: -EBADMSG.
 * Another version: -EPROTONOSUPPORT. -ENOMEM. */
int learner_load(const uint8_t *bytes, size_t size, uint64_t seed, uint32_t learn_s,
		 struct learner **ret);

/* See conduct_cpu_wait_s(). */
uint32_t learner_cpu_wait_s(const struct learner *learner);

/* Memory it takes, its forest included. */
size_t learner_bytes(const struct learner *learner);
