#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A leak that a restart does not cure: the outcome is "unchanged", that is said loudly, people are told, and the
# ladder is climbed to its end, where nothing more is done.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-stubborn.service
start_patient stubborn "ExecStart=$patients/leaky 7003 $trigger.stubborn 4096 stubborn"
start_clients 7003
# The second restart of the default ladder would wait for an hour, until statistics may spend it.
mkdir -p "/etc/systemd/system/$unit.d"
printf '[X-SelfHeal]\nLadder=restart notify\n' >"/etc/systemd/system/$unit.d/ladder.conf"
systemctl daemon-reload
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

make_ill stubborn
wait_for 120 "it is restarted" is_replaced "$unit" "$before"
wait_for 150 "there is an outcome" is_history "$unit" '.outcome != null' true

assert_history "$unit" .attempt.result 'done'
result=$(history_of "$unit" .outcome.result)
[[ $result == unchanged || $result == worse ]] || fail "the outcome is $result"
daemon_says "$unit.*$result" || fail "the log does not say so"
code=0
selfhealctl status >/dev/null || code=$?
equal "$code" 1 "exit code of status"
wait_for 120 "the ladder has come to its end" is_status "$unit" .why ladder-ended
incident=$(history_of "$unit" .incident.id)
told() {
	journalctl --no-pager --quiet -o cat -u "selfheal-notify@$incident.service" | grep -q "$unit"
}
wait_for 20 "people are told" told
restarted=$(invocation "$unit")
hold_for 20 "nothing more is done" is_untouched "$unit" "$restarted"
ctl history --steps "$unit"
