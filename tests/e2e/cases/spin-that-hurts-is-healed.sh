#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service spins until its own clients wait: it is restarted, and they are served again.
# alone: it measures reply times
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-spinner.service
start_patient spinner "ExecStart=$patients/spinner 7002 $trigger.spinner"
start_clients 7002
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")
well_us=$(measure_clients 7002 "before")

make_ill spinner
ill_us=$(measure_clients 7002 "while it spins")
wait_for 150 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
healed_us=$(measure_clients 7002 "after the heal")

assert_history "$unit" .incident.rule cpu-hurting
assert_history "$unit" .decision.why allowed
assert_outcome "$unit" healed
in_time spinner 30
((ill_us > 2 * well_us)) || fail "the clients were not hurt, so this proves nothing"
((healed_us < ill_us / 2)) || fail "the clients still wait"
ctl history --steps "$unit"
