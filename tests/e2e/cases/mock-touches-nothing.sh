#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same leak in mock mode: nothing is touched, and history says what would have happened.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

enrolls=no

unit=patient-leaky.service
start_patient leaky "ExecStart=$patients/leaky 7001 $trigger.leaky 2048"
start_clients 7001
start_daemon "$(quick mock)"
await_learnt "$unit"
before=$(invocation "$unit")

make_ill leaky
wait_for 120 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .incident.rule memory-growth
assert_history "$unit" .decision.why allowed
assert_history "$unit" .decision.way mock
assert_history "$unit" .decision.action restart
assert_history "$unit" .attempt.result mocked
assert_outcome "$unit" mocked
hold_for 10 "it runs on as it was" is_untouched "$unit" "$before"
ctl history --steps "$unit"
