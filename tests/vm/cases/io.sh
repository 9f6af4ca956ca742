#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service writes as hard as the disk takes it, beside one that writes a little and waits for each record:
# the healthy one waits longer, and is left alone.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

unit=patient-ledger.service writer=patient-writer.service
slice=/sys/fs/cgroup/system.slice
start_patient ledger "ExecStart=$patients/writing 7055 /var/tmp/ledger $trigger.ledger" IOWeight=500
start_patient writer "ExecStart=$patients/writing 7056 /var/tmp/bulk $trigger.writer" IOWeight=50
start_clients 7055
start_clients 7056
start_daemon "$(quick enforce)"
await_learnt "$unit"
await_learnt "$writer"
before=$(invocation "$unit")

written() { # UNIT: bytes
	grep -o 'wbytes=[0-9]*' "$slice/$1/io.stat" | awk -F= '{ sum += $2 } END { printf "%.0f\n", sum }'
}

waited() { # UNIT: us that some of it waited for the disk
	sed -n 's/^some .*total=//p' "$slice/$1/io.pressure"
}

is_well() {
	is_untouched "$unit" "$before" && is_not is_status "$unit" .verdict.health sick
}

# look SECONDS WHEN: what both did with the disk meanwhile.
look() {
	local from_us from_ledger from_writer

	from_us=$(waited "$unit")
	from_ledger=$(written "$unit")
	from_writer=$(written "$writer")
	hold_for "$1" "the healthy one is untouched and not sick, $2" is_well
	waited_ms=$((($(waited "$unit") - from_us) / $1 / 1000))
	writer_kib=$((($(written "$writer") - from_writer) / $1 / 1024))
	echo "# $2: the writer wrote $writer_kib KiB/s, the healthy one" \
		"$((($(written "$unit") - from_ledger) / $1 / 1024)) KiB/s and waited $waited_ms ms a second for the disk"
}

look 20 "before"
calm_ms=$waited_ms calm_kib=$writer_kib
make_ill writer
look 120 "beside the one that writes hard"
((writer_kib > 10 * calm_kib && writer_kib > 1024)) || fail "nobody wrote hard"
((waited_ms > calm_ms)) || fail "the healthy one did not feel it"
never_allowed "$unit" || fail "a restart of the healthy one was allowed"
echo "# the one that writes hard: $(history_of "$writer" '.incident.rule // "no incident"'), the healthy one:" \
	"$(history_of "$unit" '.incident.rule // "no incident"')"
ctl status
