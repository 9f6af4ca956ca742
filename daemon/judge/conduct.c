/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Responses and demands of a service, as tables; what is left of the former; and whether it is news. */
#include <math.h>

#include "judge/conduct.h"
#include "judge/expand.h"
#include "judge/features.h"

#define ACCEPTS 0
static const struct demand {
	enum metric metric;
	double unit; /* of which a handful a second is little */
} demand_table[WORK_DEMANDS] = {
	[ACCEPTS] = { METRIC_ACCEPTS, 1 },
	{ METRIC_CONNECTS, 1 },
	{ METRIC_READ_BYTES, 10240 },
	{ METRIC_WRITE_BYTES, 10240 },
};

/*
 * An excess that outlasts its record is worth a word from this height on: in the metric's
 * quantity, by comparison with what is expected, and with the connections that come in. wait_s is longer than
 * what an operator would call a moment, and what smoothing leaves of one.
 */
static const struct response {
	enum metric metric;
	uint32_t wait_s;
	double floor, share, of_accepts;
	int grows; /* its place among those whose step is another way of working, and whose leak
		    * goes on; -1: it is none of them */
	bool waits_for_cpu; /* so a busy host explains it */
	bool is_served;	    /* the comparison is with what demand brings: a pool is always open */
} response_table[CONDUCT_FOLLOWED] = {
	{ METRIC_CPU, 22, 0.4, 0.3, 0, -1, false, false },
	{ METRIC_RSS, 12, 0x1p20, 0.15, 0, 0, false, false },
	{ METRIC_THREADS, 12, 10, 0.25, 0, 1, true, false },
	{ METRIC_DESCRIPTORS, 12, 10, 0.25, 0, 2, true, false },
	/* Each for twice as long. */
	{ METRIC_CONNECTIONS, 18, 5, 1, 0, -1, true, true },
	/* What is an error for fewer than one of ten is most often one client's own, such as a scanner's. */
	{ METRIC_ERROR_LINES, 11, 1, 1, 0.1, -1, true, false },
};

/* The place of some among the responses. */
#define CPU	     0
#define MINOR_FAULTS 7
#define THREAD_CPU   11

/* Their work is known for all of these, so that the forest sees what is left of each. */
static const enum metric worked_metric[WORK_RESPONSES] = {
	[CPU] = METRIC_CPU,
	METRIC_RSS,
	METRIC_THREADS,
	METRIC_DESCRIPTORS,
	METRIC_CONNECTIONS,
	METRIC_ERROR_LINES,
	METRIC_RUN_DELAY,
	[MINOR_FAULTS] = METRIC_MINOR_FAULTS,
	METRIC_SWITCHES_VOLUNTARY,
	METRIC_SWITCHES_INVOLUNTARY,
	METRIC_IO_REQUESTS,
	[THREAD_CPU] = METRIC_THREAD_CPU,
	METRIC_THREAD_SWITCHES,
};

#define RECORDS 1.5f /* an excess is news when it lasts so many times as long as any before it */
/* Whatever its height is for, an excess that has lasted for two minutes, and so many records, is odd. */
#define ANY_WAIT_S  120u
#define ANY_RECORDS 2.0f
#define ANY_SHARE   0.25
#define ANY_FLOORS  10.0
/*
 * CPU without a sign of work. Of 14 programs that compute, ten made 300 to 28,000 page faults for each second
 * of CPU time, with pauses of six seconds at most; the others (a packer, a hash, a product of matrices, sums over
 * what is in memory) made none, and neither did loops that spin, poll, yield or nap. Voluntary switches tell
 * nothing: the busiest thread of eleven of them made none in 20 s.
 */
#define FAULTS_PER_CPU_S 100.0
#define ONE_THREADS	 0.7 /* of it, or of a core; what is known of threads may be 10 s old */
/* The forest's score, above the 99th percentile of health: its steps there are small. */
#define SCORE_STEP 0.004f
/* A single odd row is seen in a range over many of them, EXPAND_LONG_ROWS, as long as it is among these; what lasts four
 * times as long is not one row's doing. What is odd by all columns at once and by none alone is most often new
 * and harmless in a young unit: there it must last as much longer as a rule's evidence, which is ten times as long as
 * that of other notices. */
#define SCORE_WAIT_ROWS	    (4 * EXPAND_LONG_ROWS)
#define SCORE_MORE_PATIENCE 10
/* And what explains it is seen for as long as it is in a range, and in its smoothed score. */
#define SCORE_SEEN_ROWS (2 * EXPAND_LONG_ROWS)
#define SCORE_BUSY_WAIT 0.02 /* beyond three times the median */

/* Demand is news from a few seconds on, as it explains and accuses nobody; but only if it was never so high: that
 * it lasts for longer may be since each of it takes longer. */
#define DEMAND_WAIT_S	4
#define DEMAND_KNOWN_S	900
#define EXPLAINED_S	30
#define OTHER_WORK	5.0 /* times the usual, and so many units: one job that comes once an hour */
#define OTHER_WORK_S	10
#define USUAL_S		1800.0
#define YOUNG_S		300
#define CONDUCT_KNOWN_S 3600
#define BUSY_WAIT	0.1 /* of the time, beyond three times the usual: clients notice */
#define BUSY_MORE	3.0

#define RISING_S     10
#define MOST_NOTED   1.1 /* times the most that it ever was */
#define MOST_EVERY_S 900
/* Of what does not fall back. */
#define BOTTOM_SHARE 0.1
#define NEW_NORMAL_S 1800 /* what has been so for half an hour is how it is now */
#define MEAN_S	     300.0

static bool has(const struct sample *sample, enum metric metric)
{
	return sample_has(sample, metric) && isfinite(sample->value[metric]);
}

/* What a sample covers: a second, but for a past that is told in larger steps. */
static uint16_t span_of(const struct sample *sample)
{
	uint32_t span_s = (sample->span_ms + 500) / 1000;

	return (uint16_t)(span_s < 1			  ? 1
			  : span_s < EXCURSION_SPAN_MAX_S ? span_s
							  : EXCURSION_SPAN_MAX_S);
}

static void read_second(const struct sample *sample, struct work_second *ret)
{
	ret->span_s = span_of(sample);
	for (int i = 0; i < WORK_DEMANDS; i++) {
		enum metric metric = demand_table[i].metric;

		ret->demand[i] =
			has(sample, metric) ? sample->value[metric] / demand_table[i].unit : 0;
	}
	for (int i = 0; i < WORK_RESPONSES; i++) {
		enum metric metric = worked_metric[i];

		ret->response[i] = has(sample, metric) ? sample->value[metric] : NAN;
		ret->least[i] = features_least(metric);
	}
}

_Static_assert(CONDUCT_FOLLOWED == SEASON_SERIES, "the first responses have a season");

static double expected_of(const struct conduct *conduct, const struct work_second *second,
			  uint64_t wall_ms, int i)
{
	double expected = work_expected(&conduct->work, second->demand, i);

	if (i < CONDUCT_FOLLOWED)
		expected += second->least[i] * season_usual(&conduct->season, wall_ms, i);
	return expected;
}

void conduct_expect(const struct conduct *conduct, const struct sample *sample,
		    double ret[METRIC_N])
{
	struct work_second second;

	read_second(sample, &second);
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		ret[metric] = NAN;
	for (int i = 0; i < WORK_RESPONSES; i++)
		ret[worked_metric[i]] = fmax(expected_of(conduct, &second, sample->wall_ms, i), 0);
}

/* ---- what explains it --------------------------------------------------------- */

static void pass(uint16_t *left_s, uint16_t span_s)
{
	*left_s = (uint16_t)(*left_s > span_s ? *left_s - span_s : 0);
}

/* Is a span of that many seconds over, of which the time so far is counted? */
static bool is_over(uint16_t *so_far_s, uint16_t span_s, uint16_t every_s)
{
	*so_far_s = (uint16_t)(*so_far_s + span_s);
	if (*so_far_s < every_s)
		return false;
	*so_far_s = 0;
	return true;
}

/* A running median, but for the first minutes, in which it is a mean: it would come from nothing too slowly. */
static double usual_step(const struct conduct *conduct, double left, double unit)
{
	if (conduct->age_s < YOUNG_S)
		return left / (conduct->age_s + 1);
	return copysign(unit / USUAL_S, left);
}

static void follow_demand(struct conduct *conduct, const struct work_second *second)
{
	pass(&conduct->demand_s, second->span_s);
	pass(&conduct->other_work_s, second->span_s);
	for (int i = 0; i < WORK_DEMANDS; i++) {
		struct excursion *excursion = &conduct->demand[i];
		double value = second->demand[i], *usual = &conduct->usual[i];

		excursion_take(excursion, (float)value, second->span_s);
		excursion_learn_long(excursion, conduct->age_s < YOUNG_S ? 1 : DEMAND_KNOWN_S);
		if (excursion_is_unseen(excursion, DEMAND_WAIT_S))
			conduct->demand_s = EXPLAINED_S;
		if (value > OTHER_WORK * (*usual + 1))
			conduct->other_work_s = OTHER_WORK_S;
		*usual = fmax(0, *usual + usual_step(conduct, value - *usual, *usual + 1));
	}
}

static void follow_host(struct conduct *conduct, const struct sample *sample, uint16_t span_s)
{
	double wait, *usual = &conduct->usual_wait;

	pass(&conduct->busy_host_s, span_s);
	if (!has(sample, METRIC_PSI_CPU_SOME))
		return;
	wait = sample->value[METRIC_PSI_CPU_SOME];
	if (wait > BUSY_WAIT + BUSY_MORE * *usual)
		conduct->busy_host_s = EXPLAINED_S;
	*usual = fmax(0, *usual + usual_step(conduct, wait - *usual, BUSY_WAIT));
}

static bool is_explained(const struct conduct *conduct, const struct response *response)
{
	return conduct->demand_s > 0 || conduct->other_work_s > 0 ||
	       (response->waits_for_cpu && conduct->busy_host_s > 0);
}

/* ---- growth ------------------------------------------------------------------- */

static void follow_rises(struct conduct *conduct, uint16_t span_s)
{
	bool is_block_over = is_over(&conduct->block_s, span_s, RISE_BLOCK_S);
	bool is_most_known = is_over(&conduct->most_s, span_s, MOST_EVERY_S);

	for (int i = 0; i < CONDUCT_FOLLOWED; i++) {
		const struct response *response = &response_table[i];
		bool is_calm = conduct->news_s[i] == 0; /* else it may be a trouble's */

		if (is_block_over)
			rise_end_block(
				&conduct->rise[i],
				work_spread(&conduct->work, i, features_least(response->metric)));
		if (!is_most_known)
			continue;
		rise_settle(&conduct->rise[i], is_calm);
		if (is_calm && response->grows >= 0)
			bottom_settle(&conduct->bottom[response->grows]);
	}
}

/* ---- what is news --------------------------------------------------------------- */

/* So much CPU, of that which its work does not explain, is a thread's that makes no page faults. */
static double burnt(const struct conduct *conduct, const struct work_second *second, double excess)
{
	double faults = second->response[MINOR_FAULTS] -
			work_expected(&conduct->work, second->demand, MINOR_FAULTS);

	/* Faults must be known to be none; threads that are not known are no excuse. */
	if (!(faults < FAULTS_PER_CPU_S * excess) ||
	    second->response[THREAD_CPU] < ONE_THREADS * fmin(excess, 1))
		return 0;
	return excess;
}

static void drop_above(struct conduct *conduct, int i)
{
	excursion_drop(&conduct->above[i]);
	if (i == CPU)
		excursion_drop(&conduct->burning);
}

static void follow_news(struct conduct *conduct, int i, double left, bool is_news, uint16_t span_s)
{
	double *mean = &conduct->mean_left[i];

	*mean += (left - *mean) * span_s / MEAN_S;
	conduct->news_s[i] = is_news ? (uint16_t)(conduct->news_s[i] + span_s) : 0;
	if (conduct->news_s[i] < NEW_NORMAL_S)
		return;
	work_shift(&conduct->work, i, *mean);
	drop_above(conduct, i);
	conduct->news_s[i] = 0;
	*mean = 0;
}

static void take_above(struct conduct *conduct, int i, const struct work_second *second,
		       double left)
{
	double least = second->least[i];

	excursion_take(&conduct->above[i], (float)(left / least), second->span_s);
	if (i == CPU)
		excursion_take(&conduct->burning, (float)(burnt(conduct, second, left) / least),
			       second->span_s);
}

/* By which of its records is it the greater news? */
static const struct excursion *above_most(const struct conduct *conduct, int i,
					  const struct excursion_news *news)
{
	const struct excursion *above = &conduct->above[i];

	if (i == CPU && excursion_height(&conduct->burning, news) > excursion_height(above, news))
		return &conduct->burning;
	return above;
}

/* Is the least of the last minute as high for so long as it never was? */
static bool is_bottom_noted(const struct bottom *bottom, const struct response *response,
			    double least, uint32_t patience_s, double expected)
{
	const struct excursion_news news = { response->wait_s + patience_s, RECORDS };
	double excess = least * excursion_height(&bottom->above, &news);

	return excess >= fmax(response->floor, BOTTOM_SHARE * expected) && bottom->highest > 0 &&
	       bottom_value(bottom) > bottom->highest;
}

static bool is_worth_a_word(const struct response *response, const struct rise *rise, double value,
			    double excess, double usual)
{
	if (excess < fmax(response->floor, response->share * usual))
		return false;
	return response->grows < 0 || rise->rising_s >= RISING_S ||
	       rise_is_beyond(rise, MOST_NOTED, value);
}

/* What is judged at once. */
struct look {
	struct work_second second;
	uint64_t wall_ms;
	uint32_t patience_s;
};

static void note(struct evidence *evidence, enum metric metric, uint32_t lasted_s)
{
	evidence->noted |= METRIC_BIT(metric);
	if (lasted_s > evidence->lasted_s)
		evidence->lasted_s = lasted_s;
}

static void judge_response(struct conduct *conduct, int i, const struct look *look,
			   struct evidence *evidence)
{
	const struct work_second *second = &look->second;
	uint32_t patience_s = look->patience_s;
	const struct response *response = &response_table[i];
	struct rise *rise = &conduct->rise[i];
	const struct excursion_news news = { response->wait_s + patience_s, RECORDS };
	const struct excursion_news any_news = { ANY_WAIT_S + patience_s, ANY_RECORDS };
	double least = second->least[i], value = second->response[i];
	double expected = expected_of(conduct, second, look->wall_ms, i), excess, any;
	double usual, among = response->of_accepts * second->demand[ACCEPTS];
	struct bottom *bottom = response->grows < 0 ? NULL : &conduct->bottom[response->grows];
	const struct excursion *above;

	if (isnan(value))
		return;
	evidence->expected[response->metric] = fmax(expected, 0);
	rise_take(rise, value, value - expected);
	if (is_explained(conduct, response)) {
		drop_above(conduct, i);
		if (bottom)
			bottom_drop(bottom);
		return;
	}
	take_above(conduct, i, second, value - expected);
	if (bottom)
		bottom_take(bottom, value, (value - expected) / least, second->span_s);
	above = above_most(conduct, i, &news);
	excess = least * excursion_height(above, &news);
	any = least * excursion_height(&conduct->above[i], &any_news);
	if (excess > 0)
		evidence->known[response->metric] =
			expected + least * excursion_least(above, &news);
	follow_news(conduct, i, value - expected, excess > 0, second->span_s);

	expected = fmax(expected, 0);
	usual = response->is_served ? work_asked(&conduct->work, second->demand, i) : expected;
	evidence->excess[response->metric] = excess;
	if (bottom && rise_is_growth(rise, value))
		evidence->growth[response->metric] = excess;
	if ((bottom && is_bottom_noted(bottom, response, least, patience_s, expected)) ||
	    (excess >= among && is_worth_a_word(response, rise, value, excess, usual)) ||
	    any >= fmax(among, ANY_SHARE * fmax(expected, ANY_FLOORS * least)))
		note(evidence, response->metric,
		     excess > 0 ? excursion_lasted_s(above, &news)
				: excursion_lasted_s(&conduct->above[i], &any_news));
}

/* Of all metrics, so what waits a little for CPUs that others have is not itself in many ways. */
static bool is_score_explained(const struct conduct *conduct, const struct evidence *evidence)
{
	double wait = evidence->value[METRIC_PSI_CPU_SOME];

	return conduct->demand_s > 0 || conduct->other_work_s > 0 || conduct->busy_host_s > 0 ||
	       wait > SCORE_BUSY_WAIT + BUSY_MORE * evidence->median[METRIC_PSI_CPU_SOME];
}

static void judge_score(struct conduct *conduct, uint16_t span_s, uint32_t patience_s,
			struct evidence *evidence)
{
	const struct excursion_news news = {
		SCORE_WAIT_ROWS * span_s + SCORE_MORE_PATIENCE * patience_s, ANY_RECORDS
	};

	pass(&conduct->score_s, span_s);
	if (is_score_explained(conduct, evidence))
		conduct->score_s = (uint16_t)(SCORE_SEEN_ROWS * span_s);
	/* Also what is explained enters the record: the forest sees bursts that only in part are. */
	excursion_take(&conduct->score, (evidence->score - evidence->threshold) / SCORE_STEP,
		       span_s);
	/* A run takes half its time to end: after an explanation, for as long as that is no news. */
	evidence->is_score_noted = conduct->score_s == 0 &&
				   evidence->score >= evidence->threshold &&
				   excursion_height(&conduct->score, &news) > 0;
}

void conduct_look(struct conduct *conduct, const struct sample *sample, uint32_t patience_s,
		  struct evidence *evidence)
{
	struct look look = { .wall_ms = sample->wall_ms, .patience_s = patience_s };
	uint16_t span_s;

	if (!work_is_known(&conduct->work))
		return;
	read_second(sample, &look.second);
	span_s = look.second.span_s;
	follow_demand(conduct, &look.second);
	follow_host(conduct, sample, span_s);
	conduct->age_s += span_s;
	for (int i = 0; i < CONDUCT_FOLLOWED; i++)
		judge_response(conduct, i, &look, evidence);
	follow_rises(conduct, span_s);
	if (evidence->score >= 0)
		judge_score(conduct, span_s, patience_s, evidence);
}

uint32_t conduct_cpu_wait_s(const struct conduct *conduct)
{
	const struct excursion_news news = { response_table[CPU].wait_s, RECORDS };
	double core = 1 / features_least(response_table[CPU].metric);

	_Static_assert(CONDUCT_KNOWN_S >= YOUNG_S, "its usual work is known by then");
	if (conduct->age_s < CONDUCT_KNOWN_S)
		return 0;
	/* What spins makes no page faults: it is told by the record that lets it through sooner. */
	return (uint32_t)fminf(excursion_wait_s(&conduct->above[CPU], (float)core, &news),
			       excursion_wait_s(&conduct->burning, (float)core, &news));
}

void conduct_learn(struct conduct *conduct, const struct sample *sample)
{
	struct work_second second;
	double above[CONDUCT_FOLLOWED];

	read_second(sample, &second);
	work_learn(&conduct->work, &second);
	if (!work_is_known(&conduct->work))
		return;
	for (int i = 0; i < CONDUCT_FOLLOWED; i++)
		above[i] = (second.response[i] - work_expected(&conduct->work, second.demand, i)) /
			   second.least[i];
	season_learn(&conduct->season, sample->wall_ms, above, second.span_s);
}

void conduct_drop(struct conduct *conduct)
{
	for (int i = 0; i < CONDUCT_FOLLOWED; i++) {
		drop_above(conduct, i);
		rise_drop(&conduct->rise[i]);
		conduct->news_s[i] = 0;
	}
	for (int i = 0; i < CONDUCT_GROWING; i++)
		bottom_drop(&conduct->bottom[i]);
	for (int i = 0; i < WORK_DEMANDS; i++)
		excursion_drop(&conduct->demand[i]);
	excursion_drop(&conduct->score);
}
