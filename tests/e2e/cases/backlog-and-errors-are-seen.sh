#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What waits for a service that hangs is seen from outside: its queue of connections, also where systemd
# opened the socket, what they sent, and the errors that services write to the journal.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

stuck=patient-stuck.service
asleep=patient-asleep.service
noisy=patient-noisy.service

signal() { # NAME FILTER: of the daemon's present
	ctl doctor --json | jq -r ".signals[] | select(.name == \"$1\") | $2"
}

# dial PORT N: so many connections that stay, each with five bytes.
dial() {
	local i fd

	for ((i = 0; i < $2; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$1"
		printf hello >&"$fd"
	done
}

is_more() { # UNIT FILTER LEAST
	[[ $(status_of "$1" "$2 // 0 | . > $3") == true ]]
}

cat >/etc/systemd/system/patient-asleep.socket <<-END
	[Socket]
	ListenStream=127.0.0.1:7010
	Backlog=8
END
start_patient stuck "ExecStart=$patients/stuck 7009 4"
patient asleep 'ExecStart=/bin/sleep infinity'
patient noisy 'ExecStart=/bin/sh -c "while sleep 0.2; do echo \"<3>it fails\"; echo \"<4>odd\"; done"'
systemctl start patient-asleep.socket patient-noisy.service
start_daemon "$(quick mock)"
systemctl --quiet is-active selfhealed.socket || fail "there is no descriptor to hand over"

dial 7009 3
dial 7010 2
wait_for 20 "the queue of the stuck service is seen" is_status "$stuck" .sample.value.backlog 3
wait_for 20 "and that of the socket that systemd opened is its service's" \
	is_status "$asleep" .sample.value.backlog 2
ss -Hltn
equal "$(ss -Hltn 'sport = 7009' | awk '{ print $2 "/" $3 }')" 3/4 "what ss says of the stuck service"
equal "$(status_of "$stuck" .sample.value.backlog_share)" 0.75 "how full its queue is"
equal "$(status_of "$asleep" .sample.value.backlog_share)" 0.25 "how full the other is"
wait_for 10 "the bytes that nobody reads are counted" is_status "$stuck" .sample.value.unread 15
equal "$(status_of "$stuck" .sample.value.connections)" 3 "its connections"
is_more "$stuck" .sample.value.rtt 0 || fail "its connections have no round trip"
equal "$(status_of init.scope .sample.value.backlog)" null "what waits at systemd itself"

# Only one more fits; the others are refused, and that is counted when it happens.
exec {log}< <(while sleep 0.3; do selfhealctl status --json |
	jq -r ".units[] | select(.name == \"$stuck\") | .sample.value.overflows // 0"; done)
follow=$!
for ((i = 0; i < 4; i++)); do
	timeout 2 bash -c 'exec 9<>/dev/tcp/127.0.0.1/7009' &
done
wait_for 20 "its queue is full" is_status "$stuck" .sample.value.backlog_share 1
equal "$(status_of "$stuck" .sample.value.backlog)" 5 "one more than the limit"
wait_for 15 "refusals are counted" bash -c "while read -r n; do ((n == 0)) || exit 0; done <&$log"
kill "$follow"

wait_for 15 "errors are counted, and warnings are not" bash -c "
	selfhealctl status --json | jq -e '.units[] | select(.name == \"$noisy\") |
		.sample.value.error_lines | . > 2 and . < 7'"
equal "$(status_of "$stuck" .sample.value.error_lines)" 0 "errors of one that writes none"

# Each says how old it is, and from where it comes.
wait_for 15 "the age of the queue is told" is_more "$stuck" .sample.age_s.backlog 1
wait_for 15 "and to people" bash -c "selfhealctl status $stuck | grep -Eq '^backlog +5 +[1-9]s '"
selfhealctl status "$stuck"
selfhealctl doctor | grep -E '^(SIGNAL|connections|rtt|unread|backlog|backlog_share|overflows|error_lines)' || true
equal "$(signal backlog '.sources | keys[]')" sock-diag "the source of backlog"
equal "$(signal backlog .every_ms)" 5000 "how often backlog is read"
equal "$(signal connections '.n_known < .n_units')" true "of whom without a socket here nothing is known"
equal "$(status_of "$noisy" '.sample.value | has("connections")')" false "connections of one that may have a network of its own"
equal "$(signal error_lines '.sources | keys[]')" journal "the source of error lines"
signal backlog .note | grep -q 'no TCP socket that listens' || fail "it is not said who has no backlog"

# The journal comes and goes; errors are counted after it as before.
systemctl restart systemd-journald.service
journalctl --quiet --rotate --vacuum-time=1s
sleep 3
wait_for 40 "errors are counted by the journal that came back" is_more "$noisy" .sample.value.error_lines 2
systemctl stop "$noisy"
daemon_runs || fail "the daemon has ended"
equal "$(ctl status --json | jq .keeper.n_lost)" 0 "what was lost"
