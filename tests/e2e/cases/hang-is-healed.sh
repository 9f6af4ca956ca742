#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service whose threads wait for one another, while clients wait for it, is found without its help and
# restarted. One that is idle and one that is slow but works are left alone.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-hanging.service slow=patient-slow.service idle=patient-idle.service
start_patient hanging "ExecStart=$patients/hanging 7031 $trigger.hanging"
start_patient slow "ExecStart=$patients/hanging 7032 $trigger.slow 10"
start_patient idle "ExecStart=$patients/stuck 7033 4"
for i in 1 2 3; do
	systemd-run --quiet --unit="hanging-clients-$i" "$patients/client" 7031 600
done
start_daemon "$(quick enforce)"
for name in "$unit" "$slow" "$idle"; do
	await_learnt "$name"
done
before=$(invocation "$unit")
before_slow=$(invocation "$slow")
before_idle=$(invocation "$idle")

# Five clients of the slow one, each with five seconds of patience: its queue is never empty.
make_ill slow
for i in 1 2 3 4 5; do
	systemd-run --quiet --unit="slow-clients-$i" "$patients/client" 7032 600
done
make_ill hanging
wait_for 150 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_history "$unit" .incident.rule hang
assert_history "$unit" .incident.class hang
assert_history "$unit" .decision.why allowed
assert_outcome "$unit" healed
measure_clients 7031 "after the heal" >/dev/null
ctl history --steps "$unit"
in_time hanging 30

is_queueing() {
	[[ $(status_of "$slow" '.sample.value.backlog > 2') == true ]]
}
wait_for 30 "clients wait for the slow one" is_queueing
hold_for 60 "slow and idle are left alone" never_allowed "$slow"
is_untouched "$slow" "$before_slow" || fail "the slow one was restarted"
is_untouched "$idle" "$before_idle" || fail "the idle one was restarted"
never_allowed "$idle" || fail "the idle one was to be healed"
[[ $(history_of "$slow" '.incident.rule // ""') != hang ]] || fail "the slow one was said to hang"
