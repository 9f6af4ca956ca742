#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk is full before the daemon starts: it watches all the same, says so, does nothing; and
# begins in earnest by itself once there is room.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

mkdir -p "$state"
mount -t tmpfs -o size=4m tmpfs "$state"
dd if=/dev/zero of="$state/ballast" bs=4k 2>/dev/null && fail "the disk is not full"

keeper_says() { # STATE OF THE STORE
	[[ $(ctl status --json | jq -r .keeper.store) == "$1" ]]
}
first=patient-calm.service second=patient-quiet.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient quiet "ExecStart=$patients/leaky 7008 $trigger.quiet 0" Restart=no
start_daemon "$(quick enforce)"
daemon_says "there is no space for $state/selfheal.db" || fail "the log does not say it"
keeper_says full || fail "status does not know it"
ctl status | grep "FULL: nothing can be recorded" || fail "status does not say it"
ctl status 2>&1 | grep "the past is missing" || fail "it does not say why there is no history"
is_status "$second" .status.active active || fail "it does not watch"

# It is seen to be well, and then to fall, as ever; only nothing is done about it.
await_well "$first"
systemctl kill --signal=KILL "$first"
wait_for 15 "its fall is seen" is_status "$first" .verdict.health sick
wait_for 15 "and nothing is done" is_status "$first" .why cannot-record
is_down() {
	[[ $(systemctl is-active "$first") == failed ]]
}
hold_for 10 "it is left alone" is_down

pid=$(systemctl show -P MainPID selfhealed.service)
rm "$state/ballast"
wait_for 15 "there is room, and it records" keeper_says well
daemon_says "$state/selfheal.db can be written now" || fail "the log does not say that"
equal "$(systemctl show -P MainPID selfhealed.service)" "$pid" "the daemon that goes on"
await_well "$second"
before=$(invocation "$second")
systemctl kill --signal=KILL "$second"
wait_for 30 "the next one to fall is up again" is_replaced "$second" "$before"
wait_for 60 "there is an outcome" is_history "$second" '.outcome != null' true
assert_outcome "$second" healed
is_down || fail "what had failed before there was a past was restarted"
ctl history --steps
