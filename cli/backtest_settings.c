/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads configuration and rules as the daemon reads them. */
#include <errno.h>

#include "base/log.h"
#include "cli/backtest_settings.h"
#include "record/names.h"

static int fail(int r, const struct ini_error *error, const char *what, const char *where)
{
	if (!error->text[0])
		return log_error_errno(r, "cannot read the %s %s", what, where);
	log_error("%s", error->text);
	return r;
}

int backtest_settings_load(const char *config_path, const char *rules_dir,
			   struct backtest_settings *ret)
{
	struct backtest_settings settings = { 0 };
	struct ini_error error = { 0 };
	int r;

	config_defaults(&settings.config);
	if (config_path)
		r = config_load_file(config_path, &settings.config, &error);
	else
		r = config_load_installed(config_vendor_dir(), NAME_CONFIG_DIR, &settings.config,
					  &error);
	if (r < 0)
		return fail(r, &error, "configuration",
			    config_path ? config_path : NAME_CONFIG_DIR);
	if (rules_dir)
		r = rules_load(&rules_dir, 1, settings.rulebook.rule, &settings.rulebook.n, &error);
	else
		r = rules_load_installed(settings.rulebook.rule, &settings.rulebook.n, &error);
	if (r < 0)
		return fail(r, &error, "rules of", rules_dir ? rules_dir : NAME_CONFIG_DIR);
	*ret = settings;
	return 0;
}
