/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Which services somebody means to enroll, and which of them can be. */
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "cli/host.h"
#include "cli/output.h"
#include "cli/unit_set.h"

bool candidate_is_glob(const char *argument);
/* As text_glob(), but the type may be left out as it may with a name. */
bool candidate_matches(const char *glob, const char *unit);

/* Can it be the name of a service? -EISDIR: of a template; -EINVAL: of another type. */
int candidate_is_service(const char *name);
/* Why it is never healed, whoever enrolls it; false: it may be. */
#define CANDIDATE_WHY_SIZE (UNIT_NAME_SIZE + 128)
bool candidate_is_hopeless(const struct host_service *service, char *why, size_t size);

/* Add what the argument means to units, by canonical names. A name that cannot be enrolled is an error;
 * of those that match a glob they are left out, and that is said. Returns an exit code, or a negative
 * errno, after it was said. */
int candidate_add(const struct output *output, sd_bus *bus, const char *argument,
		  struct unit_set *units);
