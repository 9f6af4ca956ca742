/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A learner, and the small service that it is taught by, for the tests of what is learnt and of what is kept. */
#include "judge/learner.h"

#define PUPIL_MIB  1048576.0
#define PUPIL_SEED 7

struct service {
	uint64_t when_ms;
	uint64_t chance;
	double load;	 /* 1: usual */
	double leak_mib; /* on top of its memory */
	uint32_t span_ms;
};

#define PUPIL_CALM                                                                                 \
	(struct service)                                                                           \
	{                                                                                          \
		.when_ms = 5000, .chance = 1, .load = 1, .span_ms = 1000                           \
	}

/* Its next sample. */
struct sample pupil_tick(struct service *service);
struct learner *pupil_make(uint32_t learn_s);
struct evidence pupil_look(struct learner *learner, const struct sample *sample);
/* So many samples, each looked at before. */
void pupil_teach(struct learner *learner, struct service *service, unsigned int n);
