# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Virtual machines in which the built product is tried; sourced by tests/vm/run and tests/kernels/run.
#
# A machine is this host's own release, from the mirrors that its apt uses, with systemd as PID 1 and every
# controller in cgroup2; without a network, and emulated, so it needs no right but root's. It runs one job
# and is thrown away. Who sources this has set:
#   what      the suite's name, for what is said and as the machine's host name
#   checkout  the sources; build: what was made of them
#   work      a folder of the suite's own; its image is kept there for the next time
#   limit     seconds for one machine, from power on to power off
#   memory    MiB
#   contents  packages that are installed beside those without which there is no machine
#   inputs    folders and files of the build that are shown inside, below /srv/build
#   slowness  options of its disk, for one that is no faster than that; may be empty
#   verbose   not empty: all that is said is shown as it comes, the console too
# shellcheck disable=SC2154 # these are set by who sources this

image=$work/image # the disk, and of each kernel PACKAGE.vmlinuz and PACKAGE.initrd

say() {
	echo "$what: $*"
}

child='' # the one we wait for; beside us, since a signal to us waits for what runs in front
await_child() {
	local status

	wait "$child"
	status=$?
	child=''
	return "$status"
}

cleanup() {
	trap '' INT TERM HUP
	rm -f "$work/input" "$work/job"
	[[ ! $child ]] || { kill "$child" && wait "$child"; } 2>/dev/null
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

machine_can_run() {
	((EUID == 0)) && [[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]]
}

# ---- its disk ------------------------------------------------------------------------

# A system to be watched, and what the programs of the build are linked to.
machine_contents=(systemd systemd-sysv udev dbus polkitd libnss-systemd kmod procps iproute2 jq sqlite3
	libbpf1 libelf1 libsqlite3-0 libsmartcols1 libsystemd0 "${contents[@]}")

# sources.list of this host's apt, as far as it is Debian's own main.
mirrors() {
	# shellcheck disable=SC2016 # apt's own placeholders
	apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
		'Origin: Debian' 'Component: main' | sort -u
}

# The job is no part of the boot, for which it waits.
write_job() { # ROOT
	cat >"$1/etc/systemd/system/machine.service" <<-'UNIT'
		[Unit]
		After=multi-user.target
		[Service]
		Type=exec
		ExecStart=/usr/local/sbin/machine
		[Install]
		WantedBy=multi-user.target
	UNIT
	cat >"$1/usr/local/sbin/machine" <<-'JOB'
		#!/bin/bash
		port=/dev/virtio-ports
		systemctl is-system-running --wait >"$port/state"
		mkdir -p /srv/results
		tar -xf /dev/vdb -C /srv --no-same-owner
		bash /srv/job /srv/results </dev/null >"$port/said" 2>&1
		echo "$?" >/srv/results/status
		tar -c -C /srv/results . >"$port/results"
		sync
		systemctl --no-block poweroff
	JOB
	chmod 755 "$1/usr/local/sbin/machine"
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
	ln -s ../machine.service "$1/etc/systemd/system/multi-user.target.wants/"
	# Nobody logs in, and nothing shall begin by itself while things are counted.
	rm -f "$1"/etc/systemd/system/getty.target.wants/* "$1"/etc/systemd/system/timers.target.wants/*
	rm -f "$1/etc/systemd/system/multi-user.target.wants/e2scrub_reap.service"
	echo "$what" >"$1/etc/hostname"
	: >"$1/etc/machine-id"
}

make_image() { # PACKAGE...
	local new=$image.new root=$image.new/root release package version

	rm -rf --one-file-system "$new"
	mkdir -p "$new"
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	say "making a disk of Debian $release with ${*#linux-image-}"
	# Its mounts are its own, whatever becomes of it.
	# The initial RAM disk with the drivers of this machine alone is made and booted in less time.
	mkdir -p "$new/hook"
	cat >"$new/hook/drivers" <<-'HOOK'
		#!/bin/sh
		mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
		echo MODULES=list >"$1/etc/initramfs-tools/conf.d/machine"
		printf '%s\n' virtio_pci virtio_blk ext4 >"$1/usr/share/initramfs-tools/modules.d/machine"
	HOOK
	chmod 755 "$new/hook/drivers"
	nice -n 19 timeout --kill-after=10 "$limit" unshare --mount mmdebstrap --mode=root --variant=minbase \
		--include="$(IFS=, && echo "${machine_contents[*]},$*")" --essential-hook="$new/hook/drivers" \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$release" "$root" - < <(mirrors) >"$work/image.log" 2>&1 &
	child=$!
	await_child || {
		tail "$work/image.log"
		return 1
	}
	for package; do
		version=${package#linux-image-}
		cp "$root/boot/vmlinuz-$version" "$new/$package.vmlinuz" &&
			cp "$root/boot/initrd.img-$version" "$new/$package.initrd" || return 1
	done
	write_job "$root" || return 1
	rm -rf "${root:?}"/boot/* "$root"/var/cache/apt/*.bin
	truncate -s 2G "$new/disk"
	mke2fs -q -t ext4 -L root -d "$root" "$new/disk" || return 1
	rm -rf --one-file-system "$root" "$new/hook" "$image"
	image_key >"$new/key"
	mv "$new" "$image"
}

# How an image is made: where that has changed, another is.
image_key() {
	printf '%s\n' "${machine_contents[@]}"
	declare -f make_image write_job
}

image_serves() { # PACKAGE...
	local package

	cmp -s "$image/key" <(image_key) || return 1
	for package; do
		[[ -f $image/$package.initrd ]] || return 1
	done
}

# One disk for these kernels, each a package; it is made where there is none that serves.
machine_image() { # PACKAGE...
	image_serves "$@" || make_image "$@"
}

# ---- one machine --------------------------------------------------------------------------

# The job, the tests, what they need of the checkout, and what was built and installed.
machine_input() { # SCRIPT ARGUMENT...: of the checkout, run in the machine as SCRIPT RESULTS ARGUMENT...
	local script=$1
	shift

	echo "exec bash /srv/selfheal/$script \"\$1\" $*" >"$work/job"
	tar -cf "$work/input" --transform='s,^,selfheal/,' -C "$checkout" tests packaging &&
		tar -rf "$work/input" --transform='s,^,build/,' -C "$build" "${inputs[@]}" &&
		tar -rf "$work/input" -C "$work" job &&
		truncate -s %512 "$work/input"
}

port() { # FOLDER NAME
	echo "-chardev file,id=$2,path=$1/$2 -device virtserialport,chardev=$2,name=$2"
}

# CPUs in turns, not at the same time: as these probes come and go a kernel rewrites code that its other
# CPUs may be in, which an emulator of several threads does not show them in time (an int3 that nobody
# expects, and a panic).
power_on() { # PACKAGE FOLDER
	# shellcheck disable=SC2046 # words
	TMPDIR=$2 exec nice -n 19 timeout --kill-after=10 "$limit" qemu-system-x86_64 \
		-accel tcg,thread=single,tb-size=512 -cpu max -smp 2 -m "$memory" \
		-display none -monitor none -no-reboot -nic none \
		-kernel "$image/$1.vmlinuz" -initrd "$image/$1.initrd" \
		-append "root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off psi=1 systemd.show_status=no" \
		-drive "file=$image/disk,format=raw,if=virtio,snapshot=on$slowness" \
		-drive "file=$work/input,format=raw,if=virtio,readonly=on" \
		-device virtio-rng-pci -device virtio-serial-pci \
		$(port "$2" state) $(port "$2" said) $(port "$2" results) \
		-serial "file:$2/console"
}

# As it comes, until the machine is off: results and measurements, or all.
follow() { # FOLDER
	if [[ $verbose ]]; then
		tail --quiet --pid="$child" -s 0.5 -n +1 -f "$1/console" "$1/said"
	else
		tail --quiet --pid="$child" -s 0.5 -n +1 -f "$1/said" |
			grep --line-buffered -E '^((not )?ok|not run here:|#) '
	fi
}

# machine_run PACKAGE FOLDER: the job of machine_input under that kernel. What it said, what it left in
# RESULTS and the console are in FOLDER afterwards. Its status; 125 and the end of all that was said
# where it did not come to an end.
machine_run() {
	local folder=$2 status follower

	rm -rf "$folder"
	mkdir -p "$folder"
	touch "$folder"/{state,said,console,results}
	power_on "$1" "$folder" </dev/null >"$folder/qemu.log" 2>&1 &
	child=$!
	follow "$folder" &
	follower=$!
	await_child
	status=$?
	wait "$follower"
	tar -xf "$folder/results" -C "$folder" 2>>"$folder/qemu.log" && rm "$folder/results"
	if [[ ! -f $folder/status ]]; then
		tail -n 30 "$folder/console" "$folder/said" "$folder/qemu.log"
		say "no end, the emulator's status is $status, boot: $(cat "$folder/state")"
		return 125
	fi
	return "$(cat "$folder/status")"
}
