#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database hangs, and so do three services that wait for it: it alone is restarted, they are held, and
# are well when it is. One that depends on it by DependsOn= alone is held too.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

db=patient-db.service
start_patient db "ExecStart=$patients/hanging 7050 $trigger.db"
for i in 1 2 3; do
	start_patient "front$i" "ExecStart=$patients/front 705$i 7050"
	start_clients "705$i"
done
start_patient said "ExecStart=$patients/leaky 7054 $trigger.said 0" Restart=no
mkdir -p /etc/systemd/system/patient-said.service.d
printf '[X-SelfHeal]\nDependsOn=%s\n' "$db" >/etc/systemd/system/patient-said.service.d/needs.conf
systemctl daemon-reload
start_daemon "$(quick enforce)"
for name in db front1 front2 front3; do
	await_learnt "patient-$name.service"
done
await_well patient-said.service
is_known() {
	(($(ctl deps "$db" --json | jq '[.[] | select(.kind == "tcp")] | length') >= 3))
}
wait_for 90 "it is known who talks to it" is_known
declare -A before
for name in db front1 front2 front3; do
	before[$name]=$(invocation "patient-$name.service")
done

make_ill db
is_suspected() {
	[[ $(status_of "$db" .verdict.rule) == hang ]]
}
wait_for 30 "it is suspected" is_suspected
systemctl kill --signal=KILL patient-said.service
wait_for 60 "the database is restarted" is_replaced "$db" "${before[db]}"
wait_for 90 "there is an outcome" is_history "$db" '.outcome != null' true
assert_outcome "$db" healed
in_time db 30
for i in 1 2 3; do
	is_untouched "patient-front$i.service" "${before[front$i]}" ||
		fail "front$i was restarted for the database's sake"
	never_allowed "patient-front$i.service" || fail "front$i was to be healed"
done
held() { # UNIT
	[[ $(ctl history "$1" --json |
		jq '[.[].decision | select(.why == "upstream-sick")] | length') != 0 ]]
}
wait_for 20 "what depends on it by word was held, and why is on record" held patient-said.service
wait_for 90 "and is healed when that did not make it well" is_history patient-said.service .outcome.result healed
is_well() {
	! is_status "patient-$1.service" .verdict.health sick
}
for i in 1 2 3; do
	wait_for 30 "front$i is well again" is_well "front$i"
	measure_clients "705$i" "of front$i after the heal" >/dev/null
done
ctl history --steps
