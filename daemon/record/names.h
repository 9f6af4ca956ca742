/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Every string we own: paths, file names and the words other programs know us by. */

#define NAME_VERSION "0.1"

#define NAME_STATE_DIR	      "/var/lib/selfheal"
#define NAME_RUNTIME_DIR      "/run/selfheal"
#define NAME_VENDOR_DIR	      "/usr/lib/selfheal"
#define NAME_LOCAL_VENDOR_DIR "/usr/local/lib/selfheal" /* if it is there, it goes before */
#define NAME_CONFIG_DIR	      "/etc/selfheal"
#define NAME_CONFIG_FILE      "selfhealed.conf"
#define NAME_CONFIG_DROPINS   "selfhealed.conf.d"
#define NAME_RULE_DIR	      "rules.d"
#define NAME_CLASS_DIR	      "units.d"

#define NAME_USER "selfheal" /* and its group, which may read the databases */

/* What a unit says of its own healing, and the drop-in that `enroll` writes. */
#define NAME_UNIT_SECTION "X-SelfHeal"
#define NAME_UNIT_DROPIN  "50-selfheal.conf"
#define NAME_UNIT_DIR	  "/etc/systemd/system"
/* What tells people: its instance is the number of an incident. */
#define NAME_NOTIFY_TEMPLATE "selfheal-notify"
/* polkit reads rules in the order of names, and the first that answers is heard. */
#define NAME_POLKIT_RULES "/etc/polkit-1/rules.d/10-selfheal.rules"

#define NAME_PAST_DB	   "selfheal.db"
#define NAME_LIVE_DB	   "live.db"
#define NAME_CONTROL	   "control" /* the direct socket, beside live.db */
#define NAME_LOCK	   "lock"    /* one daemon a state: flock(2) on it */
#define NAME_BUS	   "io.selfheal.Manager1"
#define NAME_BUS_PATH	   "/io/selfheal/Manager1"
#define NAME_BUS_IFACE	   "io.selfheal.Manager1"
#define NAME_BUS_ERROR	   "io.selfheal.Error."
#define NAME_POLKIT_ACTION "io.selfheal." /* and the order, in small letters */

/* Message ids in the journal (sd_id128); packaging/catalog explains each. */
#define NAME_MESSAGE_STARTED	  "c3ac14ea16b949d5b3723ad30e05875c"
#define NAME_MESSAGE_SICK	  "ea785b8dc9694a2e84379665c9cfafa4"
#define NAME_MESSAGE_DECIDED	  "e61f03be63ae4e2fb09779ab41ce60b3"
#define NAME_MESSAGE_HEALED	  "507f1e5466314a2d9217648abc9c4812"
#define NAME_MESSAGE_NOT_HEALED	  "6f8e6a3b1e914a2191c50d0a376076ba"
#define NAME_MESSAGE_REFUSED	  "54f2891f539444888687a01d41d3ccef"
#define NAME_MESSAGE_STORE_GONE	  "996ec6e37ffe42f5800083d3d617f2e7"
#define NAME_MESSAGE_STORE_BACK	  "0f0da32adfcb48739f4449e1dd2c998d"
#define NAME_MESSAGE_STORM	  "b8f4c0d9e3a14c6c9d2f5a7be1c84420"
#define NAME_MESSAGE_OTHER_HEALER "76c0e25ad6f841ecbb3ff72eed068da7"
