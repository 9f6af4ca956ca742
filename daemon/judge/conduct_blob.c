/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over all that is kept, which writes or reads. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/conduct_blob.h"

#define NUMBER_MOST 1e36 /* the square of all that a unit can have */

struct course {
	uint8_t *to; /* NULL: read */
	const uint8_t *from;
	bool is_damaged;
};

/* Bytes that have been put in their order: out of value, or into it. */
static void pass(struct course *course, void *value, size_t size)
{
	if (course->to) {
		memcpy(course->to, value, size);
		course->to += size;
	} else {
		memcpy(value, course->from, size);
		course->from += size;
	}
}

static void number(struct course *course, double *value)
{
	uint64_t bits;

	memcpy(&bits, value, sizeof(bits));
	bits = htole64(bits);
	pass(course, &bits, sizeof(bits));
	bits = le64toh(bits);
	memcpy(value, &bits, sizeof(bits));
	course->is_damaged |= !(fabs(*value) <= NUMBER_MOST);
}

static void numbers(struct course *course, double *values, int n)
{
	for (int i = 0; i < n; i++)
		number(course, &values[i]);
}

static void count(struct course *course, uint32_t *value)
{
	uint32_t bits = htole32(*value);

	pass(course, &bits, sizeof(bits));
	*value = le32toh(bits);
}

static void seconds(struct course *course, uint16_t *value)
{
	uint16_t bits = htole16(*value);

	pass(course, &bits, sizeof(bits));
	*value = le16toh(bits);
}

static void ladder(struct course *course, struct excursion *excursion)
{
	for (int level = 0; level < EXCURSION_LEVELS; level++) {
		uint16_t record_s = (uint16_t)lrintf(excursion->record_s[level]);

		seconds(course, &record_s);
		excursion->record_s[level] = record_s;
		pass(course, &excursion->visits[level], sizeof(excursion->visits[level]));
	}
}

static void walk(struct course *course, struct conduct *conduct)
{
	struct work *work = &conduct->work;

	count(course, &conduct->age_s);
	count(course, &work->n_taken);
	for (int i = 0; i < WORK_FACTORS; i++)
		numbers(course, work->a[i], i + 1); /* the rest is the same */
	for (int i = 0; i < WORK_RESPONSES; i++)
		numbers(course, work->b[i], WORK_FACTORS);
	numbers(course, work->centre, WORK_RESPONSES);
	numbers(course, work->spread, WORK_RESPONSES);
	numbers(course, conduct->usual, WORK_DEMANDS);
	number(course, &conduct->usual_wait);
	for (int i = 0; i < CONDUCT_FOLLOWED; i++) {
		number(course, &conduct->rise[i].most);
		seconds(course, &conduct->rise[i].longest_s);
		ladder(course, &conduct->above[i]);
	}
	for (int i = 0; i < CONDUCT_GROWING; i++) {
		number(course, &conduct->bottom[i].highest);
		ladder(course, &conduct->bottom[i].above);
	}
	for (int i = 0; i < WORK_DEMANDS; i++)
		ladder(course, &conduct->demand[i]);
	ladder(course, &conduct->burning);
	ladder(course, &conduct->score);
}

void conduct_blob_write(const struct conduct *conduct, uint8_t bytes[CONDUCT_BLOB_SIZE])
{
	struct course course = { .to = bytes };
	struct conduct copy = *conduct;

	walk(&course, &copy);
	assert(course.to == bytes + CONDUCT_BLOB_SIZE);
}

int conduct_blob_read(const uint8_t bytes[CONDUCT_BLOB_SIZE], struct conduct *ret)
{
	struct course course = { .from = bytes };

	walk(&course, ret);
	if (course.is_damaged)
		return -EBADMSG;
	work_solve(&ret->work);
	conduct_drop(ret);
	return 0;
}
