#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service leaks quickly towards its MemoryMax=: it is called sick and restarted before the kernel kills it,
# and what its cgroup said then is kept. The control: of two alike the one that is only observed is killed.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-leaky.service
slope=1024 # KiB/s: from some 26 MiB to the limit in some 100 s
limit=128 # MiB

# Kills by the kernel's own log.
n_kills() { # UNIT
	journalctl --no-pager -q -k -o cat | grep -c "oom-kill:.*task_memcg=/system.slice/$1" || true
}

events() { # UNIT: of this run, as long as there is one
	xargs <"/sys/fs/cgroup/system.slice/$1/memory.events"
} 2>/dev/null

last='' # what memory.events of the old run said last
is_healed() {
	if ! is_replaced "$unit" "$before"; then
		last=$(events "$unit") || true
		return 1
	fi
}

is_killed() {
	(($(n_kills "$1") > 0))
}

of_evidence() { # FILE
	selfhealctl evidence "$incident" --json |
		jq -r --arg file "$1" '[.[0].seen.cgroup[] | select(.file == $file)][0].text // ""'
}

# ---- healed

start_patient leaky "ExecStart=$patients/leaky 7050 $trigger.leaky $slope" MemoryMax=${limit}M Restart=no
start_clients 7050
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")
make_ill leaky
wait_for 240 "it is restarted" is_healed
wait_for 120 "there is an outcome" is_history "$unit" '.outcome != null' true
ctl history --steps "$unit"

rule=$(history_of "$unit" .incident.rule)
incident=$(history_of "$unit" .incident.id)
echo "# called sick by rule $rule; memory.events of its run: $last"
[[ $rule == @(memory-limit|memory-growth) ]] || fail "another rule spoke"
assert_history "$unit" .decision.why allowed
assert_outcome "$unit" healed
[[ $last == *"oom_kill 0"* ]] || fail "the kernel killed in its run"
equal "$(n_kills "$unit")" 0 "OOM kills by the kernel's log"
in_time leaky 60

say "what was seen before the restart, and is kept"
selfhealctl evidence "$incident" >/tmp/told
cat /tmp/told
current=$(of_evidence memory.current)
echo "# evidence: memory.current $current of $(of_evidence memory.max)," \
	"memory.events $(of_evidence memory.events | xargs)"
((current > 30 << 20 && current <= limit << 20)) || fail "memory.current in the evidence: $current"
equal "$(of_evidence memory.max)" $((limit << 20)) "memory.max in the evidence"
[[ $(of_evidence memory.events | xargs) == *"oom_kill 0"* ]] || fail "no memory.events in the evidence"
grep -q 'memory\.current' /tmp/told || fail "evidence does not tell memory.current"
grep -q 'memory\.events' /tmp/told || fail "evidence does not tell memory.events"

# ---- observed

systemctl stop selfhealed.service clients-7050
unit=patient-doomed.service
start_patient doomed "ExecStart=$patients/leaky 7051 $trigger.doomed $slope" MemoryMax=${limit}M Restart=no
start_clients 7051
start_daemon "$(quick observe)"
await_learnt "$unit"
make_ill doomed
wait_for 300 "the kernel kills the one that is observed" is_killed "$unit"
echo "# observed: noted after $(history_of "$unit" "(.incident.opened_wall_ms - ${ill_ms[doomed]}) / 1000 | floor") s" \
	"(rule $(history_of "$unit" .incident.rule)), killed by the kernel after $((($(date +%s%3N) - ill_ms[doomed]) / 1000)) s"
is_down() {
	is_not systemctl --quiet is-active "$1"
}
wait_for 30 "it is down" is_down "$unit"
never_allowed "$unit" || fail "a restart was allowed"
