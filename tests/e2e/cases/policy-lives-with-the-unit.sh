#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a unit, its classes and the host say of its healing: which of them holds, in which line of which
# file it stands, and what is wrong there, told before the daemon reads it.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-shop.service
file=/etc/systemd/system/$unit
classes=/etc/selfheal/units.d
sleeper="ExecStart=/bin/sleep infinity"

policy() { # FILTER [UNIT]: a jq filter over what policy says
	ctl policy "${2-$unit}" --json | jq -r "$1"
}
line() { # KEY: its value and where it stands
	policy ".lines[] | select(.key == \"$1\") | \"\\(.value) \\(.from | join(\" \"))\""
}
is_paused() { # true or false
	[[ $(policy .paused) == "$1" ]]
}
# assert_told EXIT-CODE WHAT ARGUMENTS...
assert_told() {
	local expected=$1 what=$2 said code=0
	shift 2

	said=$(selfhealctl "$@" 2>&1) || code=$?
	equal "$code" "$expected" "exit code of '$*', which says: $said"
	grep -qF -- "$what" <<<"$said" || fail "'$*' does not say '$what': $said"
}
# assert_wrong FILE TEXT WHAT: verify finds that, in the file alone or among all that are installed.
assert_wrong() {
	printf '%b' "$2" >"$1"
	systemctl daemon-reload
	assert_told 1 "$1$3" verify
	rm "$1"
	systemctl daemon-reload
}

patient shop "$sleeper" '[X-SelfHeal]' Mode=approve 'Window=Sat,Sun 01:00-05:00' \
	DependsOn=patient-db.service 'HealOn=memory crash' For=90s
patient db "$sleeper"
patient 'web@' "$sleeper" ExecReload=/bin/true
mkdir -p "$file.d" "$classes"
systemctl daemon-reload

say "without anything said it is the host's"
equal "$(policy .mode patient-db)" mock "the mode of patient-db"
assert_told 0 "patient-db.service: mock: it is the host's (the default)" policy patient-db
assert_told 0 "restart restart notify" policy patient-db
assert_told 0 "at any time" policy patient-db

say "its own words go before those of its classes, and lists add up"
cat >"$classes/10-all.conf" <<-END
	[Match]
	Unit=patient-*.service
	[X-SelfHeal]
	Mode=enforce
	Window=22:00-06:00
	UnitBudget=1/h 300s/d
END
cat >"$file.d/20-more.conf" <<-END
	[X-SelfHeal]
	# more of the same
	Window=Mon 12:00-13:00
	HealOn=crash
	Limits=threads=500
END
printf '[Healing]\nCooldown=2min\n' >"$config"
systemctl daemon-reload
equal "$(policy .mode)" approve "the mode"
equal "$(policy '.classes | join(" ")')" 10-all "the classes"
equal "$(line Mode)" "approve $file:6" "Mode"
equal "$(line HealOn)" "crash $file.d/20-more.conf:4" "HealOn, which replaces"
equal "$(line Window)" "22:00-06:00; Sat,Sun 01:00-05:00; Mon 12:00-13:00 $classes/10-all.conf:5 $file:7 $file.d/20-more.conf:3" \
	"Window, which adds up"
equal "$(line UnitBudget)" "1/h 300s/d $classes/10-all.conf:6" "UnitBudget"
equal "$(line Cooldown)" "2min $config:2" "Cooldown"
equal "$(line Ladder)" "restart restart notify " "Ladder"
equal "$(line For)" "1min 30s $file:10" "For"
equal "$(line Ignore)" "null " "Ignore"
equal "$(policy .mode patient-db)" enforce "the mode of patient-db, by its class"
assert_told 0 "enforce: its class does ($classes/10-all.conf:4)" policy patient-db
assert_told 0 "enforce: its class does" policy 'patient-web@7'
assert_told 0 "10-all" policy 'patient-web@7'

say "an empty value takes back what was said before it, by whomever"
printf '[X-SelfHeal]\nMode=\nWindow=\nDependsOn=\n' >"$file.d/30-less.conf"
systemctl daemon-reload
equal "$(line Mode)" "mock " "Mode"
equal "$(line Window)" "null " "Window"
equal "$(line DependsOn)" "null " "DependsOn"
rm "$file.d/30-less.conf"
systemctl daemon-reload

say "polkit's lock is told of where it matters"
equal "$(policy .enrolled)" false "enrolled"
assert_told 0 "refuses: it is not enrolled" policy "$unit"
selfhealctl enroll "$unit" --mode enforce
equal "$(policy '"\(.mode) \(.enrolled)"')" "enforce true" "the mode, and whether it is enrolled"
equal "$(line Mode)" "enforce $file.d/50-selfheal.conf:$(grep -n Mode= "$file.d/50-selfheal.conf" |
	cut -d: -f1)" "Mode"

say "all of that is right"
assert_told 0 ": no error" verify
equal "$(selfhealctl verify | wc -l)" 1 "lines that verify says of what is right"
assert_told 0 "1 file: no error" verify "$file"

say "ceilings"
printf '[Healing]\nMode=observe\n' >"$config"
assert_told 0 "observe: the host only observes, which goes before all ($config:2)" policy "$unit"
equal "$(line Mode)" "observe $config:2" "Mode"
assert_told 0 "it is one of those that are never touched" policy dbus.service
equal "$(policy .mode dbus.service)" observe "the mode of the bus"
assert_told 2 "there is no such service" policy no-such
assert_told 2 "is a template" policy 'patient-web@'
assert_told 2 "only services are healed" policy multi-user.target
assert_told 2 "of which unit?" policy

systemctl start "$unit"
say "a stop is seen, as far as a daemon has written it down"
start_daemon "$(printf '[Healing]\nMode=enforce\n')"
wait_for 20 "the unit is there" is_status "$unit" .name "$unit"
equal "$(policy .paused)" false "paused"
selfhealctl pause >/dev/null
wait_for 10 "the stop is told" is_paused true
selfhealctl resume >/dev/null
wait_for 10 "its end too" is_paused false

say "a word that cannot be read: it is only observed, and policy and verify say where"
printf '[X-SelfHeal]\nMode=perhaps\n' >"$file.d/60-wrong.conf"
systemctl daemon-reload
wrong="$file.d/60-wrong.conf:2: Mode=perhaps; expected observe, mock, approve or enforce"
assert_told 1 "observe: one of its files cannot be read: $wrong" policy "$unit"
equal "$(line Mode)" "observe $file.d/60-wrong.conf:2" "Mode"
assert_told 1 "$wrong" verify
assert_told 1 "$wrong" verify "$file.d/60-wrong.conf"
wait_for 10 "the daemon says the same" daemon_says "Mode=perhaps; expected observe, mock, approve"
rm "$file.d/60-wrong.conf"
systemctl daemon-reload

say "what is wrong in other files"
systemctl stop selfhealed.service
assert_wrong "$config" '[Healing]\nMode=approve\n' ":2: Mode= is 'approve'; expected observe"
assert_wrong '/etc/systemd/system/lonely@.service' '[X-SelfHeal]\nMood=mock\n' ":2: unknown key 'Mood'"
assert_wrong "$classes/x.conf" '[X-SelfHeal]\nMode=mock\n' ": expected Unit= in [Match], found none"
assert_told 0 ": no error" verify

say "names that nobody knows, and lines without an effect"
drop_in=$file.d/60-more.conf
assert_wrong "$drop_in" '[X-SelfHeal]\nDependsOn=patient-bd.service\n' \
	":2: DependsOn=patient-bd.service: systemd knows no such unit"
assert_wrong "$drop_in" "[X-SelfHeal]\nDependsOn=$unit\n" \
	":2: DependsOn=$unit: that is the unit itself"
assert_wrong "$drop_in" '[X-SelfHeal]\nLadder=reload restart\n' \
	":2: Ladder=reload restart: $unit cannot reload"
assert_wrong "$drop_in" '[X-SelfHeal]\nWindow=00:00-24:00\n' \
	":2: Window= has no effect on $unit: it is always open"
assert_wrong "$drop_in" '[X-SelfHeal]\nLadder=notify\nWindow=01:00-02:00\n' \
	":3: Window= has no effect on $unit: nothing in Ladder= disturbs the unit"
assert_wrong "$drop_in" '[X-SelfHeal]\nMode=observe\nWindow=01:00-02:00\n' \
	":3: Window= has no effect on $unit: the unit is only observed"
assert_wrong "$classes/x.conf" '[Match]\nUnit=no-such-*.service\n' \
	":2: Unit=no-such-*.service: no service matches"
assert_wrong "$classes/x.conf" \
	'[Match]\nUnit=patient-db.service\n[X-SelfHeal]\nLadder=reload\n' \
	": Ladder= has reload, but no service of this class can"
mkdir -p /tmp/draft
printf '[Match]\nUnit=shop\n' >/tmp/draft/shop.conf
assert_told 1 "/tmp/draft/shop.conf:2: Unit=shop; expected names of units" verify /tmp/draft/shop.conf
assert_told 1 "/tmp/draft/none.rule: cannot be read: No such file" verify /tmp/draft/none.rule
assert_told 0 ": no error" verify
