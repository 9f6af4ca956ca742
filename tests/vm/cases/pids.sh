#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service leaks threads towards its TasksMax=: it is restarted before the kernel refuses it one.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-forker.service
cgroup=/sys/fs/cgroup/system.slice/$unit
most=400 # at 5 a second, some 80 s
start_patient forker "ExecStart=$patients/leaking 7053 $trigger.forker threads 5" TasksMax=$most
start_clients 7053
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

# What its cgroup says as long as it is there: clones that were refused, and how many there are.
refused=0 n=0
is_healed() {
	if ! is_replaced "$unit" "$before"; then
		refused=$(awk '$1 == "max" { print $2 }' "$cgroup/pids.events") || return 1
		n=$(cat "$cgroup/pids.current") || return 1
		return 1
	fi
} 2>/dev/null

make_ill forker
wait_for 120 "it is restarted" is_healed
echo "# last seen with $n tasks of $most, $refused refused"
equal "$refused" 0 "clones that were refused"
[[ $(journalctl -q --no-pager -u "$unit" -o cat) != *"cannot start a thread"* ]] ||
	fail "it could not start a thread"
wait_for 120 "there is an outcome" is_history "$unit" '.outcome != null' true
echo "# called sick by rule $(history_of "$unit" .incident.rule)"
assert_history "$unit" .incident.class threads
assert_history "$unit" .decision.why allowed
assert_outcome "$unit" healed
in_time forker 60
echo "# tasks of the new run: $(cat "$cgroup/pids.current")"
(($(cat "$cgroup/pids.current") < 20)) || fail "its threads are not gone"
ctl history --steps "$unit"
