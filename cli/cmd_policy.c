/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy: on which terms a unit may be healed, and which line of which file says so. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/candidate.h"
#include "cli/command.h"
#include "cli/effective.h"
#include "cli/rights.h"
#include "cli/view.h"
#include "record/names.h"

#define REASON_SIZE 1024

/* ---- what is looked at ---------------------------------------------------------------- */

enum enrolled { ENROLLED_NO, ENROLLED_YES, ENROLLED_UNKNOWN };

struct found {
	struct host_service service;
	struct effective effective;
	char nature[CANDIDATE_WHY_SIZE]; /* why it is never healed, whoever wants it; "" */
	bool is_paused;
	enum enrolled enrolled;
};

/* A service that systemd can load. */
static int find_service(sd_bus *bus, const char *argument, struct found *found)
{
	char name[UNIT_NAME_SIZE];
	int r;

	if (command_unit_name(argument, name, sizeof(name)) < 0)
		return command_usage(&command_policy, "'%s' is no unit's name", argument);
	r = candidate_is_service(name);
	if (r == -EISDIR)
		return command_usage(&command_policy, "%s is a template: name an instance of it",
				     name);
	if (r < 0)
		return command_usage(&command_policy, "%s: only services are healed", name);
	r = host_service(bus, name, &found->service);
	if (r < 0)
		return log_error_errno(r, "cannot ask systemd about %s", name);
	if (strcmp(found->service.load, "loaded") == 0)
		return EXIT_WELL;
	if (strcmp(found->service.load, "not-found") == 0)
		log_error("%s: there is no such service", name);
	else
		log_error("%s: systemd has not loaded it (%s)", name, found->service.load);
	return EXIT_USAGE;
}

/* By what the daemon last wrote, if it has; the files know nothing of a pause. */
static void find_pause(const struct context *context, struct found *found)
{
	CLEANUP(view_clear) struct view view = { 0 };
	const struct present *present;

	if (!context->reader || view_read(context->output, context->reader, &view) < 0 ||
	    !view.has_keeper)
		return;
	present = view_find(&view, found->service.status.name);
	found->is_paused =
		strcmp(view.keeper.mode, "stopped") == 0 || (present && present->why == WHY_PAUSED);
}

static void find_rights(struct found *found)
{
	CLEANUP(unit_set_clear) struct unit_set enrolled = { 0 };
	bool as_written = false;

	/* The folder is polkit's own: who is not root may not look. */
	if (rights_read(NAME_POLKIT_RULES, &enrolled, &as_written) < 0 || !as_written)
		found->enrolled = ENROLLED_UNKNOWN;
	else
		found->enrolled = unit_set_has(&enrolled, found->service.status.name) ? ENROLLED_YES
										      : ENROLLED_NO;
}

static int find(const struct context *context, const char *argument, struct found *found)
{
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	struct ini_error error = { "" };
	int r;

	r = host_open(&bus);
	if (r < 0)
		return log_error_errno(r, "no system bus, so systemd cannot be asked which files "
					  "the unit has");
	r = find_service(bus, argument, found);
	if (r != EXIT_WELL)
		return r;
	if (!candidate_is_hopeless(&found->service, found->nature, sizeof(found->nature)))
		found->nature[0] = '\0';
	r = effective_read(&found->service, &found->effective, &error);
	if (r < 0) {
		log_error("%s", error.text);
		log_info("until that is mended, a daemon that runs goes by what it read before, "
			 "and none starts");
		return EXIT_SICK;
	}
	find_pause(context, found);
	find_rights(found);
	return EXIT_WELL;
}

/* ---- the mode, and why ------------------------------------------------------------------- */

static const char *first_place(const char *from, char *buffer, size_t size)
{
	if (!*from)
		return "the default";
	(void)text_format(buffer, size, "%.*s", (int)strcspn(from, "\n"), from);
	return buffer;
}

static void say_whose(const struct found *found, char *reason, size_t size)
{
	const struct effective *effective = &found->effective;
	char place[ORIGIN_SIZE];

	switch (effective->mode_by) {
	case LAYER_UNIT:
		(void)text_format(
			reason, size, "it says so itself (%s)",
			first_place(effective->unit.from[TERM_MODE], place, sizeof(place)));
		break;
	case LAYER_CLASS:
		(void)text_format(
			reason, size, "its class does (%s)",
			first_place(effective->unit.from[TERM_MODE], place, sizeof(place)));
		break;
	default:
		(void)text_format(
			reason, size, "it is the host's (%s)",
			first_place(effective->host.from[TERM_MODE], place, sizeof(place)));
		break;
	}
}

/* The highest of what stands above the others. */
static void say_why(const struct found *found, char *reason, size_t size)
{
	const struct effective *effective = &found->effective;
	char place[ORIGIN_SIZE];

	reason[0] = '\0';
	if (found->nature[0])
		(void)text_format(reason, size, "%s", found->nature);
	else if (effective->config.mode == MODE_OBSERVE)
		(void)text_format(
			reason, size, "the host only observes, which goes before all (%s)",
			first_place(effective->host.from[TERM_MODE], place, sizeof(place)));
	else if (effective->broken.text[0])
		(void)text_format(reason, size, "one of its files cannot be read: %s",
				  effective->broken.text);
	else
		say_whose(found, reason, size);
}

static enum mode mode_of(const struct found *found)
{
	return found->nature[0] ? MODE_OBSERVE
				: config_mode(&found->effective.config, &found->effective.status);
}

static bool is_for_real(const struct found *found)
{
	enum mode mode = mode_of(found);

	return mode == MODE_ENFORCE || mode == MODE_APPROVE;
}

/* ---- for people ------------------------------------------------------------------------- */

static void print_head(const struct output *output, const struct found *found)
{
	const struct effective *effective = &found->effective;
	const char *name = found->service.status.name;
	char reason[REASON_SIZE];

	say_why(found, reason, sizeof(reason));
	output_headline(output, effective->broken.text[0] ? PAINT_BAD : PAINT_GOOD, "%s: %s: %s",
			name,
			found->nature[0] ? "only watched, whatever its files say"
					 : mode_word(mode_of(found)),
			reason);
	if (found->is_paused)
		output_field(output, "Paused:", PAINT_NOTICE, "%s", why_sentence(WHY_PAUSED));
	if (effective->classes[0])
		output_field(output, "Classes:", PAINT_NONE, "%s", effective->classes);
	if (effective->is_cut)
		output_field(output, "Cut:", PAINT_BAD, "%s",
			     "one of its lists is longer than is kept, and its end does not count");
	if (!is_for_real(found))
		return;
	if (found->enrolled == ENROLLED_YES)
		output_field(output, "Polkit:", PAINT_NONE, "lets it be restarted: it is enrolled");
	else if (found->enrolled == ENROLLED_NO)
		output_field(output, "Polkit:", PAINT_BAD,
			     "refuses: it is not enrolled; selfhealctl enroll %s", name);
	else
		output_field(output, "Polkit:", PAINT_NONE,
			     "its rules cannot be read here, as root they can");
}

static void add_places(struct table *table, const char *from)
{
	char places[ORIGIN_SIZE];
	size_t length;

	(void)text_format(places, sizeof(places), "%s", *from ? from : "the default");
	length = strlen(places);
	if (places[length - 1] == '\n')
		places[length - 1] = '\0';
	for (char *at = places; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	table_add(table, *from ? PAINT_NONE : PAINT_FAINT, "%s", places);
}

static int print_lines(const struct output *output, const struct effective *effective)
{
	static const struct column columns[] = {
		{ .head = "KEY" },
		{ .head = "VALUE", .wraps = true },
		{ .head = "FROM", .wraps = true },
	};
	CLEANUP(table_freep) struct table *table = NULL;
	struct effective_line line;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; effective_line(effective, i, &line) >= 0; i++) {
		table_add(table, PAINT_NONE, "%s", line.key);
		table_add(table, line.is_said ? PAINT_NONE : PAINT_FAINT, "%s", line.value);
		add_places(table, line.from);
	}
	output_raw(output, "\n");
	return output_table(output, table);
}

/* ---- for programs ------------------------------------------------------------------------- */

/* A list of what one character separates. */
static void put_list(struct json *json, const char *name, const char *list, char separator)
{
	const char separators[] = { separator, '\0' };
	char item[ORIGIN_SIZE];
	size_t length;

	json_key(json, name);
	json_begin(json, '[');
	for (; *list; list += length + (list[length] != '\0')) {
		length = strcspn(list, separators);
		(void)text_format(item, sizeof(item), "%.*s", (int)length, list);
		json_separate(json);
		json_put_text(json, item);
	}
	json_end(json, ']');
}

static void put_line(struct json *json, const struct effective_line *line)
{
	json_separate(json);
	json_begin(json, '{');
	json_text(json, "key", line->key);
	json_text_or_null(json, "value", line->is_said ? line->value : "");
	put_list(json, "from", line->from, '\n');
	json_end(json, '}');
}

static void print_json(const struct output *output, const struct found *found)
{
	const struct effective *effective = &found->effective;
	struct json json = { .out = output->file };
	struct effective_line line;
	char reason[REASON_SIZE];

	say_why(found, reason, sizeof(reason));
	json_begin(&json, '{');
	json_text(&json, "unit", found->service.status.name);
	json_text(&json, "mode", mode_word(mode_of(found)));
	json_text(&json, "reason", reason);
	json_text_or_null(&json, "never", found->nature);
	json_text_or_null(&json, "broken", effective->broken.text);
	json_boolean(&json, "cut", effective->is_cut);
	json_boolean(&json, "paused", found->is_paused);
	if (found->enrolled == ENROLLED_UNKNOWN)
		json_null(&json, "enrolled");
	else
		json_boolean(&json, "enrolled", found->enrolled == ENROLLED_YES);
	put_list(&json, "classes", effective->classes, ' ');
	json_key(&json, "lines");
	json_begin(&json, '[');
	for (size_t i = 0; effective_line(effective, i, &line) >= 0; i++)
		put_line(&json, &line);
	json_end(&json, ']');
	json_end(&json, '}');
	output_raw(output, "\n");
}

/* ---- the command ---------------------------------------------------------------------------- */

static int policy_run(struct context *context, int argc, char **argv)
{
	static struct found
		found; /* too much for a stack of a small thread, and there is one only */
	int r;

	if (argc != 2)
		return command_usage(&command_policy, "of which unit?");
	found = (struct found) { 0 };
	r = find(context, argv[1], &found);
	if (r != EXIT_WELL)
		return r;
	if (context->json) {
		print_json(context->output, &found);
	} else {
		print_head(context->output, &found);
		r = print_lines(context->output, &found.effective);
		if (r < 0)
			return log_error_errno(r, "cannot show the policy");
	}
	return found.effective.broken.text[0] || found.effective.is_cut ? EXIT_SICK : EXIT_WELL;
}

const struct command command_policy = {
	.name = "policy",
	.usage = "UNIT",
	.summary = "on which terms a unit may be healed, and which line of which file says so",
	.details =
		"First the mode that holds, and why: its own Mode=, else that of its classes, else "
		"the\nhost's; and what goes before it. Then each key of selfheal.unit(5) with its "
		"value and\nwhere that stands. It reads the files as they are now; systemd is "
		"asked "
		"which these are.\n\n"
		"Exits with 1 if one of them cannot be read.\n",
	.accepts = ACCEPTS_JSON,
	.glances = true,
	.run = policy_run,
};
