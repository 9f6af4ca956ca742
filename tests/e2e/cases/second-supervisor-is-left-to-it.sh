#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody else restarts the unit when it falls: two that heal one unit would fight, so it is left to
# them, and that is said.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"

fall_and_be_restarted() {
	local before
	before=$(invocation "$unit")
	systemctl kill --signal=KILL "$unit"
	sleep 2 # less than the daemon's own patience with a failed unit
	systemctl start "$unit"
	is_replaced "$unit" "$before" || fail "the supervisor failed"
}
fall_and_be_restarted
await_well "$unit"
systemctl kill --signal=KILL "$unit"
wait_for 20 "it is left to them" is_status "$unit" .why other-healer
is_down() {
	[[ $(systemctl is-active "$unit") == failed ]]
}
hold_for 20 "it is left alone" is_down
never_allowed "$unit" || fail "a decision to act was allowed"
assert_history "$unit" .decision.why other-healer
[[ $(journalctl --no-pager --quiet -o json MESSAGE_ID=76c0e25ad6f841ecbb3ff72eed068da7 | wc -l) == 1 ]] ||
	fail "the journal does not say so, or says it more than once"
