#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody orders a heal: it goes through the brakes of any other, is proven as far as it can be, and
# what a brake holds back is said at once.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0"
enrolls=no
start_patient other "ExecStart=$patients/leaky 7006 $trigger.other 0"
start_daemon "$(quick enforce)"
await_well "$unit"
await_started "$unit"
before=$(invocation "$unit")
other=$(invocation patient-other.service)

heal() { # USER UNIT
	runuser -u "$1" -- selfhealctl heal "$2" 2>&1
}
refused() { # WORDS USER UNIT
	local said code=0

	said=$(heal "$2" "$3") || code=$?
	((code == 4)) || fail "heal $3 as $2 ends with $code: $said"
	grep -q -- "$1" <<<"$said" || fail "heal $3 as $2: not '$1' but: $said"
}
say "who may not, what is no unit and what is never touched"
refused 'Access denied\|must authenticate\|authentication required' nobody "$unit"
refused "no unit of that name is watched now" root nothing.service
refused "never touched" root dbus.service
equal "$(invocation "$unit")" "$before" "invocation after all that"

say "asked for"
heal root "$unit" | grep -x "$unit: to be restarted, and looked after" || fail "it is not said"
wait_for 20 "it runs anew" is_replaced "$unit" "$before"
refused "the attempt before is not concluded yet" root "$unit"
wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" restarted
assert_history "$unit" .decision.way systemd
assert_history "$unit" '.incident.flags | join(" ")' by_hand
[[ $(history_of "$unit" .incident.worst) =~ ^(learning|healthy)$ ]] || fail "it was called sick"
assert_history "$unit" .incident.class null
[[ $(ctl history) == *"asked for by hand"* ]] || fail "history: $(ctl history)"
daemon_says "a heal of $unit is ordered by uid 0" || fail "the log does not say who"
refused "cooling down" root "$unit"

say "without an admin's leave to act systemd refuses, and that is the outcome"
heal root patient-other || fail "it is refused"
wait_for 60 "there is an outcome" is_history patient-other.service '.outcome != null' true
assert_outcome patient-other.service job-failed
equal "$(invocation patient-other.service)" "$other" "its invocation"
ctl history --steps
