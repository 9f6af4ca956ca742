#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With every controller in cgroup2, a disk and a socket there is nothing that doctor misses: the
# highest tier, no program refused, all checks well, and each signal known of a unit, but for those that
# are looked at on suspicion only. And what the
# shipped unit asks of systemd for the daemon's sake is what the kernel holds.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

doctor() { # FILTER
	ctl doctor --json | jq -r "$1"
}

knows_all() {
	local unknown

	unknown=$(doctor '[.signals[] | select(.n_known == 0 and (.on_suspicion | not)) | .name] | join(" ")')
	[[ -z $unknown ]] || {
		say "not known yet: $unknown"
		return 1
	}
}

# Services that do whatever can be seen: one has a socket and a peer; one writes past the cache, so
# that block I/O completes in its name, and asks systemd for the io and cpu controllers.
enrolls=no # none of this needs it
start_patient whole "ExecStart=$patients/stuck 7009 4" Restart=no
start_patient writer "ExecStart=/bin/bash -c 'while sleep 0.2; do dd if=/dev/zero \
	of=/var/tmp/selfheal-blocks bs=4k count=4 oflag=direct status=none; done'" IOAccounting=yes CPUWeight=100
start_daemon ''
exec {peer}<>/dev/tcp/127.0.0.1/7009
wait_for 60 "twelve ticks were taken" bash -c \
	"(( \$(selfhealctl status --json | jq .keeper.n_ticks) >= 12 ))"

wait_for 60 "every signal is known of a unit" knows_all
ctl doctor >"$RESULTS/doctor.txt"
cat "$RESULTS/doctor.txt"
equal "$(doctor .keeper.source)" systemd "who lists the units"
equal "$(doctor .keeper.tier)" 3 "the tier"
equal "$(doctor .keeper.limit)" "" "what keeps it from a higher one"
equal "$(doctor .keeper.n_lost)" 0 "what was lost"
equal "$(doctor '.checks[] | select(.state != "ok") | .name + ": " + .said')" "" "checks that are not ok"
selfhealed --doctor >"$RESULTS/doctor-of-root.txt"
exec {peer}>&-

# Reserved all the way up, bounded, and the last to be killed.
cgroup=/sys/fs/cgroup/selfheal.slice
equal "$(cat $cgroup/memory.min)" $((64 << 20)) "memory.min of the slice"
equal "$(cat $cgroup/selfhealed.service/memory.min)" $((64 << 20)) "memory.min of the service"
equal "$(cat $cgroup/selfhealed.service/memory.max)" $((1 << 30)) "memory.max of the service"
equal "$(cat $cgroup/selfhealed.service/pids.max)" 32 "pids.max of the service"
equal "$(cat "/proc/$(systemctl show -P MainPID selfhealed.service)/oom_score_adj")" -900 \
	"oom_score_adj of the daemon"
echo "# memory of the daemon: $(cat $cgroup/selfhealed.service/memory.current) bytes of its 64 MiB"
