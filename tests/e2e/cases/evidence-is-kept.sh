#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Before a service that hangs is restarted for real, what only the hung one can tell is kept with its
# incident: where its threads wait, what they hold open, and its last words. The daemon is no root, and
# has no capability any more when it looks.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-hanging.service
words=$'last words \033[31m"in quotes"'
start_patient hanging "ExecStart=$patients/hanging 7041 $trigger.hanging" \
	"ExecStartPre=/usr/bin/printf 'last words \\033[31m\"in quotes\"\\n'"
start_daemon "$(quick enforce)"
equal "$(stat -c %U "/proc/$(systemctl show -P MainPID selfhealed.service)")" selfheal "who runs it"
await_well "$unit"
await_started "$unit"
before=$(invocation "$unit")
pid=$(systemctl show -P MainPID "$unit")

make_ill hanging
timeout 2 "$patients/client" 7041 1 || true # one that waits, and one thread that waits for the lock
before_s=$SECONDS
selfhealctl heal "$unit"
wait_for 20 "it runs anew" is_replaced "$unit" "$before"
echo "# from the order to the new run, evidence included: $((SECONDS - before_s)) s"
incident=$(history_of "$unit" .incident.id)

seen() { # FILTER
	selfhealctl evidence "$incident" --json | jq -r ".[0].seen | $1"
}
has_evidence() {
	[[ $(selfhealctl evidence "$incident" --json | jq length) == 1 ]]
}
wait_for 10 "the evidence is on record" has_evidence
selfhealctl evidence "$incident" --json | jq -c 'del(.[].seen.course[].values)'
equal "$(selfhealctl evidence "$incident" --json | jq -r '.[0].is_whole')" true "it is whole"
echo "# gathered in $(selfhealctl evidence "$incident" --json | jq '.[0].took_ms') ms, \
$(selfhealctl evidence "$incident" --json | jq -c '.[0].seen' | wc -c) bytes"

say "where its threads wait"
equal "$(seen '[.threads[].pid] | unique | join(" ")')" "$pid" "of which process they are"
(($(seen .n_threads) >= 3)) || fail "its threads: $(seen .n_threads)"
[[ $(seen '[.threads[].wait] | join(" ")') == *futex* ]] || fail "nobody waits for the lock"
[[ $(seen '[.threads[].stack | values] | join(" ")') == *futex_wait* ]] || fail "there is no stack"
equal "$(seen '[.threads[].state] | unique | join(" ")')" S "their states"

say "what it holds open"
equal "$(seen '.descriptor_kinds[] | select(.kind == "tcp listening") | .port')" 7041 "its port"

say "its last words, made harmless"
equal "$(seen '[.journal[].text | select(startswith("last words"))][0]')" "$words" "its words"
selfhealctl evidence "$incident" >/tmp/told
cat /tmp/told
grep -q '^Seen before the restart of ' /tmp/told || fail "it does not say before what"
grep -q '^   [0-9]* x S futex_' /tmp/told || fail "it does not say where threads wait"
grep -q 'last words \\x1b\[31m"in quotes"' /tmp/told || fail "it does not tell the journal"
grep -q '^   1 x tcp listening, port 7041$' /tmp/told || fail "it does not tell the port"
grep -q '^   threads: ' /tmp/told || fail "it does not tell the two minutes before"
selfhealctl explain "$incident" | grep -q "selfhealctl evidence $incident" ||
	fail "explain does not point to it"

say "nobody is left behind, and others have none"
has_no_child() {
	[[ -z $(pgrep -P "$(systemctl show -P MainPID selfhealed.service)") ]]
}
wait_for 5 "the child is gone" has_no_child
code=0
said=$(selfhealctl evidence 777777 2>&1) || code=$?
equal "$code" 2 "no such incident"
[[ $said == *"there is no incident 777777"* ]] || fail "it says: $said"
