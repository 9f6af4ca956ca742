#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The past and the present can be read with the daemon stopped, killed, and without write permission.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"
before=$(invocation "$unit")
systemctl kill --signal=KILL "$unit"
wait_for 30 "it is up again" is_replaced "$unit" "$before"
wait_for 90 "there is an outcome" is_history "$unit" '.outcome != null' true

# The group may read, and not write.
read_as_nobody() {
	setpriv --reuid nobody --regid selfheal --clear-groups \
		selfhealctl history --json | jq -r '.[0].outcome.result'
}
equal "$(read_as_nobody)" healed "read while it runs"
kill_daemon
equal "$(read_as_nobody)" healed "read after it was killed"

start_daemon "$(quick enforce)"
systemctl stop selfhealed.service
equal "$(read_as_nobody)" healed "read after it was stopped"
ctl status >/dev/null

# What was stored is judged again, without a daemon and without a right to do anything.
equal "$(ctl backtest "$unit" --json | jq -r '.n_really, .n_heals' | tr '\n' ' ')" "1 0 " \
	"a replay of the past, beside what really was"
