#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that is read-only, as one is that has found an error at boot: it watches all the same, does
# nothing, says what to do; and begins in earnest when that is done.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service second=patient-quiet.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient quiet "ExecStart=$patients/leaky 7008 $trigger.quiet 0" Restart=no
mkdir -p "$state"
mount -t tmpfs -o size=16m tmpfs "$state"
start_daemon "$(quick enforce)" # a past that is there already
await_well "$unit"
systemctl stop selfhealed.service
mount -o remount,ro "$state"
start_daemon "$(quick enforce)"
daemon_says "the disk is read-only that holds $state/selfheal.db" || fail "the log does not say it"
keeper_says() { # STATE OF THE STORE
	[[ $(ctl status --json | jq -r .keeper.store) == "$1" ]]
}
keeper_says failed || fail "status does not know it"
await_well "$unit"
systemctl kill --signal=KILL "$unit"
wait_for 15 "its fall is seen, and nothing done" is_status "$unit" .why cannot-record
is_down() {
	[[ $(systemctl is-active "$unit") == failed ]]
}
hold_for 10 "it is left alone" is_down

mount -o remount,rw "$state"
systemctl restart selfhealed.service
wait_for 15 "it can be written, and it records" keeper_says well
await_well "$second"
before=$(invocation "$second")
systemctl kill --signal=KILL "$second"
wait_for 40 "and heals" is_replaced "$second" "$before"
is_down || fail "what was down before it looked was restarted"
