#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The clients of a service wait far longer than before, while it works on: it is restarted once that has lasted,
# and they are served as before.
# alone: how long its clients wait is the story
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-slow.service
start_patient slow "ExecStart=$patients/hanging 7044 $trigger.slow 1"
for i in {1..12}; do
	systemd-run --quiet --unit="slow-clients-$i" "$patients/client" 7044 600
done
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

make_ill slow
wait_for 180 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
assert_history "$unit" .incident.class latency
in_time slow 90
healed_us=$(measure_clients 7044 "after the heal")
((healed_us < 500000)) || fail "the clients still wait: each reply took a second while it was slow"
ctl history --steps "$unit"
