/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Each signal with its source, as the present has it: for doctor. */
#include "cli/view.h"
#include "record/signal.h"

/* found is one for each metric. Without sources in the present they are told as unknown. */
int signals_read(const struct view *view, struct signal_found found[METRIC_N]);
/* What say how it was found; it lives with the view. */
struct signal_place signals_place(const struct view *view);
int signals_print(const struct view *view, const struct signal_found found[METRIC_N]);
void signals_json(const struct view *view, const struct signal_found found[METRIC_N]);
