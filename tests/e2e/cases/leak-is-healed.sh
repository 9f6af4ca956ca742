#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service leaks: it is restarted for real, and proven well again.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-leaky.service
start_patient leaky "ExecStart=$patients/leaky 7001 $trigger.leaky 2048"
start_clients 7001
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")
normal_mib=$(rss_mib "$unit")

make_ill leaky
wait_for 120 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .incident.rule memory-growth
assert_history "$unit" .decision.why allowed
assert_history "$unit" .decision.way systemd
assert_history "$unit" .attempt.result 'done'
assert_outcome "$unit" healed
after_mib=$(rss_mib "$unit")
echo "# memory: normal $normal_mib MiB, after the heal $after_mib MiB"
((after_mib <= normal_mib + 4)) || fail "its memory is not back"
is_status "$unit" .verdict.health sick && fail "still called sick"
ctl history --steps "$unit"
