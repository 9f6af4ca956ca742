/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments to units. */
#include <string.h>

#include "base/text.h"
#include "cli/candidate.h"
#include "cli/choice.h"
#include "cli/nearest.h"

bool choice_mark(const char *argument, const struct known_unit *known, size_t n, bool *ret_chosen)
{
	bool is_glob = candidate_is_glob(argument), any = false;
	char service[UNIT_NAME_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (is_glob ? !candidate_matches(argument, known[i].name)
			    : strcmp(argument, known[i].name) != 0)
			continue;
		ret_chosen[i] = any = true;
	}
	/* As with systemctl, a name without a type is a service. */
	if (any || is_glob || text_format(service, sizeof(service), "%s.service", argument) < 0)
		return any;
	for (size_t i = 0; i < n; i++)
		if (strcmp(service, known[i].name) == 0)
			ret_chosen[i] = any = true;
	return any;
}

const char *choice_nearest(const char *argument, const struct known_unit *known, size_t n)
{
	char service[UNIT_NAME_SIZE];
	const char *nearest;

	nearest = n > 0 ? nearest_name(argument, known[0].name, n, sizeof(known[0])) : NULL;
	if (nearest || n == 0 || text_format(service, sizeof(service), "%s.service", argument) < 0)
		return nearest;
	return nearest_name(service, known[0].name, n, sizeof(known[0]));
}
