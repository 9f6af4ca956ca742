#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service is throttled by its CPUQuota= at its own work, and more so as more clients come: that is seen and
# told, and nobody calls it sick.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-busy.service
cgroup=/sys/fs/cgroup/system.slice/$unit
start_patient busy "ExecStart=$patients/busy 7054" CPUQuota=60%
start_clients 7054
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

throttled_usec() {
	awk '$1 == "throttled_usec" { print $2 }' "$cgroup/cpu.stat"
}

most=0 # throttled: the most of what was told
is_well() {
	local now

	is_untouched "$unit" "$before" || return 1
	is_not is_status "$unit" .verdict.health sick || return 1
	now=$(status_of "$unit" '.sample.value.throttled // 0')
	most=$(awk -v now="$now" -v most="$most" 'BEGIN { print(now > most ? now : most) }')
}

# look SECONDS WHEN: the share of time it was stopped, by the kernel's file, beside what was told.
look() {
	local from_usec from_s=$SECONDS

	most=0
	from_usec=$(throttled_usec)
	hold_for "$1" "it runs on $2, and is not sick" is_well
	rate=$(awk -v usec="$(($(throttled_usec) - from_usec))" -v s="$((SECONDS - from_s))" \
		'BEGIN { printf "%.3f", usec / 1e6 / s }')
	echo "# $2: the kernel stopped it for $rate s a second (cpu.stat), told was up to $most s a second"
}

look 70 "alone with one client" # two of its cycles, each with a burst
calm=$rate
calm_us=$(measure_clients 7054 "alone with one client")
for n in 1 2 3; do
	systemd-run --quiet --unit="clients-7054-$n" "$patients/client" 7054 600
done
look 100 "with four clients"
crowd_us=$(measure_clients 7054 "with four clients")
awk -v calm="$calm" -v crowd="$rate" 'BEGIN { exit !(crowd > calm && crowd > 0.05) }' ||
	fail "it was not throttled more"
awk -v most="$most" 'BEGIN { exit !(most > 0.05) }' || fail "it was not told"
ctl status "$unit" | tee /tmp/told
grep -qE '^ *throttled +[0-9.]' /tmp/told || fail "status of the unit does not show it"
echo "# its clients waited for $calm_us us before, $crowd_us us with four of them"
never_allowed "$unit" || fail "a restart was allowed"
