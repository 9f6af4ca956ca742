/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backtest: what a detector would have said of samples from a file. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/backtest.h"
#include "cli/command.h"
#include "cli/csv.h"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_N };

static const char *const format_word[FORMAT_N] = {
	[FORMAT_TABLE] = "table",
	[FORMAT_CSV] = "csv",
	[FORMAT_JSON] = "json",
};

/* An enum format; negative: it was said what is wrong. */
static int find_format(const struct context *context)
{
	int format = context->json ? FORMAT_JSON : FORMAT_TABLE;

	if (!context->format)
		return format;
	for (format = 0; format < FORMAT_N; format++)
		if (strcmp(context->format, format_word[format]) == 0)
			break;
	if (format == FORMAT_N)
		(void)command_usage(&command_backtest, "--format is table, csv or json, not '%s'",
				    context->format);
	else if (context->json && format != FORMAT_JSON)
		(void)command_usage(&command_backtest, "--json and --format %s cannot both be",
				    context->format);
	else
		return format;
	return -EINVAL;
}

static int take_detector(const struct context *context, struct backtest *backtest)
{
	static const enum detector_kind kinds[] = { DETECTOR_JUDGE, DETECTOR_FOREST };
	const char *word = context->detector;

	backtest->seed = 1;
	if (context->seed && text_parse_u64(context->seed, &backtest->seed) < 0)
		return command_usage(&command_backtest,
				     "--seed is a whole number, which '%s' is not", context->seed);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		backtest->kind = kinds[i];
		if (!word || strcmp(word, backtest_detector_word(kinds[i])) == 0)
			return EXIT_WELL;
	}
	return command_usage(&command_backtest, "--detector is judge or forest, not '%s'", word);
}

/* Both files, with the same columns in the same order; without --train only the one. */
static int load(const struct context *context, struct csv *test, struct csv *train)
{
	struct csv_error error;
	int r;

	r = csv_load(context->csv, CSV_BYTES_MAX, test, &error);
	if (r >= 0 && context->train)
		r = csv_load(context->train, CSV_BYTES_MAX, train, &error);
	if (r >= 0 && context->train)
		r = csv_arrange(test, train, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

static int print(const struct context *context, const struct backtest *backtest, int format)
{
	int r;

	switch (format) {
	case FORMAT_CSV:
		backtest_csv(context->output, backtest);
		return EXIT_WELL;
	case FORMAT_JSON:
		backtest_json(context->output, backtest);
		return EXIT_WELL;
	default:
		r = backtest_table(context->output, backtest);
		return r < 0 ? log_error_errno(r, "cannot draw a table") : EXIT_WELL;
	}
}

static int backtest_run_command(struct context *context, int argc, char **argv)
{
	CLEANUP(csv_clear) struct csv test = { 0 };
	CLEANUP(csv_clear) struct csv train = { 0 };
	CLEANUP(backtest_clear) struct backtest backtest = { 0 };
	int format, r;

	if (argc > 1)
		return command_usage(&command_backtest,
				     "files are given by --csv and --train: '%s'", argv[1]);
	if (!context->csv)
		return command_usage(&command_backtest, "which file? --csv FILE");
	format = find_format(context);
	if (format < 0 || take_detector(context, &backtest) != EXIT_WELL)
		return EXIT_USAGE;
	r = load(context, &test, &train);
	if (r < 0)
		return r;
	backtest.test = &test;
	backtest.train = context->train ? &train : &test;
	r = backtest_run(&backtest);
	if (r == -ENODATA)
		log_error("%s: expected more rows to learn from, found %zu", backtest.train->path,
			  backtest.train->n_rows);
	else if (r < 0)
		(void)log_error_errno(r, "cannot judge %s", test.path);
	return r < 0 ? r : print(context, &backtest, format);
}

const struct command command_backtest = {
	.name = "backtest",
	.usage = "--csv FILE [--train FILE] [--detector NAME] [--seed N] [--format FORMAT]",
	.summary = "what the detector would have said of samples from a file",
	.details =
		"Learns from the rows of one file and judges those of another, in their order. A "
		"file is CSV, plain\nor gzip's: a header with the names of at most 64 metrics, "
		"then a row a sample; an empty field or\nnan was not measured. A first column "
		"'time' or 'timestamp' is only told again. Both files have the\nsame columns, in "
		"any order. Without --train it learns from the rows that it judges.\n"
		"Exits with 0 if it could judge, with 3 if a file is not as it should be; then "
		"nothing is printed.\n\n"
		"  selfhealctl backtest --csv today.csv.gz --train last-week.csv.gz\n"
		"  selfhealctl backtest --csv x.csv --detector forest --format csv >scores.csv\n",
	.accepts = ACCEPTS_CSV | ACCEPTS_TRAIN | ACCEPTS_DETECTOR | ACCEPTS_SEED | ACCEPTS_FORMAT |
		   ACCEPTS_JSON,
	.run = backtest_run_command,
};
