/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every value of every enum has a word of its own, and the words that are read lead back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/config.h"
#include "record/record.h"
#include "tests/unit/assertion.h"

/* Typed functions behind one shape, so that all are checked by one loop. */
#define AS_WORDS(function, type)                                                                   \
	static const char *as_##function(unsigned int value)                                       \
	{                                                                                          \
		return function((type)value);                                                      \
	}
AS_WORDS(unit_kind_word, enum unit_kind)
AS_WORDS(unit_active_word, enum unit_active)
AS_WORDS(health_word, enum health)
AS_WORDS(fault_class_word, enum fault_class)
AS_WORDS(action_word, enum action)
AS_WORDS(expert_word, enum expert)
AS_WORDS(why_word, enum why)
AS_WORDS(way_word, enum way)
AS_WORDS(attempt_result_word, enum attempt_result)
AS_WORDS(outcome_word, enum outcome_result)
AS_WORDS(store_state_word, enum store_state)
AS_WORDS(mode_word, enum mode)

static const struct {
	const char *name;
	const char *(*word)(unsigned int value);
	unsigned int n;
} vocabularies[] = {
	{ "unit_kind", as_unit_kind_word, UNIT_KIND_N },
	{ "unit_active", as_unit_active_word, UNIT_ACTIVE_N },
	{ "health", as_health_word, HEALTH_N },
	{ "fault_class", as_fault_class_word, FAULT_CLASS_N },
	{ "action", as_action_word, ACTION_N },
	{ "expert", as_expert_word, EXPERT_N },
	{ "why", as_why_word, WHY_N },
	{ "way", as_way_word, WAY_N },
	{ "attempt_result", as_attempt_result_word, ATTEMPT_RESULT_N },
	{ "outcome", as_outcome_word, OUTCOME_N },
	{ "store_state", as_store_state_word, STORE_STATE_N },
	{ "mode", as_mode_word, MODE_N },
};
#define N_VOCABULARIES (sizeof(vocabularies) / sizeof(vocabularies[0]))

Test(record, every_value_has_one_word_of_its_own)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz-";

	for (size_t v = 0; v < N_VOCABULARIES; v++) {
		for (unsigned int i = 0; i < vocabularies[v].n; i++) {
			const char *word = vocabularies[v].word(i);

			cr_assert(ne(ptr, (void *)word, NULL), "%s %u", vocabularies[v].name, i);
			cr_expect(eq(sz, strspn(word, allowed), strlen(word)), "%s", word);
			cr_expect(gt(sz, strlen(word), 0));
			for (unsigned int j = 0; j < i; j++)
				cr_expect(ne(str, (char *)word, (char *)vocabularies[v].word(j)));
		}
	}
}

Test(record, values_of_a_newer_version_are_unknown_not_a_crash)
{
	for (size_t v = 0; v < N_VOCABULARIES; v++) {
		cr_expect(eq(str, (char *)vocabularies[v].word(vocabularies[v].n), "unknown"));
		cr_expect(eq(str, (char *)vocabularies[v].word(UINT32_MAX), "unknown"));
	}
	cr_expect(gt(sz, strlen(why_sentence((enum why)WHY_N)), 0));
}

Test(record, every_reason_is_a_sentence_for_people)
{
	for (unsigned int i = 0; i < WHY_N; i++) {
		const char *sentence = why_sentence((enum why)i);

		cr_assert(ne(ptr, (void *)sentence, NULL));
		cr_expect(ne(chr, sentence[strlen(sentence) - 1], '.'), "%s", sentence);
		cr_expect(i == WHY_ALLOWED || strchr(sentence, ' '), "%s", sentence);
	}
	cr_expect(eq(str, (char *)why_sentence(WHY_UNIT_BUDGET_SPENT), "its budget is spent"));
}

Test(record, words_lead_back)
{
	enum unit_active active = UNIT_ACTIVE_GONE;
	enum fault_class class = FAULT_CLASS_CPU;
	enum action action = ACTION_NONE;

	for (unsigned int i = 0; i < UNIT_ACTIVE_N; i++) {
		cr_expect(eq(int, unit_active_from_word(unit_active_word(i), &active), 0));
		cr_expect(eq(uint, active, i));
	}
	for (unsigned int i = 0; i < FAULT_CLASS_N; i++) {
		cr_expect(eq(int, fault_class_from_word(fault_class_word(i), &class), 0));
		cr_expect(eq(uint, class, i));
	}
	for (unsigned int i = 0; i < ACTION_N; i++) {
		cr_expect(eq(int, action_from_word(action_word(i), &action), 0));
		cr_expect(eq(uint, action, i));
	}
	cr_expect(eq(int, unit_active_from_word("maintenance", &active), -ENOENT));
	cr_expect(eq(int, fault_class_from_word("", &class), -ENOENT));
	cr_expect(eq(int, fault_class_from_word("Memory", &class), -ENOENT));
	cr_expect(eq(int, action_from_word("reboot", &action), -ENOENT));
	cr_expect(eq(int, action, ACTION_N - 1), "untouched by a failure");
}

Test(record, every_metric_is_described_and_found_by_its_name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char quantities[] = " cores seconds_per_second bytes bytes_per_second count "
					 "per_second ratio seconds errno ";
	enum metric metric;
	char padded[64];

	cr_assert(le(int, METRIC_N, 64), "have masks are 64 bits wide");
	for (unsigned int i = 0; i < METRIC_N; i++) {
		const struct metric_info *info = &metric_table[i];

		cr_assert(ne(ptr, (void *)info->name, NULL), "metric %u", i);
		cr_expect(eq(sz, strspn(info->name, allowed), strlen(info->name)), "%s",
			  info->name);
		(void)snprintf(padded, sizeof(padded), " %s ", info->quantity);
		cr_expect(ne(ptr, strstr(quantities, padded), NULL), "%s", info->quantity);
		cr_expect(gt(sz, strlen(info->help), 0));
		cr_expect(eq(int, metric_from_name(info->name, &metric), 0));
		cr_expect(eq(uint, metric, i));
	}
	cr_expect(eq(int, metric_from_name("", &metric), -ENOENT));
	cr_expect(eq(int, metric_from_name("cpux", &metric), -ENOENT));
}

Test(record, what_was_not_read_is_absent_and_not_zero)
{
	struct sample sample = { 0 };

	cr_assert(not(sample_has(&sample, METRIC_CPU)));
	sample_set(&sample, METRIC_CPU, 0);
	sample_set(&sample, METRIC_RESTARTS, 3);
	sample_set(&sample, METRIC_PSI_IO_FULL, NAN);
	sample_set(&sample, METRIC_RSS, INFINITY);
	cr_assert(sample_has(&sample, METRIC_CPU));
	cr_assert(sample_has(&sample, METRIC_RESTARTS));
	cr_assert(eq(dbl, sample.value[METRIC_RESTARTS], 3));
	cr_assert(not(sample_has(&sample, METRIC_PSI_IO_FULL)), "a share of nothing is no value");
	cr_assert(not(sample_has(&sample, METRIC_RSS)));
}

Test(record, an_invocation_of_zeros_is_none)
{
	struct unit_status status = { 0 };

	cr_assert(not(unit_has_invocation(&status)));
	status.invocation[INVOCATION_SIZE - 1] = 1;
	cr_assert(unit_has_invocation(&status));
}
