#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A past that has reached MaxSize= to the last page: the oldest telemetry makes room, so that the
# newest is kept, decisions are recorded and heals go on, and the file does not grow.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

bound=$((8 * 1024 * 1024))
unit=patient-calm.service second=patient-quiet.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_patient quiet "ExecStart=$patients/leaky 7008 $trigger.quiet 0" Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"
before=$(invocation "$unit")
systemctl kill --signal=KILL "$unit"
wait_for 40 "it is healed" is_replaced "$unit" "$before"
wait_for 60 "and that is proven" is_history "$unit" '.outcome != null' true
systemctl stop selfhealed.service

past() { # SQL
	runuser -u selfheal -- sqlite3 "$state/selfheal.db" "$1"
}
equal "$(past "SELECT count(*) > 0 FROM chunk WHERE span_s = 1")" 1 "it has kept detail of the incident"
# The last days of all units, as if each had had its troubles, until the bound is met to the last page.
fill() { # FROM-STEP ROWS: as often as they fit
	local step
	for ((step = $1; step < $1 + 2000; step++)); do
		past "PRAGMA max_page_count = $((bound / 4096)); INSERT OR IGNORE INTO chunk
			SELECT unit.id, 1, from_s - 120 * $step, body FROM unit, (SELECT from_s, body
			FROM chunk WHERE span_s = 1 ORDER BY from_s DESC LIMIT 1) LIMIT $2" \
			>/dev/null 2>/srv/said || break
	done
	grep -q full /srv/said || fail "the past is not full after $step steps: $(</srv/said)"
}
fill 1 1000
fill 3000 1
n_before=$(past "SELECT count(*) FROM chunk")
oldest=$(past "SELECT min(from_s) FROM chunk")
past "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
(($(stat -c %s "$state/selfheal.db") > bound - 65536)) || fail "it is not near its bound"

start_daemon "$(quick enforce)
[Store]
MaxSize=8M"
await_well "$second"
before=$(invocation "$second")
systemctl kill --signal=KILL "$second"
wait_for 40 "it heals" is_replaced "$second" "$before"
wait_for 60 "and proves it" is_history "$second" '.outcome != null' true
assert_outcome "$second" healed
reads() { # SQL
	sqlite3 -readonly "$state/selfheal.db" "$1"
}
keeps_on() {
	[[ $(reads "SELECT max(minute) * 60 > unixepoch() - 150 FROM tail") == 1 ]]
}
wait_for 150 "the newest minutes are kept" keeps_on
equal "$(ctl status --json | jq -r .keeper.store)" well "the state of the record"
(($(reads "SELECT min(from_s) FROM chunk") > oldest)) || fail "the oldest did not make room"
(($(reads "SELECT count(*) FROM chunk") < n_before)) || fail "nothing made room"
(($(stat -c %s "$state/selfheal.db") <= bound)) ||
	fail "it has grown to $(stat -c %s "$state/selfheal.db")"
echo "# at its bound: $n_before chunks before, $(reads "SELECT count(*) FROM chunk") after"
