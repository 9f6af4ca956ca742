/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options: what they take, what they refuse, how files add up, and that they are documented. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/config.h"
#include "record/record.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define CONF	      "packaging/conf/selfhealed.conf"
#define MANUAL	      "packaging/man/selfhealed.conf.5"

#define ALL_BUT_CPU ((UINT32_C(1) << FAULT_CLASS_CPU) - 1)

static bool is_same(const struct budget *a, const struct budget *b)
{
	return a->per_hour == b->per_hour && a->per_day == b->per_day &&
	       a->down_s_per_day == b->down_s_per_day;
}

static bool ladder_is_same(const struct ladder *a, const struct ladder *b)
{
	return a->n == b->n && memcmp(a->rung, b->rung, a->n) == 0;
}

static bool config_is_same(const struct config *a, const struct config *b)
{
	return a->mode == b->mode && a->heal_on == b->heal_on && a->notify_on == b->notify_on &&
	       ladder_is_same(&a->ladder, &b->ladder) &&
	       is_same(&a->unit_budget, &b->unit_budget) &&
	       is_same(&a->host_budget, &b->host_budget) &&
	       is_same(&a->unit_statistics_budget, &b->unit_statistics_budget) &&
	       is_same(&a->host_statistics_budget, &b->host_statistics_budget) &&
	       a->boot_blackout_ms == b->boot_blackout_ms &&
	       a->change_blackout_ms == b->change_blackout_ms &&
	       a->storm.n_units == b->storm.n_units && a->storm.share >= b->storm.share &&
	       a->storm.share <= b->storm.share && a->cooldown_ms == b->cooldown_ms &&
	       a->learn_s == b->learn_s && a->trust_s == b->trust_s &&
	       a->notices_per_day == b->notices_per_day && a->max_size_bytes == b->max_size_bytes;
}

static int load(struct scratch *scratch, const char *text, struct config *config,
		struct ini_error *error)
{
	return config_load_file(scratch_write(scratch, "selfhealed.conf", text), config, error);
}

Test(config, defaults_are_those_of_the_manual)
{
	struct config config;

	config_defaults(&config);
	cr_assert(eq(int, config.mode, MODE_MOCK));
	cr_assert(eq(u32, config.heal_on, ALL_BUT_CPU));
	cr_assert(eq(u32, config.unit_budget.per_hour, 3));
	cr_assert(eq(u32, config.unit_budget.per_day, 6));
	cr_assert(eq(u32, config.host_budget.per_hour, 10));
	cr_assert(eq(u32, config.host_budget.per_day, UINT32_MAX));
	cr_assert(eq(u32, config.ladder.n, 3));
	cr_assert(eq(int, config.ladder.rung[0], ACTION_RESTART));
	cr_assert(eq(int, config.ladder.rung[1], ACTION_RESTART));
	cr_assert(eq(int, config.ladder.rung[2], ACTION_NOTIFY));
	cr_assert(eq(u32, config.notify_on,
		     1 << OCCASION_FAILED | 1 << OCCASION_REFUSED | 1 << OCCASION_APPROVAL));
	cr_assert(eq(u32, config.unit_budget.down_s_per_day, UINT32_MAX));
	cr_assert(eq(u64, config.boot_blackout_ms, MINUTES(5)));
	cr_assert(eq(u64, config.change_blackout_ms, MINUTES(5)));
	cr_assert(eq(u32, config.storm.n_units, 3));
	cr_assert(eq(dbl, config.storm.share, 0.2));
	cr_assert(eq(u64, config.cooldown_ms, MINUTES(1)));
	cr_assert(eq(u32, config.learn_s, 600));
	cr_assert(eq(u32, config.trust_s, 86400));
	cr_assert(eq(u32, config.notices_per_day, 10));
	cr_assert(eq(u64, config.max_size_bytes, UINT64_C(256) << 20));
}

Test(config, every_option_is_read)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct config config;
	int r;

	config_defaults(&config);
	r = load(&scratch,
		 "[Healing]\nMode=enforce\nHealOn=cpu  memory\nUnitBudget=2/d\n"
		 "HostBudget=0/h 7/d 300s/d\nCooldown=1h 30min\n"
		 "Ladder=reload notify\nNotifyOn=healed\nChangeBlackout=0\nStormBrake=5 50%\n"
		 "[X-Other]\nWhatever=1\n"
		 "[Judge]\nLearnSec=30\nTrustSec=1h\nNoticesPerDay=0\n[Store]\nMaxSize=1.5G\n",
		 &config, &error);
	cr_assert(eq(int, r, 0), "%s", error.text);
	cr_assert(eq(int, config.mode, MODE_ENFORCE));
	cr_assert(eq(u32, config.heal_on, 1 << FAULT_CLASS_CPU | 1 << FAULT_CLASS_MEMORY));
	cr_assert(eq(u32, config.unit_budget.per_hour, UINT32_MAX));
	cr_assert(eq(u32, config.unit_budget.per_day, 2));
	cr_assert(eq(u32, config.host_budget.per_hour, 0));
	cr_assert(eq(u32, config.host_budget.per_day, 7));
	cr_assert(eq(u32, config.host_budget.down_s_per_day, 300));
	cr_assert(eq(u32, config.ladder.n, 2));
	cr_assert(eq(int, config.ladder.rung[0], ACTION_RELOAD));
	cr_assert(eq(u32, config.notify_on, 1 << OCCASION_HEALED));
	cr_assert(zero(int, (int)config.change_blackout_ms));
	cr_assert(eq(u32, config.storm.n_units, 5));
	cr_assert(eq(dbl, config.storm.share, 0.5));
	cr_assert(eq(u64, config.cooldown_ms, MINUTES(90)));
	cr_assert(eq(u32, config.learn_s, 30));
	cr_assert(eq(u32, config.trust_s, 3600));
	cr_assert(eq(u32, config.notices_per_day, 0));
	cr_assert(eq(u64, config.max_size_bytes, UINT64_C(3) << 29));
}

Test(config, a_list_of_classes_replaces_the_one_before)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct config config;

	config_defaults(&config);
	cr_assert(eq(int, load(&scratch, "[Healing]\nHealOn=cpu\n", &config, &error), 0));
	cr_assert(eq(u32, config.heal_on, 1 << FAULT_CLASS_CPU));
	cr_assert(eq(int, load(&scratch, "[Healing]\nHealOn=\n", &config, &error), 0));
	cr_assert(eq(u32, config.heal_on, 0), "empty is none");
}

Test(config, a_bad_line_is_named_and_nothing_of_its_file_counts)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "Mode=mock\n",
		  ":1: 'Mode=' before any section; expected one of: [Healing], [Judge], [Store]" },
		{ "[Heling]\nMode=mock\n",
		  ":2: unknown section [Heling]; expected one of: [Healing], [Judge], [Store]" },
		{ "[Judge]\nLearnSec=60\nMode=mock\n",
		  ":3: unknown key 'Mode' in [Judge]; expected one of: LearnSec, TrustSec, "
		  "NoticesPerDay" },
		{ "[Store]\nmaxsize=1G\n",
		  ":2: unknown key 'maxsize' in [Store]; expected one of: MaxSize" },
		{ "[Healing]\nCooldown=1h\nMode=Enforce\n",
		  ":3: Mode= is 'Enforce'; expected observe, mock or enforce" },
		{ "[Healing]\nMode=\n", ":2: Mode= is ''; expected observe, mock or enforce" },
		{ "[Healing]\nHealOn=memory,cpu\n",
		  ":2: HealOn= is 'memory,cpu'; expected words out of: memory fds threads latency "
		  "errors hang crash cpu" },
		{ "[Healing]\nHealOn=memory averyverylongwordindeed\n",
		  ":2: HealOn= is 'memory averyverylongwordindeed'; expected words out of: memory "
		  "fds threads latency errors hang crash cpu" },
		{ "[Healing]\nLadder=\n",
		  ":2: Ladder= is ''; expected at most 8 words out of: reload restart "
		  "restart-dependents notify" },
		{ "[Healing]\nNotifyOn=always\n",
		  ":2: NotifyOn= is 'always'; expected words out of: failed refused approval "
		  "healed" },
		{ "[Healing]\nChangeBlackout=2d\n",
		  ":2: ChangeBlackout= is '2d'; expected a span of at most 1d, such as '5min'" },
		{ "[Judge]\nLearnSec=29\n",
		  ":2: LearnSec= is '29'; expected a span of whole seconds from 30 to 7d" },
		{ "[Judge]\nLearnSec=30.5s\n",
		  ":2: LearnSec= is '30.5s'; expected a span of whole seconds from 30 to 7d" },
		{ "[Judge]\nTrustSec=1year\n",
		  ":2: TrustSec= is '1year'; expected a span of whole seconds, at most 365d" },
		{ "[Judge]\nNoticesPerDay=-1\n",
		  ":2: NoticesPerDay= is '-1'; expected a number, at most 10000" },
		{ "[Judge]\nNoticesPerDay=4294967296\n",
		  ":2: NoticesPerDay= is '4294967296'; expected a number, at most 10000" },
		{ "[Healing]\nCooldown=soon\x1b\n",
		  ":2: Cooldown= is 'soon\\x1b'; expected a span of at most 30d, such as '5min' or "
		  "'1h 30min'" },
		{ "[Store]\nMaxSize=7M\n",
		  ":2: MaxSize= is '7M'; expected a size from 8M to 1T, such as '256M'" },
		{ "[Store]\nMaxSize=2T\n",
		  ":2: MaxSize= is '2T'; expected a size from 8M to 1T, such as '256M'" },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct config config, defaults;

	config_defaults(&config);
	config_defaults(&defaults);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct ini_error error = { "" };
		char expected[600];

		cr_expect(eq(int, load(&scratch, cases[i].text, &config, &error), -EINVAL), "%s",
			  cases[i].text);
		(void)snprintf(expected, sizeof(expected), "%s%s", scratch.path, cases[i].error);
		cr_expect(eq(str, error.text, expected));
		cr_expect(config_is_same(&config, &defaults), "unchanged");
	}
}

static bool is_refused(struct scratch *scratch, const char *key, const char *value)
{
	struct ini_error error;
	struct config config;
	char text[96];

	config_defaults(&config);
	(void)snprintf(text, sizeof(text), "[Healing]\n%s=%s\n", key, value);
	return load(scratch, text, &config, &error) == -EINVAL;
}

Test(config, budgets_say_how_many_in_which_window)
{
	static const char *const bad[] = {
		"",	 "3",	   "3/",     "/h",   "3/m",	"3/h 4/h",	"3/h,6/d", "-3/h",
		"3.5/h", "1001/h", "3/hour", "3 /h", "3/h six", "4294967298/h", "0x3/h"
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct config config;

	config_defaults(&config);
	for (size_t i = 0; i < LENGTH(bad); i++)
		cr_expect(is_refused(&scratch, "UnitBudget", bad[i]), "%s", bad[i]);
	cr_assert(
		eq(int, load(&scratch, "[Healing]\nUnitBudget=1000/d\t0/h\n", &config, &error), 0));
	cr_assert(eq(u32, config.unit_budget.per_hour, 0));
	cr_assert(eq(u32, config.unit_budget.per_day, 1000));
}

Test(config, the_storm_brake_is_a_number_and_a_share_or_off)
{
	static const char *const bad[] = { "",	    "3",       "20%",	"1 20%",   "1001 20%",
					   "3 0%",  "3 101%",  "3 -1%", "3 20% 4", "3,20%",
					   "never", "3.5 20%", "off 3", "-3 20%" };
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct config config;

	config_defaults(&config);
	for (size_t i = 0; i < LENGTH(bad); i++)
		cr_expect(is_refused(&scratch, "StormBrake", bad[i]), "%s", bad[i]);
	cr_assert(zero(int, load(&scratch, "[Healing]\nStormBrake=2 1\n", &config, &error)));
	cr_assert(eq(u32, config.storm.n_units, 2));
	cr_assert(eq(dbl, config.storm.share, 1));
	cr_assert(zero(int, load(&scratch, "[Healing]\nStormBrake=off\n", &config, &error)));
	cr_assert(zero(int, (int)config.storm.n_units));
}

Test(config, an_empty_list_of_occasions_is_never)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;
	struct config config;

	config_defaults(&config);
	cr_assert(zero(int, load(&scratch, "[Healing]\nNotifyOn=\n", &config, &error)));
	cr_assert(zero(int, (int)config.notify_on));
	cr_assert(eq(str, (char *)occasion_word(OCCASION_N), "unknown"));
}

Test(config, what_a_unit_says_goes_before_the_hosts_word_but_for_a_host_that_only_observes)
{
	struct unit_status status = { 0 };
	struct config config;

	config_defaults(&config);
	cr_assert(eq(int, config_mode(&config, &status), MODE_MOCK));
	cr_assert(eq(u32, config_heal_on(&config, &status), ALL_BUT_CPU));
	cr_assert(eq(ptr, (void *)config_ladder(&config, &status), &config.ladder));
	cr_assert(eq(ptr, (void *)config_unit_budget(&config, &status), &config.unit_budget));
	cr_assert(eq(u64, config_cooldown_ms(&config, &status), MINUTES(1)));

	status.terms = (struct terms) { .says = (1u << TERM_N) - 1,
					.mode = MODE_ENFORCE,
					.heal_on = 1 << FAULT_CLASS_CPU,
					.cooldown_ms = 7 };
	cr_assert(eq(int, config_mode(&config, &status), MODE_ENFORCE));
	cr_assert(eq(u32, config_heal_on(&config, &status), 1 << FAULT_CLASS_CPU));
	cr_assert(eq(ptr, (void *)config_ladder(&config, &status), &status.terms.ladder));
	cr_assert(eq(ptr, (void *)config_unit_budget(&config, &status), &status.terms.unit_budget));
	cr_assert(eq(u64, config_cooldown_ms(&config, &status), 7));

	config.mode = MODE_OBSERVE;
	cr_assert(eq(int, config_mode(&config, &status), MODE_OBSERVE));
	config.mode = MODE_ENFORCE;
	status.terms.mode = MODE_APPROVE;
	cr_assert(eq(int, config_mode(&config, &status), MODE_APPROVE));
	status.flags = UNIT_POLICY_BROKEN;
	cr_assert(eq(int, config_mode(&config, &status), MODE_OBSERVE));
}

struct told {
	char text[512];
};

static void take_told(const char *key, const struct ini_line *line, void *userdata)
{
	struct told *told = userdata;
	size_t length = strlen(told->text);

	(void)snprintf(told->text + length, sizeof(told->text) - length, "%s:%u=%s ", key,
		       line->number, line->value);
}

Test(config, who_asks_is_told_of_each_line_that_counts)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct told told = { "" };
	struct ini_error error = { "" };
	struct config config;
	const char *path = scratch_write(&scratch, "selfhealed.conf",
					 "[X-Other]\nMode=x\n[Healing]\nMode=mock\n\nMode=enforce\n"
					 "[Judge]\nLearnSec=60\n");

	config_defaults(&config);
	cr_assert(zero(int, config_load_file_told(path, take_told, &told, &config, &error)));
	cr_assert(eq(str, told.text, "Mode:4=mock Mode:6=enforce LearnSec:8=60 "));
}

Test(config, the_admins_files_win_over_the_vendors)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	char vendor[128], admin[128];
	struct config config;

	(void)snprintf(vendor, sizeof(vendor), "%s/vendor", scratch.folder);
	(void)snprintf(admin, sizeof(admin), "%s/admin", scratch.folder);
	config_defaults(&config);
	cr_assert(eq(int, config_load_installed(vendor, admin, &config, &error), 0),
		  "no file at all is the defaults");
	cr_assert(eq(int, config.mode, MODE_MOCK));

	(void)scratch_write(&scratch, "vendor/selfhealed.conf",
			    "[Healing]\nMode=observe\nCooldown=1min\n[Judge]\nLearnSec=40\n");
	(void)scratch_write(&scratch, "admin/selfhealed.conf", "[Healing]\nMode=enforce\n");
	cr_assert(eq(int, config_load_installed(vendor, admin, &config, &error), 0));
	cr_assert(eq(int, config.mode, MODE_ENFORCE));
	cr_assert(eq(u64, config.cooldown_ms, MINUTES(1)), "what the admin left is the vendor's");

	/* Drop-ins of either side come after both files. */
	(void)scratch_write(&scratch, "vendor/selfhealed.conf.d/10.conf", "[Judge]\nLearnSec=50\n");
	(void)scratch_write(&scratch, "vendor/selfhealed.conf.d/20.conf", "[Judge]\nTrustSec=50\n");
	(void)scratch_write(&scratch, "vendor/selfhealed.conf.d/30.conf",
			    "[Healing]\nMode=observe\n");
	(void)scratch_write(&scratch, "admin/selfhealed.conf.d/20.conf", "[Judge]\nTrustSec=60\n");
	(void)scratch_link(&scratch, "admin/selfhealed.conf.d/30.conf", "/dev/null");
	(void)scratch_write(&scratch, "admin/selfhealed.conf.d/40.conf", "[Store]\nMaxSize=9M\n");
	cr_assert(eq(int, config_load_installed(vendor, admin, &config, &error), 0));
	cr_assert(eq(int, config.mode, MODE_ENFORCE), "the hidden drop-in is hidden");
	cr_assert(eq(u32, config.learn_s, 50));
	cr_assert(eq(u32, config.trust_s, 60));
	cr_assert(eq(u64, config.max_size_bytes, UINT64_C(9) << 20));
}

Test(config, one_bad_file_of_many_leaves_all_as_it_was)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct config config;
	char expected[600];

	config_defaults(&config);
	(void)scratch_write(&scratch, "selfhealed.conf", "[Healing]\nMode=enforce\n");
	(void)scratch_write(&scratch, "selfhealed.conf.d/x.conf", "[Healing]\nMode=maybe\n");
	(void)snprintf(expected, sizeof(expected),
		       "%s:2: Mode= is 'maybe'; expected observe, mock or enforce", scratch.path);
	cr_assert(eq(int, config_load_installed("/nowhere", scratch.folder, &config, &error),
		     -EINVAL));
	cr_assert(eq(str, error.text, expected));
	cr_assert(eq(int, config.mode, MODE_MOCK));

	(void)remove(scratch.path);
	(void)scratch_link(&scratch, "selfhealed.conf.d/x.conf", "gone");
	cr_assert(eq(int, config_load_installed("/nowhere", scratch.folder, &config, &error),
		     -ENOENT),
		  "a drop-in that leads nowhere is no missing file");
	cr_assert(ne(ptr, strstr(error.text, "x.conf: cannot be read: "), NULL));
}

/* ---- what is shipped --------------------------------------------------------- */

static char *read_shipped(const char *path)
{
	char *text = calloc(1, INI_SIZE_MAX);
	FILE *file = fopen(path, "re");

	cr_assert(ne(ptr, file, NULL), "%s: run this from the root of the checkout", path);
	cr_assert(gt(sz, fread(text, 1, INI_SIZE_MAX - 1, file), 0));
	(void)fclose(file);
	return text;
}

/* Makes "\n# " a blank, so that wrapped help reads on. */
static void unwrap(char *text)
{
	for (char *at = text; (at = strstr(at, "\n# ")) != NULL;) {
		*at = ' ';
		memmove(at + 1, at + 3, strlen(at + 3) + 1);
	}
}

/* Takes the '#' off every "#Key=value". */
static void uncomment(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++)
		if (!(*in == '#' && in[1] >= 'A' && in[1] <= 'Z'))
			*out++ = *in;
	*out = '\0';
}

Test(config, the_shipped_file_shows_every_option_with_its_default_and_help)
{
	CLEANUP(cleanup_free) char *text = read_shipped(CONF);
	struct option_text option;
	size_t n_shown = 0, n = 0;
	char line[256];

	unwrap(text);
	for (; config_option(n, &option) >= 0; n++) {
		(void)snprintf(line, sizeof(line), "\n#%s=%s\n", option.key, option.initial);
		cr_expect(ne(ptr, strstr(text, line), NULL), "%s", line);
		cr_expect(ne(ptr, strstr(text, option.help), NULL), "%s: %s", option.key,
			  option.help);
	}
	for (const char *at = text; (at = strchr(at, '=')) != NULL; at++)
		n_shown++;
	cr_assert(eq(sz, n_shown, n), "and no other");
}

Test(config, the_shipped_file_changes_nothing_as_it_is_or_uncommented)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(cleanup_free) char *text = read_shipped(CONF);
	struct ini_error error = { "" };
	struct config config, defaults;
	int r;

	config_defaults(&defaults);
	config_defaults(&config);
	r = config_load_file(CONF, &config, &error);
	cr_assert(eq(int, r, 0), "%s", error.text);
	cr_assert(config_is_same(&config, &defaults));

	uncomment(text);
	memset(&config, 0, sizeof(config));
	r = load(&scratch, text, &config, &error);
	cr_assert(eq(int, r, 0), "%s", error.text);
	cr_assert(config_is_same(&config, &defaults));
}

Test(config, the_manual_lists_every_option_with_its_default)
{
	CLEANUP(cleanup_free) char *text = read_shipped(MANUAL);
	struct option_text option;
	char item[128];
	const char *at, *end, *initial;

	for (size_t i = 0; config_option(i, &option) >= 0; i++) {
		(void)snprintf(item, sizeof(item), "\n.It Va %s Ns =\n", option.key);
		at = strstr(text, item);
		cr_assert(ne(ptr, (void *)at, NULL), "%s", option.key);
		if (strcmp(option.key, "HealOn") == 0)
			continue; /* said in words there */
		end = strstr(at + 1, "\n.It");
		initial = strstr(at, option.initial);
		cr_expect(initial && (!end || initial < end), "%s: %s", option.key, option.initial);
	}
}
