#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Deep probes: nothing is attached while nobody is under suspicion; of a suspect it is told how long it
# waits for a CPU and which of its system calls fail, then how old that is; and all that without a right.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-failing.service

signal() { # NAME FILTER: of the daemon's present
	ctl doctor --json | jq -r ".signals[] | select(.name == \"$1\") | $2"
}

# How many programs the daemon has attached.
n_links() {
	cat "/proc/$pid/fdinfo"/* 2>/dev/null | grep -c '^link_type:' || true
}

is_attached() { # N: so many more than ever
	(($(n_links) == n_ever + $1))
}

is_known() { # METRIC
	[[ $(status_of "$unit" ".sample.value.$1") != null ]]
}

mkdir -p /etc/selfheal/rules.d
cat >/etc/selfheal/rules.d/children-fail.rule <<-END
	[Rule]
	Description=its children fail
	Class=errors
	Need=exits_failed.recent >= 5
	For=10min
	Action=none
END
enrolls=no
start_patient failing "ExecStart=$patients/failing 400 $trigger.failing"
# Nobody is learnt, so nobody else can be under suspicion: a rule on facts is all there is.
start_daemon $'[Healing]\nMode=mock\n[Judge]\nLearnSec=3600'
pid=$(systemctl show -P MainPID selfhealed.service)
equal "$(awk '$1 == "CapPrm:" { print $2 }' "/proc/$pid/status")" 0000000000000000 "its capabilities"
daemon_log | grep 'telemetry tier' || true
equal "$(ctl status --json | jq .keeper.tier)" 3 "the tier"
equal "$(signal failing_calls .on_suspicion)" true "when failing calls are looked at"
ctl doctor >/srv/doctor.txt
grep -E '^(SIGNAL|wait_tail|failing_calls|failing_errno)' /srv/doctor.txt
grep -Eq '^wait_tail .* on suspicion +only of units under suspicion' /srv/doctor.txt ||
	fail "people are not told when waits are looked at"
n_ever=$(n_links)
((n_ever > 0)) || fail "no program is attached, so this proves nothing"
quiet() {
	is_attached 0 && ! is_known failing_calls && ! is_known wait_tail
}
wait_for 20 "it is watched" is_known exits_failed
hold_for 8 "nothing deep is attached or told of anybody" quiet

make_ill failing
wait_for 20 "a rule is held against it" is_status "$unit" .verdict.rule children-fail
wait_for 10 "deep probes are attached" is_attached 2
wait_for 10 "failing calls are known" is_known failing_calls
wait_for 10 "and the tail of its waits" is_known wait_tail
wait_for 15 "deep probes are gone again" is_attached 0

ctl status "$unit"
status_of "$unit" '.sample | { value: .value | { wait_tail, failing_calls, failing_errno }, age_s }'
status_of "$unit" '.sample.value.failing_calls | . > 380 and . < 420' | grep -qx true ||
	fail "it fails 400 times a second"
equal "$(status_of "$unit" .sample.value.failing_errno)" 9 "the error"
status_of "$unit" '.sample.value.wait_tail | . > 0 and . < 1' | grep -qx true ||
	fail "a tail that cannot be"
age() {
	[[ $(status_of "$unit" ".sample.age_s.failing_calls // 0 | . >= $1") == true ]]
}
wait_for 10 "its age is told" age 4
ctl status "$unit" >/srv/status.txt
grep -Eq '^failing_errno +EBADF +[0-9]+s ' /srv/status.txt ||
	fail "people are not told the error, or how old it is"
equal "$(signal failing_calls '.sources | keys[]')" tracepoints "from where failing calls are known"
hold_for 20 "they are not attached again so soon, though it is still a suspect" is_attached 0
is_status "$unit" .verdict.rule children-fail || fail "it is no suspect any more"
wait_for 60 "but they are a minute later" is_attached 2
systemctl stop "$unit"
wait_for 15 "and go with it" is_attached 0
daemon_runs || fail "the daemon has ended"
equal "$(ctl status --json | jq .keeper.n_lost)" 0 "what was lost"
