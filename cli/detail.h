/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All that is known of one unit now. */
#include "cli/view.h"

int detail_print(const struct view *view, const struct present *present);
