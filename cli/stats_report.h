/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What all incidents of a time come to, in words: the real ones, then apart those of simulated units. */
#include "cli/output.h"
#include "record/stats.h"

/* Where there is any. */
void stats_report(const struct output *output, const struct stats *stats);
/* Where there is none; unit as it was asked for, or NULL. */
void stats_report_none(const struct output *output, const struct stats *stats, const char *unit);
