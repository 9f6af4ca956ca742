/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of options, and the files that set them. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/config.h"
#include "record/names.h"
#include "record/record.h"
#include "record/value.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MEBIBYTES(n)  ((uint64_t)(n) << 20)

enum mode config_mode(const struct config *config, const struct unit_status *status)
{
	if (config->mode == MODE_OBSERVE || (status->flags & UNIT_POLICY_BROKEN))
		return MODE_OBSERVE;
	return terms_say(&status->terms, TERM_MODE) ? status->terms.mode : config->mode;
}

uint32_t config_heal_on(const struct config *config, const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_HEAL_ON) ? status->terms.heal_on : config->heal_on;
}

const struct ladder *config_ladder(const struct config *config, const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_LADDER) ? &status->terms.ladder : &config->ladder;
}

const struct budget *config_unit_budget(const struct config *config,
					const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_UNIT_BUDGET) ? &status->terms.unit_budget
							   : &config->unit_budget;
}

uint64_t config_cooldown_ms(const struct config *config, const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_COOLDOWN) ? status->terms.cooldown_ms
							: config->cooldown_ms;
}

static const char *const occasion_words[OCCASION_N] = {
	[OCCASION_FAILED] = "failed",
	[OCCASION_REFUSED] = "refused",
	[OCCASION_APPROVAL] = "approval",
	[OCCASION_HEALED] = "healed",
};

const char *occasion_word(enum occasion occasion)
{
	return (size_t)occasion < OCCASION_N ? occasion_words[occasion] : "unknown";
}

/* One option. `parse` reads a value into the field at `offset`; values outside least to most are as
 * wrong as those that cannot be read. */
struct option {
	struct option_text text;
	const char *expected; /* ends "...; expected " */
	int (*parse)(const struct option *option, const char *value, void *field);
	size_t offset;
	uint64_t least, most;
};

/* ---- values ------------------------------------------------------------------ */

static int parse_mode(const struct option *option, const char *value, void *field)
{
	enum mode mode;

	(void)option;
	if (mode_from_word(value, &mode) < 0 || mode == MODE_APPROVE)
		return -EINVAL;
	*(enum mode *)field = mode;
	return 0;
}

static int parse_classes(const struct option *option, const char *value, void *field)
{
	(void)option;
	return value_classes(value, field);
}

static int parse_budget(const struct option *option, const char *value, void *field)
{
	(void)option;
	return value_budget(value, field);
}

static int parse_ladder(const struct option *option, const char *value, void *field)
{
	(void)option;
	return value_ladder(value, field);
}

static int parse_occasions(const struct option *option, const char *value, void *field)
{
	uint32_t occasions = 0;
	char word[16];
	size_t i;
	int r;

	(void)option;
	while ((r = value_word(&value, word, sizeof(word))) > 0) {
		for (i = 0; i < OCCASION_N && strcmp(occasion_words[i], word) != 0; i++)
			;
		if (i == OCCASION_N)
			return -EINVAL;
		occasions |= UINT32_C(1) << i;
	}
	if (r < 0)
		return r;
	*(uint32_t *)field = occasions;
	return 0;
}

/* "3 20%", or "off". */
static int parse_storm(const struct option *option, const char *value, void *field)
{
	struct storm_brake storm = { 0 };
	char word[16];
	uint64_t n;

	if (strcmp(value, "off") != 0) {
		if (value_word(&value, word, sizeof(word)) <= 0 || text_parse_u64(word, &n) < 0 ||
		    n < option->least || n > option->most)
			return -EINVAL;
		storm.n_units = (uint32_t)n;
		if (value_word(&value, word, sizeof(word)) <= 0 ||
		    text_parse_number(word, &storm.share) < 0 || storm.share <= 0 ||
		    storm.share > 1 || value_word(&value, word, sizeof(word)) != 0)
			return -EINVAL;
	}
	*(struct storm_brake *)field = storm;
	return 0;
}

static int parse_span_ms(const struct option *option, const char *value, void *field)
{
	return value_span_ms(value, option->least, option->most, field);
}

static int parse_span_s(const struct option *option, const char *value, void *field)
{
	return value_span_s(value, option->least, option->most, field);
}

static int parse_count(const struct option *option, const char *value, void *field)
{
	uint64_t count;
	int r;

	r = text_parse_u64(value, &count);
	if (r < 0)
		return r;
	if (count < option->least || count > option->most)
		return -ERANGE;
	*(uint32_t *)field = (uint32_t)count;
	return 0;
}

static int parse_size(const struct option *option, const char *value, void *field)
{
	uint64_t bytes;
	int r;

	r = text_parse_size(value, &bytes);
	if (r < 0)
		return r;
	if (bytes < option->least || bytes > option->most)
		return -ERANGE;
	*(uint64_t *)field = bytes;
	return 0;
}

/* ---- the table --------------------------------------------------------------- */

static const struct option options[] = {
	{ .text = { "Healing", "Mode", "mock",
		    "observe: only look; mock: every step but the last call; enforce: heal for "
		    "real." },
	  .expected = "observe, mock or enforce",
	  .parse = parse_mode,
	  .offset = offsetof(struct config, mode) },
	{ .text = { "Healing", "HealOn", "memory fds threads latency errors hang crash",
		    "The kinds of trouble that may be healed. A list replaces the one before; an "
		    "empty one means none. Not in it by default: cpu, which is CPU time that hurts "
		    "nobody." },
	  .expected = VALUE_CLASSES_EXPECTED,
	  .parse = parse_classes,
	  .offset = offsetof(struct config, heal_on) },
	{ .text = { "Healing", "Ladder", "restart restart notify",
		    "What is tried when a unit is sick, one after the other: reload, restart, "
		    "restart-dependents (it, then what talks to it), notify. After the last one "
		    "nothing more is done until the trouble is over." },
	  .expected = VALUE_LADDER_EXPECTED,
	  .parse = parse_ladder,
	  .offset = offsetof(struct config, ladder) },
	{ .text = { "Healing", "NotifyOn", "failed refused approval",
		    "When people are told, by starting selfheal-notify@INCIDENT.service: a heal "
		    "failed, was refused, waits for approval; healed tells of each success too. "
		    "An empty list means never." },
	  .expected = "words out of: failed refused approval healed",
	  .parse = parse_occasions,
	  .offset = offsetof(struct config, notify_on) },
	{ .text = { "Healing", "UnitBudget", "3/h 6/d",
		    "Restarts that one unit may get in any hour (h) and in any day (d), and how "
		    "long they may take it down in any day (300s/d). What is not named is not "
		    "limited." },
	  .expected = VALUE_BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, unit_budget) },
	{ .text = { "Healing", "HostBudget", "10/h", "The same over all units of this host." },
	  .expected = VALUE_BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, host_budget) },
	{ .text = { "Healing", "UnitStatisticsBudget", "1/h 2/d",
		    "Of UnitBudget, what may be spent on trouble that only statistics tell of: "
		    "growth and CPU, and not a failed unit, an OOM kill or a hang." },
	  .expected = VALUE_BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, unit_statistics_budget) },
	{ .text = { "Healing", "HostStatisticsBudget", "2/h", "The same of HostBudget." },
	  .expected = VALUE_BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, host_statistics_budget) },
	{ .text = { "Healing", "BootBlackout", "5min",
		    "After the host's start nothing is healed for so long: then all start at once, "
		    "wait for each other, and get well by themselves." },
	  .expected = "a span of at most 1d, such as '5min'",
	  .parse = parse_span_ms,
	  .offset = offsetof(struct config, boot_blackout_ms),
	  .most = DAYS(1) },
	{ .text = { "Healing", "ChangeBlackout", "5min",
		    "After a unit's files or its program changed that unit is not healed for so "
		    "long, and nothing is while packages are installed: whoever does that is "
		    "not done yet." },
	  .expected = "a span of at most 1d, such as '5min'",
	  .parse = parse_span_ms,
	  .offset = offsetof(struct config, change_blackout_ms),
	  .most = DAYS(1) },
	{ .text = { "Healing", "StormBrake", "3 20%",
		    "So many units, or such a share of all services (but two at least), sick "
		    "within a minute: then it is the host, and nothing is healed until one heal "
		    "has been tried, and proven. What is sick because another unit is counts "
		    "once. off: there is no brake." },
	  .expected = "a number from 2 to 1000 and a share, such as '3 20%', or off",
	  .parse = parse_storm,
	  .offset = offsetof(struct config, storm),
	  .least = 2,
	  .most = 1000 },
	{ .text = { "Healing", "Cooldown", "60s",
		    "A unit that is up is not healed sooner than this after it was last started, "
		    "nor sooner than three times what its starts take; and none sooner than this "
		    "after its last heal. Doubled by each heal that did not help." },
	  .expected = "a span of at most 30d, such as '5min' or '1h 30min'",
	  .parse = parse_span_ms,
	  .offset = offsetof(struct config, cooldown_ms),
	  .most = DAYS(30) },
	{ .text = { "Judge", "LearnSec", "600",
		    "Healthy time that is learnt of a unit before statistics speak about it. "
		    "Facts, such as a failed unit, speak from the start." },
	  .expected = "a span of whole seconds from 30 to 7d",
	  .parse = parse_span_s,
	  .offset = offsetof(struct config, learn_s),
	  .least = SECONDS(30),
	  .most = DAYS(7) },
	{ .text = { "Judge", "TrustSec", "86400",
		    "Healthy time after which what was learnt of a unit is trusted in full. "
		    "Until then trouble that only statistics tell of must last longer before it "
		    "is noted, and longer still before a heal; 0 trusts at once." },
	  .expected = "a span of whole seconds, at most 365d",
	  .parse = parse_span_s,
	  .offset = offsetof(struct config, trust_s),
	  .most = DAYS(365) },
	{ .text = { "Judge", "NoticesPerDay", "10",
		    "Notices about units that are unusual, but not sick, that this host may log "
		    "in any 24 hours: the rarest." },
	  .expected = "a number, at most 10000",
	  .parse = parse_count,
	  .offset = offsetof(struct config, notices_per_day),
	  .most = CONFIG_NOTICES_MAX },
	/* 8M: the write-ahead log may take 2.5M of it; the rest is some two days of 50 units. */
	{ .text = { "Store", "MaxSize", "256M",
		    "Size that the database of the past may have; the oldest samples go first." },
	  .expected = "a size from 8M to 1T, such as '256M'",
	  .parse = parse_size,
	  .offset = offsetof(struct config, max_size_bytes),
	  .least = MEBIBYTES(8),
	  .most = MEBIBYTES(1024) * 1024 },
};

int config_option(size_t index, struct option_text *ret)
{
	if (index >= LENGTH(options))
		return -ENOENT;
	*ret = options[index].text;
	return 0;
}

static int option_set(const struct option *option, const char *value, struct config *config)
{
	return option->parse(option, value, (char *)config + option->offset);
}

void config_defaults(struct config *config)
{
	int r;

	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < LENGTH(options); i++) {
		r = option_set(&options[i], options[i].text.initial, config);
		assert(r >= 0);
		(void)r;
	}
}

/* ---- the files --------------------------------------------------------------- */

/* "Mode, HealOn, ..." of a section; or, for NULL, "[Healing], [Judge], ...". */
static void list_expected(const char *section, char *buffer, size_t size)
{
	const char *last = "";
	size_t at = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < LENGTH(options) && at < size; i++) {
		const struct option_text *text = &options[i].text;

		if (section ? strcmp(text->section, section) != 0
			    : strcmp(text->section, last) == 0)
			continue;
		at += (size_t)snprintf(buffer + at, size - at, section ? "%s%s" : "%s[%s]",
				       *buffer ? ", " : "", section ? text->key : text->section);
		last = text->section;
	}
}

struct reading {
	struct config config;
	config_told *told; /* NULL: nobody asks */
	void *userdata;
};

static int set_option(const struct option *option, const struct ini_line *line,
		      struct reading *reading, struct ini_error *error)
{
	if (option_set(option, line->value, &reading->config) < 0)
		return ini_fail(line, error, "%s= is '%s'; expected %s", line->key, line->value,
				option->expected);
	if (reading->told)
		reading->told(option->text.key, line, reading->userdata);
	return 0;
}

static int set_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	bool section_is_known = false;
	char expected[256];

	if (strncmp(line->section, "X-", 2) == 0)
		return 0; /* somebody else's, as in unit files */
	for (size_t i = 0; i < LENGTH(options); i++) {
		if (strcmp(line->section, options[i].text.section) != 0)
			continue;
		section_is_known = true;
		if (strcmp(line->key, options[i].text.key) == 0)
			return set_option(&options[i], line, userdata, error);
	}

	list_expected(section_is_known ? line->section : NULL, expected, sizeof(expected));
	if (section_is_known)
		return ini_fail(line, error, "unknown key '%s' in [%s]; expected one of: %s",
				line->key, line->section, expected);
	if (!*line->section)
		return ini_fail(line, error, "'%s=' before any section; expected one of: %s",
				line->key, expected);
	return ini_fail(line, error, "unknown section [%s]; expected one of: %s", line->section,
			expected);
}

int config_load_file_told(const char *path, config_told *told, void *userdata,
			  struct config *config, struct ini_error *error)
{
	struct reading reading = { .config = *config, .told = told, .userdata = userdata };
	int r;

	r = ini_load(path, set_line, &reading, error);
	if (r < 0)
		return r;
	*config = reading.config;
	return 0;
}

int config_load_file(const char *path, struct config *config, struct ini_error *error)
{
	return config_load_file_told(path, NULL, NULL, config, error);
}

static int main_file(const char *folder, int (*visit)(const char *path, void *userdata),
		     void *userdata, struct ini_error *error)
{
	char path[PATH_MAX];
	int r;

	r = text_format(path, sizeof(path), "%s/" NAME_CONFIG_FILE, folder);
	if (r < 0)
		return ini_fail_errno(folder, r, error);
	return access(path, F_OK) < 0 && errno == ENOENT ? 0 : visit(path, userdata);
}

static int drop_ins(const char *vendor_dir, const char *config_dir,
		    int (*visit)(const char *path, void *userdata), void *userdata,
		    struct ini_error *error)
{
	char vendor[PATH_MAX], admin[PATH_MAX];
	const char *const folders[] = { admin, vendor };
	int r;

	r = text_format(vendor, sizeof(vendor), "%s/" NAME_CONFIG_DROPINS, vendor_dir);
	if (r < 0)
		return ini_fail_errno(vendor_dir, r, error);
	r = text_format(admin, sizeof(admin), "%s/" NAME_CONFIG_DROPINS, config_dir);
	if (r < 0)
		return ini_fail_errno(config_dir, r, error);
	return ini_drop_ins(folders, LENGTH(folders), "conf", visit, userdata, error);
}

int config_files(const char *vendor_dir, const char *config_dir,
		 int (*visit)(const char *path, void *userdata), void *userdata,
		 struct ini_error *error)
{
	int r;

	r = main_file(vendor_dir, visit, userdata, error);
	if (r < 0)
		return r;
	r = main_file(config_dir, visit, userdata, error);
	if (r < 0)
		return r;
	return drop_ins(vendor_dir, config_dir, visit, userdata, error);
}

struct loading {
	struct config config;
	struct ini_error *error;
};

static int load_one(const char *path, void *userdata)
{
	struct loading *loading = userdata;
	int r;

	r = config_load_file(path, &loading->config, loading->error);
	return r == -ENOENT ? ini_fail_errno(path, r, loading->error) : r;
}

int config_load_installed(const char *vendor_dir, const char *config_dir, struct config *config,
			  struct ini_error *error)
{
	struct loading loading = { .config = *config, .error = error };
	int r;

	r = config_files(vendor_dir, config_dir, load_one, &loading, error);
	if (r < 0)
		return r;
	*config = loading.config;
	return 0;
}

const char *config_vendor_dir(void)
{
	return access(NAME_LOCAL_VENDOR_DIR, F_OK) == 0 ? NAME_LOCAL_VENDOR_DIR : NAME_VENDOR_DIR;
}
