/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service's seconds, lived ahead. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/life.h"

const enum metric life_metrics[LIFE_METRICS] = {
	METRIC_CPU,	    METRIC_RUN_DELAY,	 METRIC_MEMORY,
	METRIC_RSS,	    METRIC_PROCESSES,	 METRIC_THREADS,
	METRIC_DESCRIPTORS, METRIC_MINOR_FAULTS, METRIC_READ_BYTES,
	METRIC_WRITE_BYTES, METRIC_PSI_CPU_SOME, METRIC_SWITCHES_VOLUNTARY,
	METRIC_PSI_IO_SOME, METRIC_IO_REQUESTS,	 METRIC_SWITCHES_INVOLUNTARY,
	METRIC_ACCEPTS,	    METRIC_CONNECTS,	 METRIC_RETRANSMITS,
	METRIC_THREAD_CPU,  METRIC_IO_LATENCY,	 METRIC_THREAD_SWITCHES,
	METRIC_CONNECTIONS, METRIC_RTT,		 METRIC_ERROR_LINES,
};

static uint64_t mask_of_metrics(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < LIFE_METRICS; i++)
		mask |= METRIC_BIT(life_metrics[i]);
	return mask;
}

void life_live(uint64_t seed, size_t n, struct life *ret)
{
	const uint64_t mask = mask_of_metrics();
	const struct unit_status *status;
	const struct sample *sample;
	struct service *service;

	*ret = (struct life) { .n = n, .sample = calloc(n, sizeof(*ret->sample)) };
	if (!ret->sample || service_new(kind_named("web"), seed, 0, &service) < 0)
		errx(1, "memory");
	for (size_t i = 0; i < n; i++) {
		service_step(service, &sample, &status);
		if (i == 0)
			ret->status = *status;
		ret->sample[i] = *sample;
		ret->sample[i].have &= mask;
		memcpy(ret->sample[i].invocation, ret->status.invocation, INVOCATION_SIZE);
	}
	(void)service_free(service);
}

void life_clear(struct life *life)
{
	free(life->sample);
	life->sample = NULL;
}
