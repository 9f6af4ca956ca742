/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Once in how many hours? Counted, not guessed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "judge/tail_blob.h"
#include "tests/unit/assertion.h"

#define COLUMN METRIC_CPU

/* Ten minutes of health in which the column is for a minute this, and else 1. */
static void live(struct tail *tail, float peak)
{
	float column[TAIL_COLUMNS];

	for (unsigned int i = 0; i < TAIL_COLUMNS; i++)
		column[i] = NAN;
	for (unsigned int second = 0; second < TAIL_BLOCK_S; second++) {
		column[COLUMN] = second / 60 == 3 ? peak : 1;
		tail_take(tail, column, 1);
	}
}

static float once_high(const struct tail *tail, unsigned int column, float value)
{
	bool unseen;

	return tail_high_h(tail, column, value, &unseen);
}

static float once_low(const struct tail *tail, unsigned int column, float value)
{
	bool unseen;

	return tail_low_h(tail, column, value, &unseen);
}

static struct tail after_hours(unsigned int hours)
{
	struct tail tail;

	tail_init(&tail);
	for (unsigned int i = 0; i < hours * 6; i++)
		live(&tail, i % 36 == 35 ? 5 : 2); /* a job every six hours */
	return tail;
}

Test(tail, of_what_nothing_is_known_no_rarity_is_told)
{
	struct tail tail;

	tail_init(&tail);
	cr_assert(isnan(once_high(&tail, COLUMN, 5)));
	live(&tail, 2);
	cr_assert(isnan(once_high(&tail, METRIC_RSS, 5)));
	cr_assert(isnan(once_high(&tail, COLUMN, NAN)));
}

Test(tail, what_comes_every_six_hours_is_seen_once_in_six_hours_however_long_it_lasts)
{
	struct tail tail = after_hours(24);

	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 5), 6, 0.01f));
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 3), 6, 0.01f));
}

Test(tail, what_never_was_is_at_most_once_in_all_hours_and_the_everyday_is_not_rare)
{
	struct tail tail = after_hours(24);

	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 7), 24, 0.01f));
	cr_assert(zero(flt, once_high(&tail, COLUMN, 2)));
	cr_assert(zero(flt, once_low(&tail, COLUMN, 1)));
	cr_assert(epsilon_eq(flt, once_low(&tail, COLUMN, 0), 24, 0.01f));
}

Test(tail, what_led_to_trouble_was_no_health)
{
	struct tail tail = after_hours(24);
	float column[TAIL_COLUMNS] = { [COLUMN] = 9 };

	tail_take(&tail, column, 60);
	tail_drop(&tail);
	live(&tail, 2);
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 9), 24, 0.2f));
	tail_take(&tail, column, TAIL_BLOCK_S);
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 8), 24, 0.4f));
	tail_take(&tail, column, TAIL_BLOCK_S);
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 8), 12, 0.4f));
}

Test(tail, the_unseen_is_told_from_what_was_there_once)
{
	struct tail tail = after_hours(6);
	bool unseen;

	(void)tail_high_h(&tail, COLUMN, 5, &unseen);
	cr_assert(not(unseen));
	(void)tail_high_h(&tail, COLUMN, 5.1f, &unseen);
	cr_assert(unseen);
	(void)tail_low_h(&tail, COLUMN, 0.9f, &unseen);
	cr_assert(unseen);
	(void)tail_high_h(&tail, METRIC_RSS, 9, &unseen);
	cr_assert(not(unseen), "of what nothing is known nothing is unseen");
}

Test(tail, after_four_weeks_older_ones_count_half_and_rates_stay)
{
	struct tail tail = after_hours(24 * 28);

	cr_assert(lt(u32, tail.column[COLUMN].n_blocks, TAIL_BLOCKS));
	/* Of eight that are kept four stay. */
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 4),
			     tail.column[COLUMN].n_blocks / 6.0f / 4, 0.01f));
	live(&tail, 2);
	cr_assert(epsilon_eq(flt, once_high(&tail, COLUMN, 9), tail.column[COLUMN].n_blocks / 6.0f,
			     0.01f));
}

Test(tail, it_survives_as_bytes)
{
	struct tail tail = after_hours(24), read;
	uint8_t bytes[TAIL_BLOB_SIZE];

	tail_blob_write(&tail, bytes);
	cr_assert(zero(int, tail_blob_read(bytes, &read)));
	for (float value = 0; value < 8; value += 0.5f)
		cr_assert(
			eq(flt, once_high(&read, COLUMN, value), once_high(&tail, COLUMN, value)));
	bytes[0] = bytes[1] = 0xff;
	cr_assert(eq(int, tail_blob_read(bytes, &read), -EBADMSG));
}
