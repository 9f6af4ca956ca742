# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the stories are told with; sourced by each case, inside a private systemd in which the product
# is installed, as `make install` does it.
#
# Lines that begin with "# " are shown beside the result of a case that passed: measurements.
set -euo pipefail

patients=/srv/build/patients
config=/etc/selfheal/selfhealed.conf
# shellcheck disable=SC2034 # for the cases
state=/var/lib/selfheal
trigger=/srv/trigger # its folder is the same for all; a patient looks for $trigger.NAME

install_product() {
	cp -a /srv/build/root/. /
	/srv/selfheal/packaging/after-install
	mkdir -p "${config%/*}"
}
install_product

# ---- saying ------------------------------------------------------------------------

say() {
	echo "[$SECONDS s] $*"
}

fail() {
	say "FAILED: $*"
	exit 1
}

# What one wants to see when a case failed.
post_mortem() {
	local status=$?

	((status != 0)) || return 0
	set +e
	echo "---- the daemon's log, its end"
	daemon_log | tail -60
	echo "---- history"
	ctl history --steps
	ctl history --json | head -c 6000
	echo "---- status"
	ctl status
	echo "---- patients"
	systemctl status --no-pager --lines=5 'patient-*' | head -60
}
trap post_mortem EXIT

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; else the story has failed.
wait_for() {
	local limit=$1 what=$2 from=$SECONDS
	shift 2

	until "$@"; do
		((SECONDS - from < limit)) || fail "not within $limit s: $what"
		sleep 0.5
	done
	say "$what (after $((SECONDS - from)) s)"
}

# hold_for SECONDS WHAT COMMAND...: the command must succeed all the time.
hold_for() {
	local limit=$1 what=$2 from=$SECONDS
	shift 2

	while ((SECONDS - from < limit)); do
		"$@" || fail "no longer true after $((SECONDS - from)) s: $what"
		sleep 1
	done
	say "$what (for $limit s)"
}

equal() {
	[[ $1 == "$2" ]] || fail "$3: '$1', expected '$2'"
}

is_not() {
	! "$@"
}

# ---- the daemon --------------------------------------------------------------------

daemon_log() {
	journalctl --no-pager --quiet -o cat -u selfhealed.service
}

# start_daemon [CONFIG TEXT]: as an administrator does it. May be called again once it has ended.
start_daemon() {
	local n_before

	printf '%s\n' "${1-}" >"$config"
	n_before=$(times_said "^watching")
	systemctl start selfhealed.service
	wait_for 20 "the daemon watches" said_more_often "^watching" "$n_before"
}

# The power goes, as far as the daemon is concerned; systemd would start it again by itself.
kill_daemon() {
	systemctl kill --signal=KILL selfhealed.service
	systemctl stop selfhealed.service
	! daemon_runs || fail "the daemon was to be killed"
}

# What every story on statistics needs: a short youth, and the mode asked for.
quick() {
	cat <<-END
		[Healing]
		Mode=$1
		[Judge]
		LearnSec=30
		TrustSec=0
	END
}

daemon_says() {
	(($(times_said "$1") > 0))
}

times_said() {
	daemon_log | grep -c -- "$1" || true
}

said_more_often() { # WHAT THAN
	(($(times_said "$1") > ${2:-0}))
}

daemon_runs() {
	systemctl --quiet is-active selfhealed.service
}

# ---- the client, as scripts use it ---------------------------------------------------

# Exit code 1 says that something is sick or a heal failed: for a story that is an answer.
ctl() {
	local code=0

	selfhealctl "$@" || code=$?
	((code <= 1)) || return "$code"
}

# history_of UNIT FILTER: a jq filter over the newest story of that unit; "null" if there is none.
history_of() {
	ctl history "$1" --json | jq -r "(.[0] // {}) | $2"
}

# status_of UNIT FILTER
status_of() {
	ctl status --json | jq -r --arg unit "$1" "[.units[] | select(.name == \$unit)][0] // {} | $2"
}

is_history() {
	[[ $(history_of "$1" "$2") == "$3" ]]
}

is_status() {
	[[ $(status_of "$1" "$2") == "$3" ]]
}

assert_history() {
	equal "$(history_of "$1" "$2")" "$3" "history of $1, $2"
}

assert_outcome() {
	assert_history "$1" .outcome.result "$2"
}

# No decision to act was ever allowed for that unit.
never_allowed() {
	[[ $(ctl history "$1" --json |
		jq '[.[] | select(.decision.why == "allowed")] | length') == 0 ]]
}

# Only what was seen well is ever healed: half a minute, which is less than it takes to learn.
await_well() {
	hold_for 35 "$1 is well" systemctl --quiet is-active "$1"
}

# Until the unit, which is up, was started so long ago that it may be restarted (Cooldown=).
await_started() {
	local since_us

	since_us=$(systemctl show -P InactiveExitTimestampMonotonic "$1")
	until (($(awk '{ print int($1) }' /proc/uptime) * 1000000 - since_us > 62000000)); do
		sleep 1
	done
}

await_learnt() {
	wait_for 120 "$1 is learnt" is_status "$1" .verdict.health healthy
	await_started "$1"
}

# ---- patients --------------------------------------------------------------------------

# patient NAME LINES...: a service patient-NAME whose [Service] has these lines.
patient() {
	local name=$1
	shift

	{
		printf '[Unit]\nDescription=patient %s\n[Service]\n' "$name"
		printf '%s\n' "$@"
	} >"/etc/systemd/system/patient-$name.service"
	systemctl daemon-reload
}

# enrolls=no before it: the daemon has no right to touch it.
start_patient() {
	patient "$@"
	systemctl start "patient-$1.service"
	[[ ${enrolls-} == no ]] || selfhealctl enroll "patient-$1.service"
	say "patient-$1 is up"
}

declare -A ill_ms

make_ill() {
	touch "$trigger.$1"
	falls_ill "$1"
}

# From now on, whatever it is that makes it so.
falls_ill() {
	ill_ms[$1]=$(date +%s%3N)
	say "patient-$1 falls ill"
}

# in_time NAME ACTED_S: how long after it fell ill it was noted, acted on, served again and proven, beside
# the limits: noted within 30 s, acted on within ACTED_S, proven within 60 s after it was up again.
in_time() {
	local times noted acted up served proven

	times=$(history_of "patient-$1.service" "[.incident.opened_wall_ms, .attempt.started_wall_ms,
		.attempt.ended_wall_ms, .outcome.served_wall_ms // 0, .outcome.wall_ms] |
		map(((. - ${ill_ms[$1]}) / 1000) | floor) | map(tostring) | join(\" \")")
	read -r noted acted up served proven <<<"$times"
	echo "# patient-$1: noted after $noted s (limit 30), acted on after $acted s (limit $2)," \
		"served again after $served s, proven after $proven s (limit $((up + 60)))"
	((noted <= 30)) || fail "patient-$1 was noted too late"
	((acted <= $2)) || fail "patient-$1 was acted on too late"
	((proven <= up + 60)) || fail "patient-$1 was proven too late"
}

invocation() {
	systemctl show -P InvocationID "$1"
}

is_replaced() { # UNIT OLD-INVOCATION
	[[ $(invocation "$1") != "$2" && $(systemctl is-active "$1") == active ]]
}

is_untouched() { # UNIT OLD-INVOCATION
	[[ $(invocation "$1") == "$2" && $(systemctl is-active "$1") == active ]]
}

# Resident anonymous memory of its main process, MiB.
rss_mib() {
	awk '/^RssAnon:/ { print int($2 / 1024) }' "/proc/$(systemctl show -P MainPID "$1")/status"
}

# Clients that never tire, so that a patient's work is there to be learnt.
start_clients() {
	systemd-run --quiet --unit="clients-$1" "$patients/client" "$1" 600
}

# How long clients of that port wait now: the median in microseconds, said as WHEN.
measure_clients() {
	local line

	line=$("$patients/client" "$1" 5) || true
	echo "# clients $2: $line" >&2
	line=${line#*median_us }
	echo "${line%% *}"
}
