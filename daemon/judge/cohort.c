/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings of siblings, each with its newest values, and how long one of them has been apart. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/baseline.h"
#include "judge/cohort.h"
#include "judge/excursion.h"
#include "judge/features.h"

/*
 * The responses of conduct.c. To be worth a word one must have half as much again as its siblings, and so much at
 * least. As nothing excuses it, it must last for longer than an excess.
 */
#define COMPARED_N 6
static const struct compared {
	enum metric metric;
	double floor; /* in the metric's quantity */
} compared_table[COMPARED_N] = {
	{ METRIC_CPU, 0.4 },	    { METRIC_RSS, 8 * 0x1p20 }, { METRIC_THREADS, 10 },
	{ METRIC_DESCRIPTORS, 10 }, { METRIC_CONNECTIONS, 5 },	{ METRIC_ERROR_LINES, 1 },
};
#define APART_SHARE 0.5

/* Who is asked for half as much again as its siblings, and for such a handful more, does more: a load that is not
 * shared out evenly, or a job that one of them has to itself. */
#define ASKED_N 4
static const struct asked {
	enum metric metric;
	double unit;
} asked_table[ASKED_N] = {
	{ METRIC_ACCEPTS, 1 },
	{ METRIC_CONNECTS, 1 },
	{ METRIC_READ_BYTES, 10240 },
	{ METRIC_WRITE_BYTES, 10240 },
};
#define ASKED_S	   30.0 /* for most of that time: what is asked comes in bursts, which prove nothing */
#define ASKED_MOST 0.5

/* Both together, as they are kept and looked up. */
#define VALUES_N (COMPARED_N + ASKED_N)

#define WAIT_S	60u
#define RECORDS 1.5f

/* Values of one tick are at most so much apart, and those of a coarse past as far as a sample is long. */
#define FRESH_MS     2000u
#define USUAL_S	     1800.0 /* the usual distance moves by one spread in that time */
#define YOUNG_S	     300u   /* in which it is a mean: it would come from nothing too slowly */
#define NEW_NORMAL_S 1800u  /* what has been so for half an hour is how it is now */
#define SPREAD_S     60.0   /* the spread of a handful at one moment is mostly chance */
#define MAD_SPREAD   1.4826 /* times the median distance from the median: a normal spread */

struct cohort_member {
	struct cohort *cohort;
	struct cohort_member *next;  /* a ring of all of its cohort */
	uint64_t when_ms;	     /* of the values; 0: it is not fit to be compared */
	uint32_t followed_s;	     /* with siblings enough */
	double value[VALUES_N];	     /* NaN: not known */
	double usual[COMPARED_N];    /* its distance from the others, */
	double spread[COMPARED_N];   /* and theirs from one another: a mean over a minute */
	double asked_share[ASKED_N]; /* of the time, that it was asked for more than the others */
	uint16_t news_s[COMPARED_N];
	struct excursion apart[COMPARED_N];
};

struct cohort {
	struct cohorts *cohorts;
	struct cohort *next;
	struct cohort_member *member; /* any of the ring */
	char name[UNIT_NAME_SIZE];    /* of one of them, whose head is the template */
	enum unit_kind kind;
};

/* ---- who belongs together --------------------------------------------------------- */

/* Of "worker@" in worker@1.service; 0: it is no instance. */
static size_t template_length(const char *name)
{
	const char *at = strchr(name, '@');

	return at && at != name ? (size_t)(at - name) + 1 : 0;
}

bool cohort_is_instance(const struct unit_status *status)
{
	return (status->kind == UNIT_KIND_SERVICE || status->kind == UNIT_KIND_SCOPE) &&
	       template_length(status->name) > 0 && strncmp(status->name, "user@", 5) != 0;
}

static bool is_of(const struct cohort *cohort, const struct unit_status *status)
{
	size_t length = template_length(status->name);

	return cohort->kind == status->kind && template_length(cohort->name) == length &&
	       strncmp(cohort->name, status->name, length) == 0;
}

static struct cohort *cohort_of(struct cohorts *cohorts, const struct unit_status *status)
{
	struct cohort *cohort = cohorts->first;

	while (cohort && !is_of(cohort, status))
		cohort = cohort->next;
	if (cohort)
		return cohort;
	cohort = calloc(1, sizeof(*cohort));
	if (!cohort)
		return NULL;
	cohort->cohorts = cohorts;
	cohort->kind = status->kind;
	memcpy(cohort->name, status->name, sizeof(cohort->name));
	cohort->next = cohorts->first;
	cohorts->first = cohort;
	return cohort;
}

int cohort_join(struct cohorts *cohorts, const struct unit_status *status,
		struct cohort_member **ret)
{
	struct cohort_member *member;
	struct cohort *cohort;

	*ret = NULL;
	if (!cohort_is_instance(status))
		return 0;
	member = calloc(1, sizeof(*member));
	if (!member)
		return -ENOMEM;
	cohort = cohort_of(cohorts, status);
	if (!cohort) {
		free(member);
		return -ENOMEM;
	}
	member->cohort = cohort;
	member->next = member;
	if (cohort->member) {
		member->next = cohort->member->next;
		cohort->member->next = member;
	}
	cohort->member = member;
	*ret = member;
	return 0;
}

static void dissolve(struct cohort *cohort)
{
	struct cohort **link = &cohort->cohorts->first;

	while (*link != cohort)
		link = &(*link)->next;
	*link = cohort->next;
	free(cohort);
}

struct cohort_member *cohort_leave(struct cohort_member *member)
{
	struct cohort_member *before = member;

	if (!member)
		return NULL;
	while (before->next != member)
		before = before->next;
	before->next = member->next;
	member->cohort->member = before;
	if (before == member)
		dissolve(member->cohort);
	free(member);
	return NULL;
}

/* ---- how the others are ------------------------------------------------------------- */

/* What the siblings have of one metric at that moment. */
struct others {
	size_t n;
	double median, spread;
};

static bool is_fresh(const struct cohort_member *member, const struct sample *sample)
{
	uint64_t age_ms = sample->when_ms - member->when_ms;

	return member->when_ms != 0 && member->when_ms <= sample->when_ms &&
	       (age_ms <= FRESH_MS || age_ms <= sample->span_ms);
}

static double median_of(float *values, size_t n)
{
	baseline_sort(values, n);
	return (double)baseline_quantile(values, n, 0.5F);
}

static struct others look_around(const struct cohort_member *member, size_t i,
				 const struct sample *sample)
{
	const struct cohort_member *other = member->next;
	float values[COHORT_OTHERS_MOST];
	struct others others = { 0 };

	for (; other != member && others.n < COHORT_OTHERS_MOST; other = other->next)
		if (is_fresh(other, sample) && !isnan(other->value[i]))
			values[others.n++] = (float)other->value[i];
	if (others.n < COHORT_OTHERS_LEAST)
		return others;
	others.median = median_of(values, others.n);
	for (size_t k = 0; k < others.n; k++)
		values[k] = fabsf(values[k] - (float)others.median);
	others.spread = MAD_SPREAD * median_of(values, others.n);
	return others;
}

/* ---- how far from them it is ---------------------------------------------------------- */

static enum metric metric_at(size_t i)
{
	return i < COMPARED_N ? compared_table[i].metric : asked_table[i - COMPARED_N].metric;
}

static void read_values(struct cohort_member *member, const struct sample *sample)
{
	member->when_ms = sample->when_ms;
	for (size_t i = 0; i < VALUES_N; i++) {
		enum metric metric = metric_at(i);

		member->value[i] = sample_has(sample, metric) ? sample->value[metric] : NAN;
	}
}

static void follow_asked(struct cohort_member *member, const struct sample *sample, double span_s)
{
	for (size_t i = 0; i < ASKED_N; i++) {
		size_t at = COMPARED_N + i;
		struct others others = look_around(member, at, sample);
		double most = (1 + APART_SHARE) * others.median + asked_table[i].unit;
		bool is_more = others.n >= COHORT_OTHERS_LEAST && member->value[at] > most;

		member->asked_share[i] +=
			(is_more - member->asked_share[i]) * fmin(span_s / ASKED_S, 1);
	}
}

static bool is_asked_for_more(const struct cohort_member *member)
{
	for (size_t i = 0; i < ASKED_N; i++)
		if (member->asked_share[i] > ASKED_MOST)
			return true;
	return false;
}

static void follow_spread(struct cohort_member *member, size_t i, double now, double span_s)
{
	member->spread[i] += (now - member->spread[i]) * fmin(span_s / SPREAD_S, 1);
}

static void follow_usual(struct cohort_member *member, size_t i, double off, double unit,
			 double span_s)
{
	if (member->followed_s < YOUNG_S)
		member->usual[i] += off * span_s / (member->followed_s + span_s);
	else
		member->usual[i] += copysign(fmin(unit * span_s / USUAL_S, fabs(off)), off);
}

/* Half an hour of news: that is its usual distance from now on. */
static void follow_news(struct cohort_member *member, size_t i, double off, bool is_news,
			uint16_t span_s)
{
	member->news_s[i] = is_news ? (uint16_t)(member->news_s[i] + span_s) : 0;
	if (member->news_s[i] < NEW_NORMAL_S)
		return;
	member->usual[i] += off;
	member->news_s[i] = 0;
	excursion_drop(&member->apart[i]);
}

static void tell(const struct compared *compared, double apart, double median,
		 struct evidence *evidence)
{
	evidence->apart[compared->metric] = apart;
	if (apart < fmax(compared->floor, APART_SHARE * median))
		return;
	evidence->noted |= METRIC_BIT(compared->metric);
	if (evidence->excess[compared->metric] <= 0)
		evidence->expected[compared->metric] = median;
}

static void compare(struct cohort_member *member, size_t i, const struct others *others,
		    uint16_t span_s, uint32_t patience_s, struct evidence *evidence)
{
	const struct compared *compared = &compared_table[i];
	const struct excursion_news news = { WAIT_S + patience_s, RECORDS };
	double distance = member->value[i] - others->median;
	/* Who usually has less than the others is not above them when all rest. */
	double off = distance - fmax(member->usual[i], 0);
	double unit, height;

	follow_spread(member, i, others->spread, span_s);
	unit = fmax(features_least(compared->metric), member->spread[i]);
	if (is_asked_for_more(member)) {
		excursion_drop(&member->apart[i]);
		member->news_s[i] = 0;
		return;
	}
	follow_usual(member, i, distance - member->usual[i], unit, span_s);
	if (member->followed_s < YOUNG_S)
		return; /* what is usual is not known well enough to be off it */
	excursion_take(&member->apart[i], (float)(off / unit), span_s);
	height = (double)excursion_height(&member->apart[i], &news);
	if (member->followed_s < COHORT_YOUNG_S)
		height = 0;
	follow_news(member, i, off, height > 0, span_s);
	if (height > 0)
		tell(compared, height * unit, others->median, evidence);
}

static uint16_t span_of(const struct sample *sample)
{
	uint32_t span_s = (sample->span_ms + 500) / 1000;

	return (uint16_t)(span_s < 1			  ? 1
			  : span_s < EXCURSION_SPAN_MAX_S ? span_s
							  : EXCURSION_SPAN_MAX_S);
}

static void part(struct cohort_member *member)
{
	member->when_ms = 0;
	for (size_t i = 0; i < COMPARED_N; i++) {
		excursion_drop(&member->apart[i]);
		member->news_s[i] = 0;
	}
}

void cohort_look(struct cohort_member *member, const struct sample *sample, bool is_fit,
		 uint32_t patience_s, struct evidence *evidence)
{
	uint16_t span_s = span_of(sample);
	bool is_compared = false;

	if (!is_fit) {
		part(member);
		return;
	}
	read_values(member, sample);
	follow_asked(member, sample, span_s);
	for (size_t i = 0; i < COMPARED_N; i++) {
		struct others others = look_around(member, i, sample);

		if (others.n < COHORT_OTHERS_LEAST || isnan(member->value[i]))
			continue;
		compare(member, i, &others, span_s, patience_s, evidence);
		is_compared = true;
	}
	if (is_compared && member->followed_s < UINT32_MAX - span_s)
		member->followed_s += span_s;
}
