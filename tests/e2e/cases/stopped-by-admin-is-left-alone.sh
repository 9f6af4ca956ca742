#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What its admin stopped stays down.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0"
# Stopped, this one ends badly, so that systemd calls it failed; it was stopped all the same.
start_patient surly "ExecStart=/bin/bash -c 'trap \"exit 3\" TERM; while :; do sleep 0.1; done'"
start_daemon "$(quick enforce)"
await_well patient-surly.service

systemctl stop patient-calm.service patient-surly.service
equal "$(systemctl is-active patient-surly.service)" failed "the surly one"
are_down() {
	[[ $(systemctl is-active patient-calm.service) == inactive &&
		$(systemctl is-active patient-surly.service) == failed ]]
}
hold_for 30 "they stay down" are_down
for name in calm surly; do
	never_allowed "patient-$name.service" || fail "a restart of $name was allowed"
done
