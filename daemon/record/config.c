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

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MEBIBYTES(n)  ((uint64_t)(n) << 20)
#define SPACES	      " \t"

static const char *const mode_words[MODE_N] = {
	[MODE_OBSERVE] = "observe",
	[MODE_MOCK] = "mock",
	[MODE_APPROVE] = "approve",
	[MODE_ENFORCE] = "enforce",
};

const char *mode_word(enum mode mode)
{
	return (size_t)mode < MODE_N ? mode_words[mode] : "unknown";
}

int mode_from_word(const char *word, enum mode *ret)
{
	for (size_t i = 0; i < MODE_N; i++) {
		if (strcmp(mode_words[i], word) != 0)
			continue;
		*ret = (enum mode)i;
		return 0;
	}
	return -ENOENT;
}

enum mode config_mode(const struct config *config, const struct unit_status *status)
{
	if (config->mode == MODE_OBSERVE || (status->flags & UNIT_POLICY_BROKEN))
		return MODE_OBSERVE;
	return status->flags & UNIT_SAYS_MODE ? (enum mode)status->mode : config->mode;
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

/* Take the next word of a list from the front of *list; 0: there is none, -EINVAL: none so long is
 * ever right. */
static int take_word(const char **list, char *ret, size_t size)
{
	const char *word = *list + strspn(*list, SPACES);
	size_t length = strcspn(word, SPACES);

	if (length >= size)
		return -EINVAL;
	*(char *)mempcpy(ret, word, length) = '\0';
	*list = word + length;
	return length > 0;
}

static int parse_classes(const struct option *option, const char *value, void *field)
{
	uint32_t classes = 0;
	enum fault_class class;
	char word[16];
	int r;

	(void)option;
	while ((r = take_word(&value, word, sizeof(word))) > 0) {
		r = fault_class_from_word(word, &class);
		if (r < 0)
			return -EINVAL;
		classes |= UINT32_C(1) << class;
	}
	if (r < 0)
		return r;
	*(uint32_t *)field = classes;
	return 0;
}

/* "3/h": into the window that its letter names, which must not be set yet. */
static int parse_share(const struct option *option, char *word, struct budget *budget)
{
	char *slash = strchr(word, '/');
	uint32_t *window;
	uint64_t count;
	int r;

	if (!slash)
		return -EINVAL;
	*slash = '\0';
	if (strcmp(slash + 1, "h") == 0)
		window = &budget->per_hour;
	else if (strcmp(slash + 1, "d") == 0)
		window = &budget->per_day;
	else
		return -EINVAL;
	r = text_parse_u64(word, &count);
	if (r < 0 || count > option->most || *window != UINT32_MAX)
		return -EINVAL;
	*window = (uint32_t)count;
	return 0;
}

static int parse_budget(const struct option *option, const char *value, void *field)
{
	struct budget budget = { .per_hour = UINT32_MAX, .per_day = UINT32_MAX };
	char word[24];
	int r;

	/* Nothing said would be no limit at all, which nobody asks for by an empty line. */
	if (!*value)
		return -EINVAL;
	while ((r = take_word(&value, word, sizeof(word))) > 0) {
		r = parse_share(option, word, &budget);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*(struct budget *)field = budget;
	return 0;
}

static int parse_span_ms(const struct option *option, const char *value, void *field)
{
	uint64_t ms;
	int r;

	r = text_parse_span(value, &ms);
	if (r < 0)
		return r;
	if (ms < option->least || ms > option->most)
		return -ERANGE;
	*(uint64_t *)field = ms;
	return 0;
}

/* Limits in ms as well; what is no whole second is refused rather than cut. */
static int parse_span_s(const struct option *option, const char *value, void *field)
{
	uint64_t ms;
	int r;

	r = parse_span_ms(option, value, &ms);
	if (r < 0)
		return r;
	if (ms % 1000 != 0)
		return -EINVAL;
	*(uint32_t *)field = (uint32_t)(ms / 1000);
	return 0;
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

#define BUDGET_EXPECTED "restarts in any hour, in any day, or both, each at most 1000: '3/h 6/d'"

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
	  .expected = "words out of: memory fds threads latency errors hang crash cpu",
	  .parse = parse_classes,
	  .offset = offsetof(struct config, heal_on) },
	{ .text = { "Healing", "UnitBudget", "3/h 6/d",
		    "Restarts that one unit may get in any hour (h) and in any day (d). A window "
		    "that is not named is not limited." },
	  .expected = BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, unit_budget),
	  .most = 1000 },
	{ .text = { "Healing", "HostBudget", "10/h", "The same over all units of this host." },
	  .expected = BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, host_budget),
	  .most = 1000 },
	{ .text = { "Healing", "UnitStatisticsBudget", "1/h 2/d",
		    "Of UnitBudget, what may be spent on trouble that only statistics tell of: "
		    "growth and CPU, and not a failed unit, an OOM kill or a hang." },
	  .expected = BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, unit_statistics_budget),
	  .most = 1000 },
	{ .text = { "Healing", "HostStatisticsBudget", "2/h", "The same of HostBudget." },
	  .expected = BUDGET_EXPECTED,
	  .parse = parse_budget,
	  .offset = offsetof(struct config, host_statistics_budget),
	  .most = 1000 },
	{ .text = { "Healing", "BootBlackout", "5min",
		    "After the host's start nothing is healed for so long: then all start at once, "
		    "wait for each other, and get well by themselves." },
	  .expected = "a span of at most 1d, such as '5min'",
	  .parse = parse_span_ms,
	  .offset = offsetof(struct config, boot_blackout_ms),
	  .most = DAYS(1) },
	{ .text = { "Healing", "Cooldown", "5min", "Least time between two heals of one unit." },
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

static int set_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	bool section_is_known = false;
	char expected[256];
	int r;

	if (strncmp(line->section, "X-", 2) == 0)
		return 0; /* somebody else's, as in unit files */
	for (size_t i = 0; i < LENGTH(options); i++) {
		if (strcmp(line->section, options[i].text.section) != 0)
			continue;
		section_is_known = true;
		if (strcmp(line->key, options[i].text.key) != 0)
			continue;
		r = option_set(&options[i], line->value, userdata);
		return r < 0 ? ini_fail(line, error, "%s= is '%s'; expected %s", line->key,
					line->value, options[i].expected)
			     : 0;
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

int config_load_file(const char *path, struct config *config, struct ini_error *error)
{
	struct config changed = *config;
	int r;

	r = ini_load(path, set_line, &changed, error);
	if (r < 0)
		return r;
	*config = changed;
	return 0;
}

struct loading {
	struct config config;
	struct ini_error *error;
};

static int load_drop_in(const char *path, void *userdata)
{
	struct loading *loading = userdata;
	int r;

	r = config_load_file(path, &loading->config, loading->error);
	return r == -ENOENT ? ini_fail_errno(path, r, loading->error) : r;
}

static int load_main(const char *folder, struct loading *loading)
{
	char path[PATH_MAX];
	int r;

	r = text_format(path, sizeof(path), "%s/" NAME_CONFIG_FILE, folder);
	if (r < 0)
		return ini_fail_errno(folder, r, loading->error);
	r = config_load_file(path, &loading->config, loading->error);
	return r == -ENOENT ? 0 : r;
}

static int load_drop_ins(const char *vendor_dir, const char *config_dir, struct loading *loading)
{
	char vendor[PATH_MAX], admin[PATH_MAX];
	const char *const folders[] = { admin, vendor };
	int r;

	r = text_format(vendor, sizeof(vendor), "%s/" NAME_CONFIG_DROPINS, vendor_dir);
	if (r < 0)
		return ini_fail_errno(vendor_dir, r, loading->error);
	r = text_format(admin, sizeof(admin), "%s/" NAME_CONFIG_DROPINS, config_dir);
	if (r < 0)
		return ini_fail_errno(config_dir, r, loading->error);
	return ini_drop_ins(folders, LENGTH(folders), "conf", load_drop_in, loading,
			    loading->error);
}

const char *config_vendor_dir(void)
{
	return access(NAME_LOCAL_VENDOR_DIR, F_OK) == 0 ? NAME_LOCAL_VENDOR_DIR : NAME_VENDOR_DIR;
}

int config_load_installed(const char *vendor_dir, const char *config_dir, struct config *config,
			  struct ini_error *error)
{
	struct loading loading = { .config = *config, .error = error };
	int r;

	r = load_main(vendor_dir, &loading);
	if (r < 0)
		return r;
	r = load_main(config_dir, &loading);
	if (r < 0)
		return r;
	r = load_drop_ins(vendor_dir, config_dir, &loading);
	if (r < 0)
		return r;
	*config = loading.config;
	return 0;
}
