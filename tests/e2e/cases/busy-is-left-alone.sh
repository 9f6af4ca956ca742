#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service that works hard, in bursts, and is well: no restart, whatever the bursts.
# alone: what it uses of the CPU is the story
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-busy.service
start_patient busy "ExecStart=$patients/busy 7004"
start_clients 7004
start_daemon "$(quick enforce)"
await_learnt "$unit"
before=$(invocation "$unit")

# Two of its cycles, each with a burst.
hold_for 65 "it runs on" is_untouched "$unit" "$before"
never_allowed "$unit" || fail "a restart was allowed"
