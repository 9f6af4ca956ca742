#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The shipped unit: not root, no capability left in any thread, next to nothing exposed; and what it
# says in the journal can be found, explained and read by machines.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

enrolls=no
unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick mock)"
pid=$(systemctl show -P MainPID selfhealed.service)
equal "$(stat -c %U "/proc/$pid")" selfheal "who runs it"
for thread in "/proc/$pid/task"/*; do
	for kind in CapInh CapPrm CapEff CapAmb; do
		equal "$(awk -v kind="$kind:" '$1 == kind { print $2 }' "$thread/status")" \
			0000000000000000 "$kind of ${thread##*/}"
	done
done
say "no thread of $(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l) has a capability"
systemd-analyze security --no-pager --threshold=10 selfhealed.service | tail -1 |
	sed 's/^/# systemd-analyze security: /'
systemd-analyze security --no-pager --threshold=10 selfhealed.service >/dev/null ||
	fail "more is exposed than 1.0"
equal "$(stat -c '%U %G %a' "$state")" "selfheal selfheal 750" "the folder of the past"
equal "$(stat -c '%U %G %a' /run/selfheal)" "selfheal selfheal 750" "the folder of the present"
equal "$(stat -c '%a' "$state/selfheal.db")" 640 "mode of the database"
equal "$(systemctl show -P OOMScoreAdjust selfhealed.service)" -900 "OOMScoreAdjust="

# Without a capability it sees on: new units, and what they do.
start_patient late "ExecStart=$patients/leaky 7008 $trigger.late 0"
sees() { # UNIT METRIC
	[[ $(status_of "$1" ".sample.value.$2") != null ]]
}
for metric in cpu rss threads run_delay switches_voluntary forks; do
	wait_for 10 "it sees $metric of a unit that came later" sees patient-late.service "$metric"
done

entries() { # MATCH...
	journalctl --no-pager --quiet -o json -u selfhealed.service "$@"
}
has_entry() { # MATCH...
	[[ $(entries "$@" | wc -l) != 0 ]]
}
await_well "$unit"
systemctl kill --signal=KILL "$unit"
wait_for 60 "there is an outcome" is_history "$unit" '.outcome != null' true
assert_outcome "$unit" mocked
sick=ea785b8dc9694a2e84379665c9cfafa4
wait_for 5 "the journal has its beginning" has_entry "MESSAGE_ID=$sick" "SELFHEAL_UNIT=$unit"
equal "$(entries "MESSAGE_ID=$sick" | jq -r '.PRIORITY + " " + .SELFHEAL_INCIDENT')" "4 1" \
	"priority and incident"
has_entry SELFHEAL_DECISION=allowed || fail "no entry has the decision"
has_entry SELFHEAL_OUTCOME=mocked || fail "no entry has the outcome"
journalctl --no-pager -x -u selfhealed.service "MESSAGE_ID=$sick" >/srv/explained
grep -q "Subject: $unit is sick" /srv/explained || fail "journalctl -x has no subject"
grep -q "Incident 1 keeps all" /srv/explained || fail "journalctl -x does not explain"
loud=$(entries -p warning | jq -r '.MESSAGE_ID // .MESSAGE' | sort -u)
equal "$loud" "$sick" "what is a warning or worse"

# People are told by a unit of their own, which the daemon's user may start, and which is shut in too.
told=selfheal-notify@1.service
runuser -u selfheal -- busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
	org.freedesktop.systemd1.Manager StartUnit ss "$told" fail >/srv/told 2>&1 ||
	fail "the daemon's user may not start $told: $(</srv/told)"
is_told() {
	journalctl --no-pager --quiet -o cat -t selfheal-notify | grep -q "$unit"
}
wait_for 20 "the story is in the journal" is_told
systemd-analyze security --no-pager --threshold=10 "$told" >/srv/told ||
	fail "more of $told is exposed than 1.0: $(tail -1 /srv/told)"
has_example() {
	[[ -s /usr/share/doc/selfheal/examples/$1.conf ]]
}
for example in mail webhook; do
	has_example "$example" || fail "there is no example of $example"
done

# A loop that does not turn is ended by systemd, and begun anew.
before=$(systemctl show -P InvocationID selfhealed.service)
kill -STOP "$(systemctl show -P MainPID selfhealed.service)"
is_begun_anew() {
	[[ $(systemctl show -P InvocationID selfhealed.service) != "$before" ]] && daemon_runs
}
wait_for 60 "a daemon that hangs is begun anew" is_begun_anew
