#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service without Restart= is killed: it is started again, and proven well.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"
before=$(invocation "$unit")

systemctl kill --signal=KILL "$unit"
falls_ill calm
wait_for 30 "it is up again" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .incident.rule failed
assert_history "$unit" .decision.why allowed
assert_history "$unit" .attempt.result 'done'
assert_outcome "$unit" healed
in_time calm 30
ctl history --steps "$unit"
