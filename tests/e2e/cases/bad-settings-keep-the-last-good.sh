#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A wrong line is named with what was expected: nobody starts on it, and who runs already goes on
# with the settings before. A good change is taken.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

rules=/etc/selfheal/rules.d
settings() { # MODE
	printf '[Healing]\nMode=%s\n' "$1"
}
wrong_mode="$config:2: .*'perhaps'; expected observe, mock or enforce"

# assert_refuses WHAT: the daemon does not start, says what is wrong, and leaves no state behind.
assert_refuses() {
	! systemctl start selfhealed.service 2>/dev/null || fail "it starts"
	systemctl stop selfhealed.service
	wait_for 5 "it says: $1" daemon_says "$1" # what a unit wrote comes to the journal by itself
	[[ ! -e $state/selfheal.db ]] || fail "it made its state all the same"
}

settings perhaps >"$config"
assert_refuses "$wrong_mode"
printf '[Healing]\nMode=mock\nHealing=yes\n' >"$config"
assert_refuses "$config:3: .*'Healing' .*expected one of: Mode, "
settings mock >"$config"
mkdir "$rules"
printf '[Rule]\nClass=crash\nNeed=luck > 1\nAction=restart\n' >"$rules/bad.rule"
assert_refuses "$rules/bad.rule:3: .*'luck'; expected METRIC.ASPECT"
rm "$rules/bad.rule"

# What is right later needs nobody: systemd starts it again and again.
settings perhaps >"$config"
! systemctl start selfhealed.service 2>/dev/null || fail "it starts"
settings observe >"$config"
wait_for 15 "the mended settings are found without a start" daemon_runs
systemctl stop selfhealed.service

enrolls=no
unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(settings observe)"
await_well "$unit"
before=$(invocation "$unit")
systemctl kill --signal=KILL "$unit"
wait_for 15 "it only observes" is_status "$unit" .why observing

settings perhaps >"$config"
systemctl reload selfhealed.service
wait_for 5 "the reload is refused" daemon_says "the settings before stay in force"
daemon_says "$wrong_mode" || fail "the log does not say why"
hold_for 5 "it observes on" is_status "$unit" .why observing
daemon_runs || fail "it is gone"

settings enforce >"$config"
selfhealctl enroll "$unit"
systemctl reload selfhealed.service
wait_for 15 "it heals now" is_replaced "$unit" "$before"
equal "$(ctl status --json | jq -r .keeper.mode)" enforce "the mode in status"
