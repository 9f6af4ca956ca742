/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The configuration and the rules that a backtest goes by: the daemon's, or others to try. */
#include "judge/rulebook.h"
#include "record/config.h"

struct backtest_settings {
	struct config config;
	struct rulebook rulebook; /* may be without a rule */
};

/* config_path: this file over the defaults, instead of the installed ones; rules_dir: this folder instead of
 * theirs; either may be NULL. A negative errno, after it was said with file and line. */
int backtest_settings_load(const char *config_path, const char *rules_dir,
			   struct backtest_settings *ret);
