#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In less time than anybody could foresee it a service is at its MemoryMax=, and the kernel kills its only
# process. Nobody would start it again (OOMPolicy=stop, Restart=no): it is started, and proven well.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-glutton.service
start_patient glutton "ExecStart=$patients/leaky 7052 $trigger.glutton 65536" \
	MemoryMax=64M OOMPolicy=stop Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"
before=$(invocation "$unit")

make_ill glutton
wait_for 60 "it is up again" is_replaced "$unit" "$before"
wait_for 120 "there is an outcome" is_history "$unit" '.outcome != null' true

equal "$(journalctl --no-pager -q -k -o cat | grep -c "oom-kill:.*task_memcg=/system.slice/$unit")" 1 \
	"OOM kills in it by the kernel's log"
echo "# called sick by rule $(history_of "$unit" .incident.rule)"
[[ $(history_of "$unit" .incident.rule) == @(oom-kill|failed) ]] || fail "another rule spoke"
assert_history "$unit" .decision.why allowed
assert_history "$unit" .attempt.result 'done'
assert_outcome "$unit" healed
in_time glutton 30
ctl history --steps "$unit"
