/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The options. One table (config.c) has each option's section, key, kind,
 * default and help; reader, default file, manual and --help come from it or are
 * checked against it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/ini.h"
#include "record/record.h"

#define CONFIG_NOTICES_MAX 10000

/* So many units, or such a share of all services, sick within a minute: it is the host. */
struct storm_brake {
	uint32_t n_units; /* 0: there is no brake */
	double share;
};

/* When people are told. */
enum occasion { OCCASION_FAILED, OCCASION_REFUSED, OCCASION_APPROVAL, OCCASION_HEALED, OCCASION_N };
const char *occasion_word(enum occasion occasion);

struct config {
	enum mode mode;
	uint32_t heal_on; /* 1 << enum fault_class */
	struct ladder ladder;
	uint32_t notify_on; /* 1 << enum occasion */
	struct budget unit_budget;
	struct budget host_budget;
	/* Of these, for what only statistics want: */
	struct budget unit_statistics_budget;
	struct budget host_statistics_budget;
	uint64_t boot_blackout_ms;   /* after the host's start: nothing is healed */
	uint64_t change_blackout_ms; /* after a unit file, a binary or the packages changed */
	uint64_t cooldown_ms; /* least time from a unit's start, and between two heals of it */
	struct storm_brake storm;
	uint32_t learn_s; /* healthy time that is learnt before statistics speak */
	uint32_t trust_s; /* age of a unit's model until which a statistical heal waits longer */
	uint32_t notices_per_day; /* of the host, in the log; at most CONFIG_NOTICES_MAX */
	uint64_t max_size_bytes;  /* of the past */
};

/* What holds for a unit: what it says of itself, or what is said of its class, else the host's word. A host
 * that only observes does so for all; a unit whose word cannot be read is only observed. */
enum mode config_mode(const struct config *config, const struct unit_status *status);
uint32_t config_heal_on(const struct config *config, const struct unit_status *status);
const struct ladder *config_ladder(const struct config *config, const struct unit_status *status);
const struct budget *config_unit_budget(const struct config *config,
					const struct unit_status *status);
uint64_t config_cooldown_ms(const struct config *config, const struct unit_status *status);

void config_defaults(struct config *config);

/* Read one file over what config holds. -ENOENT if there is none, with `error` untouched; any other
 * failure, mostly -EINVAL, with `error` set. config is then unchanged. */
int config_load_file(const char *path, struct config *config, struct ini_error *error);
/* The same, and told() of each line that counts, for those who want to know where it stands; of one of
 * another's section it is not told. key is the option's own text, and stays. */
typedef void config_told(const char *key, const struct ini_line *line, void *userdata);
int config_load_file_told(const char *path, config_told *told, void *userdata,
			  struct config *config, struct ini_error *error);
/* Vendor defaults, then the admin's file, then drop-ins of both, as systemd merges them: files
 * missing are none. Failures as above; -ENOENT is a drop-in that links to nothing.
 * vendor_dir and config_dir are arguments so that tests can bring their own. */
int config_load_installed(const char *vendor_dir, const char *config_dir, struct config *config,
			  struct ini_error *error);
/* Each of these files that there is, in that order, until visit() returns a negative errno, which is then
 * the result. error is set if a folder cannot be read. */
int config_files(const char *vendor_dir, const char *config_dir,
		 int (*visit)(const char *path, void *userdata), void *userdata,
		 struct ini_error *error);

/* Where the vendor's files lie: below /usr/local if there are any, else below /usr. */
const char *config_vendor_dir(void);

/* The table, for the default file and the manual: -ENOENT after the last. */
struct option_text {
	const char *section, *key, *initial, *help;
};
int config_option(size_t index, struct option_text *ret);
