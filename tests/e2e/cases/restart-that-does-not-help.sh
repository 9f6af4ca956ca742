#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A leak that a restart does not cure: the outcome is "unchanged", and that is said loudly.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-stubborn.service
start_patient stubborn "ExecStart=$patients/leaky 7003 $trigger.stubborn 4096 stubborn"
start_clients 7003
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

make_ill stubborn
wait_for 120 "it is restarted" is_replaced "$unit" "$before"
wait_for 150 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .attempt.result 'done'
result=$(history_of "$unit" .outcome.result)
[[ $result == unchanged || $result == worse ]] || fail "the outcome is $result"
daemon_says "$unit.*$result" || fail "the log does not say so"
code=0
selfhealctl status >/dev/null || code=$?
equal "$code" 1 "exit code of status"
ctl history --steps "$unit"
