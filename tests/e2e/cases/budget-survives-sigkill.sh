#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is killed, with one heal behind it and one half done: what it spent stays spent, and
# what it did not see to its end is not called healed.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

healed=patient-calm.service cut=patient-slow.service
may_start=/srv/slow-may-start
touch "$may_start"
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient slow "ExecStart=$patients/leaky 7008 $trigger.slow 0" Restart=no \
	"ExecStartPre=/bin/bash -c 'until [[ -e $may_start ]]; do sleep 0.1; done'"
start_daemon "$(quick enforce)
[Healing]
Cooldown=10min"
await_well "$cut"

# Both are restarted, and the slow one does not come up before the daemon dies.
systemctl kill --signal=KILL "$healed"
wait_for 60 "the calm one is healed" is_history "$healed" .outcome.result healed
rm "$may_start"
systemctl kill --signal=KILL "$cut"
wait_for 30 "the slow one is being restarted" is_history "$cut" .attempt.state running
n_before=$(times_said "^watching")
systemctl kill --signal=KILL selfhealed.service
wait_for 30 "systemd has started it again" said_more_often "^watching" "$n_before"
equal "$(systemctl show -P NRestarts selfhealed.service)" 1 "its restarts"
is_history "$cut" '.incident.closed_ms != null' true || fail "its incident is still open"
assert_history "$cut" .attempt.result lost
assert_outcome "$cut" unknown
assert_outcome "$healed" healed
daemon_says "closed as unknown" || fail "the log does not say so"

touch "$may_start"
wait_for 10 "the slow one is up" systemctl --quiet is-active "$cut"
await_well "$cut"
systemctl kill --signal=KILL "$healed"
systemctl kill --signal=KILL "$cut"
are_down() {
	[[ $(systemctl is-active "$healed") == failed && $(systemctl is-active "$cut") == failed ]]
}
# Two of so few services at once are a storm, for the first minute.
for unit in "$healed" "$cut"; do
	wait_for 100 "$unit is cooling down" is_history "$unit" .decision.why cooling-down
	assert_history "$unit" .attempt null
done
hold_for 10 "they stay down" are_down
ctl history
