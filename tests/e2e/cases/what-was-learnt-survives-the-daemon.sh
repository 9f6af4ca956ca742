#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What was learnt of a service is known to the next daemon at once; a changed one is learnt anew.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
stop_daemon() {
	systemctl stop selfhealed.service
}
drop_in() { # NAME VALUE
	mkdir -p "/etc/systemd/system/$unit.d"
	printf '[Service]\nEnvironment=%s=%s\n' "$1" "$2" >"/etc/systemd/system/$unit.d/$1.conf"
	systemctl daemon-reload
}
# When the daemon says that it watches, one tick is over: there was no time to learn.
assert_health() { # HEALTH WHEN
	equal "$(status_of "$unit" .verdict.health)" "$1" "its health $2"
}

start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0"
before=$(invocation "$unit")
start_daemon "$(quick enforce)"
await_learnt "$unit"
age_s=$(status_of "$unit" .age_s)

stop_daemon
start_daemon "$(quick enforce)"
assert_health healthy "after a restart of the daemon"
(($(status_of "$unit" .age_s) >= age_s)) || fail "some of its $age_s s are forgotten"

drop_in FIRST 1
wait_for 10 "changed, it is learnt again" is_status "$unit" .verdict.health learning
(($(status_of "$unit" .age_s) < age_s)) || fail "it has kept its age"

# Also where nobody was there to see the change.
await_learnt "$unit"
stop_daemon
drop_in SECOND 2
start_daemon "$(quick enforce)"
assert_health learning "changed behind the daemon's back"
is_untouched "$unit" "$before" || fail "it did not run on"
