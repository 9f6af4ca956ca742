#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is killed, once in the middle of a heal: what it spent stays spent, and what it did not see
# to its end is not called healed.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

healed=patient-calm.service cut=patient-slow.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient slow ExecStartPre="/bin/sleep 4" "ExecStart=$patients/leaky 7008 $trigger.slow 0" \
	Restart=no
start_daemon "$(quick enforce)"
await_well "$cut"

before=$(invocation "$healed")
systemctl kill --signal=KILL "$healed"
wait_for 30 "the calm one is up again" is_replaced "$healed" "$before"
wait_for 60 "it is healed" is_history "$healed" .outcome.result healed

# Its start takes a while: the daemon dies before it is over.
systemctl kill --signal=KILL "$cut"
wait_for 30 "the slow one is being healed" is_history "$cut" .attempt.state running
kill_daemon
start_daemon "$(quick enforce)"
is_history "$cut" '.incident.closed_ms != null' true || fail "its incident is still open"
assert_history "$cut" .incident.outcome unknown
assert_history "$cut" .attempt.result lost
assert_outcome "$cut" unknown
assert_outcome "$healed" healed
daemon_says "closed as unknown" || fail "the log does not say so"

await_well "$cut"
for unit in "$healed" "$cut"; do
	systemctl kill --signal=KILL "$unit"
done
for unit in "$healed" "$cut"; do
	wait_for 30 "there is an answer for $unit" is_history "$unit" .decision.why cooling-down
	assert_history "$unit" .attempt null
done
are_down() {
	[[ $(systemctl is-active "$healed") == failed && $(systemctl is-active "$cut") == failed ]]
}
hold_for 10 "they stay down" are_down
for unit in "$healed" "$cut"; do
	equal "$(ctl history "$unit" --json | jq '[.[] | select(.attempt != null)] | length')" 1 \
		"restarts of $unit"
done
ctl history
