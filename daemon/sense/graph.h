/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * systemd's graph between the units that are shown: from what each one needs to
 * edges. A socket stands for the service that it triggers.
 */
#include <stdint.h>

#include "record/edge.h"
#include "sense/roll.h"

/* Append the edges between rows, as seen at wall_ms; one may be there several times, where several
 * units share a row. What does not fit EDGES_MAX is left out, mere order first. -ENOMEM. */
int graph_edges(const struct roll *roll, uint64_t wall_ms, struct edge_list *ret);
