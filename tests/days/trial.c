/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Days of one service under the judge, and forks of them in which it falls ill. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "judge/judge.h"
#include "tests/days/luck.h"
#include "tests/days/trial.h"

#define UNIT	1
#define LASTS_S 600	     /* a fault */
#define ONE_MS	SECONDS(300) /* notices nearer than that are one */
#define DAY_MS	DAYS(1)

struct watch {
	const struct trial *trial;
	struct service *service;
	struct judge *judge;
	uint64_t n_seconds, n_alarmed;
	uint64_t noticed_ms, sick_ms; /* the last time; 0: never */
	bool was_alarmed;
	bool spoke[PART_N]; /* in the last second */
};

/* What a second led to. */
struct moment {
	uint64_t when_ms;
	struct finding finding;
	bool is_alarmed, is_told, is_told_sick;
};

static int turn(struct watch *watch, struct moment *ret)
{
	const struct unit_status *status;
	const struct sample *sample;
	int r;

	service_step(watch->service, &sample, &status);
	r = judge_take(watch->judge, sample, status, true, &ret->finding);
	if (r < 0)
		return r;
	ret->when_ms = sample->when_ms;
	ret->is_alarmed = ret->finding.verdict.health == HEALTH_UNUSUAL ||
			  ret->finding.verdict.health == HEALTH_SICK;
	ret->is_told = ret->finding.sick_began;
	ret->is_told_sick = ret->is_told && ret->finding.verdict.health == HEALTH_SICK;
	return 0;
}

static void explain(const struct watch *watch, const struct moment *moment)
{
	const struct verdict *verdict = &moment->finding.verdict;
	char doings[256], now[32] = "-", normal[32] = "-";
	const char *lead = verdict->lead < METRIC_N ? metric_table[verdict->lead].name : "-";

	if (verdict->lead < METRIC_N) {
		(void)text_quantity(now, sizeof(now), metric_table[verdict->lead].quantity,
				    verdict->lead_value);
		(void)text_quantity(normal, sizeof(normal), metric_table[verdict->lead].quantity,
				    verdict->lead_expected);
	}
	(void)fprintf(
		stderr,
		"%s seed %" PRIu64
		" at %.2f h: %s, rule %s, %s %s normally %s (%+.1f), score %.2f of "
		"%.2f, while %s\n",
		watch->trial->kind->name, watch->trial->seed, (double)moment->when_ms / 3600e3,
		health_word(verdict->health), verdict->rule[0] ? verdict->rule : "-", lead, now,
		normal, (double)verdict->lead_deviation, (double)verdict->score,
		(double)verdict->threshold, service_doings(watch->service, doings, sizeof(doings)));
}

/* ---- who says so ----------------------------------------------------------------- */

static bool speaks(const struct verdict *verdict, enum part part)
{
	for (uint32_t i = 0; i < verdict->n_symptoms; i++) {
		bool is_forest = verdict->symptom[i].expert == EXPERT_FOREST;

		/* Metrics whose share of a score is told are nobody's word. */
		if (part == PART_FOREST ? is_forest && verdict->symptom[i].metric == METRIC_N
					: !is_forest)
			return true;
	}
	return false;
}

static bool is_excess(const struct verdict *verdict)
{
	for (uint32_t i = 0; i < verdict->n_symptoms; i++)
		if (verdict->symptom[i].expert == EXPERT_WORK ||
		    verdict->symptom[i].expert == EXPERT_GROWTH)
			return true;
	return false;
}

/* What speaks now, and did not a second ago. */
static void note_parts(struct watch *watch, const struct moment *moment, float age_s,
		       struct answer *answer)
{
	for (enum part part = 0; part < PART_N; part++) {
		bool now = moment->is_alarmed && speaks(&moment->finding.verdict, part);

		if (now && !watch->spoke[part] && answer && answer->part_s[part] < 0)
			answer->part_s[part] = age_s;
		watch->spoke[part] = now;
	}
}

/* ---- in health ----------------------------------------------------------------- */

static bool is_news(uint64_t *last_ms, uint64_t when_ms)
{
	bool is = *last_ms == 0 || when_ms - *last_ms >= ONE_MS;

	*last_ms = when_ms;
	return is;
}

static void account_for(struct watch *watch, const struct moment *moment, struct result *result)
{
	watch->n_seconds++;
	watch->n_alarmed += moment->is_alarmed;
	watch->was_alarmed = moment->is_alarmed;
	note_parts(watch, moment, 0, NULL);
	if (moment->is_told_sick && is_news(&watch->sick_ms, moment->when_ms))
		result->sick++;
	if (!moment->is_told)
		return;
	if (watch->trial->why)
		explain(watch, moment);
	if (!is_news(&watch->noticed_ms, moment->when_ms))
		return;
	if (moment->when_ms < DAY_MS)
		result->notices_early++;
	else
		result->notices_later++;
	for (enum part part = 0; part < PART_N; part++)
		if (speaks(&moment->finding.verdict, part))
			(moment->when_ms < DAY_MS ? result->part_early
						  : result->part_later)[part]++;
	result->harmless += is_excess(&moment->finding.verdict);
}

/* ---- in trouble ----------------------------------------------------------------- */

/* How it goes on with that fault in it, until it is called sick or the time is up. */
static int fall_ill(struct watch *watch, enum fault fault, struct answer *ret)
{
	bool was_alarmed = watch->was_alarmed;
	struct trouble trouble;
	struct moment moment;
	int r;

	*ret = (struct answer) { -1, -1, -1, -1, { -1, -1 } };
	for (unsigned short age_s = 1; age_s <= LASTS_S && ret->sick_s < 0; age_s++) {
		fault_after(fault, age_s, &trouble);
		service_suffer(watch->service, &trouble);
		r = turn(watch, &moment);
		if (r < 0)
			return r;
		if (moment.is_alarmed && !was_alarmed && ret->shown_s < 0)
			ret->shown_s = age_s;
		was_alarmed = moment.is_alarmed;
		note_parts(watch, &moment, age_s, ret);
		if (moment.is_told && ret->noted_s < 0)
			ret->noted_s = age_s;
		if (!moment.is_told_sick)
			continue;
		ret->sick_s = age_s;
		if (moment.finding.verdict.lead_limit > 0)
			ret->left_s = (float)moment.finding.verdict.left_latest_s;
	}
	return 0;
}

/* In a process of its own, which leaves nothing behind but the answer. */
static int try_out(struct watch *watch, enum fault fault, struct answer *ret)
{
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(pipes) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		struct answer answer;
		bool ok = fall_ill(watch, fault, &answer) >= 0 &&
			  write(pipes[1], &answer, sizeof(answer)) == sizeof(answer);

		_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	(void)close(pipes[1]);
	n = pid < 0 ? -1 : read(pipes[0], ret, sizeof(*ret));
	(void)close(pipes[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || n != sizeof(*ret))
		return -ECHILD;
	return 0;
}

static int try_all(struct watch *watch, unsigned int place, struct result *result)
{
	int r;

	for (enum fault fault = 0; fault < FAULT_N; fault++) {
		if (!(watch->trial->faults & (1u << fault)) ||
		    !fault_is_visible(fault, watch->trial->kind))
			continue;
		r = try_out(watch, fault, &result->answer[fault][place]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The second of each place: one in each twelfth of the later half, early enough in it that ten minutes are
 * over before the next. */
static void choose_places(const struct trial *trial, uint64_t ret_s[PLACES_N])
{
	struct luck luck = luck_begin(trial->seed, 77);
	uint64_t half_s = (uint64_t)trial->hours * 1800, step_s = half_s / PLACES_N;

	for (unsigned int i = 0; i < PLACES_N; i++)
		ret_s[i] = half_s + i * step_s +
			   (uint64_t)(luck_share(&luck) * (double)(step_s - LASTS_S));
}

/* ---- the run ---------------------------------------------------------------------- */

static int begin(const struct trial *trial, struct watch *ret)
{
	struct judge_setup setup = { .config = trial->config,
				     .rulebook = trial->rulebook,
				     .seed = trial->seed,
				     .next_incident = 1,
				     .next_decision = 1 };
	int r;

	*ret = (struct watch) { .trial = trial };
	r = service_new(trial->kind, trial->seed, UNIT, &ret->service);
	return r < 0 ? r : judge_new(&setup, &ret->judge);
}

static int live(struct watch *watch, struct result *result)
{
	const uint64_t last_s = (uint64_t)watch->trial->hours * 3600;
	uint64_t place_s[PLACES_N];
	unsigned int place = 0;
	struct moment moment;
	int r;

	choose_places(watch->trial, place_s);
	for (uint64_t second = 0; second < last_s; second++) {
		if (place < PLACES_N && second == place_s[place]) {
			r = try_all(watch, place++, result);
			if (r < 0)
				return r;
		}
		r = turn(watch, &moment);
		if (r < 0)
			return r;
		account_for(watch, &moment, result);
	}
	return 0;
}

int trial_run(const struct trial *trial, struct result *ret)
{
	double days = trial->hours / 24.0;
	struct watch watch;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = begin(trial, &watch);
	if (r >= 0)
		r = live(&watch, ret);
	ret->days_early = fmin(days, 1);
	ret->days_later = days - ret->days_early;
	ret->alarm_share =
		watch.n_seconds > 0 ? (double)watch.n_alarmed / (double)watch.n_seconds : 0;
	(void)judge_free(watch.judge);
	(void)service_free(watch.service);
	return r;
}
