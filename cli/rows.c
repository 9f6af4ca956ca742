/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows to samples, and what the judge says of them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/rows.h"
#include "judge/detector.h"
#include "judge/judge.h"

#define UNIT	    1u
#define WALL_MS	    UINT64_C(1750000000000) /* any: no rule asks for the date */
#define TAUGHT_MOST 60000u		    /* learner.c: no sample teaches more time than that */
/* No time in seconds is so large before the year 5138, and any in ms since 1973 is. */
#define SECONDS_END 1e11

/* ---- time ------------------------------------------------------------------------ */

/* "2026-11-24 14:03:20", also with a T, a fraction and a zone, which is taken to be the same in all rows. */
static bool read_date(const char *text, double *ret_s)
{
	static const char shape[] = "2026-11-24 14:03:20";
	char date[sizeof(shape)];
	double fraction = 0;
	uint64_t ms;

	if (strlen(text) < sizeof(shape) - 1)
		return false;
	memcpy(date, text, sizeof(shape) - 1);
	date[sizeof(shape) - 1] = '\0';
	if (date[10] == 'T')
		date[10] = ' ';
	text += sizeof(shape) - 1;
	if (*text == '.')
		for (double digit = 0.1; *++text >= '0' && *text <= '9'; digit /= 10)
			fraction += digit * (*text - '0');
	if (date[4] != '-' || text[strspn(text, "Z+-:0123456789")] ||
	    text_parse_moment(date, UINT64_MAX, &ms) < 0)
		return false;
	*ret_s = (double)ms / 1000 + fraction;
	return true;
}

/* Seconds, or what is too large for those: ms, us, ns. */
static bool read_time(const char *text, double *ret_s)
{
	double value;

	if (text_parse_number(text, &value) < 0)
		return read_date(text, ret_s);
	while (fabs(value) >= SECONDS_END)
		value /= 1000;
	*ret_s = value;
	return true;
}

static bool read_spans(const struct csv *csv, uint32_t *ret_ms)
{
	double last_s = 0, now_s, span_ms;

	if (!csv->time || csv->n_rows < 2)
		return false;
	for (size_t i = 0; i < csv->n_rows; i++, last_s = now_s) {
		if (!read_time(csv->time[i], &now_s))
			return false;
		if (i == 0)
			continue;
		span_ms = round((now_s - last_s) * 1000);
		if (!(span_ms >= 1 && span_ms <= UINT32_MAX))
			return false;
		ret_ms[i] = (uint32_t)span_ms;
	}
	ret_ms[0] = ret_ms[1]; /* nobody knows; as long as the next */
	return true;
}

bool rows_spans(const struct csv *csv, uint32_t *ret_ms)
{
	if (read_spans(csv, ret_ms))
		return true;
	for (size_t i = 0; i < csv->n_rows; i++)
		ret_ms[i] = (uint32_t)SECONDS(1);
	return false;
}

/* ---- the judge ------------------------------------------------------------------- */

struct service {
	struct judge *judge;
	const struct meaning *meaning;
	const struct rulebook *rulebook;
	uint64_t when_ms;
};

static struct sample sample_of(struct service *service, const struct csv *csv, size_t row,
			       uint32_t span_ms)
{
	const float *value = &csv->value[row * csv->n_columns];
	const struct meaning *meaning = service->meaning;
	struct sample sample = { .unit = UNIT, .span_ms = span_ms };

	service->when_ms += span_ms;
	sample.when_ms = service->when_ms;
	sample.wall_ms = WALL_MS + service->when_ms;
	for (unsigned int i = 0; i < csv->n_columns; i++)
		if (meaning->metric[i] < METRIC_N)
			sample_set(&sample, (enum metric)meaning->metric[i],
				   meaning->factor[i] * (double)value[i]);
	return sample;
}

static struct row_verdict verdict_of(const struct service *service, const struct verdict *verdict)
{
	bool is_unusual = verdict->health == HEALTH_UNUSUAL || verdict->is_news;
	struct row_verdict ret = {
		.state = verdict->health == HEALTH_SICK ? DETECTOR_SICK
			 : is_unusual			? DETECTOR_UNUSUAL
							: DETECTOR_HEALTHY,
	};

	for (size_t i = 0; verdict->rule[0] && i < service->rulebook->n; i++)
		if (strcmp(verdict->rule, service->rulebook->rule[i].name) == 0)
			ret.rule = (uint8_t)(i + 1);
	return ret;
}

/* ret NULL: they are only learnt. */
static int take_rows(struct service *service, const struct csv *csv, const uint32_t *span_ms,
		     struct row_verdict *ret)
{
	static const struct unit_status status = {
		.unit = UNIT,
		.kind = UNIT_KIND_SERVICE,
		.active = UNIT_ACTIVE_ACTIVE,
		.flags = UNIT_LONG_RUNNING,
		.name = "file.service",
	};
	struct finding finding;
	struct sample sample;
	int r;

	for (size_t i = 0; i < csv->n_rows; i++) {
		sample = sample_of(service, csv, i, span_ms[i]);
		r = judge_take(service->judge, &sample, &status, true, &finding);
		if (r < 0)
			return r;
		if (ret)
			ret[i] = verdict_of(service, &finding.verdict);
	}
	return 0;
}

static uint32_t taught_s(const uint32_t *span_ms, size_t n)
{
	uint64_t ms = 0;

	for (size_t i = 0; i < n; i++)
		ms += span_ms[i] < TAUGHT_MOST ? span_ms[i] : TAUGHT_MOST;
	return ms / 1000 < UINT32_MAX ? (uint32_t)(ms / 1000) : UINT32_MAX;
}

int rows_judge(const struct csv *test, const struct csv *train, const struct meaning *meaning,
	       const struct config *config, const struct rulebook *rulebook, uint64_t seed,
	       struct row_verdict *ret)
{
	struct judge_setup setup = { .config = *config,
				     .rulebook = rulebook,
				     .seed = seed,
				     .next_incident = 1,
				     .next_decision = 1 };
	CLEANUP(cleanup_free)
	uint32_t *train_ms = reallocarray(NULL, train->n_rows, sizeof(*train_ms));
	CLEANUP(cleanup_free)
	uint32_t *test_ms = reallocarray(NULL, test->n_rows, sizeof(*test_ms));
	CLEANUP(judge_freep) struct judge *judge = NULL;
	struct service service = { .meaning = meaning,
				   .rulebook = rulebook,
				   .when_ms = SECONDS(1) };
	int r;

	if (!train_ms || !test_ms)
		return -ENOMEM;
	(void)rows_spans(train, train_ms);
	(void)rows_spans(test, test_ms);
	setup.config.mode = MODE_OBSERVE;
	setup.config.learn_s = taught_s(train_ms, train->n_rows);
	setup.config.trust_s = 0;
	r = judge_new(&setup, &judge);
	if (r < 0)
		return r;
	service.judge = judge;
	r = take_rows(&service, train, train_ms, NULL);
	return r < 0 ? r : take_rows(&service, test, test_ms, ret);
}
