#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon's user may do to this host: restart and reload the services that an admin enrolled, by
# exactly their names, start what tells people, and nothing else; and no more than that once they are
# taken back.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

rules=/etc/polkit-1/rules.d/10-selfheal.rules

shop=patient-shop.service
dashed='patient-a\x2db.service' # a backslash, which means something in JavaScript
sleeper="ExecStart=/bin/sleep infinity"
for name in shop shop2 sho 'a\x2db' named; do
	patient "$name" "$sleeper" "ExecReload=/bin/true"
done
patient oneshot Type=oneshot RemainAfterExit=yes ExecStart=/bin/true
patient far "$sleeper" '[Unit]' RefuseManualStop=yes
ln -s "$shop" /etc/systemd/system/patient-alias.service
ln -s patient-named.service /etc/systemd/system/display-manager.service
printf '[Service]\n%s\n' "$sleeper" >/etc/systemd/system/ssh.service
systemctl daemon-reload
systemctl start patient-shop patient-shop2 patient-sho 'patient-a\x2db' patient-named

# ---- as the daemon's user ------------------------------------------------------------

manager() {
	runuser -u selfheal -- busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
		org.freedesktop.systemd1.Manager "$@" 2>&1
}
is_refused() {
	local said

	! said=$(manager "$@") || return 1
	grep -qE 'Permission denied|Access denied|[Aa]uthentication required|Rejected send message' \
		<<<"$said" || fail "$*: $said"
}
refused() {
	is_refused "$@" || fail "the daemon's user may: $*"
}
allowed() {
	manager "$@" >/dev/null
}
assert_shut() { # UNIT
	refused TryRestartUnit ss "$1" replace
	refused RestartUnit ss "$1" replace
	refused ReloadUnit ss "$1" replace
	refused ResetFailedUnit s "$1"
}

# ---- as the admin ----------------------------------------------------------------------

# assert_told EXIT-CODE WHAT ARGUMENTS...
assert_told() {
	local expected=$1 what=$2 said code=0
	shift 2

	said=$(selfhealctl "$@" 2>&1) || code=$?
	equal "$code" "$expected" "exit code of '$*', which says: $said"
	grep -qF -- "$what" <<<"$said" || fail "'$*' does not say '$what': $said"
}
is_enrolled() {
	[[ -e $rules ]] && grep -qxF "        \"${1//\\/\\\\}\"," "$rules"
}
assert_nothing_enrolled() {
	[[ ! -e $rules ]] || fail "$rules is there"
	[[ -z $(find /etc/systemd/system -name 50-selfheal.conf) ]] || fail "drop-ins are left"
}

# Whatever is enrolled, and however the rules of enroll end.
assert_may_tell() {
	allowed StartUnit ss selfheal-notify@1.service fail || fail "may not tell people of an incident"
}

say "nothing is allowed before, but to tell people"
assert_told 0 "Nothing is enrolled" enroll
assert_shut "$shop"
assert_may_tell

say "what can never be healed is refused"
assert_told 4 "dbus.service cannot be enrolled: it is one of those that are never touched" \
	enroll dbus.service
assert_told 4 "also called display-manager.service" enroll patient-named
assert_told 4 "it is not a service that stays up" enroll patient-oneshot
assert_told 4 "it refuses to be started or stopped by hand" enroll patient-far
assert_told 4 "only services are healed" enroll multi-user.target
assert_told 4 "none of those that match 'ssh*'" enroll 'ssh*'
assert_told 2 "no service matches" enroll 'no-such-*'
assert_told 2 "there is no such service" enroll patient-shop no-such
systemd-run --quiet --unit=patient-transient sleep infinity
assert_told 4 "it is a transient unit" enroll patient-transient
assert_nothing_enrolled
code=0
said=$(runuser -u nobody -- selfhealctl enroll "$shop" 2>&1) || code=$?
equal "$code: $said" "4: selfhealctl: error: enroll: only root may say which services are healed" \
	"what nobody is told"

say "an alias is enrolled by the unit's own name, and systemd knows the mode"
assert_told 0 "patient-alias.service is $shop" enroll patient-alias "$dashed"
systemctl cat "$shop" | grep -qx 'Mode=enforce' || fail "systemctl cat does not show the mode"
equal "$(systemctl show -P NeedDaemonReload "$shop")" no "NeedDaemonReload"
[[ $(systemctl show -P DropInPaths "$shop") == *"/$shop.d/50-selfheal.conf"* ]] ||
	fail "systemd does not know the drop-in"
assert_told 0 "agree" enroll
printf '[X-SelfHeal]\nMode=observe\n' >"/etc/systemd/system/$shop.d/90-admin.conf"
systemctl daemon-reload
assert_told 1 "observe not what its 50-selfheal.conf says" enroll
rm "/etc/systemd/system/$shop.d/90-admin.conf"
systemctl daemon-reload
assert_told 0 "agree" enroll

wait_for 2 "polkit has seen the rule" allowed ResetFailedUnit s "$shop"
for unit in "$shop" "$dashed"; do
	before=$(invocation "$unit")
	allowed TryRestartUnit ss "$unit" replace || fail "may not try-restart $unit"
	wait_for 5 "$unit was restarted" is_replaced "$unit" "$before"
	allowed RestartUnit ss "$unit" replace-irreversibly || fail "may not restart $unit"
	allowed ReloadUnit ss "$unit" replace || fail "may not reload $unit"
done

assert_may_tell

say "and nothing more"
before=$(invocation patient-shop2.service)
for unit in patient-shop2.service patient-sho.service patient-named.service dbus.service \
	systemd-journald.service multi-user.target; do
	assert_shut "$unit"
done
for unit in "$shop" patient-shop2.service; do
	refused StopUnit ss "$unit" replace
	refused StartUnit ss "$unit" replace
	refused ReloadOrRestartUnit ss "$unit" replace
	refused ReloadOrTryRestartUnit ss "$unit" replace
	refused KillUnit ssi "$unit" all 9
	refused SetUnitProperties 'sba(sv)' "$unit" true 1 CPUWeight t 1
	refused EnableUnitFiles asbb 1 "$unit" false false
	refused MaskUnitFiles asbb 1 "$unit" true false
done
for verb in StopUnit RestartUnit TryRestartUnit; do
	refused "$verb" ss selfheal-notify@1.service replace
done
refused StartUnit ss selfheal-notify@x.service replace
refused StartUnit ss selfheal-notify@1x.service replace
refused StartUnit ss my-selfheal-notify@1.service replace
refused StartTransientUnit 'ssa(sv)a(sa(sv))' evil.service replace 0 0
refused ResetFailed
refused Reload
refused Reexecute
refused Reboot
refused SetEnvironment as 1 A=b
is_untouched patient-shop2.service "$before" || fail "patient-shop2 was touched"

say "another mode is set by enrolling again"
assert_told 0 "$shop: enrolled, Mode=approve" enroll "$shop" --mode approve
systemctl cat "$shop" | grep -qx 'Mode=approve' || fail "the mode is not approve"
is_enrolled "$dashed" || fail "$dashed is not enrolled any more"

say "what is taken back is shut within 2 s"
assert_told 0 "$shop: no longer enrolled" unenroll patient-alias
wait_for 2 "polkit has seen that" is_refused RestartUnit ss "$shop" replace
assert_shut "$shop"
[[ ! -e /etc/systemd/system/$shop.d ]] || fail "the drop-in's folder is left"
allowed RestartUnit ss "$dashed" replace || fail "may no longer restart $dashed"
assert_told 0 "no longer enrolled" unenroll '*'
assert_nothing_enrolled
wait_for 2 "polkit has seen that too" is_refused RestartUnit ss "$dashed" replace
assert_told 0 "is not enrolled" unenroll "$shop"

say "a glob is what there is now, without what must not be touched"
assert_told 0 "dbus.service: left out: it is one of those that are never touched" enroll '*'
for unit in "$shop" patient-shop2.service "$dashed"; do
	is_enrolled "$unit" || fail "$unit is not enrolled by '*'"
done
for unit in dbus.service ssh.service polkit.service systemd-journald.service patient-named.service \
	patient-oneshot.service patient-alias.service; do
	! is_enrolled "$unit" || fail "$unit is enrolled by '*'"
done
patient late "$sleeper"
systemctl start patient-late
assert_shut patient-late.service
assert_told 0 "no longer enrolled" unenroll '*'

say "files of somebody else stay"
echo '// mine' >"$rules"
assert_told 4 "$rules was not written by selfhealctl" enroll "$shop"
equal "$(<"$rules")" '// mine' "the admin's rules"
rm "$rules"
mkdir "/etc/systemd/system/$shop.d"
echo '[X-SelfHeal]' >"/etc/systemd/system/$shop.d/50-selfheal.conf"
assert_told 4 "50-selfheal.conf was not written by selfhealctl" enroll 'patient-*'
[[ ! -e $rules ]] || fail "$rules was written all the same"
rm -r "/etc/systemd/system/$shop.d"

say "a host that only observes is mentioned"
printf '[Healing]\nMode=observe\n' >"$config"
assert_told 0 "says Mode=observe" enroll "$shop"
assert_told 0 "no longer enrolled" unenroll "$shop"

say "without polkit nothing is changed"
mv /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service /srv/
systemctl stop polkit.service
busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
assert_told 4 "apt install polkitd" enroll "$shop"
assert_nothing_enrolled
