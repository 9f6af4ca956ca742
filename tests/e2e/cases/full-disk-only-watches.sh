#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing can be written any more, so nothing is done, and that is said; there is room again, and
# the daemon goes on by itself.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

mkdir -p "$state"
mount -t tmpfs -o size=4m tmpfs "$state"

# After a minute's end the log has blocks of its own, which it writes again, and for a while nothing
# would be refused. So all up to the first refusal has to happen within one minute.
until ((10#$(date +%S) < 10)); do
	sleep 0.5
done
first=patient-calm.service second=patient-quiet.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient quiet "ExecStart=$patients/leaky 7008 $trigger.quiet 0" Restart=no
# Two of so few services at once would be a storm, which is another story.
start_daemon "$(quick enforce)
[Healing]
StormBrake=off"
dd if=/dev/zero of="$state/ballast" bs=4k 2>/dev/null && fail "the disk is not full"
equal "$(stat -f -c %a "$state")" 0 "free blocks"
await_well "$second"
before=$(invocation "$first") before_second=$(invocation "$second")

keeper_says() { # STATE OF THE STORE
	[[ $(ctl status --json | jq -r .keeper.store) == "$1" ]]
}
keeper_says well || fail "it was found out before there was anything to decide"
systemctl kill --signal=KILL "$first"
# Its incident is refused first, and then the decision is not even tried.
wait_for 15 "nothing is done" is_status "$first" .why cannot-record
wait_for 5 "status knows it" keeper_says full
ctl status | grep "FULL: nothing can be recorded" || fail "status does not say it"
daemon_says "decisions cannot be recorded" || fail "the log does not say it"

systemctl kill --signal=KILL "$second"
wait_for 15 "the next is not even tried" is_status "$second" .why cannot-record
are_down() {
	[[ $(systemctl is-active "$first") == failed && $(systemctl is-active "$second") == failed ]]
}
hold_for 10 "they are left alone" are_down
for unit in "$first" "$second"; do
	never_allowed "$unit" || fail "a decision on $unit was recorded all the same"
done

rm "$state/ballast"
wait_for 15 "there is room, and it records again" keeper_says well
daemon_says "decisions can be recorded again" || fail "the log does not say that"
wait_for 30 "the second is up again" is_replaced "$second" "$before_second"
wait_for 30 "the first is up again" is_replaced "$first" "$before"
for unit in "$first" "$second"; do
	wait_for 60 "there is an outcome for $unit" is_history "$unit" '.outcome != null' true
	assert_history "$unit" .decision.why allowed
	assert_history "$unit" .incident.n_attempts 1
	assert_outcome "$unit" healed
done
ctl history --steps
