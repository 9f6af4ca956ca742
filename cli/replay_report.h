/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a replay came to beside what really happened, in three shapes. */
#include "cli/output.h"
#include "cli/replay.h"

/* For people: what was judged and how finely, what was assumed, and each incident. -ENOMEM. */
int replay_report_table(const struct output *output, const struct replay *replay);
/* One object. */
void replay_report_json(const struct output *output, const struct replay *replay);
/* A header and a line for each incident, of the replay or real, in the order of time. -ENOMEM. */
int replay_report_csv(const struct output *output, const struct replay *replay);
