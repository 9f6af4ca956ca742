#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Threads and descriptors leak in services that go on answering: each is restarted, and the new run has
# few again. One that grows with its work is left alone.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

fds=patient-fds.service threads=patient-threads.service
start_patient fds "ExecStart=$patients/leaking 7041 $trigger.fds fds 5"
start_patient threads "ExecStart=$patients/leaking 7042 $trigger.threads threads 5"
start_clients 7041
start_clients 7042
start_daemon "$(quick enforce)"
await_learnt "$fds"
await_learnt "$threads"
before_fds=$(invocation "$fds") before_threads=$(invocation "$threads")

make_ill fds
wait_for 120 "the leak of descriptors is healed" is_replaced "$fds" "$before_fds"
wait_for 90 "there is an outcome" is_history "$fds" '.outcome != null' true
assert_outcome "$fds" healed
assert_history "$fds" .incident.class fds
in_time fds 60

# Two units that fall sick within a minute would be a storm on so small a host.
make_ill threads
wait_for 120 "the leak of threads is healed" is_replaced "$threads" "$before_threads"
wait_for 90 "there is an outcome" is_history "$threads" '.outcome != null' true
assert_outcome "$threads" healed
assert_history "$threads" .incident.class threads
in_time threads 60
ctl history --steps
