#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who needs whom, on the installed product: as systemd says it, kept across a restart, told without a
# daemon.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

front=patient-front.service back=patient-back.service woken=patient-woken.service

# service NAME UNIT-LINES...: one that waits, and what its [Unit] says.
service() {
	local name=$1
	shift

	{
		printf '[Unit]\n'
		printf '%s\n' "$@"
		printf '[Service]\nExecStart=/bin/sleep infinity\n'
	} >"/etc/systemd/system/patient-$name.service"
}
service back
service woken
service front Requires=$back After=$back Wants=patient-woken.socket
cat >/etc/systemd/system/patient-woken.socket <<-END
	[Socket]
	ListenStream=/run/patient-woken
END
systemctl daemon-reload
systemctl start $front $woken

# edges CLIENT SERVER: how, as words in the order of kinds; "" for the world outside.
edges() {
	selfhealctl deps --json | jq -r --arg client "$1" --arg server "$2" \
		'[.[] | select((.client // "") == $client and .server == $server) | .kind] | join(" ")'
}
are_edges() {
	[[ $(edges "$1" "$2") == "$3" ]]
}
of_edge() { # CLIENT SERVER KIND FILTER
	selfhealctl deps "$1" --json | jq -r --arg server "$2" --arg kind "$3" \
		"[.[] | select(.server == \$server and .kind == \$kind)][0] | $4"
}

start_daemon
wait_for 20 "the requirement is known" are_edges $front $back "after requires"
are_edges $front $woken wants || fail "the socket does not stand for its service: $(edges $front $woken)"
are_edges "" $woken triggered-by || fail "nobody says that a socket wakes it"
equal "$(of_edge $front $back requires '[.declared, .port, .n_connections, .synthetic] | join(" ")')" \
	"true   false" "what systemd says of the edge"

selfhealctl deps patient-front >/tmp/tree
cat /tmp/tree
grep -q "[-─]$back *requires, after" /tmp/tree ||
	fail "the tree does not show what front needs"
selfhealctl deps $back | grep -q "^$front *requires, after" || fail "back does not know who needs it"
selfhealctl deps | grep -q "^$front *$woken *wants" || fail "the list of pairs lacks one"

code=0
selfhealctl deps nobody 2>/tmp/said || code=$?
equal "$code" 2 "the exit code for a unit that is not there"
grep -q "no unit 'nobody'" /tmp/said || fail "it is not said that there is no such unit"

# A need that comes while the daemon runs; front is read again when systemd has read its files again.
service back Wants=$woken PartOf=$front
systemctl daemon-reload
wait_for 90 "the new needs are known" are_edges $back $woken wants
are_edges $back $front part-of || fail "part-of is not known"
selfhealctl deps $front >/tmp/tree
cat /tmp/tree
grep -q "$front (a cycle) *part-of" /tmp/tree || fail "the cycle is not said"

first=$(of_edge $front $back requires .first_wall_ms)
systemctl restart selfhealed.service
is_seen_anew() {
	(($(of_edge $front $back requires .last_wall_ms) > first))
}
wait_for 20 "it is seen anew" is_seen_anew
equal "$(of_edge $front $back requires .first_wall_ms)" "$first" "since when it is known"

kill_daemon
are_edges $front $back "after requires" || fail "without a daemon nobody knows who needs whom"
selfhealctl deps $front >/tmp/tree
LC_ALL=C selfhealctl deps $front | grep -q "\`-" || fail "there are no plain lines for a plain locale"
