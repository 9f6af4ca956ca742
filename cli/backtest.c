/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a detector says of a file, in three shapes. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/backtest.h"
#include "cli/fields.h"
#include "cli/phrase.h"
#include "record/record.h"

#define STRETCHES_SHOWN 10
#define NUMBER_SIZE	32
#define DIGITS_SHOWN	3 /* of a score, for people */

_Static_assert(CSV_METRICS_MAX == DETECTOR_COLUMNS_MAX, "what can be read can be judged");

static int judge_by_meaning(struct backtest *backtest)
{
	size_t n = backtest->test->n_rows;
	int r;

	backtest->verdict = calloc(n, sizeof(*backtest->verdict));
	if (!backtest->verdict)
		return -ENOMEM;
	r = rows_judge(backtest->test, backtest->train, backtest->meaning, backtest->config,
		       backtest->rulebook, backtest->seed, backtest->verdict);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (backtest->verdict[i].state > backtest->judgement[i].state)
			backtest->judgement[i].state = backtest->verdict[i].state;
	return 0;
}

int backtest_run(struct backtest *backtest)
{
	CLEANUP(detector_freep) struct detector *detector = NULL;
	const struct csv *test = backtest->test, *train = backtest->train;
	int r;

	assert(train->n_columns == test->n_columns);
	r = detector_train(backtest->kind, train->value, train->n_rows, train->n_columns,
			   backtest->seed, &detector);
	if (r < 0)
		return r;
	backtest->judgement = calloc(test->n_rows, sizeof(*backtest->judgement));
	if (!backtest->judgement)
		return -ENOMEM;
	backtest->detector_bytes = detector_bytes(detector);
	for (size_t i = 0; i < test->n_rows; i++)
		detector_judge(detector, &test->value[i * test->n_columns],
			       &backtest->judgement[i]);
	return backtest->meaning && backtest->meaning->n > 0 ? judge_by_meaning(backtest) : 0;
}

void backtest_clear(struct backtest *backtest)
{
	free(TAKE(backtest->judgement));
	free(TAKE(backtest->verdict));
}

const char *backtest_detector_word(enum detector_kind kind)
{
	return kind == DETECTOR_FOREST ? "forest" : "judge";
}

static const char *state_word(unsigned int state)
{
	return health_word(state == DETECTOR_HEALTHY   ? HEALTH_HEALTHY
			   : state == DETECTOR_UNUSUAL ? HEALTH_UNUSUAL
						       : HEALTH_SICK);
}

static size_t count(const struct backtest *backtest, unsigned int state_least)
{
	size_t n = 0;

	for (size_t i = 0; i < backtest->test->n_rows; i++)
		n += backtest->judgement[i].state >= state_least;
	return n;
}

/* ---- for programs ----------------------------------------------------------- */

void backtest_csv(const struct output *output, const struct backtest *backtest)
{
	char score[NUMBER_SIZE], threshold[NUMBER_SIZE];

	output_raw(output, "row,score,threshold,state,top_metric\n");
	for (size_t i = 0; i < backtest->test->n_rows; i++) {
		const struct judgement *judgement = &backtest->judgement[i];

		fprintf(output->file, "%zu,%s,%s,%u,", i + 1,
			text_float(score, sizeof(score), judgement->score, 0),
			text_float(threshold, sizeof(threshold), judgement->threshold, 0),
			judgement->state);
		fields_put(output->file, backtest->test->name[judgement->top]);
		output_raw(output, "\n");
	}
}

/* Empty: none held. */
static const char *rule_of(const struct backtest *backtest, size_t row)
{
	uint8_t rule = backtest->verdict[row].rule;

	return rule > 0 ? backtest->rulebook->rule[rule - 1].name : "";
}

static void json_meaning(struct json *json, const struct backtest *backtest)
{
	const struct meaning *meaning = backtest->meaning;

	json_key(json, "meaning");
	json_begin(json, '[');
	for (unsigned int i = 0; i < backtest->test->n_columns; i++) {
		if (meaning->metric[i] >= METRIC_N)
			continue;
		json_separate(json);
		json_begin(json, '{');
		json_text(json, "column", backtest->test->name[i]);
		json_text(json, "metric", metric_table[meaning->metric[i]].name);
		json_real(json, "factor", meaning->factor[i]);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void json_row(struct json *json, const struct backtest *backtest, size_t row)
{
	const struct judgement *judgement = &backtest->judgement[row];

	json_separate(json);
	(void)fputc('\n', json->out);
	json_begin(json, '{');
	json_number(json, "row", row + 1);
	if (backtest->test->time)
		json_text_or_null(json, "time", backtest->test->time[row]);
	json_single(json, "score", judgement->score);
	json_single(json, "threshold", judgement->threshold);
	json_text(json, "state", state_word(judgement->state));
	json_text(json, "top_metric", backtest->test->name[judgement->top]);
	if (backtest->verdict)
		json_text_or_null(json, "rule", rule_of(backtest, row));
	json_end(json, '}');
}

void backtest_json(const struct output *output, const struct backtest *backtest)
{
	struct json json = { .out = output->file };

	json_begin(&json, '{');
	json_text(&json, "detector", backtest_detector_word(backtest->kind));
	json_number(&json, "seed", backtest->seed);
	json_number(&json, "detector_bytes", backtest->detector_bytes);
	json_number(&json, "n_metrics", backtest->test->n_columns);
	json_number(&json, "n_train_rows", backtest->train->n_rows);
	json_boolean(&json, "train_is_test", backtest->train == backtest->test);
	json_number(&json, "n_rows", backtest->test->n_rows);
	json_number(&json, "n_unusual", count(backtest, DETECTOR_UNUSUAL));
	json_number(&json, "n_sick", count(backtest, DETECTOR_SICK));
	if (backtest->verdict)
		json_meaning(&json, backtest);
	json_key(&json, "rows");
	json_begin(&json, '[');
	for (size_t i = 0; i < backtest->test->n_rows; i++)
		json_row(&json, backtest, i);
	json_end(&json, ']');
	json_end(&json, '}');
	output_raw(output, "\n");
}

/* ---- for people ------------------------------------------------------------- */

/* Rows one after the other that are all unusual. Rows are told by these, for the highest rows of a file
 * are otherwise ten neighbours in one event. */
struct stretch {
	size_t first, last, highest;
	unsigned int state; /* the worst */
};

/* The stretch that begins at or behind *row, which is then behind its end; false: none. */
static bool next_stretch(const struct backtest *backtest, size_t *row, struct stretch *ret)
{
	const struct judgement *judgement = backtest->judgement;
	size_t n = backtest->test->n_rows, i = *row;

	while (i < n && judgement[i].state == DETECTOR_HEALTHY)
		i++;
	*ret = (struct stretch) { .first = i, .highest = i };
	for (; i < n && judgement[i].state > DETECTOR_HEALTHY; i++) {
		if (judgement[i].score > judgement[ret->highest].score)
			ret->highest = i;
		if (judgement[i].state > ret->state)
			ret->state = judgement[i].state;
		ret->last = i;
	}
	*row = i;
	return ret->state > DETECTOR_HEALTHY;
}

/* All are counted; the highest are kept, the very highest first. */
static size_t find_stretches(const struct backtest *backtest, struct stretch ret[STRETCHES_SHOWN],
			     size_t *ret_n)
{
	const struct judgement *judgement = backtest->judgement;
	size_t row = 0, n_all = 0, n = 0, at;
	struct stretch stretch;

	while (next_stretch(backtest, &row, &stretch)) {
		n_all++;
		for (at = n; at > 0; at--)
			if (judgement[ret[at - 1].highest].score >=
			    judgement[stretch.highest].score)
				break;
		if (at == STRETCHES_SHOWN)
			continue;
		n += n < STRETCHES_SHOWN;
		memmove(&ret[at + 1], &ret[at], (n - 1 - at) * sizeof(ret[0]));
		ret[at] = stretch;
	}
	*ret_n = n;
	return n_all;
}

static void table_stretch(struct table *table, const struct backtest *backtest,
			  const struct stretch *stretch)
{
	const struct judgement *highest = &backtest->judgement[stretch->highest];
	char score[NUMBER_SIZE], threshold[NUMBER_SIZE];

	if (stretch->first == stretch->last)
		table_add(table, PAINT_NONE, "%zu", stretch->first + 1);
	else
		table_add(table, PAINT_NONE, "%zu-%zu", stretch->first + 1, stretch->last + 1);
	table_add(
		table,
		phrase_health_paint(stretch->state == DETECTOR_SICK ? HEALTH_SICK : HEALTH_UNUSUAL),
		"%s", state_word(stretch->state));
	table_add(table, PAINT_NONE, "%s",
		  text_float(score, sizeof(score), highest->score, DIGITS_SHOWN));
	table_add(table, PAINT_NONE, "%s",
		  text_float(threshold, sizeof(threshold), highest->threshold, DIGITS_SHOWN));
	table_add(table, PAINT_NONE, "%zu", stretch->highest + 1);
	table_add(table, PAINT_NONE, "%s", backtest->test->name[highest->top]);
	if (backtest->test->time)
		table_add(table, PAINT_NONE, "%s", backtest->test->time[stretch->highest]);
}

static int print_stretches(const struct output *output, const struct backtest *backtest,
			   const struct stretch *stretches, size_t n)
{
	static const struct column columns[] = {
		{ "ROWS", false, false },  { "STATE", false, false },
		{ "SCORE", true, false },  { "THRESHOLD", true, false },
		{ "IN ROW", true, false }, { "TOP METRIC", false, true },
		{ "TIME", false, false },
	};
	size_t n_columns = sizeof(columns) / sizeof(columns[0]) - (backtest->test->time ? 0 : 1);
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(columns, n_columns, &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		table_stretch(table, backtest, &stretches[i]);
	return output_table(output, table);
}

/* Where nothing is unusual, how near it came. */
static void print_highest(const struct output *output, const struct backtest *backtest)
{
	char score[NUMBER_SIZE], threshold[NUMBER_SIZE];
	size_t highest = 0;

	for (size_t i = 0; i < backtest->test->n_rows; i++)
		if (backtest->judgement[i].score > backtest->judgement[highest].score)
			highest = i;
	output_line(
		output, PAINT_NONE,
		"The highest score is %s, in row %zu; above %s a row is unusual.",
		text_float(score, sizeof(score), backtest->judgement[highest].score, DIGITS_SHOWN),
		highest + 1,
		text_float(threshold, sizeof(threshold), backtest->judgement[highest].threshold,
			   DIGITS_SHOWN));
}

static void print_sick(const struct output *output, const struct backtest *backtest, size_t n_sick)
{
	size_t first = 0;

	while (backtest->judgement[first].state < DETECTOR_SICK)
		first++;
	if (backtest->verdict)
		output_field(output, "Sick:", PAINT_BAD, "%zu of them, the first in row %zu by %s",
			     n_sick, first + 1, rule_of(backtest, first));
	else
		output_field(output, "Sick:", PAINT_BAD, "%zu of them", n_sick);
}

static void print_meaning(const struct output *output, const struct backtest *backtest)
{
	const struct meaning *meaning = backtest->meaning;
	char text[CSV_METRICS_MAX * 40] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < backtest->test->n_columns && used < sizeof(text); i++)
		if (meaning->metric[i] < METRIC_N)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? ", " : "",
						 metric_table[meaning->metric[i]].name);
	output_field(output, "Meaning:", PAINT_NONE,
		     "%u of %u columns have one, so they are judged by rules too: %s", meaning->n,
		     backtest->test->n_columns, text);
}

static void print_summary(const struct output *output, const struct backtest *backtest,
			  size_t n_stretches)
{
	size_t n_unusual = count(backtest, DETECTOR_UNUSUAL),
	       n_sick = count(backtest, DETECTOR_SICK);
	char size[NUMBER_SIZE];

	output_headline(output, phrase_health_paint(n_unusual ? HEALTH_UNUSUAL : HEALTH_HEALTHY),
			"%s: %zu of %zu rows are unusual", backtest->test->path, n_unusual,
			backtest->test->n_rows);
	if (n_sick)
		print_sick(output, backtest, n_sick);
	output_field(output, "Detector:", PAINT_NONE, "%s, seed %" PRIu64 ", %s",
		     backtest_detector_word(backtest->kind), backtest->seed,
		     text_size(size, sizeof(size), (double)backtest->detector_bytes));
	if (backtest->train == backtest->test)
		output_field(output, "Learnt from:", PAINT_NONE,
			     "the same rows, of %u metrics, so what lasts counts as normal; "
			     "--train names others",
			     backtest->train->n_columns);
	else
		output_field(output, "Learnt from:", PAINT_NONE, "%zu rows of %u metrics in %s",
			     backtest->train->n_rows, backtest->train->n_columns,
			     backtest->train->path);
	if (backtest->verdict)
		print_meaning(output, backtest);
	if (n_stretches > 0)
		output_field(output, "Stretches:", PAINT_NONE, "%zu of rows side by side, %s",
			     n_stretches,
			     n_stretches > STRETCHES_SHOWN
				     ? "of which these ten have the highest scores"
				     : "the highest score first");
	output_raw(output, "\n");
}

int backtest_table(const struct output *output, const struct backtest *backtest)
{
	struct stretch stretches[STRETCHES_SHOWN];
	size_t n, n_all;

	n_all = find_stretches(backtest, stretches, &n);
	print_summary(output, backtest, n_all);
	if (n > 0)
		return print_stretches(output, backtest, stretches, n);
	print_highest(output, backtest);
	return 0;
}
