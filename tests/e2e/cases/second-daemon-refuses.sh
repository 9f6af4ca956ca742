#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One daemon a state: the second says so and ends, the first goes on.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

start_daemon "$(quick mock)"
code=0
said=$(systemd-run --quiet --wait --pipe -p User=selfheal -p RuntimeMaxSec=20 selfhealed \
	--state-dir "$state" 2>&1) || code=$?
say "the second said: $said"
((code != 0 && code != 124)) || fail "the second ended with status $code"
grep -q "$state" <<<"$said" || fail "it does not name the state"
daemon_runs || fail "the first is gone"
ctl status >/dev/null
