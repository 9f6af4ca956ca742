#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service begins to log errors, nearly one for each answer: it is restarted once that has lasted, and is proven
# well. One that logs a few beside many answers, as a scanner makes it do, is left alone.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-moaning.service scanned=patient-scanned.service
start_patient moaning "ExecStart=$patients/moaning 7043 $trigger.moaning 20"
start_patient scanned "ExecStart=$patients/moaning 7048 $trigger.scanned 2"
start_clients 7043
start_clients 7048
start_daemon "$(quick enforce)"
await_learnt "$unit"
await_learnt "$scanned"
before=$(invocation "$unit") before_scanned=$(invocation "$scanned")

make_ill scanned
make_ill moaning
wait_for 150 "the one with errors is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
assert_history "$unit" .incident.class errors
in_time moaning 90
is_untouched "$scanned" "$before_scanned" || fail "the one that is only scanned was restarted"
never_allowed "$scanned" || fail "the one that is only scanned was to be healed"
ctl history --steps
