/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a detector's judgements: all of it to programs, what matters to people. */
#include <criterion/criterion.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/backtest.h"
#include "tests/unit/assertion.h"

#define ROWS_MAX 2000

/* Two metrics, and judgements as a test likes them: healthy with 0.25 where nothing is said. */
static struct csv test = { .path = "test.csv", .n_columns = 2, .name = { "cpu", "io, \"raw\"" } };
static struct csv train = { .path = "train.csv", .n_columns = 2, .name = { "cpu", "io, \"raw\"" } };
static struct judgement judgement[ROWS_MAX];
static float value[2 * ROWS_MAX];
static char time_of[ROWS_MAX][CSV_TIME_SIZE];
static struct backtest backtest = {
	.kind = DETECTOR_FOREST,
	.seed = 7,
	.test = &test,
	.train = &train,
	.judgement = judgement,
	.detector_bytes = 2048,
};
static char *text;

static void begin(void)
{
	test.n_rows = train.n_rows = 5;
	test.value = train.value = value;
	for (size_t i = 0; i < ROWS_MAX; i++)
		judgement[i] = (struct judgement) { .score = 0.25f, .threshold = 0.5f };
}

static void end(void)
{
	free(text);
}

TestSuite(backtest, .init = begin, .fini = end);

/* Rows are counted from 1, as they are told. */
static void unusual(size_t row, float score)
{
	judgement[row - 1] = (struct judgement) {
		.score = score, .threshold = 0.5f, .state = DETECTOR_UNUSUAL, .top = 1
	};
}

static struct output open_paper(void)
{
	static size_t size;

	free(text);
	text = NULL;
	return (struct output) { .file = open_memstream(&text, &size), .unicode = true };
}

static const char *print_csv(void)
{
	struct output output = open_paper();

	backtest_csv(&output, &backtest);
	(void)fclose(output.file);
	return text;
}

static const char *print_json(void)
{
	struct output output = open_paper();

	backtest_json(&output, &backtest);
	(void)fclose(output.file);
	return text;
}

static const char *print_table(void)
{
	struct output output = open_paper();

	(void)setlocale(LC_ALL, "C.UTF-8");
	cr_assert(eq(int, backtest_table(&output, &backtest), 0));
	(void)fclose(output.file);
	return text;
}

static void expect(const char *part)
{
	cr_expect(ne(ptr, strstr(text, part), NULL), "no '%s' in:\n%s", part, text);
}

/* Where the part stands in what was printed; it has to be there. */
static const char *place(const char *part)
{
	const char *at = strstr(text, part);

	cr_assert(ne(ptr, (void *)at, NULL), "no '%s' in:\n%s", part, text);
	return at;
}

Test(backtest, csv_has_a_line_for_each_row)
{
	test.n_rows = 3;
	unusual(2, 0.5123457f);
	judgement[2].state = DETECTOR_SICK;
	cr_assert(eq(str, (char *)print_csv(),
		     "row,score,threshold,state,top_metric\n"
		     "1,0.25,0.5,0,cpu\n"
		     "2,0.5123457,0.5,1,\"io, \"\"raw\"\"\"\n"
		     "3,0.25,0.5,2,cpu\n"));
}

Test(backtest, json_is_one_object_with_a_row_for_each_row)
{
	test.n_rows = 2;
	unusual(2, 0.75f);
	cr_assert(eq(str, (char *)print_json(),
		     "{\"detector\":\"forest\",\"seed\":7,\"detector_bytes\":2048,\"n_metrics\":2,"
		     "\"n_train_rows\":5,\"train_is_test\":false,\"n_rows\":2,\"n_unusual\":1,"
		     "\"n_sick\":0,\"rows\":[\n"
		     "{\"row\":1,\"score\":0.25,\"threshold\":0.5,\"state\":\"healthy\","
		     "\"top_metric\":\"cpu\"},\n"
		     "{\"row\":2,\"score\":0.75,\"threshold\":0.5,\"state\":\"unusual\","
		     "\"top_metric\":\"io, \\\"raw\\\"\"}]}\n"));
}

Test(backtest, times_are_told_where_there_are_any)
{
	test.n_rows = 2;
	test.time = time_of;
	(void)strcpy(time_of[1], "14:03");
	unusual(2, 0.75f);
	(void)print_json();
	expect("{\"row\":1,\"time\":null,");
	expect("{\"row\":2,\"time\":\"14:03\",");
	(void)print_table();
	expect(" TIME");
	expect(" 14:03");
	test.time = NULL;
	(void)print_table();
	cr_expect(zero(ptr, strstr(text, "TIME")));
}

Test(backtest, unusual_neighbours_are_told_once_by_the_highest)
{
	test.n_rows = 200;
	for (size_t row = 11; row <= 19; row++)
		unusual(row, row == 14 ? 0.8f : 0.7f);
	unusual(21, 0.9f);
	unusual(200, 0.6f);
	(void)print_table();
	expect("test.csv: 11 of 200 rows are unusual");
	expect("Stretches: 3 ");
	expect("forest, seed 7, 2.0K");
	expect("5 rows of 2 metrics in train.csv");
	expect("11-19 unusual   0.8       0.5     14 io, \"raw\"");
	cr_expect(lt(ptr, (void *)place("\n21 "), (void *)place("\n11-19 ")));
	cr_expect(lt(ptr, (void *)place("\n11-19 "), (void *)place("\n200 ")));
	cr_expect(zero(ptr, strstr(text, "Sick")));
}

Test(backtest, the_ten_highest_of_many_are_told)
{
	char row[16];

	test.n_rows = ROWS_MAX;
	/* 19 stretches, each higher than that before. */
	for (size_t i = 1; i < 20; i++)
		unusual(100 * i, 0.5f + 0.02f * (float)i);
	(void)print_table();
	expect("Stretches: 19 ");
	for (size_t i = 1; i < 20; i++) {
		(void)snprintf(row, sizeof(row), "\n%zu ", 100 * i);
		cr_expect(eq(int, strstr(text, row) != NULL, i >= 10), "%zu in:\n%s", i, text);
	}
	cr_expect(lt(ptr, (void *)place("\n1900 "), (void *)place("\n1000 ")));
}

Test(backtest, sick_rows_are_counted_apart_and_a_stretch_is_as_bad_as_its_worst)
{
	unusual(2, 0.9f);
	unusual(3, 0.8f);
	judgement[2].state = DETECTOR_SICK;
	(void)print_table();
	expect("2 of 5 rows are unusual");
	expect("Sick: 1 of them");
	expect("2-3  sick    0.9       0.5      2 io, \"raw\"");
}

Test(backtest, where_nothing_is_unusual_it_is_said_how_near_it_came)
{
	judgement[3].score = 0.4321f;
	(void)print_table();
	expect("0 of 5 rows are unusual");
	expect("The highest score is 0.432, in row 4; above 0.5 a row is unusual.");
	cr_expect(zero(ptr, strstr(text, "ROWS")));
}

Test(backtest, to_have_learnt_from_what_is_judged_is_said)
{
	backtest.train = &test;
	(void)print_table();
	expect("Learnt from: the same rows");
	(void)print_json();
	expect("\"train_is_test\":true");
}

Test(backtest, each_row_is_judged_with_the_column_that_stands_out)
{
	struct backtest fresh = {
		.kind = DETECTOR_FOREST, .seed = 1, .test = &test, .train = &train
	};
	uint32_t noise = 1;

	train.n_rows = 500;
	for (size_t i = 0; i < 8 * train.n_rows;
	     i++) { /* the sum of four is near 2, and seldom far */
		noise = noise * 1664525u + 1013904223u;
		value[i / 4] += (float)(noise >> 16) / 65536;
	}
	test.n_rows = 4;
	test.value = (float[]) { 2, 2, 9, 2, 2, 9, 9, -9 };
	cr_assert(eq(int, backtest_run(&fresh), 0));
	cr_expect(eq(uint, fresh.judgement[0].state, DETECTOR_HEALTHY));
	cr_expect(eq(uint, fresh.judgement[1].top, 0));
	cr_expect(gt(flt, fresh.judgement[1].score, fresh.judgement[0].score));
	cr_expect(eq(uint, fresh.judgement[2].top, 1));
	cr_expect(gt(flt, fresh.judgement[2].score, fresh.judgement[0].score));
	cr_expect(eq(uint, fresh.judgement[3].state, DETECTOR_UNUSUAL));
	cr_expect(gt(sz, fresh.detector_bytes, 0));
	backtest_clear(&fresh);
}

Test(backtest, a_single_row_is_too_little_to_learn_from)
{
	struct backtest fresh = {
		.kind = DETECTOR_FOREST, .seed = 1, .test = &test, .train = &train
	};

	train.n_rows = 1;
	cr_expect(eq(int, backtest_run(&fresh), -ENODATA));
	backtest_clear(&fresh);
}
