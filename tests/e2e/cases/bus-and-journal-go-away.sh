#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it leans on goes away and comes back: the bus, systemd itself, a journal that hangs. It is the
# same process all the time, never stops to watch, and heals afterwards.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick enforce)
[Healing]
Cooldown=1s"
pid=$(systemctl show -P MainPID selfhealed.service)
await_well "$unit"

n_ticks() {
	ctl status --json | jq .keeper.n_ticks
}
ticks_on() { # WHEN
	local before
	before=$(n_ticks)
	sleep 3
	(($(n_ticks) >= before + 2)) || fail "it does not tick $1"
	equal "$(systemctl show -P MainPID selfhealed.service)" "$pid" "its process $1"
}
is_healed_again() { # HOW OFTEN
	[[ $(ctl history "$unit" --json | jq '[.[] | select(.outcome.result == "healed")] | length') == "$1" ]]
}
heals() { # HOW OFTEN SO FAR, WHEN
	local before
	before=$(invocation "$unit")
	systemctl kill --signal=KILL "$unit"
	wait_for 40 "it is restarted $2" is_replaced "$unit" "$before"
	wait_for 60 "and proven" is_healed_again "$1"
}

systemctl restart dbus.service
wait_for 15 "it has found the bus again" daemon_says "the system bus is back"
ticks_on "after the bus was restarted"
heals 1 "after the bus was restarted"

systemctl daemon-reexec
systemctl daemon-reexec
ticks_on "after systemd began anew"
heals 2 "after systemd began anew"

# Each reload is a line in the log; some ten of them fill the journal's socket.
journal=$(systemctl show -P MainPID systemd-journald.service)
kill -STOP "$journal"
for _ in {1..40}; do
	kill -HUP "$pid"
	sleep 0.1
done
ticks_on "while the journal hangs"
kill -CONT "$journal"
sleep 1
kill -HUP "$pid"
wait_for 10 "it says how much is missing" daemon_says "messages are missing here"
ticks_on "after that"
