#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A thread spins in a service that still answers: noted at once, healed by nobody, until the unit itself says
# HealOn=cpu; then after For=.
# alone: others' load would excuse it
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-idler.service
start_patient idler "ExecStart=$patients/spinner 7045 $trigger.idler 1"
start_clients 7045
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

is_noted() {
	[[ $(history_of "$unit" '.incident.rule // ""') == cpu-runaway ]]
}
make_ill idler
wait_for 30 "it is noted" is_noted
hold_for 60 "and left alone" is_untouched "$unit" "$before"
is_status "$unit" .verdict.health sick && fail "it is called sick, though it hurts nobody"

mkdir -p "/etc/systemd/system/$unit.d"
printf '[X-SelfHeal]\nHealOn=cpu memory\nFor=20s\n' >"/etc/systemd/system/$unit.d/opt-in.conf"
systemctl daemon-reload
falls_ill idler
wait_for 90 "it is healed when its unit asks for that" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
assert_history "$unit" .incident.class cpu
ctl history --steps "$unit"
