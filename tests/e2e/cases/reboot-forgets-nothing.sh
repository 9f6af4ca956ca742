#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host is shut down and boots again: what was learnt is there, and so are the history and the
# budget that was spent.
# twice
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

kept=/srv/kept # the disk, as far as this host has one
unit=patient-calm.service
mkdir -p "$kept/state" "$state"
mount --bind "$kept/state" "$state"
if [[ ! -e $kept/$unit ]]; then
	patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
	cp "/etc/systemd/system/$unit" "$kept/$unit"
	first_boot=yes
fi
ln -sf "$kept/$unit" "/etc/systemd/system/$unit"
systemctl daemon-reload
systemctl start "$unit"
selfhealctl enroll "$unit"
start_daemon "$(quick enforce)
[Healing]
Cooldown=10min"

if [[ ${first_boot-} ]]; then
	await_learnt "$unit"
	before=$(invocation "$unit")
	systemctl kill --signal=KILL "$unit"
	wait_for 30 "it is up again" is_replaced "$unit" "$before"
	wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
	assert_outcome "$unit" healed
	assert_history "$unit" .decision.budget_left 2
	status_of "$unit" .age_s >"$kept/age_s"
	exit
fi

equal "$(status_of "$unit" .verdict.health)" healthy "its health when nothing can have been learnt yet"
(($(status_of "$unit" .age_s) >= $(<"$kept/age_s"))) || fail "some of its age is forgotten"
assert_history "$unit" .incident.id 1
assert_outcome "$unit" healed
await_well "$unit"
before=$(invocation "$unit")
systemctl kill --signal=KILL "$unit"
wait_for 15 "it is sick" is_status "$unit" .verdict.health sick
(($(history_of "$unit" .incident.id) > 1)) || fail "its new incident has an old number"
wait_for 15 "the heal before the boot counts" is_status "$unit" .why cooling-down
assert_history "$unit" .decision.budget_left 2
