/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From arguments to the services that may be enrolled: by the same answers as the policy's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/candidate.h"
#include "cli/command.h"
#include "judge/policy.h"
#include "judge/untouchable.h"

bool candidate_is_glob(const char *argument)
{
	return strpbrk(argument, "*?") != NULL;
}

bool candidate_matches(const char *glob, const char *unit)
{
	char with_type[UNIT_NAME_SIZE + sizeof(".service")];

	return text_glob(glob, unit) ||
	       (text_format(with_type, sizeof(with_type), "%s.service", glob) >= 0 &&
		text_glob(with_type, unit));
}

/* ---- why not -------------------------------------------------------------------- */

static bool is_loaded(const struct host_service *service)
{
	return strcmp(service->load, "loaded") == 0;
}

static bool is_missing(const struct host_service *service)
{
	return strcmp(service->load, "not-found") == 0;
}

/* The first in a list that is never touched. */
static bool find_untouchable(const char *list, char *ret, size_t size)
{
	size_t length;

	for (; *list; list += length + (list[length] == ' ')) {
		length = strcspn(list, " ");
		(void)snprintf(ret, size, "%.*s", (int)length, list);
		if (untouchable_by_name(ret))
			return true;
	}
	return false;
}

static void explain_untouchable(const struct unit_status *status, char *why, size_t size)
{
	char name[UNIT_NAME_SIZE];

	if (untouchable_by_name(status->name))
		(void)snprintf(why, size, "it is one of those that are never touched");
	else if (find_untouchable(status->aliases, name, sizeof(name)))
		(void)snprintf(why, size, "it is also called %s, which is never touched", name);
	else if (find_untouchable(status->dependents, name, sizeof(name)))
		(void)snprintf(why, size,
			       "systemd would restart %s with it, which is never touched", name);
	else
		(void)snprintf(why, size,
			       "it has more names, or more units that depend on it, "
			       "than are checked");
}

bool candidate_is_hopeless(const struct host_service *service, char *why, size_t size)
{
	const struct unit_status *status = &service->status;
	enum why nature = policy_by_nature(status);

	if (is_missing(service))
		(void)snprintf(why, size, "there is no such service");
	else if (strcmp(service->load, "masked") == 0 || (status->flags & UNIT_MASKED))
		(void)snprintf(why, size, "it is masked");
	else if (!is_loaded(service))
		(void)snprintf(why, size, "systemd cannot load it (%s)", service->load);
	else if (nature == WHY_UNTOUCHABLE)
		explain_untouchable(status, why, size);
	else if (nature != WHY_ALLOWED)
		(void)snprintf(why, size, "%s", why_sentence(nature));
	else
		return false;
	return true;
}

/* ---- a name ----------------------------------------------------------------------- */

static bool has_end(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

int candidate_is_service(const char *name)
{
	if (!has_end(name, ".service"))
		return -EINVAL;
	return has_end(name, "@.service") ? -EISDIR : 0;
}

static int check_name(const char *argument, char *ret, size_t size)
{
	if (command_unit_name(argument, ret, size) < 0) {
		log_error("'%s' is no unit's name", argument);
		return EXIT_USAGE;
	}
	switch (candidate_is_service(ret)) {
	case -EINVAL:
		log_error("%s cannot be enrolled: only services are healed", ret);
		return EXIT_REFUSED;
	case -EISDIR:
		log_error("%s is a template: name its instances, as in %.*s1.service", ret,
			  (int)(strlen(ret) - strlen(".service")), ret);
		return EXIT_USAGE;
	default:
		return EXIT_WELL;
	}
}

static int add_name(const struct output *output, sd_bus *bus, const char *argument,
		    struct unit_set *units)
{
	char name[UNIT_NAME_SIZE], why[CANDIDATE_WHY_SIZE];
	struct host_service service;
	int r;

	r = check_name(argument, name, sizeof(name));
	if (r != EXIT_WELL)
		return r;
	r = host_service(bus, name, &service);
	if (r < 0)
		return log_error_errno(r, "cannot ask systemd about %s", name);
	if (candidate_is_hopeless(&service, why, sizeof(why))) {
		log_error("%s cannot be enrolled: %s", name, why);
		return is_missing(&service) ? EXIT_USAGE : EXIT_REFUSED;
	}
	if (strcmp(name, service.status.name) != 0)
		output_line(output, PAINT_NONE, "%s is %s", name, service.status.name);
	r = unit_set_add(units, service.status.name);
	return r < 0 ? log_error_errno(r, "cannot enroll %s", name) : EXIT_WELL;
}

/* ---- a glob ------------------------------------------------------------------------- */

/* What has been found so far. */
struct search {
	const struct output *output;
	sd_bus *bus;
	struct unit_set seen, *found;
	size_t n_found;
};

static void search_clear(struct search *search)
{
	unit_set_clear(&search->seen);
}

/* Files of units that are gone, and aliases of what was seen already, are passed over in silence. */
static int search_one(struct search *search, const char *name)
{
	struct host_service service;
	char why[CANDIDATE_WHY_SIZE];
	int r;

	r = host_service(search->bus, name, &service);
	if (r < 0)
		return r;
	if (is_missing(&service) || unit_set_has(&search->seen, service.status.name))
		return 0;
	r = unit_set_add(&search->seen, service.status.name);
	if (r < 0)
		return r;
	if (candidate_is_hopeless(&service, why, sizeof(why))) {
		output_line(search->output, PAINT_FAINT, "%s: left out: %s", service.status.name,
			    why);
		return 0;
	}
	search->n_found++;
	return unit_set_add(search->found, service.status.name);
}

static int add_glob(const struct output *output, sd_bus *bus, const char *glob,
		    struct unit_set *units)
{
	CLEANUP(search_clear)
	struct search search = { .output = output, .bus = bus, .found = units };
	CLEANUP(unit_set_clear) struct unit_set known = { 0 };
	int r;

	r = host_services(bus, &known);
	if (r < 0)
		return log_error_errno(r, "cannot ask systemd which services there are");
	for (size_t i = 0; i < known.n; i++) {
		if (!candidate_matches(glob, known.name[i]))
			continue;
		r = search_one(&search, known.name[i]);
		if (r < 0)
			return log_error_errno(r, "cannot ask systemd about %s", known.name[i]);
	}
	if (search.n_found > 0)
		return EXIT_WELL;
	log_error(search.seen.n ? "none of those that match '%s' can be enrolled"
				: "no service matches '%s'",
		  glob);
	return search.seen.n ? EXIT_REFUSED : EXIT_USAGE;
}

int candidate_add(const struct output *output, sd_bus *bus, const char *argument,
		  struct unit_set *units)
{
	return candidate_is_glob(argument) ? add_glob(output, bus, argument, units)
					   : add_name(output, bus, argument, units);
}
