#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service that begins to log errors, and one whose clients wait far longer than before, are restarted
# once that has lasted, and are proven well; a busier time of the first one is no trouble.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

moaning=patient-moaning.service slow=patient-slow.service
start_patient moaning "ExecStart=$patients/moaning 7043 $trigger.moaning 20"
start_patient slow "ExecStart=$patients/hanging 7044 $trigger.slow 1"
start_clients 7043
for i in {1..12}; do
	systemd-run --quiet --unit="slow-clients-$i" "$patients/client" 7044 600
done
start_daemon "$(quick enforce)"
await_learnt "$moaning"
await_learnt "$slow"
before_moaning=$(invocation "$moaning") before_slow=$(invocation "$slow")

make_ill moaning
wait_for 150 "the one with errors is restarted" is_replaced "$moaning" "$before_moaning"
wait_for 90 "there is an outcome" is_history "$moaning" '.outcome != null' true
assert_outcome "$moaning" healed
assert_history "$moaning" .incident.class errors
in_time moaning 90

make_ill slow
wait_for 180 "the slow one is restarted" is_replaced "$slow" "$before_slow"
wait_for 90 "there is an outcome" is_history "$slow" '.outcome != null' true
assert_outcome "$slow" healed
assert_history "$slow" .incident.class latency
in_time slow 90
ctl history --steps
