#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A unit with Mode=approve is healed for real, but only after somebody has agreed to that very heal.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

enrolls=no
unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
selfhealctl enroll "$unit" --mode approve
start_daemon "$(quick mock)"
await_well "$unit"
before=$(invocation "$unit")

approve() { # INCIDENT
	selfhealctl approve "$1" 2>&1 || true
}
is_down() {
	[[ $(systemctl is-active "$unit") == failed ]]
}
systemctl kill --signal=KILL "$unit"
wait_for 15 "it waits" is_status "$unit" .why not-approved
hold_for 10 "nothing is done" is_down
never_allowed "$unit" || fail "a decision was allowed"
incident=$(history_of "$unit" .incident.id)
approve $((incident + 1)) | grep "no open incident of that number" || fail "another number was taken"
is_down || fail "the approval of another incident started it"
approve "$incident"
wait_for 20 "it is up again" is_replaced "$unit" "$before"
wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
assert_history "$unit" .decision.way systemd
daemon_says "incident $incident: what is wanted is approved by uid 0" || fail "the log does not say who"
approve "$incident" | grep "no open incident of that number" || fail "it could be approved twice"
ctl history --steps
