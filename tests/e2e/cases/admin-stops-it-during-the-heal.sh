#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# While a restart of ours waits for a service that is slow to stop, its admin stops it: it stays down, and
# nobody brings it back.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-tardy.service
start_patient tardy TimeoutStopSec=60 \
	"ExecStart=/bin/bash -c 'trap \"sleep 12; exit 0\" TERM; while :; do sleep 0.2; done'"
start_daemon "$(quick enforce)"
await_well "$unit"
await_started "$unit"

selfhealctl heal "$unit"
is_stopping() {
	[[ $(systemctl is-active "$unit") == deactivating ]]
}
wait_for 20 "our restart waits for it to stop" is_stopping
systemctl stop "$unit"
stays_down() {
	[[ $(systemctl is-active "$unit") != active ]]
}
hold_for 60 "it stays down" stays_down
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true
[[ $(history_of "$unit" .outcome.result) =~ ^(job-failed|unknown|gone)$ ]] ||
	fail "the outcome is $(history_of "$unit" .outcome.result)"
stays_down || fail "it was brought back"
ctl history --steps "$unit"
