/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Every string we own: paths, file names and the words other programs know us by. */

#define NAME_VERSION "0.1"

#define NAME_STATE_DIR	    "/var/lib/selfheal"
#define NAME_RUNTIME_DIR    "/run/selfheal"
#define NAME_VENDOR_DIR	    "/usr/lib/selfheal"
#define NAME_CONFIG_DIR	    "/etc/selfheal"
#define NAME_CONFIG_FILE    "selfhealed.conf"
#define NAME_CONFIG_DROPINS "selfhealed.conf.d"
#define NAME_RULE_DIR	    "rules.d"

#define NAME_USER "selfheal" /* and its group, which may read the databases */

/* What a unit says of its own healing, and the drop-in that `enroll` writes. */
#define NAME_UNIT_SECTION "X-SelfHeal"
#define NAME_UNIT_DROPIN  "50-selfheal.conf"
#define NAME_UNIT_DIR	  "/etc/systemd/system"
/* polkit reads rules in the order of names, and the first that answers is heard. */
#define NAME_POLKIT_RULES "/etc/polkit-1/rules.d/10-selfheal.rules"

#define NAME_PAST_DB   "selfheal.db"
#define NAME_LIVE_DB   "live.db"
#define NAME_CONTROL   "control" /* the direct socket, beside live.db */
#define NAME_LOCK      "lock"	 /* one daemon a state: flock(2) on it */
#define NAME_BUS       "io.selfheal.Manager1"
#define NAME_BUS_PATH  "/io/selfheal/Manager1"
#define NAME_BUS_IFACE "io.selfheal.Manager1"
#define NAME_BUS_ERROR "io.selfheal.Error."
