# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# How stories are told inside a machine that has several to tell; sourced by what runs there.

failed=0 # 1: something did

# outcome STATUS NAME STARTED LOG: "ok NAME (12 s)" or the end of its log and "not ok NAME".
outcome() {
	grep '^# ' "$4"
	if (($1 == 0)); then
		echo "ok $2 ($((SECONDS - $3)) s)"
	else
		grep 'FAILED: ' "$4"
		tail -n 100 "$4"
		echo "not ok $2 ($((SECONDS - $3)) s, status $1)"
		# shellcheck disable=SC2034 # for who sources this
		failed=1
	fi
}

# Of what a story leaves behind.
clean_up() {
	systemctl stop 'patient-*' 'clients-*' selfhealed.service selfhealed.socket
	find /etc/systemd/system -name 'patient-*' -delete
	rm -rf /var/lib/selfheal /run/selfheal /srv/trigger* /etc/selfheal
	systemctl daemon-reload
	systemctl reset-failed
	journalctl --quiet --rotate --vacuum-time=1s
} >/dev/null 2>&1

# tell FILE NAME RESULTS LIMIT: a story with its log in RESULTS, and LIMIT seconds.
tell() {
	local log started=$SECONDS

	log=$3/$(basename "$1" .sh).log
	RESULTS=$3 timeout --kill-after=10 "$4" bash "$1" >"$log" 2>&1
	outcome "$?" "$2" "$started" "$log"
	clean_up
}
