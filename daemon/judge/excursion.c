/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ladders of runs. */
#include <math.h>

#include "judge/excursion.h"

/* A level that runs of some length have come to three times is a habit, whose durations have a heavy tail. */
#define RUN_MOST_S   60000
#define VISIT_S	     5
#define HABIT_VISITS 3
#define HABIT_MORE   2.7f
#define SLACK_S	     5.0f
#define FADE_EVERY_S 3600
#define FADE	     0.99f /* half in three days */

static void end_run(struct excursion *excursion, int level)
{
	uint16_t peak_s = excursion->peak_s[level];

	excursion->run_s[level] = excursion->peak_s[level] = 0;
	if ((float)peak_s > excursion->record_s[level])
		excursion->record_s[level] = peak_s;
	if (peak_s >= VISIT_S && excursion->visits[level] < UINT8_MAX)
		excursion->visits[level]++;
}

static void fade(struct excursion *excursion, uint16_t span_s)
{
	excursion->faded_s = (uint16_t)(excursion->faded_s + span_s);
	if (excursion->faded_s < FADE_EVERY_S)
		return;
	excursion->faded_s = 0;
	for (int level = 0; level < EXCURSION_LEVELS; level++)
		excursion->record_s[level] *= FADE;
}

/* Who is above a level is above all lower ones, so where one is empty, those above it are. */
void excursion_take(struct excursion *excursion, float height, uint16_t span_s)
{
	float level_height = 1;

	fade(excursion, span_s);
	for (int level = 0; level < EXCURSION_LEVELS; level++, level_height *= EXCURSION_RATIO) {
		uint16_t *run_s = &excursion->run_s[level];

		if (height >= level_height) {
			*run_s = (uint16_t)(*run_s + span_s < RUN_MOST_S ? *run_s + span_s
									 : RUN_MOST_S);
			if (*run_s > excursion->peak_s[level])
				excursion->peak_s[level] = *run_s;
		} else if (*run_s == 0) {
			break;
		} else if (*run_s <= 2 * span_s) {
			end_run(excursion, level);
		} else {
			*run_s = (uint16_t)(*run_s - 2 * span_s);
		}
	}
}

void excursion_learn_long(struct excursion *excursion, uint16_t known_s)
{
	for (int level = 0; level < EXCURSION_LEVELS && excursion->run_s[level] > 0; level++)
		if (excursion->run_s[level] >= known_s)
			excursion->record_s[level] = excursion->run_s[level];
}

void excursion_drop(struct excursion *excursion)
{
	for (int level = 0; level < EXCURSION_LEVELS; level++)
		excursion->run_s[level] = excursion->peak_s[level] = 0;
}

bool excursion_is_unseen(const struct excursion *excursion, uint16_t least_s)
{
	int seen = EXCURSION_LEVELS - 1;

	while (seen >= 0 && excursion->record_s[seen] < 1)
		seen--;
	return seen + 2 < EXCURSION_LEVELS && excursion->run_s[seen + 2] >= least_s;
}

/* For how long a run must be at that level. */
static float wait_at(const struct excursion *excursion, int level,
		     const struct excursion_news *news)
{
	float records = news->records;

	if (excursion->visits[level] >= HABIT_VISITS)
		records *= HABIT_MORE;
	return fmaxf((float)news->least_s, records * excursion->record_s[level] + SLACK_S);
}

static bool is_news_at(const struct excursion *excursion, int level,
		       const struct excursion_news *news)
{
	return (float)excursion->run_s[level] >= wait_at(excursion, level, news);
}

float excursion_wait_s(const struct excursion *excursion, float height,
		       const struct excursion_news *news)
{
	float level_height = EXCURSION_RATIO;
	int level = 0;

	while (level + 1 < EXCURSION_LEVELS && height >= level_height) {
		level_height *= EXCURSION_RATIO;
		level++;
	}
	return wait_at(excursion, level, news);
}

float excursion_height(const struct excursion *excursion, const struct excursion_news *news)
{
	float level_height = 1, highest = 0;

	for (int level = 0; level < EXCURSION_LEVELS && excursion->run_s[level] > 0; level++) {
		if (is_news_at(excursion, level, news))
			highest = level_height;
		level_height *= EXCURSION_RATIO;
	}
	return highest;
}

float excursion_least(const struct excursion *excursion, const struct excursion_news *news)
{
	float level_height = 1;

	for (int level = 0; level < EXCURSION_LEVELS && excursion->run_s[level] > 0; level++) {
		if (is_news_at(excursion, level, news))
			return level_height;
		level_height *= EXCURSION_RATIO;
	}
	return 0;
}

uint32_t excursion_lasted_s(const struct excursion *excursion, const struct excursion_news *news)
{
	for (int level = 0; level < EXCURSION_LEVELS && excursion->run_s[level] > 0; level++)
		if (is_news_at(excursion, level, news))
			return excursion->run_s[level];
	return 0;
}
