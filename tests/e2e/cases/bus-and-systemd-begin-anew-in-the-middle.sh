#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In the middle of a heal systemd begins anew, and then the bus does: the service is up in the end, is not
# restarted twice, and what nobody saw to its end is not called healed.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-slow.service
may_start=/srv/slow-may-start
touch "$may_start"
start_patient slow "ExecStart=$patients/leaky 7008 $trigger.slow 0" Restart=no \
	"ExecStartPre=/bin/bash -c 'until [[ -e $may_start ]]; do sleep 0.1; done'"
start_daemon "$(quick enforce)"
await_well "$unit"
pid=$(systemctl show -P MainPID selfhealed.service)

is_starting() {
	[[ $(systemctl is-active "$unit") == activating ]]
}
n_asked() {
	ctl history "$unit" --json | jq '[.[] | select(.attempt.way == "systemd")] | length'
}
falls_in_the_middle() {
	rm "$may_start"
	systemctl kill --signal=KILL "$unit"
	wait_for 30 "our restart is under way" is_starting
}

falls_in_the_middle
systemctl daemon-reexec
sleep 2
touch "$may_start"
wait_for 20 "it is up after systemd began anew" systemctl --quiet is-active "$unit"
wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" healed
equal "$(n_asked)" 1 "how often systemd was asked"

sleep 60 # its cool-down
falls_in_the_middle
systemctl restart dbus.service
wait_for 15 "it has found the bus again" daemon_says "the system bus is back"
touch "$may_start"
wait_for 20 "it is up after the bus began anew" systemctl --quiet is-active "$unit"
wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
[[ $(history_of "$unit" .outcome.result) =~ ^(unknown|healed)$ ]] ||
	fail "the outcome is $(history_of "$unit" .outcome.result)"
equal "$(n_asked)" 2 "how often systemd was asked"
before=$(invocation "$unit")
hold_for 30 "it is left in peace" is_untouched "$unit" "$before"
equal "$(systemctl show -P MainPID selfhealed.service)" "$pid" "the daemon's process"
ctl history --steps
