#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd gives up on a crashing service; its cause goes away: the limit is reset, and it runs again.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-crashing.service
start_patient crashing Restart=always RestartSec=200ms \
	"ExecStart=/bin/bash -c 'while [[ ! -e $trigger.crashing ]]; do sleep 0.2; done; exit 1'"
start_daemon "$(quick enforce)"
await_well "$unit"

has_failed() {
	[[ $(systemctl is-active "$unit") == failed ]]
}
is_well() {
	[[ $(systemctl is-active "$unit") == active ]]
}
make_ill crashing
wait_for 60 "systemd has given up" has_failed
rm "$trigger.crashing"
wait_for 60 "it runs again" is_well
wait_for 90 "it is proven well" is_history "$unit" '.outcome.result' healed
assert_history "$unit" .decision.why allowed
in_time crashing 30
# The restarts of the loop are the past's, not the new run's.
is_not_sick() {
	! is_status "$unit" .verdict.health sick
}
hold_for 10 "it is not called sick any more" is_not_sick
ctl history --steps "$unit"
