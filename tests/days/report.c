/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds trials up by kind, and prints them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "tests/days/report.h"

#define ANSWERS_MAX 4096 /* of one fault and kind: more seeds than anybody waits for */

/* Health of one kind, or of all (kind NULL), over all seeds. */
struct health_sum {
	double days_early, days_later, notices_early, notices_later, sick, alarmed_days;
};

static struct health_sum sum_health(const struct report *report, const struct kind *kind)
{
	struct health_sum sum = { 0 };

	for (size_t i = 0; i < report->n; i++) {
		const struct result *result = &report->result[i];

		if (kind && report->trial[i].kind != kind)
			continue;
		sum.days_early += result->days_early;
		sum.days_later += result->days_later;
		sum.notices_early += result->notices_early;
		sum.notices_later += result->notices_later;
		sum.sick += result->sick;
		sum.alarmed_days += result->alarm_share * (result->days_early + result->days_later);
	}
	return sum;
}

static double per(double n, double days)
{
	return days > 0 ? n / days : 0;
}

/* ---- delays ------------------------------------------------------------------- */

enum told { TOLD_SHOWN, TOLD_NOTED, TOLD_SICK, TOLD_LEFT, TOLD_N };

static const char *const told_words[TOLD_N] = { "shown", "noted", "sick", "left" };

struct found {
	size_t n, n_places;
	double median_s; /* of the delay */
	double after_s;	 /* the median of how long after the journal noted it */
};

static double answer_s(const struct answer *answer, enum told told)
{
	switch (told) {
	case TOLD_SHOWN:
		return answer->shown_s;
	case TOLD_NOTED:
		return answer->noted_s;
	case TOLD_SICK:
		return answer->sick_s;
	default:
		return answer->left_s;
	}
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double median(double *values, size_t n)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof(values[0]), by_size);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static struct found sum_found(const struct report *report, const struct kind *kind,
			      enum fault fault, enum told told)
{
	static double delay_s[ANSWERS_MAX], after_s[ANSWERS_MAX];
	struct found found = { 0 };

	for (size_t i = 0; i < report->n; i++)
		for (size_t place = 0; place < PLACES_N && report->trial[i].kind == kind; place++) {
			const struct answer *answer = &report->result[i].answer[fault][place];
			double s = answer_s(answer, told);

			found.n_places++;
			if (s < 0 || found.n == ANSWERS_MAX)
				continue;
			delay_s[found.n] = s;
			after_s[found.n++] = s - answer->noted_s;
		}
	found.median_s = median(delay_s, found.n);
	found.after_s = median(after_s, found.n);
	return found;
}

static bool meets_bar(const struct found *found, enum fault fault, const struct kind *kind,
		      enum told told)
{
	if (told == TOLD_SHOWN || told == TOLD_LEFT || !fault_has_bar(fault, kind))
		return true;
	if (told == TOLD_SICK)
		return found->after_s <= FAULT_BAR_SICK_S;
	return (double)found->n >= fault_table[fault].bar_share * (double)found->n_places &&
	       found->median_s <= fault_bar_s(fault, kind);
}

/* Was it tried, and is there anything of it to see? */
static bool is_asked(const struct report *report, enum fault fault, const struct kind *kind)
{
	return (report->faults & (1u << fault)) && fault_is_visible(fault, kind);
}

/* ---- the table ------------------------------------------------------------------ */

static bool has_kind(const struct report *report, const struct kind *kind)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->trial[i].kind == kind)
			return true;
	return false;
}

static void print_health(const char *name, const struct health_sum *sum)
{
	double days = sum->days_early + sum->days_later;
	double early = per(sum->notices_early, sum->days_early);
	double later = per(sum->notices_later, sum->days_later);
	double sick = 100 * per(sum->sick, days);

	(void)printf("%-10s %9.1f %9.2f%c %9.2f%c %9.1f%c %9.1f%%\n", name, days, early,
		     early > BAR_NOTICES_EARLY ? '!' : ' ', later,
		     later > BAR_NOTICES_LATER ? '!' : ' ', sick, sick > BAR_SICK ? '!' : ' ',
		     100 * per(sum->alarmed_days, days));
}

static void print_all_health(const struct report *report)
{
	struct health_sum sum;

	(void)printf("%-10s %9s %10s %10s %10s %10s\n", "in health", "unit-days", "notices/d,",
		     "of later", "sick per", "time not");
	(void)printf("%-10s %9s %10s %10s %10s %10s\n", "", "", "first day", "days", "100 days",
		     "healthy");
	(void)printf("%-10s %9s %9.2f  %9.2f  %9.1f\n", "bar", "", BAR_NOTICES_EARLY,
		     BAR_NOTICES_LATER, BAR_SICK);
	for (size_t i = 0; i < KINDS_N; i++) {
		if (!has_kind(report, &kind_table[i]))
			continue;
		sum = sum_health(report, &kind_table[i]);
		print_health(kind_table[i].name, &sum);
	}
	sum = sum_health(report, NULL);
	print_health("all", &sum);
}

static void print_found(const struct report *report, enum fault fault, enum told told)
{
	for (size_t i = 0; i < KINDS_N; i++) {
		const struct kind *kind = &kind_table[i];
		struct found found;
		char mark;

		if (!has_kind(report, kind))
			continue;
		if (!is_asked(report, fault, kind)) {
			(void)printf("  %16s", "- ");
			continue;
		}
		found = sum_found(report, kind, fault, told);
		mark = meets_bar(&found, fault, kind, told) ? ' ' : '!';
		if (found.n > 0)
			(void)printf("  %3zu/%zu %6.0f s%c", found.n, found.n_places,
				     found.median_s, mark);
		else
			(void)printf("  %3d/%zu %8s%c", 0, found.n_places, "", mark);
	}
	(void)printf("\n");
}

static void print_faults(const struct report *report)
{
	(void)printf("\n%-12s %-11s %-5s", "in trouble", "bar", "");
	for (size_t i = 0; i < KINDS_N; i++)
		if (has_kind(report, &kind_table[i]))
			(void)printf("  %15s ", kind_table[i].name);
	(void)printf("\n");
	for (enum fault fault = 0; fault < FAULT_N; fault++) {
		const struct fault_info *info = &fault_table[fault];

		if (!(report->faults & (1u << fault)))
			continue;
		for (enum told told = 0; told < TOLD_N; told++) {
			if (told == TOLD_LEFT && fault != FAULT_LEAK_LIMIT)
				continue; /* no other is about a limit */
			(void)printf("%-12s ", told == TOLD_SHOWN ? info->name : "");
			if (told == TOLD_NOTED && info->bar_share > 0)
				(void)printf("%3.0f%% %3.0f s ", 100 * info->bar_share,
					     info->bar_s);
			else
				(void)printf("%11s", "");
			(void)printf(" %-5s", told_words[told]);
			print_found(report, fault, told);
		}
	}
}

/* ---- what each part is worth --------------------------------------------------- */

/* The judge without a part of it; PART_N: whole. */
struct lesser {
	const char *name;
	enum part only; /* all that speaks */
	bool harms;	/* each excess is sick */
};

static bool is_found(const struct answer *answer, enum part only)
{
	return only == PART_N ? answer->noted_s >= 0 : answer->part_s[only] >= 0;
}

static size_t count_found(const struct report *report, enum fault fault, enum part only)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		for (size_t place = 0;
		     place < PLACES_N && is_asked(report, fault, report->trial[i].kind); place++)
			n += is_found(&report->result[i].answer[fault][place], only);
	return n;
}

static void print_lesser(const struct report *report, const struct lesser *lesser)
{
	double early = 0, later = 0, sick = 0, days_early = 0, days_later = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct result *result = &report->result[i];
		bool is_whole = lesser->only == PART_N;

		days_early += result->days_early;
		days_later += result->days_later;
		early += is_whole ? result->notices_early : result->part_early[lesser->only];
		later += is_whole ? result->notices_later : result->part_later[lesser->only];
		sick += lesser->harms ? result->harmless : result->sick;
	}
	(void)printf("%-15s %9.2f %9.2f %9.1f  ", lesser->name, per(early, days_early),
		     per(later, days_later), 100 * per(sick, days_early + days_later));
	for (enum fault fault = 0; fault < FAULT_N; fault++)
		if (report->faults & (1u << fault))
			(void)printf(" %10zu", count_found(report, fault, lesser->only));
	(void)printf("\n");
}

static void print_parts(const struct report *report)
{
	static const struct lesser lessers[] = {
		{ "whole", PART_N, false },
		{ "without forest", PART_TAILS, false },
		{ "without tails", PART_FOREST, false },
		{ "without harm", PART_N, true },
	};

	(void)printf("\n%-15s %9s %9s %9s  ", "noted by", "first day", "later", "sick/100");
	for (enum fault fault = 0; fault < FAULT_N; fault++)
		if (report->faults & (1u << fault))
			(void)printf(" %10s", fault_table[fault].name);
	(void)printf("\n");
	for (size_t i = 0; i < sizeof(lessers) / sizeof(lessers[0]); i++)
		print_lesser(report, &lessers[i]);
}

void report_print(const struct report *report)
{
	print_all_health(report);
	if (!report->faults)
		return;
	print_faults(report);
	print_parts(report);
}

/* ---- JSON ------------------------------------------------------------------------- */

static void json_answers(struct json *json, const struct result *result, enum fault fault)
{
	json_key(json, fault_table[fault].name);
	json_begin(json, '[');
	for (size_t place = 0; place < PLACES_N; place++) {
		json_separate(json);
		json_begin(json, '{');
		for (enum told told = 0; told < TOLD_N; told++) {
			double s = answer_s(&result->answer[fault][place], told);

			if (s >= 0)
				json_real(json, told_words[told], s);
			else
				json_null(json, told_words[told]);
		}
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void json_trial(struct json *json, const struct report *report, size_t i)
{
	const struct trial *trial = &report->trial[i];
	const struct result *result = &report->result[i];

	json_separate(json);
	json_begin(json, '{');
	json_text(json, "kind", trial->kind->name);
	json_number(json, "seed", trial->seed);
	json_number(json, "hours", trial->hours);
	json_number(json, "notices_first_day", result->notices_early);
	json_number(json, "notices_later", result->notices_later);
	json_number(json, "sick", result->sick);
	json_real(json, "not_healthy_share", result->alarm_share);
	json_key(json, "delays_s");
	json_begin(json, '{');
	for (enum fault fault = 0; fault < FAULT_N; fault++)
		if (is_asked(report, fault, trial->kind))
			json_answers(json, result, fault);
	json_end(json, '}');
	json_end(json, '}');
}

void report_print_json(const struct report *report)
{
	struct json json = { .out = stdout };

	json_begin(&json, '[');
	for (size_t i = 0; i < report->n; i++)
		json_trial(&json, report, i);
	json_end(&json, ']');
	(void)printf("\n");
}
