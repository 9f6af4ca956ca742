/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What mock mode would have done, and what that would have cost. Part of stats_report.h. */
#include <stdbool.h>

#include "cli/output.h"
#include "record/stats.h"

/* Nothing where it would have done nothing. */
void stats_print_would(const struct output *output, const struct stats_part *part, bool synthetic);

/* "4s after the onset (median of 5), all within 12s", behind some words; what is not known is called so. */
void stats_print_spread(const struct output *output, const char *label, const char *before,
			const struct spread *spread);
