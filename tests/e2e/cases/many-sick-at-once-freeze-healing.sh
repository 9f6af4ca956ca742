#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Twenty services fail at once: that is the host. Nothing is restarted, one clear line says so; after a calm
# minute one heal is tried, and only when that is proven do the others have their turn, within their budget.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

units=()
for i in {1..20}; do
	patient "many$i" 'ExecStart=/bin/sleep infinity' Restart=no
	units+=("patient-many$i.service")
done
systemctl start "${units[@]}"
selfhealctl enroll "${units[@]}"
start_daemon "$(quick enforce)"
await_well patient-many20.service

n_up() {
	systemctl is-active "${units[@]}" | grep -c '^active$' || true
}
is_down() {
	(($(n_up) == 0))
}
systemctl kill --signal=KILL "${units[@]}"
wait_for 20 "all are down" is_down
wait_for 20 "it is said once" daemon_says "fallen sick within a minute: look at the host"
hold_for 45 "nothing is restarted" is_down
[[ $(history_of patient-many7.service .decision.why) == storm ]] || fail "$(ctl history)"
equal "$(times_said 'look at the host')" 1 "how often it was said"

is_tried() {
	(($(n_up) >= 1))
}
wait_for 60 "one is tried" is_tried
hold_for 10 "and one only" bash -c "(( \$(systemctl is-active ${units[*]} | grep -c '^active\$') == 1 ))"
wait_for 60 "it is proven, so the others have their turn" daemon_says "a heal has been proven"
is_at_budget() {
	(($(n_up) == 10))
}
wait_for 60 "as many as the host's budget lets" is_at_budget
hold_for 15 "and no more" is_at_budget
ctl history | head -30
