/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: what they may say, what is refused, and that the shipped ones are right. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/rulefile.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define SHIPPED	      "packaging/conf/rules.d"
#define MANUAL	      "packaging/man/selfheal.rule.5"

static int load(struct scratch *scratch, const char *text, struct rule *rule,
		struct ini_error *error)
{
	return rule_load(scratch_write(scratch, "a-rule.rule", text), rule, error);
}

Test(rulefile, a_rule_is_read_whole)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct rule rule;
	int r;

	r = load(&scratch,
		 "# why\n[Rule]\nDescription=memory grows\nClass=memory\n"
		 "Need=rss.ratio > 1.3\nNeed=rss.beyond>=64M\nNeed = cpu.deviation < -4\n"
		 "Need=psi_io_full.value <= 40%\nNeed=rss.rising_s >= 20\n"
		 "Need=oom_kills.recent > 0\nNeed=score >= 1\nNeed=failed < 1\n"
		 "For=1min 5s\nAction=restart\n[X-Mine]\nNote=1\n",
		 &rule, &error);
	cr_assert(eq(int, r, 0), "%s", error.text);
	cr_assert(eq(str, rule.name, "a-rule"));
	cr_assert(eq(str, rule.description, "memory grows"));
	cr_assert(eq(int, rule.class, FAULT_CLASS_MEMORY));
	cr_assert(eq(int, rule.action, ACTION_RESTART));
	cr_assert(eq(u32, rule.for_s, 65));

	static const struct need needs[] = {
		{ ASPECT_RATIO, METRIC_RSS, RELATION_ABOVE, 1.3 },
		{ ASPECT_BEYOND, METRIC_RSS, RELATION_AT_LEAST, 64.0 * 1024 * 1024 },
		{ ASPECT_DEVIATION, METRIC_CPU, RELATION_BELOW, -4 },
		{ ASPECT_VALUE, METRIC_PSI_IO_FULL, RELATION_AT_MOST, 0.4 },
		{ ASPECT_RISING_S, METRIC_RSS, RELATION_AT_LEAST, 20 },
		{ ASPECT_RECENT, METRIC_OOM_KILLS, RELATION_ABOVE, 0 },
		{ ASPECT_SCORE, METRIC_N, RELATION_AT_LEAST, 1 },
		{ ASPECT_FAILED, METRIC_N, RELATION_BELOW, 1 },
	};
	cr_assert(eq(u32, rule.n_needs, LENGTH(needs)));
	for (size_t i = 0; i < LENGTH(needs); i++) {
		cr_expect(eq(int, rule.need[i].aspect, needs[i].aspect), "need %zu", i);
		cr_expect(eq(u32, rule.need[i].metric, needs[i].metric), "need %zu", i);
		cr_expect(eq(int, rule.need[i].relation, needs[i].relation), "need %zu", i);
		cr_expect(eq(dbl, rule.need[i].limit, needs[i].limit), "need %zu", i);
	}
}

#define HEAD "[Rule]\nClass=cpu\nAction=none\n"

static const struct {
	const char *text, *error;
} bad_rules[] = {
	{ "", ": expected Class= in [Rule], found none" },
	{ "[Rule]\nAction=none\nNeed=failed >= 1\n", ": expected Class= in [Rule], found none" },
	{ "[Rule]\nClass=cpu\nNeed=failed >= 1\n", ": expected Action= in [Rule], found none" },
	{ HEAD, ": expected Need= in [Rule], found none" },
	{ "Class=cpu\n", ":1: 'Class=' in section []; expected [Rule]" },
	{ "[Rules]\nClass=cpu\n", ":2: 'Class=' in section [Rules]; expected [Rule]" },
	{ "[Rule]\nClass=cpus\n",
	  ":2: Class= is 'cpus'; expected memory, fds, threads, latency, errors, hang, "
	  "crash or cpu" },
	{ "[Rule]\nAction=reboot\n", ":2: Action= is 'reboot'; expected restart or none" },
	{ "[Rule]\nAction=reload\n", ":2: Action= is 'reload'; expected restart or none" },
	{ "[Rule]\nAction=notify\n", ":2: Action= is 'notify'; expected restart or none" },
	{ "[Rule]\nWhen=now\n",
	  ":2: unknown key 'When'; expected Description, Class, Action, For or Need" },
	{ "[Rule]\nClass=cpu\nClass=fds\n", ":3: expected one Class= only, found a second" },
	{ HEAD "For=a while\nNeed=failed >= 1\n",
	  ":4: For= is 'a while'; expected a span of whole seconds, at most a day, such as "
	  "'20s'" },
	{ HEAD "For=1.5s\n",
	  ":4: For= is '1.5s'; expected a span of whole seconds, at most a day, such as "
	  "'20s'" },
	{ HEAD "For=25h\n",
	  ":4: For= is '25h'; expected a span of whole seconds, at most a day, such as "
	  "'20s'" },
	{ HEAD "Need=\n", ":4: Need= is ''; expected LEFT > NUMBER, with >, >=, < or <=" },
	{ HEAD "Need=failed\n",
	  ":4: Need= is 'failed'; expected LEFT > NUMBER, with >, >=, < or <=" },
	{ HEAD "Need=> 1\n", ":4: Need= is '> 1'; expected LEFT > NUMBER, with >, >=, < or <=" },
	{ HEAD "Need=failed >= \n",
	  ":4: Need= is 'failed >='; expected LEFT > NUMBER, with >, >=, < or <=" },
	{ HEAD "Need=failed = 1\n",
	  ":4: Need= is 'failed = 1'; expected LEFT > NUMBER, with >, >=, < or <=" },
	{ HEAD "Need=failed => 1\n",
	  ":4: unknown fact 'failed ='; expected METRIC.ASPECT, score, failed, "
	  "start_limited, oom_killed or still_s" },
	{ HEAD "Need=failed >> 1\n",
	  ":4: '> 1' is no number; expected one such as 1.3, 40% or 64M" },
	{ HEAD "Need=cpu.ratio > 1.3 > 1\n",
	  ":4: '1.3 > 1' is no number; expected one such as 1.3, 40% or 64M" },
	{ HEAD "Need=cpu.ratio > much\n",
	  ":4: 'much' is no number; expected one such as 1.3, 40% or 64M" },
	{ HEAD "Need=cpu > 1\n",
	  ":4: unknown fact 'cpu'; expected METRIC.ASPECT, score, failed, start_limited, "
	  "oom_killed or still_s" },
	{ HEAD "Need=ratio > 1\n",
	  ":4: unknown fact 'ratio'; expected METRIC.ASPECT, score, failed, start_limited, "
	  "oom_killed or still_s" },
	{ HEAD "Need=cpux.ratio > 1\n",
	  ":4: unknown metric 'cpux'; expected one of those in selfheal.rule(5)" },
	{ HEAD "Need=\x1b[2J.ratio > 1\n",
	  ":4: unknown metric '\\x1b[2J'; expected one of those in selfheal.rule(5)" },
	{ HEAD "Need=cpu.rate > 1\n",
	  ":4: unknown aspect 'rate'; expected value, ratio, deviation, beyond, rising_s, "
	  "recent, excess, excess_ratio, growth, left_s, apart, over, of_accepts or waiting_s" },
	{ HEAD "Need=cpu.failed > 1\n",
	  ":4: unknown aspect 'failed'; expected value, "
	  "ratio, deviation, beyond, rising_s, "
	  "recent, excess, excess_ratio, growth, left_s, apart, over, of_accepts or waiting_s" },
	{ HEAD "Need=rtt.excess > 1\n",
	  ":4: 'rtt': only cpu, rss, threads, descriptors, connections and error_lines are "
	  "held against the unit's work" },
	{ HEAD "Need=cpu.growth > 1\n",
	  ":4: 'cpu.growth': only rss, threads and descriptors have this aspect" },
	{ HEAD "Need=memory.left_s < 900\n",
	  ":4: 'memory.left_s': only rss, threads and descriptors have this aspect" },
	{ HEAD "Need=rtt.apart > 1\n",
	  ":4: 'rtt': only cpu, rss, threads, descriptors, connections and error_lines are "
	  "held against the unit's work" },
	{ HEAD "Need=connections.waiting_s > 1\n",
	  ":4: 'connections.waiting_s': only backlog and unread have this aspect" },
	{ HEAD "Need=cpu.recent > 1\n", ":4: 'cpu.recent': only what is counted has this aspect" },
	{ HEAD "Need=rss.recent > 1\n", ":4: 'rss.recent': only what is counted has this aspect" },
	{ HEAD "Need=cpu.rising_s > 1\n", ":4: 'cpu.rising_s': only a level has this aspect" },
	{ HEAD "Need=forks.rising_s > 1\n", ":4: 'forks.rising_s': only a level has this aspect" },
	{ HEAD "Need=failed>0\nNeed=failed>0\nNeed=failed>0\nNeed=failed>0\n"
	       "Need=failed>0\nNeed=failed>0\nNeed=failed>0\nNeed=failed>0\nNeed=failed>0\n",
	  ":12: expected at most 8 Need= lines" },
};

Test(rulefile, a_bad_rule_is_named_with_what_was_expected)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct rule rule = { .name = "untouched" };

	for (size_t i = 0; i < LENGTH(bad_rules); i++) {
		struct ini_error error = { "" };
		char expected[600];

		cr_expect(eq(int, load(&scratch, bad_rules[i].text, &rule, &error), -EINVAL), "%s",
			  bad_rules[i].text);
		(void)snprintf(expected, sizeof(expected), "%s%s", scratch.path,
			       bad_rules[i].error);
		cr_expect(eq(str, error.text, expected));
	}
	cr_assert(eq(str, rule.name, "untouched"));
}

Test(rulefile, what_is_too_long_is_refused_and_not_cut)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct rule rule;
	char text[512], words[200];

	memset(words, 'x', sizeof(words));
	(void)snprintf(text, sizeof(text), HEAD "Need=failed>0\nDescription=%.127s\n", words);
	cr_assert(eq(int, load(&scratch, text, &rule, &error), 0));
	cr_assert(eq(sz, strlen(rule.description), 127));
	(void)snprintf(text, sizeof(text), HEAD "Need=failed>0\nDescription=%.128s\n", words);
	cr_assert(eq(int, load(&scratch, text, &rule, &error), -EINVAL));
	(void)snprintf(text, sizeof(text), HEAD "Need=%.100s > 1\n", words);
	cr_assert(eq(int, load(&scratch, text, &rule, &error), -EINVAL));
}

Test(rulefile, a_name_needs_no_quotes_anywhere)
{
	static const struct {
		const char *name;
		int r;
	} cases[] = {
		{ "A-1.rule", 0 },
		{ "abcdefghijklmnopqrstuvwxyz-1234.rule", 0 },
		{ "abcdefghijklmnopqrstuvwxyz-12345.rule", -EINVAL },
		{ "a b.rule", -EINVAL },
		{ "a.b.rule", -EINVAL },
		{ "a_b.rule", -EINVAL },
		{ "\xc3\xbc.rule", -EINVAL },
		{ ".rule", -EINVAL },
		{ "a.conf", -EINVAL },
		{ "rule", -EINVAL },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct rule rule;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)scratch_write(&scratch, cases[i].name, HEAD "Need=failed>0\n");
		cr_expect(eq(int, rule_load(scratch.path, &rule, &error), cases[i].r), "%s",
			  cases[i].name);
	}
	error = (struct ini_error) { "untouched" };
	cr_assert(eq(int, rule_load(scratch_path(&scratch, "none.rule"), &rule, &error), -ENOENT));
	cr_assert(eq(str, error.text, "untouched"));
}

Test(rulefile, only_rules_of_facts_alone_are_on_fact)
{
	static const struct {
		const char *needs;
		bool on_fact;
	} cases[] = {
		{ "Need=failed >= 1\n", true },
		{ "Need=start_limited >= 1\nNeed=oom_killed >= 1\n", true },
		{ "Need=restarts.recent >= 4\n", true },
		{ "Need=score > 1\n", false },
		{ "Need=rss.value > 1G\n", false },
		{ "Need=backlog.waiting_s >= 30\n", false },
		{ "Need=still_s >= 30\n", false },
		{ "Need=failed >= 1\nNeed=cpu.deviation > 6\n", false },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct rule rule;
	char text[256];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)snprintf(text, sizeof(text), HEAD "%s", cases[i].needs);
		cr_assert(eq(int, load(&scratch, text, &rule, &error), 0));
		cr_expect(eq(int, rule_is_on_fact(&rule), cases[i].on_fact), "%s", cases[i].needs);
	}
}

Test(rulefile, the_admin_replaces_adds_and_removes_rules_by_name)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	static struct rule rules[RULES_MAX];
	char admin[128], vendor[128];
	const char *const folders[] = { admin, vendor };
	struct ini_error error = { "" };
	size_t n = 0;

	(void)snprintf(admin, sizeof(admin), "%s/admin", scratch.folder);
	(void)snprintf(vendor, sizeof(vendor), "%s/vendor", scratch.folder);
	(void)scratch_write(&scratch, "vendor/b.rule", HEAD "Need=failed>0\nFor=1s\n");
	(void)scratch_write(&scratch, "vendor/c.rule", HEAD "Need=failed>0\n");
	(void)scratch_write(&scratch, "vendor/d.rule", HEAD "Need=failed>0\n");
	(void)scratch_write(&scratch, "admin/a.rule", HEAD "Need=failed>0\n");
	(void)scratch_write(&scratch, "admin/b.rule", HEAD "Need=failed>0\nFor=2s\n");
	(void)scratch_link(&scratch, "admin/c.rule", "/dev/null");
	cr_assert(eq(int, rules_load(folders, 2, rules, &n, &error), 0), "%s", error.text);
	cr_assert(eq(sz, n, 3));
	cr_assert(eq(str, rules[0].name, "a"));
	cr_assert(eq(str, rules[1].name, "b"));
	cr_assert(eq(u32, rules[1].for_s, 2));
	cr_assert(eq(str, rules[2].name, "d"));

	(void)scratch_link(&scratch, "admin/e.rule", "gone");
	cr_assert(eq(int, rules_load(folders, 2, rules, &n, &error), -ENOENT));
	cr_assert(ne(ptr, strstr(error.text, "e.rule: cannot be read: "), NULL));
}

Test(rulefile, there_is_room_for_64_rules_and_the_next_is_refused)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	static struct rule rules[RULES_MAX];
	const char *const folder = scratch.folder;
	struct ini_error error;
	char name[32];
	size_t n = 0;

	for (int i = 0; i < RULES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "r%02d.rule", i);
		(void)scratch_write(&scratch, name, HEAD "Need=failed>0\n");
	}
	cr_assert(eq(int, rules_load(&folder, 1, rules, &n, &error), 0));
	cr_assert(eq(sz, n, RULES_MAX));
	(void)scratch_write(&scratch, "s.rule", HEAD "Need=failed>0\n");
	n = 42;
	cr_assert(eq(int, rules_load(&folder, 1, rules, &n, &error), -EINVAL));
	cr_assert(eq(sz, n, 42));
}

/* ---- what is shipped --------------------------------------------------------- */

Test(rulefile, the_shipped_rules_are_these)
{
	static const struct {
		const char *name;
		enum fault_class class;
		enum action action;
		uint32_t for_s, n_needs;
		bool on_fact;
	} expected[] = {
		{ "account-over-limit", FAULT_CLASS_MEMORY, ACTION_RESTART, 30, 1, true },
		{ "cpu-hurting", FAULT_CLASS_LATENCY, ACTION_RESTART, 0, 4, false },
		{ "cpu-over-limit", FAULT_CLASS_CPU, ACTION_RESTART, 30, 1, true },
		{ "cpu-runaway", FAULT_CLASS_CPU, ACTION_RESTART, 0, 2, false },
		{ "crash-loop", FAULT_CLASS_CRASH, ACTION_NONE, 0, 1, true },
		{ "descriptors-growth", FAULT_CLASS_FDS, ACTION_RESTART, 0, 2, false },
		{ "descriptors-limit", FAULT_CLASS_FDS, ACTION_RESTART, 30, 2, false },
		{ "descriptors-over-limit", FAULT_CLASS_FDS, ACTION_RESTART, 30, 1, true },
		{ "errors-burst", FAULT_CLASS_ERRORS, ACTION_RESTART, 60, 2, false },
		{ "failed", FAULT_CLASS_CRASH, ACTION_RESTART, 5, 1, true },
		{ "hang", FAULT_CLASS_HANG, ACTION_RESTART, 5, 3, false },
		{ "memory-growth", FAULT_CLASS_MEMORY, ACTION_RESTART, 0, 2, false },
		{ "memory-limit", FAULT_CLASS_MEMORY, ACTION_RESTART, 30, 2, false },
		{ "memory-over-limit", FAULT_CLASS_MEMORY, ACTION_RESTART, 30, 1, true },
		{ "oom-kill", FAULT_CLASS_CRASH, ACTION_RESTART, 10, 1, true },
		{ "slow-replies", FAULT_CLASS_LATENCY, ACTION_RESTART, 60, 2, false },
		{ "start-limit", FAULT_CLASS_CRASH, ACTION_RESTART, 5, 1, true },
		{ "threads-growth", FAULT_CLASS_THREADS, ACTION_RESTART, 0, 2, false },
		{ "threads-limit", FAULT_CLASS_THREADS, ACTION_RESTART, 30, 2, false },
		{ "threads-over-limit", FAULT_CLASS_THREADS, ACTION_RESTART, 30, 1, true },
	};
	static struct rule rules[RULES_MAX];
	const char *const folder = SHIPPED;
	struct ini_error error = { "" };
	size_t n = 0;
	int r;

	r = rules_load(&folder, 1, rules, &n, &error);
	cr_assert(eq(int, r, 0), "%s", error.text);
	cr_assert(eq(sz, n, LENGTH(expected)), "run this from the root of the checkout");
	for (size_t i = 0; i < n; i++) {
		cr_expect(eq(str, rules[i].name, (char *)expected[i].name));
		cr_expect(eq(int, rules[i].class, expected[i].class), "%s", rules[i].name);
		cr_expect(eq(int, rules[i].action, expected[i].action), "%s", rules[i].name);
		cr_expect(eq(u32, rules[i].for_s, expected[i].for_s), "%s", rules[i].name);
		cr_expect(eq(u32, rules[i].n_needs, expected[i].n_needs), "%s", rules[i].name);
		cr_expect(eq(int, rule_is_on_fact(&rules[i]), expected[i].on_fact), "%s",
			  rules[i].name);
		cr_expect(gt(sz, strlen(rules[i].description), 0), "%s", rules[i].name);
	}
}

Test(rulefile, the_manual_names_every_metric_aspect_class_and_action)
{
	static const char *const aspects[] = {
		"value",  "ratio",	  "deviation",	   "beyond",	 "rising_s",  "recent",
		"score",  "failed",	  "start_limited", "oom_killed", "waiting_s", "still_s",
		"excess", "excess_ratio", "growth",	   "left_s",	 "apart"
	};
	static char text[64 * 1024];
	FILE *file = fopen(MANUAL, "re");
	char item[256];

	cr_assert(ne(ptr, file, NULL), "run this from the root of the checkout");
	cr_assert(gt(sz, fread(text, 1, sizeof(text) - 1, file), 0));
	(void)fclose(file);
	for (size_t i = 0; i < METRIC_N; i++) {
		(void)snprintf(item, sizeof(item), "\n.It Cm %s\n", metric_table[i].name);
		cr_expect(ne(ptr, strstr(text, item), NULL), "%s", metric_table[i].name);
		(void)snprintf(item, sizeof(item), ": %s\n", metric_table[i].help);
		cr_expect(ne(ptr, strstr(text, item), NULL), "%s", metric_table[i].help);
	}
	for (size_t i = 0; i < LENGTH(aspects); i++) {
		(void)snprintf(item, sizeof(item), "\n.It Cm %s\n", aspects[i]);
		cr_expect(ne(ptr, strstr(text, item), NULL), "%s", aspects[i]);
	}
	for (unsigned int i = 0; i < FAULT_CLASS_N; i++) {
		(void)snprintf(item, sizeof(item), "\n.Cm %s", fault_class_word(i));
		cr_expect(ne(ptr, strstr(text, item), NULL), "%s", fault_class_word(i));
	}
	cr_expect(ne(ptr, strstr(text, "\n.Cm restart"), NULL));
	cr_expect(ne(ptr, strstr(text, "\n.Cm none"), NULL));
}
