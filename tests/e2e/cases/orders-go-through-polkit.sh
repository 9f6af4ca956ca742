#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Orders over the system bus: root gives them, everybody else needs polkit's leave, for each order its
# own. What is garbage is refused, the name cannot be taken by others, and the bus may be restarted.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

name=io.selfheal.Manager1
sim="sim-web.service"
rules=/etc/polkit-1/rules.d/40-story.rules

mkdir -p /etc/systemd/system/selfhealed.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/selfhealed --simulate\n' \
	>/etc/systemd/system/selfhealed.service.d/simulate.conf
systemctl daemon-reload
start_daemon "$(quick mock)"
wait_for 10 "it has its name on the bus" daemon_says "orders may come over the system bus, as $name"
pid=$(systemctl show -P MainPID selfhealed.service)

# as USER MEMBER [SIGNATURE ARGUMENT...]: what is said to that order, on one line.
as() {
	local user=$1
	shift

	runuser -u "$user" -- busctl --timeout=10 call $name /io/selfheal/Manager1 $name "$@" 2>&1 |
		tr '\n' ' '
}
# told WHAT USER MEMBER...
told() {
	local what=$1 said
	shift

	said=$(as "$@") || true
	grep -qE -- "$what" <<<"$said" || fail "$*: not '$what' but: $said"
}
property() { # NAME
	runuser -u nobody -- busctl get-property $name /io/selfheal/Manager1 $name "$1"
}
no='Access denied|Permission denied|[Aa]n administrator must authenticate|authentication required|not allowed by polkit'

say "everybody may read"
equal "$(property Version)" "s \"$(selfhealctl --version | awk '{ print $NF }')\"" Version
equal "$(property Mode)" 's "mock"' Mode
equal "$(property Simulates)" "b true" Simulates
equal "$(property Sick)" "u 0" Sick
[[ $(property Units) =~ ^u\ [1-9] ]] || fail "Units: $(property Units)"
! runuser -u nobody -- busctl set-property $name /io/selfheal/Manager1 $name Mode s enforce ||
	fail "nobody may write a property"

say "garbage is refused, whoever says it"
for user in root nobody; do
	told "expected a fault and the name of a unit" $user Inject ss 'cpu spike' $sim
	told "expected a fault and the name of a unit" $user Inject ss cpu-spike ../$sim
	told "Invalid arguments|not fully read|Failed to" $user Inject s cpu-spike
	told "expected the name of a unit, 1 second" $user Pause sts $sim 0 why
	told "expected the name of a unit, 1 second" $user Pause sts $sim 60 $'two\nlines'
	told "expected a reason" $user Stop s "$(printf 'x%.0s' {1..201})"
	told "expected the name of a unit, or nothing" $user Resume s '*'
	told "expected the number of an incident" $user Approve t 0
	told "Unknown method|Access denied|Rejected" $user Enforce s $sim
done
! daemon_log | grep -E 'cpu.spike|\.\./|lines|xxx' || fail "the daemon repeats garbage in its log"

say "nobody is refused"
told "$no" nobody Inject ss cpu-spike $sim
told "$no" nobody Stop s "a prank"
told "$no" nobody Pause sts $sim 60 "a prank"
told "$no" nobody Resume s ''
told "$no" selfheal Stop s "a prank" # the daemon's own user has no more right than others
! daemon_says 'by order of' || fail "an order of nobody was carried out"

say "a rule opens one order, of one unit"
cat >$rules <<-END
	polkit.addRule(function (action, subject) {
	    if (action.id == "io.selfheal.pause" && subject.user == "nobody" &&
	        action.lookup("unit") == "$sim")
	        return polkit.Result.YES;
	});
END
may_pause() {
	as nobody Pause sts $sim 3600 "a rule lets me" | grep -qx 's "" '
}
wait_for 5 "nobody may pause $sim" may_pause
daemon_says "$sim is paused for 1h by order of uid $(id -u nobody): a rule lets me" ||
	fail "the order is not in the log"
told "$no" nobody Pause sts sim-shop.service 60 "and more"
told "$no" nobody Resume s $sim
told "$no" nobody Stop s "and more"
told "$no" nobody Inject ss cpu-spike $sim

say "root is heard"
told '^s ""' root Inject ss memory-leak $sim
told "is ill already" root Inject ss memory-leak $sim
told "no simulated service" root Inject ss memory-leak sshd.service
wait_for 90 "what is paused is left alone" is_history $sim .decision.why paused
never_allowed $sim || fail "$sim was healed while it was paused"
selfhealctl resume ${sim%.service} | grep -x "$sim: its healing goes on" || fail "it does not"
told "is not paused" root Resume s $sim
selfhealctl pause other --for 90s --reason "a try" | grep -x "no unit of that name is watched now; it is paused all the same"
daemon_says "the healing of other.service is paused for 1min 30s by order of uid 0: a try" ||
	fail "the client's order is not in the log"
wait_for 30 "and healed when that is over" is_history $sim .decision.why allowed
wait_for 90 "for good" is_history $sim .outcome.result healed

say "all healing is stopped, and shown to be"
selfhealctl pause --reason "the story says so" || fail "the client is refused"
is_stopped() {
	[[ $(property Mode) == 's "stopped"' && $(ctl status --json | jq -r .keeper.mode) == stopped ]]
}
wait_for 5 "status says so" is_stopped
[[ $(ctl status) == *"somebody stopped all healing"* ]] || fail "not in words"
selfhealctl resume || fail "the client is refused"
wait_for 5 "and it goes on" is_not is_stopped

say "the client of an ordinary user goes over the bus, the one of root to the socket"
code=0
said=$(runuser -u nobody -- selfhealctl inject cpu-spike $sim 2>&1) || code=$?
equal "$code" 4 "exit code of nobody's inject, which says: $said"
grep -qE "$no" <<<"$said" || fail "nobody is told: $said"
sed -i 's/io.selfheal.pause/io.selfheal.inject/' $rules
may_inject() {
	runuser -u nobody -- selfhealctl inject cpu-spike $sim
}
wait_for 5 "nobody may inject" may_inject
daemon_says "falls ill by order of uid $(id -u nobody): cpu-spike" || fail "it did not"

say "others cannot have the name"
for user in root nobody; do
	said=$(runuser -u $user -- busctl call org.freedesktop.DBus / org.freedesktop.DBus \
		RequestName su $name 2 2>&1) && fail "$user has the name: $said"
	grep -qE "not allowed to own|Access denied" <<<"$said" || fail "$user is told: $said"
done

say "without polkit root is heard still"
systemctl mask --runtime --now polkit.service
told '^s ""' root Stop s "no polkit"
told "masked|no polkit here|$no" nobody Resume s ''
told '^s ""' root Resume s ''
systemctl unmask --runtime polkit.service

say "the bus goes and comes back"
n=$(times_said "orders may come over the system bus")
systemctl restart dbus.service
wait_for 15 "it has its name again" said_more_often "orders may come over the system bus" "$n"
told '^s ""' root Stop s "after the bus"
equal "$(systemctl show -P MainPID selfhealed.service)" "$pid" "its process"
equal "$(times_said 'no orders over the system bus')" 1 "times that the loss was said"
