/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the installed files, then the services with theirs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/effective.h"
#include "cli/inspect.h"
#include "cli/inspect_host.h"
#include "record/names.h"
#include "record/rulefile.h"
#include "record/value.h"

/* Beside the inspection, what is known of the services by now. */
struct walk {
	struct inspection *inspection;
	enum file_kind kind;
	struct unit_set known; /* all names of services */
	struct unit_set all,
		able; /* by canonical names: those that are loaded, and that can reload */
	const struct host_service *service; /* whose files are read; NULL: a class */
	bool speaks;			    /* the file that is read has a line of ours */
	char **seen;			    /* unit files, sorted */
	size_t n_seen;
};

static void walk_clear(struct walk *walk)
{
	unit_set_clear(&walk->known);
	unit_set_clear(&walk->all);
	unit_set_clear(&walk->able);
	for (size_t i = 0; i < walk->n_seen; i++)
		free(walk->seen[i]);
	free(walk->seen);
}

void inspection_problem(struct inspection *inspection, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	output_line_of(inspection->output, PAINT_NONE, format, list);
	va_end(list);
	inspection->n_problems++;
}

/* ---- a line --------------------------------------------------------------------------- */

static bool is_known(struct walk *walk, const char *name)
{
	struct host_service service;

	/* Asked for, systemd also knows instances, and units of other types. */
	return unit_set_has(&walk->known, name) ||
	       host_service(walk->inspection->bus, name, &service) < 0 ||
	       strcmp(service.load, "not-found") != 0;
}

static void check_depends_on(struct walk *walk, const struct ini_line *line)
{
	const char *names = line->value;
	char name[UNIT_NAME_SIZE];

	while (value_word(&names, name, sizeof(name)) > 0) {
		if (walk->service && unit_is_called(&walk->service->status, name))
			inspection_problem(walk->inspection,
					   "%s:%u: DependsOn=%s: that is the unit itself",
					   line->file, line->number, name);
		else if (walk->inspection->bus && !is_known(walk, name))
			inspection_problem(walk->inspection,
					   "%s:%u: DependsOn=%s: systemd knows no such unit",
					   line->file, line->number, name);
	}
}

static void check_ladder(struct walk *walk, const struct ini_line *line)
{
	struct ladder ladder;

	if (!walk->service || (walk->service->status.flags & UNIT_CAN_RELOAD) ||
	    value_ladder(line->value, &ladder) < 0)
		return;
	for (uint32_t i = 0; i < ladder.n; i++) {
		if (ladder.rung[i] != ACTION_RELOAD)
			continue;
		inspection_problem(walk->inspection, "%s:%u: Ladder=%s: %s cannot reload",
				   line->file, line->number, line->value,
				   walk->service->status.name);
		return;
	}
}

static void check_limits(struct walk *walk, const struct ini_line *line)
{
	const char *words = line->value;
	struct hand_limit limit;
	char word[128];

	while (walk->inspection->measured && value_word(&words, word, sizeof(word)) > 0)
		if (value_limit(word, &limit) >= 0 &&
		    !(walk->inspection->measured & METRIC_BIT(limit.metric)))
			inspection_problem(walk->inspection,
					   "%s:%u: Limits=%s: %s is not measured on this host",
					   line->file, line->number, word,
					   metric_table[limit.metric].name);
}

/* A unitfile_told. */
static void check_line(enum term term, const struct ini_line *line, void *userdata)
{
	struct walk *walk = userdata;

	walk->speaks = true;
	if (term == TERM_DEPENDS_ON)
		check_depends_on(walk, line);
	else if (term == TERM_LADDER)
		check_ladder(walk, line);
	else if (term == TERM_LIMITS)
		check_limits(walk, line);
}

/* ---- unit files ----------------------------------------------------------------------- */

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A drop-in may belong to many units; the first time only is positive. */
static int first_time(struct walk *walk, const char *path)
{
	char **grown, *copy;

	if (walk->n_seen && bsearch(&path, walk->seen, walk->n_seen, sizeof(*walk->seen), by_text))
		return 0;
	copy = strdup(path);
	grown = reallocarray(walk->seen, walk->n_seen + 1, sizeof(*grown));
	if (grown)
		walk->seen = grown;
	if (!copy || !grown) {
		free(copy);
		return -ENOMEM;
	}
	grown[walk->n_seen++] = copy;
	qsort(grown, walk->n_seen, sizeof(*grown), by_text);
	return 1;
}

static int inspect_unit_file(const char *path, bool is_drop_in, void *userdata)
{
	struct walk *walk = userdata;
	struct ini_error error = { "" };
	struct terms terms = { 0 };
	int r;

	(void)is_drop_in;
	r = first_time(walk, path);
	if (r <= 0)
		return r;
	walk->speaks = false;
	if (unitfile_load_told(path, check_line, walk, &terms, &error) < 0) {
		inspection_problem(walk->inspection, "%s", error.text);
		walk->speaks = true;
	}
	walk->inspection->n_files += walk->speaks;
	return 0;
}

/* The last place of those that a key stands at. */
static void last_place(const char *from, char *ret, size_t size)
{
	size_t length = strlen(from), start;

	if (length > 0)
		length--; /* the newline */
	for (start = length; start > 0 && from[start - 1] != '\n'; start--)
		;
	if (text_format(ret, size, "%.*s", (int)(length - start), from + start) < 0)
		ret[0] = '\0';
}

static bool is_always_open(const struct terms *terms)
{
	for (uint32_t minute = 0; minute < TERMS_WEEK_MIN; minute++)
		if (!terms_are_open(terms, minute))
			return false;
	return true;
}

static bool disturbs(const struct ladder *ladder)
{
	for (uint32_t i = 0; i < ladder->n; i++)
		if (ladder->rung[i] != ACTION_RELOAD && ladder->rung[i] != ACTION_NOTIFY)
			return true;
	return false;
}

static const char *why_no_window(const struct effective *effective)
{
	const struct unit_status *status = &effective->status;

	if (is_always_open(&status->terms))
		return "it is always open";
	if (!disturbs(config_ladder(&effective->config, status)))
		return "nothing in Ladder= disturbs the unit";
	return terms_say(&status->terms, TERM_MODE) && status->terms.mode == MODE_OBSERVE
		       ? "the unit is only observed"
		       : NULL;
}

/* What several lines say together. */
static void inspect_effective(struct walk *walk, const struct host_service *service)
{
	static struct effective effective; /* 100 KiB, and there is one walk */
	struct ini_error error = { "" };
	char place[ORIGIN_SIZE];
	const char *why;

	if (effective_read(service, &effective, &error) < 0)
		return; /* which was said of that very file */
	if (effective.is_cut)
		inspection_problem(walk->inspection,
				   "%s: its files together say more than is kept of Window=, "
				   "DependsOn= or Limits=",
				   service->status.name);
	if (!terms_say(&effective.status.terms, TERM_WINDOW))
		return;
	why = why_no_window(&effective);
	last_place(effective.unit.from[TERM_WINDOW], place, sizeof(place));
	if (why)
		inspection_problem(walk->inspection, "%s: Window= has no effect on %s: %s", place,
				   service->status.name, why);
}

/* An alias comes again under its own name. */
static int inspect_service(struct walk *walk, const char *name)
{
	struct host_service service;
	int r;

	r = host_service(walk->inspection->bus, name, &service);
	if (r < 0)
		return r;
	if (strcmp(service.load, "loaded") != 0 || unit_set_has(&walk->all, service.status.name))
		return 0;
	r = unit_set_add(&walk->all, service.status.name);
	if (r >= 0 && (service.status.flags & UNIT_CAN_RELOAD))
		r = unit_set_add(&walk->able, service.status.name);
	if (r < 0)
		return r;
	walk->service = &service;
	r = host_files(&service, inspect_unit_file, walk);
	walk->service = NULL;
	if (r >= 0 && service.terms.says)
		inspect_effective(walk, &service);
	return r;
}

static int inspect_services(struct walk *walk)
{
	int r;

	r = host_services(walk->inspection->bus, &walk->known);
	if (r < 0)
		return log_error_errno(r, "cannot ask systemd which services there are");
	for (size_t i = 0; i < walk->known.n; i++) {
		r = inspect_service(walk, walk->known.name[i]);
		if (r < 0)
			return log_error_errno(r, "cannot look at %s", walk->known.name[i]);
	}
	/* Those that have an instance are known by now. */
	r = host_templates(walk->inspection->bus, inspect_unit_file, walk);
	return r < 0 ? log_error_errno(r, "cannot look at the templates") : 0;
}

/* ---- classes ---------------------------------------------------------------------------- */

/* An ini_handler of [Match]. */
static int check_globs(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct walk *walk = userdata;
	const char *globs = line->value;
	char glob[UNIT_NAME_SIZE];
	bool matches;

	(void)error;
	while (value_word(&globs, glob, sizeof(glob)) > 0) {
		matches = false;
		for (size_t i = 0; i < walk->all.n && !matches; i++)
			matches = text_glob(glob, walk->all.name[i]);
		if (!matches)
			inspection_problem(walk->inspection, "%s:%u: Unit=%s: no service matches",
					   line->file, line->number, glob);
	}
	return 0;
}

static bool can_reload(const struct walk *walk, const struct unit_class *class)
{
	bool has_any = false;

	for (size_t i = 0; i < walk->able.n; i++)
		if (class_has(class, walk->able.name[i]))
			return true;
	for (size_t i = 0; i < walk->all.n && !has_any; i++)
		has_any = class_has(class, walk->all.name[i]);
	return !has_any;
}

static bool wants_reload(const struct terms *terms)
{
	for (uint32_t i = 0; terms_say(terms, TERM_LADDER) && i < terms->ladder.n; i++)
		if (terms->ladder.rung[i] == ACTION_RELOAD)
			return true;
	return false;
}

static int inspect_class(const char *path, void *userdata)
{
	struct walk *walk = userdata;
	struct ini_error error = { "" };
	struct unit_class class;
	int r;

	r = class_load_told(path, check_line, walk, &class, &error);
	if (r == -ENOENT)
		(void)ini_fail_errno(path, r, &error);
	walk->inspection->n_files++;
	if (r < 0) {
		inspection_problem(walk->inspection, "%s", error.text);
		return 0;
	}
	if (!walk->inspection->bus)
		return 0;
	(void)ini_load_section(path, "Match", check_globs, walk, &error);
	if (wants_reload(&class.terms) && !can_reload(walk, &class))
		inspection_problem(walk->inspection,
				   "%s: Ladder= has reload, but no service of this class can",
				   path);
	return 0;
}

/* ---- all of them -------------------------------------------------------------------------- */

static int inspect_one(const char *path, void *userdata)
{
	struct walk *walk = userdata;
	struct ini_error error = { "" };

	walk->inspection->n_files++;
	if (inspect_file(path, walk->kind, &error) < 0)
		inspection_problem(walk->inspection, "%s", error.text);
	return 0;
}

/* What no file has alone: that there are too many, or none, or a folder that cannot be read. */
static void inspect_together(struct walk *walk)
{
	static struct classes classes; /* too much for a stack, and there is one walk */
	static struct rule rules[RULES_MAX];
	struct ini_error error = { "" };
	size_t n = 0;

	if (walk->inspection->n_problems > 0)
		return; /* it would be the first of these once more */
	if (rules_load_installed(rules, &n, &error) < 0)
		inspection_problem(walk->inspection, "%s", error.text);
	else if (n == 0)
		inspection_problem(walk->inspection,
				   "%s: there is no rule: nothing would ever be called sick",
				   NAME_VENDOR_DIR "/" NAME_RULE_DIR);
	if (classes_load_installed(&classes, &error) < 0)
		inspection_problem(walk->inspection, "%s", error.text);
}

int inspect_host(struct inspection *inspection)
{
	CLEANUP(walk_clear) struct walk walk = { .inspection = inspection };
	struct ini_error error = { "" };
	int r;

	walk.kind = FILE_KIND_CONFIG;
	if (config_files(config_vendor_dir(), NAME_CONFIG_DIR, inspect_one, &walk, &error) < 0)
		inspection_problem(inspection, "%s", error.text);
	walk.kind = FILE_KIND_RULE;
	if (rules_files(inspect_one, &walk, &error) < 0)
		inspection_problem(inspection, "%s", error.text);
	inspect_together(&walk);
	r = inspection->bus ? inspect_services(&walk) : 0;
	if (r >= 0 && classes_files(inspect_class, &walk, &error) < 0)
		inspection_problem(inspection, "%s", error.text);
	return r;
}
