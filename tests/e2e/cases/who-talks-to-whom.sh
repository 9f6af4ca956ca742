#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who needs whom and who talks to whom, on the installed product: as systemd says it and as connections
# show it, kept across a restart, told without a daemon.
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

# A server; one that calls it twice a second; one that has been connected since before the daemon; and a
# service that does not run, whose port systemd opened.
server=patient-server.service caller=patient-caller.service friend=patient-friend.service
asleep=patient-asleep.service
cat >/etc/systemd/system/patient-asleep.socket <<-END
	[Socket]
	ListenStream=127.0.0.1:7022
END
patient server "ExecStart=$patients/leaky 7021 $trigger.server 0"
patient asleep 'ExecStart=/bin/sleep infinity'
patient friend 'ExecStart=/bin/bash -c "exec 3<>/dev/tcp/127.0.0.1/7021; exec sleep infinity"'
patient caller 'ExecStart=/bin/bash -c "while sleep 0.5; do exec 3<>/dev/tcp/127.0.0.1/7021; exec 3<>/dev/tcp/127.0.0.1/7022; exec 3>&-; done"'
systemctl start $server patient-asleep.socket
wait_for 10 "the server listens" bash -c 'ss -Hltn "sport = 7021" | grep -q .'
systemctl start $friend
wait_for 10 "its friend is connected" bash -c 'ss -Htn "dport = 7021" | grep -q .'

# Two that systemd wakes: a hop, which hands on to a gate over a unix socket what comes to its port. Whoever
# calls the hop holds the line.
hop=patient-hop.service gate=patient-gate.service caller_of_hop=patient-hopper.service
proxy=/lib/systemd/systemd-socket-proxyd
for name in hop:127.0.0.1:7023 gate:/run/patient-gate; do
	cat >"/etc/systemd/system/patient-${name%%:*}.socket" <<-END
		[Socket]
		ListenStream=${name#*:}
	END
done
patient hop "ExecStart=$proxy /run/patient-gate"
patient gate "ExecStart=$proxy 127.0.0.1:7021"
patient hopper 'ExecStart=/bin/bash -c "exec 3<>/dev/tcp/127.0.0.1/7023; exec sleep infinity"'
systemctl start patient-hop.socket patient-gate.socket
systemctl start $caller_of_hop
wait_for 20 "the gate was reached" bash -c 'ss -Hxn state established src /run/patient-gate | grep -q .'

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

start_daemon "$(quick mock)"
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

# The kernel tells connections as they are made; changes are kept once a minute.
systemctl start $caller
wait_for 100 "who calls whom is known" are_edges $caller $server tcp
equal "$(of_edge $caller $server tcp .port)" 7021 "the port"
(($(of_edge $caller $server tcp .n_connections) > 10)) || fail "its calls are not counted"
wait_for 100 "who was connected before is known" are_edges $friend $server tcp
equal "$(of_edge $friend $server tcp .n_connections)" 0 "what was made before the daemon is not counted"
wait_for 100 "what systemd listens at is its service's" are_edges $caller $asleep tcp
selfhealctl deps $server

# Unix sockets are looked at once a minute, from the first tick on.
wait_for 100 "who is connected over a unix socket is known" are_edges $hop $gate unix
equal "$(of_edge $hop $gate unix '[.n_connections, .port, .declared] | map(tostring) | join(" ")')" \
	"0 null false" "the connection over a unix socket, which is older than the daemon"
are_edges $gate $hop "" || fail "the gate does not call the hop"
of_edge selfhealed.service dbus.service unix .kind | grep -q unix ||
	fail "the daemon itself is connected with the bus"
equal "$(selfhealctl deps --json | jq '[.[] | select(.kind == "unix" and (.client == "init.scope" or
	.server == "init.scope" or .server == "systemd-journald.service"))] | length')" 0 \
	"what systemd and the journal are connected with"
selfhealctl deps $hop >/tmp/tree
cat /tmp/tree
grep -q "[-─]$gate.*unix" /tmp/tree || fail "the tree does not show the unix socket"

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
