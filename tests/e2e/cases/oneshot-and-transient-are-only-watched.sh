#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is not meant to stay up, or nobody installed, is only watched, however it fails.
# shellcheck source=../lib.sh
. "${0%/*}/../lib.sh"

patient oneshot Type=oneshot RemainAfterExit=yes \
	"ExecStart=/bin/bash -c '[[ ! -e $trigger.oneshot ]]'"
systemctl start patient-oneshot.service
systemd-run --quiet --unit=patient-transient "$patients/leaky" 7006 "$trigger.transient" 0
patient timed "ExecStart=/bin/bash -c 'sleep 1; [[ ! -e $trigger.timed ]]'"
cat >/etc/systemd/system/patient-timed.timer <<-END
	[Timer]
	OnActiveSec=1s
	OnUnitInactiveSec=2s
	AccuracySec=100ms
END
systemctl daemon-reload
systemctl start patient-timed.timer
start_daemon "$(quick enforce)"
await_well patient-transient.service

make_ill oneshot
make_ill timed
systemctl restart patient-oneshot.service || true
systemctl kill --signal=KILL patient-transient.service
have_failed() {
	[[ $(systemctl is-active patient-oneshot.service) == failed &&
		$(systemctl is-active patient-transient.service) == failed ]]
}
wait_for 10 "they have failed" have_failed
hold_for 30 "they are left as they are" have_failed
for name in oneshot transient timed; do
	never_allowed "patient-$name.service" || fail "a restart of $name was allowed"
done
equal "$(status_of patient-oneshot.service .why)" not-long-running "why oneshot is left alone"
equal "$(status_of patient-transient.service .why)" transient "why transient is left alone"
