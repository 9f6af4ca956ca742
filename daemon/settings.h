/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Configuration and rules, read together: at the start and again at each reload. */
#include "judge/rulebook.h"
#include "options.h"
#include "record/classes.h"
#include "record/config.h"

struct settings {
	struct config config;
	struct rulebook rulebook;
	struct classes classes; /* none with --config: these lie beside the installed one */
};

/* -EINVAL after saying which file and line is wrong, and what was expected; ret is then unchanged,
 * so a reload keeps the last good settings. No rule at all is an error too: such a healer would only
 * look as if it watched. */
int settings_load(const struct options *options, struct settings *ret);
