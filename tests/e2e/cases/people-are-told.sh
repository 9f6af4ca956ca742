#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# People are told when a heal waits for them and when none has helped, by a unit of their own whose text is in
# the journal; never of what went well, and with an empty NotifyOn= of nothing.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

calm=patient-calm.service waits=patient-waits.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
enrolls=no
start_patient waits "ExecStart=$patients/leaky 7006 $trigger.waits 0" Restart=no
selfhealctl enroll "$waits" --mode approve
start_daemon "$(quick enforce)"
await_well "$calm"
await_well "$waits"
before=$(invocation "$calm")

told() { # INCIDENT
	journalctl --no-pager --quiet -o cat -u "selfheal-notify@$1.service" | grep -q "$2"
}
systemctl kill --signal=KILL "$calm"
wait_for 40 "it is healed" is_replaced "$calm" "$before"
wait_for 60 "and proven" is_history "$calm" .outcome.result healed
well=$(history_of "$calm" .incident.id)

systemctl kill --signal=KILL "$waits"
wait_for 20 "it waits for somebody" is_status "$waits" .why not-approved
incident=$(history_of "$waits" .incident.id)
wait_for 20 "and people are told" told "$incident" "$waits"
told "$well" . && fail "people were told of a heal that went well"
wait_for 20 "that is on record" bash -c "
	selfhealctl history --json --steps | jq -e '[.[] | select(.incident.id == $incident).steps[] |
		select(.decision.action == \"notify\")] | length == 1'"
journalctl --no-pager --quiet -o cat -u "selfheal-notify@$incident.service"
ctl history --steps
