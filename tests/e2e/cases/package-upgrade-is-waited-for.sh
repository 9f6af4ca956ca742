#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# While packages are being installed nothing is healed; and a unit whose program was just replaced is left
# to whoever did that.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

unit=patient-calm.service deployed=patient-deployed.service
start_patient calm "ExecStart=$patients/leaky 7005 $trigger.calm 0" Restart=no
cp "$patients/leaky" /usr/local/bin/deployed
start_patient deployed "ExecStart=/usr/local/bin/deployed 7006 $trigger.deployed 0" Restart=no
start_daemon "$(quick enforce)"
await_well "$unit"
await_well "$deployed"
before=$(invocation "$unit")

# As dpkg does it: a lock by fcntl(2) on its file.
mkdir -p /var/lib/dpkg
touch /var/lib/dpkg/lock
python3 - <<-'END' &
	import fcntl, time
	with open("/var/lib/dpkg/lock", "r+") as lock:
	    fcntl.lockf(lock, fcntl.LOCK_EX)
	    time.sleep(60)
END
installs=$!
sleep 1
systemctl kill --signal=KILL "$unit"
wait_for 20 "it waits for the packages" is_status "$unit" .why packages
hold_for 20 "nothing is done" never_allowed "$unit"
kill "$installs"
wait_for 30 "it is healed when they are installed" is_replaced "$unit" "$before"
wait_for 60 "and proven" is_history "$unit" .outcome.result healed

# A deployment: another program under the same name, and then the service dies.
sleep 60
cp "$patients/leaky" /usr/local/bin/deployed.new
printf '\n' >>/usr/local/bin/deployed.new
mv /usr/local/bin/deployed.new /usr/local/bin/deployed
systemctl kill --signal=KILL "$deployed"
wait_for 20 "it is left to who deploys" is_status "$deployed" .why changed
hold_for 20 "nothing is done" never_allowed "$deployed"
ctl history --steps
