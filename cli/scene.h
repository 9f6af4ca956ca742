/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What was seen of a unit before it was disturbed, for people. */
#include <stddef.h>

#include "cli/output.h"
#include "store/reader.h"

/* One snapshot: its head, then what each part has, then what could not be read. The steps are its
 * incident's. A negative errno, of the reader or for want of memory. */
int scene_print(const struct output *output, struct reader *reader,
		const struct kept_snapshot *kept, const struct step *steps, size_t n_steps);
/* Why there is none, as a sentence: mostly since nothing real was disturbed. */
const char *scene_absence(const struct step *steps, size_t n_steps);
