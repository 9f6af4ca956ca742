/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service made of noise, and one who learns it. */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/unit/assertion.h"
#include "tests/unit/pupil.h"

/* Between -1 and 1, most often near 0. */
static double noise(struct service *service)
{
	double sum = 0;

	for (unsigned int i = 0; i < 3; i++) {
		service->chance = service->chance * UINT64_C(6364136223846793005) + 1442695041;
		sum += (double)(service->chance >> 40) * 0x1p-24;
	}
	return sum / 1.5 - 1;
}

struct sample pupil_tick(struct service *service)
{
	struct sample sample = { .span_ms = service->span_ms };
	double work = service->load * (1 + 0.4 * noise(service));

	service->when_ms += service->span_ms;
	sample.when_ms = service->when_ms;
	sample.invocation[0] = 1;
	sample_set(&sample, METRIC_CPU, 0.2 * work);
	sample_set(&sample, METRIC_RSS, (50 + noise(service) + service->leak_mib) * PUPIL_MIB);
	sample_set(&sample, METRIC_SWAP, 0);
	sample_set(&sample, METRIC_THREADS, 12);
	sample_set(&sample, METRIC_DESCRIPTORS, floor(60 + 10 * work + 2 * noise(service)));
	sample_set(&sample, METRIC_MINOR_FAULTS, 200 * work * (1 + 0.3 * noise(service)));
	sample_set(&sample, METRIC_WRITE_BYTES, 50000 * work * (1 + 0.3 * noise(service)));
	sample_set(&sample, METRIC_PSI_CPU_SOME, 0.02 * work);
	sample_set(&sample, METRIC_EXITS_FAILED, 0);
	return sample;
}

struct evidence pupil_look(struct learner *learner, const struct sample *sample)
{
	struct evidence evidence;

	learner_look(learner, sample, 0, &evidence);
	return evidence;
}

void pupil_teach(struct learner *learner, struct service *service, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct sample sample = pupil_tick(service);

		(void)pupil_look(learner, &sample);
		cr_assert(zero(int, learner_teach(learner, &sample)));
	}
}

struct learner *pupil_make(uint32_t learn_s)
{
	struct learner *learner = NULL;

	cr_assert(zero(int, learner_new(PUPIL_SEED, learn_s, &learner)));
	return learner;
}
