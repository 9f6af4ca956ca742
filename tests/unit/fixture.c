/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A healthy service to begin each test with. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

#define WALL_OFFSET_MS UINT64_C(1700000000000)

struct unit_status fixture_status(const char *name, uint8_t run)
{
	struct unit_status status = {
		.unit = FIXTURE_UNIT,
		.kind = UNIT_KIND_SERVICE,
		.active = UNIT_ACTIVE_ACTIVE,
		.flags = UNIT_LONG_RUNNING,
		.main_pid = 100,
	};

	(void)snprintf(status.name, sizeof(status.name), "%s", name);
	memset(status.invocation, run, sizeof(status.invocation));
	return status;
}

struct sample fixture_sample(uint64_t when_ms, uint8_t run, double rss_bytes)
{
	struct sample sample = {
		.unit = FIXTURE_UNIT,
		.when_ms = when_ms,
		.wall_ms = WALL_OFFSET_MS + when_ms,
		.span_ms = 1000,
	};

	memset(sample.invocation, run, sizeof(sample.invocation));
	sample_set(&sample, METRIC_CPU, 0.1);
	sample_set(&sample, METRIC_RSS, rss_bytes);
	sample_set(&sample, METRIC_THREADS, 4);
	sample_set(&sample, METRIC_PROCESSES, 1);
	sample_set(&sample, METRIC_OOM_KILLS, 0);
	sample_set(&sample, METRIC_RESTARTS, 0);
	return sample;
}

struct evidence fixture_evidence(const struct sample *sample)
{
	struct evidence evidence = {
		.score = 0.45f,
		.threshold = 0.6f,
		.have = sample->have,
		.have_normal = METRIC_BIT(METRIC_RSS),
		.lead = METRIC_RSS,
	};

	memcpy(evidence.value, sample->value, sizeof(evidence.value));
	evidence.median[METRIC_RSS] = 100 * MIB;
	evidence.low[METRIC_RSS] = 90 * MIB;
	evidence.high[METRIC_RSS] = 110 * MIB;
	evidence.deviation[METRIC_RSS] =
		(float)((sample->value[METRIC_RSS] - 100 * MIB) / (4 * MIB));
	return evidence;
}

struct rule fixture_memory_rule(void)
{
	return (struct rule) {
		.name = "memory-growth",
		.class = FAULT_CLASS_MEMORY,
		.action = ACTION_RESTART,
		.for_s = 20,
		.n_needs = 2,
		.need = { { ASPECT_BEYOND, METRIC_RSS, RELATION_ABOVE, 16 * MIB },
			  { ASPECT_RATIO, METRIC_RSS, RELATION_ABOVE, 1.3 } },
	};
}

struct rule fixture_failed_rule(void)
{
	return (struct rule) {
		.name = "failed",
		.class = FAULT_CLASS_CRASH,
		.action = ACTION_RESTART,
		.for_s = 5,
		.n_needs = 1,
		.need = { { ASPECT_FAILED, METRIC_N, RELATION_AT_LEAST, 1 } },
	};
}

struct verdict fixture_sick(uint64_t when_ms)
{
	return (struct verdict) {
		.unit = FIXTURE_UNIT,
		.when_ms = when_ms,
		.wall_ms = WALL_OFFSET_MS + when_ms,
		.health = HEALTH_SICK,
		.score = 0.8f,
		.threshold = 0.6f,
		.lead = METRIC_RSS,
		.lead_value = 200 * MIB,
		.lead_expected = 100 * MIB,
		.rule = "memory-growth",
		.class = FAULT_CLASS_MEMORY,
		.wants = ACTION_RESTART,
	};
}

struct config fixture_config(void)
{
	struct config config;

	config_defaults(&config);
	config.mode = MODE_ENFORCE;
	config.boot_blackout_ms = 0;
	config.notify_on = 0; /* tests begin with the host */
	return config;
}
