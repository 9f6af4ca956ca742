/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads configuration and rules from where they lie. */
#include <errno.h>

#include "base/log.h"
#include "record/names.h"
#include "settings.h"

static int load_config(const struct options *options, struct config *config)
{
	struct ini_error error = { 0 };
	int r;

	config_defaults(config);
	if (options->config)
		r = config_load_file(options->config, config, &error);
	else
		r = config_load_installed(config_vendor_dir(), NAME_CONFIG_DIR, config, &error);
	if (r < 0 && error.text[0])
		log_error("%s", error.text);
	else if (r < 0)
		(void)log_error_errno(r, "cannot read the configuration %s",
				      options->config ? options->config : NAME_CONFIG_DIR);
	return r;
}

static int load_rules(const struct options *options, struct rulebook *rulebook)
{
	const char *const given[] = { options->rules };
	struct ini_error error = { 0 };
	int r;

	if (options->rules)
		r = rules_load(given, 1, rulebook->rule, &rulebook->n, &error);
	else
		r = rules_load_installed(rulebook->rule, &rulebook->n, &error);
	if (r < 0 && error.text[0]) {
		log_error("%s", error.text);
		return r;
	}
	if (r < 0)
		return log_error_errno(r, "cannot read the rules");
	if (rulebook->n == 0) {
		log_error("there is no rule in %s: nothing would ever be called sick; install the "
			  "shipped rules there or name their folder with --rules",
			  options->rules ? options->rules
					 : NAME_LOCAL_VENDOR_DIR "/" NAME_RULE_DIR);
		return -EINVAL;
	}
	return 0;
}

static int load_classes(const struct options *options, struct classes *classes)
{
	struct ini_error error = { 0 };
	int r;

	if (options->config)
		return 0;
	r = classes_load_installed(classes, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

int settings_load(const struct options *options, struct settings *ret)
{
	struct settings settings = { 0 };
	int r;

	r = load_config(options, &settings.config);
	if (r < 0)
		return r;
	r = load_rules(options, &settings.rulebook);
	if (r < 0)
		return r;
	r = load_classes(options, &settings.classes);
	if (r < 0)
		return r;
	*ret = settings;
	return 0;
}
