#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Doctor says from where each signal comes, as the daemon has it and as anybody would: nothing is told
# that is not there, and the daemon's few rights see all that root sees.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

signals() { # FILTER: of the daemon's present
	ctl doctor --json | jq -r "$1"
}

check() { # NAME: its state
	signals "[.checks[] | select(.name == \"$1\") | .state][0]"
}

# Those that a table of selfhealed --doctor knows of any unit.
known_by_probe() { # COMMAND...
	"$@" selfhealed --doctor | awk '/^SIGNAL/ { of_signals = 1; next }
		of_signals && $2 != "-" { print $1 }' | sort
}

known_by_daemon() {
	signals '.signals[] | select(.n_known > 0) | .name' | sort
}

# What status has of any unit that is not the host.
known_by_status() {
	ctl status --json | jq -r '[.units[] | select(.status.kind != "host") | .sample.value |
		keys[]] | unique[]' | sort
}

has_file() { # FILE of the cgroups that patients live in
	[[ -e /sys/fs/cgroup/system.slice/patient-quiet.service/$1 ]]
}

as_nobody() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

start_patient quiet 'ExecStart=/bin/sleep infinity'
start_daemon "$(quick mock)"
# The kernel's beat of pressure is two seconds, rates need a second look, and each unit's threads have
# their turn once in ten ticks.
wait_for 30 "twelve ticks were taken" bash -c \
	"(( \$(selfhealctl status --json | jq .keeper.n_ticks) >= 12 ))"

code=0
selfhealctl doctor >/srv/doctor.txt || code=$?
cat /srv/doctor.txt
((code == 0 || code == 1)) || fail "doctor exits with $code"
for signal in cpu rss forks psi_memory_some restarts; do
	grep -q "^$signal  *[a-z]" /srv/doctor.txt || fail "doctor does not tell of $signal"
done
well=$(signals '[.checks[] | select(.state == "not-ok")] | length == 0')
[[ $code == $([[ $well == true ]] && echo 0 || echo 1) ]] ||
	fail "doctor exits with $code, but all well: $well"
for name in daemon user capabilities record database access polkit journal; do
	equal "$(check "$name")" ok "the check on $name"
done

# Its own numbers are those of status, and each value has one source.
equal "$(known_by_daemon)" "$(known_by_status)" "what doctor knows, and what status has"
equal "$(signals '[.signals[] | select(([.sources[]] | add // 0) != .n_known) |
	select(.name != "restarts") | .name] | join(" ")')" "" "signals whose sources are not as many as the units"
equal "$(signals '[.signals[] | select(.name == "restarts") | .sources | keys[]] | join(" ")')" \
	systemd "the source of restarts"

# The installed unit sees what root sees who is held back by nothing.
known_by_daemon >/srv/inside.txt
known_by_probe env >/srv/outside.txt
diff /srv/inside.txt /srv/outside.txt || fail "the daemon does not see what root sees"
echo "# signals known to the daemon's user and to root alike: $(wc -l </srv/inside.txt)"
selfhealed --doctor >/srv/root.txt
equal "$(sed -n 's/^Tier: *\([0-9]\).*/\1/p' /srv/root.txt)" "$(signals .keeper.tier)" \
	"the tier that root finds, and the daemon's"

# A plain user sees less, and is told why.
as_nobody selfhealed --doctor >/srv/nobody.txt
cat /srv/nobody.txt
grep -q '^Tier: *0; not higher: not root and without CAP_BPF and CAP_PERFMON' /srv/nobody.txt ||
	fail "nobody is not told why there is no tier"
grep -q '^forks .* needs tier 2' /srv/nobody.txt || fail "nobody is not told what forks need"
grep -q '^cpu  *[a-z]' /srv/nobody.txt || fail "nobody sees no CPU time"

# Without a controller memory is unknown, and nowhere 0.
if has_file memory.current; then
	equal "$(check memory)" ok "the check on memory"
else
	equal "$(check memory)" not-ok "the check on memory"
	equal "$(signals '.signals[] | select(.name == "memory") | .n_known')" 0 "memory is known"
	signals '.signals[] | select(.name == "memory") | .note' | grep -q 'needs the memory controller' ||
		fail "nobody says what memory needs"
	say "there is no memory controller here, and that is what is said"
fi

# Probing touches no state and takes no lock: the daemon goes on, and beside it another looks.
daemon_runs || fail "the daemon has ended"
equal "$(check daemon)" ok "the check on the daemon, at the end"

# The present of a daemon that is dead is called old.
kill_daemon
wait_for 15 "doctor says that the present is old" bash -c \
	'selfhealctl doctor | grep -q "^.*OLD: the healer does not run"'
equal "$(check daemon)" not-ok "the check on a dead daemon"
