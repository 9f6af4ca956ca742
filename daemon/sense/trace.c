/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the source that a value was joined from to what people call it. */
#include "sense/trace.h"

static enum signal_source source_of(const struct trace *trace, size_t metric, uint8_t source)
{
	switch ((enum join_source)source) {
	case JOIN_MANAGER:
		return SIGNAL_SYSTEMD;
	case JOIN_PROBE:
		return trace->traced & METRIC_BIT(metric) ? SIGNAL_TRACEPOINTS : SIGNAL_ITERATORS;
	case JOIN_FILES:
		return SIGNAL_CGROUP_FILES;
	case JOIN_SOCKETS:
		return SIGNAL_SOCK_DIAG;
	case JOIN_JOURNAL:
		return SIGNAL_JOURNAL;
	default:
		return trace->folds_walks ? SIGNAL_ITERATORS : SIGNAL_PROC;
	}
}

void trace_unit(struct trace *trace, const struct join_past *past, const struct sample *sample)
{
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i))
			trace->signals->n_units[i][source_of(trace, i, past->source[i])]++;
}

void trace_host(struct trace *trace, const struct join_past *past, const struct sample *sample)
{
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i))
			trace->signals->host[i] = past->source[i] == JOIN_PROCESSES
							  ? SIGNAL_PROC
							  : source_of(trace, i, past->source[i]);
}
