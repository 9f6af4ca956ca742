#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One daemon a state: the second says so and ends, the first goes on.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

start_daemon "$(quick mock)"
code=0
said=$(timeout 20 "$build/selfhealed" --state-dir "$state" --rules "$conf/rules.d" 2>&1) || code=$?
say "the second said: $said"
((code != 0 && code != 124)) || fail "the second ended with status $code"
grep -q "$state" <<<"$said" || fail "it does not name the state"
daemon_runs || fail "the first is gone"
ctl status >/dev/null
