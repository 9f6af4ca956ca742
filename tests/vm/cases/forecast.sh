#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service leaks slowly towards its MemoryMax=: less than what would be called a leak by its size, and yet
# the forecast says when it will be killed. It is restarted long before.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-slow.service
cgroup=/sys/fs/cgroup/system.slice/$unit
slope=48 # KiB/s: from some 27 MiB to the limit in some seven minutes; 8 MiB, a leak by its size, after 175 s
limit=48 # MiB
start_patient slow "ExecStart=$patients/leaky 7057 $trigger.slow $slope" MemoryMax=${limit}M Restart=no
start_clients 7057
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

last=0 # memory.current of the old run, when it was last seen
is_healed() {
	if ! is_replaced "$unit" "$before"; then
		last=$(cat "$cgroup/memory.current") || true
		return 1
	fi
} 2>/dev/null

make_ill slow
wait_for 300 "it is restarted" is_healed
wait_for 120 "there is an outcome" is_history "$unit" '.outcome != null' true
ctl history --steps "$unit"
selfhealctl explain "$(history_of "$unit" .incident.id)"

forecast() { # FIELD: of the first verdict that called it sick
	history_of "$unit" "[.steps[] | select(.kind == \"verdict\" and .verdict.health == \"sick\")][0].verdict.$1"
}
echo "# called sick by rule $(forecast rule): killed in $(forecast 'left_soonest_s | floor') to" \
	"$(forecast 'left_latest_s | floor') s by the forecast, in $((((limit << 20) - last) / slope / 1024)) s by what" \
	"was free in its cgroup ($last of $((limit << 20)) bytes used) and its leak"
# A leak this slow cannot be told from rest within the 30 s which hold for faults that begin at once.
echo "# patient-slow: $(history_of "$unit" "[\"noted\", .incident.opened_wall_ms, \"acted on\",
	.attempt.started_wall_ms, \"served again\", .outcome.served_wall_ms, \"proven\", .outcome.wall_ms] |
	map(if type == \"number\" then \"after \\((. - ${ill_ms[slow]}) / 1000 | floor) s\" else . end) | join(\" \")")"
assert_history "$unit" .incident.rule memory-limit
assert_history "$unit" .decision.why allowed
assert_outcome "$unit" healed
equal "$(journalctl --no-pager -q -k -o cat | grep -c "oom-kill:.*task_memcg=/system.slice/$unit" || true)" 0 \
	"OOM kills by the kernel's log"
