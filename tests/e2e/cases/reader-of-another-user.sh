#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who is in the group reads present and past without any right to write, with a daemon or without.
# Who is not is told so.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

enrolls=no
unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick observe)"
equal "$(stat -c '%G %a' "$state")" "selfheal 750" "group and mode of the folder"

# nobody GROUP COMMAND...: as a user who owns nothing here, in that group.
nobody() {
	local group=$1
	shift

	setpriv --reuid nobody --regid "$group" --clear-groups "$@"
}
# assert_told GROUP EXIT-CODE WHAT ARGUMENTS...: what the client tells that user.
assert_told() {
	local group=$1 expected=$2 what=$3 said code=0
	shift 3

	said=$(nobody "$group" selfhealctl "$@" 2>&1) || code=$?
	equal "$code" "$expected" "exit code of $* in group $group"
	grep -q -- "$what" <<<"$said" || fail "$* in group $group does not say '$what': $said"
}
has_incident() {
	[[ $(nobody selfheal selfhealctl history "$unit" --json |
		jq length) == 1 ]]
}
is_called_dead() {
	[[ $(nobody selfheal selfhealctl status) == *"NOT RUNNING"* ]]
}
assert_stranger_is_told() {
	assert_told nogroup 4 "may not read $state/.*: join its group" status
	assert_told nogroup 4 "may not read $state/.*: join its group" history
}

for file in "$state" "$state"/*; do
	! nobody selfheal test -w "$file" || fail "nobody may write $file"
done

systemctl kill --signal=KILL "$unit"
wait_for 15 "nobody sees the incident" has_incident
assert_told selfheal 1 "^$unit *sick" status
assert_stranger_is_told

systemctl stop selfhealed.service
wait_for 10 "nobody sees that nobody watches" is_called_dead
assert_told selfheal 1 "^$unit *sick" status
assert_told selfheal 0 "$unit *failed" history
assert_stranger_is_told
assert_told selfheal 3 "no state found" status --state-dir /srv/nowhere
