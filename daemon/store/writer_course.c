/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of a tick to 10 s means, and to the last two minutes at 1 Hz. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"
#include "store/minute.h"
#include "store/writer_course.h"

#define POINT_MS 10000u

struct course {
	uint32_t unit;
	uint64_t second;			/* wall clock of the newest second below */
	double sum[METRIC_N], weight[METRIC_N]; /* of the present 10 s */
	uint16_t point[METRIC_N][MINUTE_POINTS];
	uint16_t detail[METRIC_N][COURSE_SECONDS]; /* a ring: second modulo 120 */
};

struct courses {
	uint64_t point; /* wall clock: which 10 s since 1970 */
	size_t n;
	struct course **course; /* owned; in the order of units */
	struct chunk_stream scratch[METRIC_N];
};

int courses_new(struct courses **ret)
{
	struct courses *courses = calloc(1, sizeof(*courses));

	if (!courses)
		return -ENOMEM;
	*ret = courses;
	return 0;
}

struct courses *courses_free(struct courses *courses)
{
	if (!courses)
		return NULL;
	for (size_t i = 0; i < courses->n; i++)
		free(courses->course[i]);
	free(courses->course);
	free(courses);
	return NULL;
}

/* Where the unit is, or would be. */
static size_t place_of(const struct courses *courses, uint32_t unit)
{
	size_t low = 0, high = courses->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (courses->course[middle]->unit < unit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct course *find(const struct courses *courses, uint32_t unit)
{
	size_t place = place_of(courses, unit);

	if (place == courses->n || courses->course[place]->unit != unit)
		return NULL;
	return courses->course[place];
}

static struct course *add(struct courses *courses, uint32_t unit)
{
	size_t place = place_of(courses, unit);
	struct course **grown, *course;

	grown = reallocarray(courses->course, courses->n + 1, sizeof(struct course *));
	if (!grown)
		return NULL;
	courses->course = grown;
	course = calloc(1, sizeof(*course));
	if (!course)
		return NULL;
	course->unit = unit;
	memset(course->point, 0xff, sizeof(course->point)); /* unknown */
	memset(course->detail, 0xff, sizeof(course->detail));
	memmove(grown + place + 1, grown + place, (courses->n - place) * sizeof(struct course *));
	grown[place] = course;
	courses->n++;
	return course;
}

static double per_second(const struct sample *sample, size_t metric)
{
	if (metric_table[metric].kind != METRIC_KIND_COUNT)
		return sample->value[metric];
	return sample->value[metric] * 1000.0 / sample->span_ms;
}

/* A rate or count of no span says nothing. */
static bool is_measured(const struct sample *sample, size_t metric)
{
	return sample_has(sample, (enum metric)metric) &&
	       (metric_is_of_moment((enum metric)metric) || sample->span_ms > 0);
}

static void forget_detail(struct course *course, uint64_t second)
{
	for (size_t metric = 0; metric < METRIC_N; metric++)
		course->detail[metric][second % COURSE_SECONDS] = SMALL_UNKNOWN;
}

/* Make the ring end at `second`; what was skipped is unknown. A tick that came early shares its second
 * with another and takes its place. */
static void move_to(struct course *course, uint64_t second)
{
	if (second < course->second || second - course->second >= COURSE_SECONDS)
		memset(course->detail, 0xff, sizeof(course->detail));
	else
		for (uint64_t skipped = course->second + 1; skipped <= second; skipped++)
			forget_detail(course, skipped);
	course->second = second;
}

static void take_sample(struct course *course, const struct sample *sample)
{
	uint64_t second = sample->wall_ms / 1000;
	double value, weight;

	move_to(course, second);
	for (size_t metric = 0; metric < METRIC_N; metric++) {
		if (!is_measured(sample, metric))
			continue;
		value = per_second(sample, metric);
		weight = metric_is_of_moment((enum metric)metric) ? 1 : sample->span_ms;
		if (metric_table[metric].kind == METRIC_KIND_CODE) /* the last, since no mean */
			course->sum[metric] = course->weight[metric] = 0;
		course->sum[metric] += value * weight;
		course->weight[metric] += weight;
		course->detail[metric][second % COURSE_SECONDS] = small_from_float((float)value);
	}
}

static void end_point(struct courses *courses)
{
	size_t nth = courses->point % MINUTE_POINTS;
	struct course *course;
	double mean;

	for (size_t i = 0; i < courses->n; i++) {
		course = courses->course[i];
		for (size_t metric = 0; metric < METRIC_N; metric++) {
			if (course->weight[metric] == 0)
				continue;
			mean = course->sum[metric] / course->weight[metric];
			course->point[metric][nth] = small_from_float((float)mean);
			course->sum[metric] = course->weight[metric] = 0;
		}
	}
}

static size_t put_course(struct courses *courses, struct course *course, uint8_t *bytes)
{
	for (size_t metric = 0; metric < METRIC_N; metric++) {
		courses->scratch[metric].metric = (uint8_t)metric;
		courses->scratch[metric].kind = CHUNK_MEAN;
		memcpy(courses->scratch[metric].point, course->point[metric],
		       sizeof(course->point[metric]));
	}
	memset(course->point, 0xff, sizeof(course->point));
	return minute_put(course->unit, courses->scratch, METRIC_N, bytes);
}

/* Units that were not seen for as long as their detail goes back are forgotten. */
static void forget_gone(struct courses *courses)
{
	uint64_t now = courses->point * (POINT_MS / 1000);
	size_t n = 0;

	for (size_t i = 0; i < courses->n; i++) {
		if (courses->course[i]->second + COURSE_SECONDS < now)
			free(courses->course[i]);
		else
			courses->course[n++] = courses->course[i];
	}
	courses->n = n;
}

static int end_minute(struct courses *courses, struct course_minute *ret)
{
	uint8_t *bytes = malloc(courses->n * minute_bound() + 1), *cut;
	size_t size = 0;

	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < courses->n; i++)
		size += put_course(courses, courses->course[i], bytes + size);
	cut = realloc(bytes, size + 1); /* it may wait in the queue for long */
	ret->minute = courses->point / MINUTE_POINTS;
	ret->bytes = cut ? cut : bytes;
	ret->size = size;
	forget_gone(courses);
	return 1;
}

int courses_take(struct courses *courses, const struct sample *samples, size_t n,
		 struct course_minute *ret)
{
	struct course *course;
	uint64_t point;
	int r = 0;

	if (n == 0)
		return 0;
	point = samples[0].wall_ms / POINT_MS;
	if (point != courses->point && courses->n > 0) {
		end_point(courses);
		if (point / MINUTE_POINTS != courses->point / MINUTE_POINTS)
			r = end_minute(courses, ret);
	}
	courses->point = point;
	for (size_t i = 0; i < n; i++) {
		if (samples[i].unit == 0)
			continue;
		course = find(courses, samples[i].unit);
		if (!course)
			course = add(courses, samples[i].unit);
		if (course)
			take_sample(course, &samples[i]);
		else if (r >= 0)
			r = r > 0 ? r : -ENOMEM;
	}
	return r;
}

int courses_finish(struct courses *courses, struct course_minute *ret)
{
	if (courses->n == 0)
		return 0;
	end_point(courses);
	return end_minute(courses, ret);
}

int courses_detail(struct courses *courses, uint32_t unit, uint64_t *ret_from_s, uint8_t **ret,
		   size_t *ret_size)
{
	const struct course *course = find(courses, unit);
	uint64_t from;
	uint8_t *bytes;

	if (!course || course->second < COURSE_SECONDS)
		return -ENOENT;
	bytes = malloc(chunk_bound(METRIC_N, COURSE_SECONDS));
	if (!bytes)
		return -ENOMEM;
	from = course->second - (COURSE_SECONDS - 1);
	for (size_t metric = 0; metric < METRIC_N; metric++) {
		courses->scratch[metric].metric = (uint8_t)metric;
		courses->scratch[metric].kind = CHUNK_MEAN;
		for (size_t i = 0; i < COURSE_SECONDS; i++)
			courses->scratch[metric].point[i] =
				course->detail[metric][(from + i) % COURSE_SECONDS];
	}
	*ret_from_s = from;
	*ret_size = chunk_encode(courses->scratch, METRIC_N, COURSE_SECONDS, bytes);
	*ret = bytes;
	return 0;
}

int courses_metric(const struct courses *courses, uint32_t unit, enum metric metric,
		   uint64_t *ret_from_s, float ret[COURSE_SECONDS])
{
	const struct course *course = find(courses, unit);
	uint64_t from;

	if (!course || course->second < COURSE_SECONDS)
		return -ENOENT;
	from = course->second - (COURSE_SECONDS - 1);
	for (size_t i = 0; i < COURSE_SECONDS; i++)
		ret[i] = small_to_float(course->detail[metric][(from + i) % COURSE_SECONDS]);
	*ret_from_s = from;
	return 0;
}
