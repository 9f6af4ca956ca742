#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host has no CPU left for anybody, so all services are slow at once, and their clients wait: that is the
# host, and no service is restarted, neither then nor in the quiet after it.
# alone: it takes all CPUs
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

declare -A before
for i in 1 2 3; do
	start_patient "calm$i" "ExecStart=$patients/leaky 706$i $trigger.calm$i 0"
	start_clients "706$i"
done
start_daemon "$(quick enforce)"
for i in 1 2 3; do
	await_learnt "patient-calm$i.service"
	before[$i]=$(invocation "patient-calm$i.service")
done
well_us=$(measure_clients 7061 "before")

# Above all others, so that everybody else waits; the daemon too.
n=$(($(nproc) * 3))
systemd-run --quiet --unit=hogs --property=Nice=-15 bash -c "for ((i = 0; i < $n; i++)); do
	timeout 75 bash -c 'while :; do :; done' & done; wait"
busy_us=$(measure_clients 7061 "while the host is busy")
((busy_us > 2 * well_us)) || fail "the clients were not hurt, so this proves nothing"
nobody_is_healed() {
	for i in 1 2 3; do
		is_untouched "patient-calm$i.service" "${before[$i]}" || return 1
		never_allowed "patient-calm$i.service" || return 1
	done
}
hold_for 60 "nobody is healed while the host is busy" nobody_is_healed
hold_for 30 "nor in the quiet after it" nobody_is_healed
ctl history --steps
