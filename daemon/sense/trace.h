/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* From where each value of a tick came, counted over the units that have it. */
#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"
#include "record/signal.h"
#include "sense/join.h"

struct trace {
	struct signals *signals; /* borrowed: what is counted */
	uint64_t traced;	 /* METRIC_BIT() of those that the probe has from tracepoints */
	bool folds_walks; /* process trees are folded from what the task iterator saw, not from /proc */
};

void trace_unit(struct trace *trace, const struct join_past *past, const struct sample *sample);
/* The host's own are never folded. */
void trace_host(struct trace *trace, const struct join_past *past, const struct sample *sample);
