#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service leaks: it is restarted for real, and proven well again.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-leaky.service
start_patient leaky "ExecStart=$patients/leaky 7001 $trigger.leaky 2048"
start_clients 7001
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")
normal_mib=$(rss_mib "$unit")

make_ill leaky
wait_for 120 "it is restarted" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .incident.rule memory-growth
assert_history "$unit" .decision.why allowed
assert_history "$unit" .decision.way systemd
assert_history "$unit" .attempt.result 'done'
assert_outcome "$unit" healed
in_time leaky 60
after_mib=$(rss_mib "$unit")
echo "# memory: normal $normal_mib MiB, after the heal $after_mib MiB"
((after_mib <= normal_mib + 4)) || fail "its memory is not back"
is_status "$unit" .verdict.health sick && fail "still called sick"
ctl history --steps "$unit"

# Its reasons are told without a daemon.
systemctl stop selfhealed.service
incident=$(history_of "$unit" .incident.id)
selfhealctl explain "$incident" >/tmp/told
cat /tmp/told
grep -q "^#$incident $unit, .*: sick, healed$" /tmp/told || fail "explain does not say what it was"
grep -q ' seen as sick: rule memory-growth (memory, on statistics) has held for ' /tmp/told ||
	fail "explain does not say which rule held"
grep -q '^ *growth: rss .*, where its work explains .* it grows as it never did' /tmp/told ||
	fail "explain does not say what was to be expected"
grep -q '^ *Times: .* until a restart was decided, .* until it was proven$' /tmp/told ||
	fail "explain does not say how long it took"
told=$(selfhealctl explain --json "$incident" | jq -c '[.steps[] | select(.kind == "verdict" and
	.verdict.health == "sick") | .verdict.symptoms[0] | [.expert, .metric, .value > .high]][0]')
equal "$told" '["growth","rss",true]' "the first symptom"
code=0
said=$(selfhealctl explain 777777 2>&1) || code=$?
equal "$code" 2 "no such incident"
[[ $said == *"there is no incident 777777"*"the newest is "* ]] || fail "it says: $said"
