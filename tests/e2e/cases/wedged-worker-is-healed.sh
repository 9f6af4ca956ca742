#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The workers of a service are wedged while another thread of it goes on: its queue grows, it is no hang that
# is told by stillness, and it is restarted all the same.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-wedged.service
start_patient wedged "ExecStart=$patients/wedged 7047 $trigger.wedged"
for i in {1..8}; do
	systemd-run --quiet --unit="wedged-clients-$i" "$patients/client" 7047 600
done
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

make_ill wedged
wait_for 150 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
in_time wedged 90
measure_clients 7047 "after the heal" >/dev/null
ctl history --steps "$unit"
