#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database that is none is kept under a dated name; a new one is begun, and budgets count as spent.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

mkdir -p "$state"
head -c 100000 /dev/urandom >"$state/selfheal.db"
sum=$(sha256sum <"$state/selfheal.db")
start_daemon "$(quick enforce)"

mapfile -t aside < <(find "$state" -name 'selfheal.db.*')
equal "${#aside[@]}" 1 "databases moved aside"
[[ ${aside[0]} =~ [0-9]{4}-?[0-9]{2} ]] || fail "${aside[0]} has no date in its name"
equal "$(sha256sum <"${aside[0]}")" "$sum" "what was moved aside"
daemon_says "${aside[0]}" || fail "the log does not name it"
wait_for 10 "status can be read" ctl status
ctl history
