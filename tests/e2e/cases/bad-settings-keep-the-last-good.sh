#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A wrong line is named with what was expected: nobody starts on it, and who runs already goes on
# with the settings before. A good change is taken.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

config=/srv/selfhealed.conf rules=/srv/rules.d
settings() { # MODE
	printf '[Healing]\nMode=%s\n' "$1"
}
wrong_mode="$config:2: .*'perhaps'; expected observe, mock or enforce"

# assert_refuses RULES WHAT: the daemon does not start on these files, and says what is wrong.
assert_refuses() {
	local said code=0

	said=$(timeout 20 "$build/selfhealed" --state-dir /srv/other --config "$config" \
		--rules "$1" 2>&1) || code=$?
	say "$said"
	equal "$code" 1 "exit code"
	grep -q -- "$2" <<<"$said" || fail "it does not say: $2"
}
reload() {
	systemctl kill --kill-whom=main --signal=HUP selfhealed.service
}

settings perhaps >"$config"
assert_refuses "$conf/rules.d" "$wrong_mode"
printf '[Healing]\nMode=mock\nHealing=yes\n' >"$config"
assert_refuses "$conf/rules.d" "$config:3: .*'Healing' .*expected one of: Mode, "
settings mock >"$config"
cp -r "$conf/rules.d" "$rules"
printf '[Rule]\nClass=crash\nNeed=luck > 1\nAction=restart\n' >"$rules/bad.rule"
assert_refuses "$rules" "$rules/bad.rule:3: .*'luck'; expected METRIC.ASPECT"
[[ ! -e /srv/other ]] || fail "it made its state all the same"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(settings observe)"
await_well "$unit"
before=$(invocation "$unit")
systemctl kill --signal=KILL "$unit"
wait_for 15 "it only observes" is_status "$unit" .why observing

settings perhaps >"$config"
reload
wait_for 5 "the reload is refused" daemon_says "the settings before stay in force"
daemon_says "$wrong_mode" || fail "the log does not say why"
hold_for 5 "it observes on" is_status "$unit" .why observing
daemon_runs || fail "it is gone"

settings enforce >"$config"
reload
wait_for 15 "it heals now" is_replaced "$unit" "$before"
equal "$(ctl status --json | jq -r .keeper.mode)" enforce "the mode in status"
