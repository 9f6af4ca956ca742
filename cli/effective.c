/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's options, the unit's classes, and its own files: read once more, and each line remembered. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/effective.h"
#include "record/names.h"

/* ---- the host ---------------------------------------------------------------------- */

static const struct {
	const char *key;
	enum term term; /* TERM_N: of the host alone */
} host_keys[] = {
	{ "Mode", TERM_MODE },
	{ "HealOn", TERM_HEAL_ON },
	{ "Ladder", TERM_LADDER },
	{ "UnitBudget", TERM_UNIT_BUDGET },
	{ "UnitStatisticsBudget", TERM_N },
	{ "Cooldown", TERM_COOLDOWN },
};
#define HOST_KEYS_N (sizeof(host_keys) / sizeof(host_keys[0]))

/* Reading goes on behind one thing, with all that it fills. */
struct reading {
	struct effective *effective;
	struct ini_error *error;
	const char *unit; /* whose classes */
	struct terms own, dropped_in;
};

static void take_option(const char *key, const struct ini_line *line, void *userdata)
{
	struct effective *effective = userdata;

	for (size_t i = 0; i < HOST_KEYS_N; i++)
		if (strcmp(host_keys[i].key, key) == 0)
			origin_set(host_keys[i].term == TERM_N
					   ? effective->statistics
					   : effective->host.from[host_keys[i].term],
				   line);
}

static int read_config(const char *path, void *userdata)
{
	struct reading *reading = userdata;
	int r;

	r = config_load_file_told(path, take_option, reading->effective,
				  &reading->effective->config, reading->error);
	return r == -ENOENT ? ini_fail_errno(path, r, reading->error) : r;
}

/* ---- its classes -------------------------------------------------------------------- */

static void add_class(struct effective *effective, const char *name)
{
	size_t length = strlen(effective->classes);

	if (text_format(effective->classes + length, sizeof(effective->classes) - length, "%s%s",
			length ? " " : "", name) < 0)
		effective->classes[length] = '\0';
}

static int read_class(const char *path, void *userdata)
{
	struct reading *reading = userdata;
	struct effective *effective = reading->effective;
	struct origins origins = { 0 };
	struct unit_class class;
	int r;

	r = class_load_told(path, origins_take, &origins, &class, reading->error);
	if (r < 0)
		return r == -ENOENT ? ini_fail_errno(path, r, reading->error) : r;
	if (!class_has(&class, reading->unit))
		return 0;
	add_class(effective, class.name);
	origins_overlay(&effective->unit, &origins, &class.terms);
	if (terms_overlay(&effective->status.terms, &class.terms) < 0)
		effective->is_cut = true;
	return 0;
}

/* ---- itself ---------------------------------------------------------------------------- */

/* One that cannot be read is passed over, as by the daemon, and so is where its lines stand. */
static int read_unit_file(const char *path, bool is_drop_in, void *userdata)
{
	struct reading *reading = userdata;
	struct effective *effective = reading->effective;
	struct origins origins = effective->unit;
	struct ini_error error = { "" };

	if (unitfile_load_told(path, origins_take, &origins,
			       is_drop_in ? &reading->dropped_in : &reading->own, &error) >= 0) {
		effective->unit = origins;
		return 0;
	}
	effective->status.flags |= UNIT_POLICY_BROKEN;
	if (effective->broken.text[0])
		return 0;
	effective->broken = error;
	(void)text_format(effective->broken_at, sizeof(effective->broken_at), "%.*s",
			  (int)(strstr(error.text, ": ") - error.text), error.text);
	return 0;
}

static void lay_own(struct effective *effective, const struct terms *own)
{
	if (terms_overlay(&effective->status.terms, own) < 0)
		effective->is_cut = true;
	if (terms_say(own, TERM_MODE))
		effective->mode_by = LAYER_UNIT;
	else if (own->resets & (1u << TERM_MODE))
		effective->mode_by = LAYER_HOST;
}

static void read_unit(const struct host_service *service, struct reading *reading)
{
	struct effective *effective = reading->effective;

	if (terms_say(&effective->status.terms, TERM_MODE))
		effective->mode_by = LAYER_CLASS;
	if (host_files(service, read_unit_file, reading) < 0 || service->policy_broken)
		effective->status.flags |= UNIT_POLICY_BROKEN;
	lay_own(effective, &reading->own);
	lay_own(effective, &reading->dropped_in);
	if ((effective->status.flags & UNIT_POLICY_BROKEN) && !effective->broken.text[0])
		(void)text_format(effective->broken.text, sizeof(effective->broken.text),
				  "%s has more drop-ins, or longer paths, than are looked at",
				  service->status.name);
}

int effective_read(const struct host_service *service, struct effective *ret,
		   struct ini_error *error)
{
	struct reading reading = {
		.effective = ret,
		.error = error,
		.unit = service->status.name,
	};
	int r;

	*ret = (struct effective) { .status = service->status };
	config_defaults(&ret->config);
	r = config_files(config_vendor_dir(), NAME_CONFIG_DIR, read_config, &reading, error);
	if (r >= 0)
		r = classes_files(read_class, &reading, error);
	if (r < 0)
		return r;
	read_unit(service, &reading);
	return 0;
}

/* ---- line by line ---------------------------------------------------------------------- */

/* What holds where nothing is said of it, or nothing at all. */
static const struct {
	const char *key;
	enum term term;	    /* TERM_N: UnitStatisticsBudget= */
	const char *unsaid; /* NULL: the host has a value for all */
} lines[] = {
	{ "Mode", TERM_MODE, NULL },
	{ "HealOn", TERM_HEAL_ON, NULL },
	{ "Ladder", TERM_LADDER, NULL },
	{ "UnitBudget", TERM_UNIT_BUDGET, NULL },
	{ "UnitStatisticsBudget", TERM_N, NULL },
	{ "Cooldown", TERM_COOLDOWN, NULL },
	{ "Window", TERM_WINDOW, "at any time" },
	{ "For", TERM_FOR, "as each rule says" },
	{ "DependsOn", TERM_DEPENDS_ON, "none" },
	{ "Ignore", TERM_IGNORE, "none" },
	{ "Limits", TERM_LIMITS, "none" },
};

/* What holds, by the functions that the policy asks. */
static struct terms terms_that_hold(const struct effective *effective)
{
	const struct config *config = &effective->config;
	const struct unit_status *status = &effective->status;
	struct terms terms = status->terms;

	terms.mode = config_mode(config, status);
	terms.heal_on = config_heal_on(config, status);
	terms.ladder = *config_ladder(config, status);
	terms.unit_budget = *config_unit_budget(config, status);
	terms.cooldown_ms = config_cooldown_ms(config, status);
	return terms;
}

static const char *from_of(const struct effective *effective, enum term term)
{
	bool is_host_ceiling = term == TERM_MODE && effective->config.mode == MODE_OBSERVE;

	if (is_host_ceiling)
		return effective->host.from[term];
	if (term == TERM_MODE && (effective->status.flags & UNIT_POLICY_BROKEN))
		return effective->broken_at;
	return terms_say(&effective->status.terms, term) ? effective->unit.from[term]
							 : effective->host.from[term];
}

int effective_line(const struct effective *effective, size_t index, struct effective_line *ret)
{
	struct terms terms = terms_that_hold(effective);
	enum term term;

	if (index >= sizeof(lines) / sizeof(lines[0]))
		return -ENOENT;
	term = lines[index].term;
	*ret = (struct effective_line) { .key = lines[index].key, .is_said = true };
	if (term == TERM_N) {
		terms.unit_budget = effective->config.unit_statistics_budget;
		(void)terms_text(ret->value, sizeof(ret->value), &terms, TERM_UNIT_BUDGET);
		ret->from = effective->statistics;
		return 0;
	}
	ret->from = from_of(effective, term);
	ret->is_said = !lines[index].unsaid || terms_say(&effective->status.terms, term);
	if (ret->is_said)
		(void)terms_text(ret->value, sizeof(ret->value), &terms, term);
	else
		(void)text_format(ret->value, sizeof(ret->value), "%s", lines[index].unsaid);
	if (!ret->value[0]) /* HealOn= of the host may be empty */
		(void)text_format(ret->value, sizeof(ret->value), "none");
	return 0;
}
