/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows with a meaning through the judge; and for how long each stands. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/backtest.h"
#include "cli/rows.h"
#include "fixture.h"
#include "tests/unit/assertion.h"

#define TRAIN_ROWS 1200
#define TEST_ROWS  600
#define LEAK_ROW   300

static float train_value[2 * TRAIN_ROWS], test_value[2 * TEST_ROWS];
static char time_of[4][CSV_TIME_SIZE];
static struct csv train = { .path = "train.csv",
			    .n_columns = 2,
			    .name = { "cpu", "rss" },
			    .n_rows = TRAIN_ROWS,
			    .value = train_value };
static struct csv test = { .path = "test.csv",
			   .n_columns = 2,
			   .name = { "cpu", "rss" },
			   .n_rows = TEST_ROWS,
			   .value = test_value };
static struct meaning meaning;
static struct config config;
static struct rulebook rulebook;
static struct row_verdict verdict[TEST_ROWS];

/* A number below 1 that looks like chance. */
static double noise(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return (double)(state >> 8) / (1 << 24);
}

static void fill(float *value, size_t n, size_t leak_row)
{
	for (size_t i = 0; i < n; i++) {
		double leaked = i > leak_row ? (double)(i - leak_row) : 0;

		value[2 * i] = (float)(0.1 + 0.02 * noise());
		value[2 * i + 1] = (float)(MIB * (100 + 4 * noise() + leaked));
	}
}

static void begin(void)
{
	config = fixture_config();
	rulebook = (struct rulebook) { .n = 1, .rule = { fixture_memory_rule() } };
	meaning = (struct meaning) { .n = 2, .metric = { METRIC_CPU, METRIC_RSS }, { 1, 1 } };
	fill(train_value, TRAIN_ROWS, TRAIN_ROWS);
	fill(test_value, TEST_ROWS, LEAK_ROW);
}

TestSuite(rows, .init = begin);

static void judge(void)
{
	cr_assert(zero(int, rows_judge(&test, &train, &meaning, &config, &rulebook, 1, verdict)));
}

static size_t count(unsigned int state)
{
	size_t n = 0;

	for (size_t i = 0; i < TEST_ROWS; i++)
		n += verdict[i].state == state;
	return n;
}

Test(rows, a_leak_in_a_column_that_means_memory_is_sick_by_its_rule)
{
	size_t first = 0;

	judge();
	while (first < TEST_ROWS && verdict[first].state != DETECTOR_SICK)
		first++;
	cr_assert(gt(sz, first, LEAK_ROW));
	cr_assert(lt(sz, first, LEAK_ROW + 120));
	cr_assert(eq(uint, verdict[first].rule, 1));
	cr_assert(eq(uint, verdict[TEST_ROWS - 1].state, DETECTOR_SICK));
	cr_assert(eq(uint, verdict[0].rule, 0));
}

Test(rows, the_same_numbers_without_that_meaning_are_not)
{
	meaning.metric[1] = METRIC_N;
	judge();
	cr_assert(zero(sz, count(DETECTOR_SICK)));
}

Test(rows, health_is_called_healthy)
{
	fill(test_value, TEST_ROWS, TEST_ROWS);
	judge();
	cr_assert(zero(sz, count(DETECTOR_SICK)));
	cr_assert(gt(sz, count(DETECTOR_HEALTHY), TEST_ROWS * 99 / 100));
}

Test(rows, a_factor_makes_of_a_number_the_metric_s_quantity)
{
	for (size_t i = 0; i < TEST_ROWS; i++)
		test_value[2 * i + 1] /= 1024;
	for (size_t i = 0; i < TRAIN_ROWS; i++)
		train_value[2 * i + 1] /= 1024;
	judge();
	cr_assert(zero(sz, count(DETECTOR_SICK)), "16 MiB beyond are never reached");
	meaning.factor[1] = 1024;
	judge();
	cr_assert(gt(sz, count(DETECTOR_SICK), 100));
}

Test(rows, a_row_that_misses_values_is_judged_by_the_others)
{
	for (size_t i = 0; i < TEST_ROWS; i++)
		test_value[2 * i] = NAN;
	judge();
	cr_assert(eq(uint, verdict[TEST_ROWS - 1].state, DETECTOR_SICK));
}

static void expect_spans(const char *first, const char *second, const char *third, uint32_t ms)
{
	struct csv csv = { .n_columns = 1, .n_rows = 3, .time = time_of };
	uint32_t span_ms[3];

	(void)snprintf(time_of[0], CSV_TIME_SIZE, "%s", first);
	(void)snprintf(time_of[1], CSV_TIME_SIZE, "%s", second);
	(void)snprintf(time_of[2], CSV_TIME_SIZE, "%s", third);
	cr_expect(eq(int, rows_spans(&csv, span_ms), ms > 0), "%s", first);
	for (size_t i = 0; i < 3; i++)
		cr_expect(eq(u32, span_ms[i], ms > 0 ? ms : 1000), "%s", first);
}

Test(rows, a_row_stands_for_the_time_since_the_one_before)
{
	expect_spans("0", "10", "20", 10000);
	expect_spans("1764590400.5", "1764590401", "1764590401.5", 500);
	expect_spans("1764590400000", "1764590460000", "1764590520000", 60000);
	expect_spans("2026-11-24 14:03:20", "2026-11-24 14:03:22", "2026-11-24 14:03:24", 2000);
	expect_spans("2026-11-24T14:03:20.25Z", "2026-11-24T14:03:20.5Z", "2026-11-24T14:03:20.75Z",
		     250);
	expect_spans("2026-11-24T14:03:20+01:00", "2026-11-24T14:03:21+01:00",
		     "2026-11-24T14:03:22+01:00", 1000);
}

Test(rows, times_that_do_not_say_are_a_second_each)
{
	expect_spans("", "", "", 0);
	expect_spans("1", "1", "2", 0);
	expect_spans("3", "2", "1", 0);
	expect_spans("monday", "tuesday", "wednesday", 0);
	expect_spans("2026-11-24 14:03:20", "2026-11-24 14:03", "2026-11-24 14:03:24", 0);
	expect_spans("2026-11-24T14:03:20 or so", "2026-11-24T14:03:21 or so",
		     "2026-11-24T14:03:22 or so", 0);
	expect_spans("2026-99-24T14:03:20Z", "2026-99-24T14:03:21Z", "2026-99-24T14:03:22Z", 0);
}

Test(rows, without_times_each_is_a_second)
{
	struct csv csv = { .n_columns = 1, .n_rows = 3 };
	uint32_t span_ms[3];

	cr_assert(not(rows_spans(&csv, span_ms)));
	cr_assert(eq(u32, span_ms[2], 1000));
}

Test(rows, a_backtest_tells_the_graver_state_and_the_rule)
{
	char *text = NULL;
	size_t size;
	struct output output = { .file = NULL };
	struct backtest backtest = { .kind = DETECTOR_JUDGE,
				     .seed = 1,
				     .test = &test,
				     .train = &train,
				     .meaning = &meaning,
				     .config = &config,
				     .rulebook = &rulebook };

	cr_assert(zero(int, backtest_run(&backtest)));
	cr_assert(eq(uint, backtest.judgement[TEST_ROWS - 1].state, DETECTOR_SICK));
	output.file = open_memstream(&text, &size);
	backtest_json(&output, &backtest);
	cr_assert(zero(int, backtest_table(&output, &backtest)));
	(void)fclose(output.file);
	cr_expect(ne(ptr,
		     strstr(text, "\"meaning\":[{\"column\":\"cpu\",\"metric\":\"cpu\","
				  "\"factor\":1},"),
		     NULL));
	cr_expect(ne(ptr, strstr(text, "\"rule\":\"memory-growth\"}]}"), NULL));
	cr_expect(ne(ptr, strstr(text, "by memory-growth\n"), NULL));
	cr_expect(ne(ptr, strstr(text, "2 of 2 columns have one"), NULL));
	backtest_clear(&backtest);
	free(text);
}
