#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the controllers of cgroup2 count is what the daemon tells, tick by tick: services run against
# each bound, and all that was told of them from rest to rest, out of the present's ring, is summed up
# and held against the kernel's own files.
# shellcheck source=../../e2e/lib.sh
. "${0%/*}/../../e2e/lib.sh"

root=/sys/fs/cgroup/system.slice
samples=/srv/samples
wrong=0

# bounded NAME LOAD LINES...: a service that is at rest until told, bears its load, and rests again.
# The io controller counts where that is asked for.
names=()
bounded() {
	local name=$1 load=$2
	shift 2

	mkfifo "/srv/begin.$name"
	cat >"/srv/load.$name" <<-END
		read -r </srv/begin.$name
		$load
		: >/srv/over.$name
		exec sleep infinity
	END
	printf '%s\n' '[Service]' "ExecStart=/bin/bash /srv/load.$name" OOMPolicy=continue IOAccounting=yes \
		"$@" >"/etc/systemd/system/patient-$name.service"
	names+=("$name")
}

# Each reads a part of the disk of its own: a page belongs to who touched it first.
bounded quota 'timeout 8 bash -c "while :; do :; done"' CPUQuota=20%
bounded high 'dd if=/dev/vda of=/dev/null bs=1M count=96 skip=200 status=none' MemoryHigh=24M
bounded max 'dd if=/dev/vda of=/dev/null bs=1M count=96 skip=400 status=none' MemoryMax=24M
bounded oom 'head -c 100M /dev/zero | tail' MemoryMax=32M
bounded disk 'dd if=/dev/zero of=/var/tmp/direct bs=64k count=320 oflag=direct status=none
	dd if=/var/tmp/direct of=/dev/null bs=64k iflag=direct status=none'

# ---- what the kernel's files say, and what the daemon told ----------------------------

# file NAME FILE KEY: the number after that word of the cgroup's file, or its first if there is no key.
file() {
	awk -v key="$3" '
		key == "" { sum = $1; exit }
		$1 == key && NF == 2 { sum += $2 }
		$1 == key && NF > 2 { # pressure: "some avg10=... total=N"
			sub(/.*total=/, "")
			sum += $0
		}
		index(" " $0, " " key "=") { # io.stat: a line a device
			match(" " $0, " " key "=[0-9]+")
			split(substr(" " $0, RSTART, RLENGTH), word, "=")
			sum += word[2]
		}
		END { printf "%.0f\n", sum }' "$root/patient-$1.service/$2"
}

# read_ring SINCE: "SERVICE AT_MS METRIC VALUE" of each tick, as live.sql and store/chunk.h have it: of
# each unit its number in 4 bytes, and 2 bytes a metric.
read_ring() {
	sqlite3 -readonly -separator ' ' /run/selfheal/live.db \
		"SELECT at_ms, hex(body) FROM ring WHERE at_ms >= $1 ORDER BY at_ms" |
		awk -v metrics="$(ctl doctor --json | jq -r '[.signals[].name] | join(" ")')" \
			-v units="$(ctl status --json | jq -r '[.units[] |
				select(.name | startswith("patient-")) | "\(.unit) \(.name)"] | join(" ")')" '
			BEGIN {
				n = split(metrics, metric, " ")
				for (i = split(units, word, " "); i > 0; i -= 2)
					name[word[i - 1]] = word[i]
			}
			function byte(i) {
				return 16 * digit(2 * i + 1) + digit(2 * i + 2)
			}
			function digit(i) {
				return index("123456789ABCDEF", substr($2, i, 1))
			}
			function small(i, value) {
				value = byte(i) + 256 * byte(i + 1)
				if (value == 65535)
					return "null"
				return value == 0 ? 0 : 2 ^ (int(value / 512) - 20) * (1 + value % 512 / 512)
			}
			{
				for (at = 0; 2 * at < length($2); at += 4 + 2 * n) {
					unit = byte(at) + 256 * byte(at + 1)
					for (i = 1; unit in name && i <= n; i++)
						print name[unit], $1, metric[i], small(at + 2 + 2 * i)
				}
			}'
}

# told NAME METRIC KIND: the sum of a count, or of a rate times the time it covers.
told() {
	awk -v name="patient-$1.service" -v metric="$2" -v kind="$3" '
		$1 == name && $3 == metric {
			if ($4 == "null")
				unknown = 1
			if (before)
				sum += $4 * (kind == "rate" ? ($2 - before) / 1000 : 1)
			before = $2
		}
		END {
			if (unknown || !before)
				print "null"
			else
				printf "%.9g\n", sum
		}' "$samples"
}

# The file must tell of something, else nothing is shown by it.
compare() { # WHAT TOLD FILE SLACK
	local verdict

	verdict=$(awk -v told="$2" -v file="$3" -v slack="$4" 'BEGIN {
		off = told - file
		if (off < 0) off = -off
		print(told != "null" && file > 0 && off <= slack ? "agree" : "DO NOT AGREE")
	}')
	echo "# $1: told $2, the kernel's file says $3: $verdict"
	[[ $verdict == agree ]] || wrong=$((wrong + 1))
}

# sums NAME METRIC FILE KEY SCALE SLACK KIND: a rate or a count from rest to rest; the file's unit times
# SCALE is the metric's; a slack of "1%" is a part of the file's number. The ring itself has numbers to
# a tenth of a percent, counts up to 1024 as they are.
declare -A before=()
checks=()
sums() {
	checks+=("$*")
}

read_before() {
	local check name metric path key rest

	for check in "${checks[@]}"; do
		read -r name metric path key rest <<<"$check"
		before[$name.$metric]=$(file "$name" "$path" "$key")
	done
}

judge_sum() {
	local name=$1 metric=$2 path=$3 key=$4 scale=$5 slack=$6 kind=$7 expected

	expected=$(awk -v now="$(file "$name" "$path" "$key")" -v before="${before[$name.$metric]}" \
		-v scale="$scale" 'BEGIN { printf "%.9g", (now - before) * scale }')
	[[ $slack != *% ]] || slack=$(awk -v of="$expected" -v part="${slack%\%}" \
		'BEGIN { print of * part / 100 }')
	compare "$name $metric" "$(told "$name" "$metric" "$kind")" "$expected" "$slack"
}

level() { # NAME METRIC TRUTH SLACK
	compare "$1 $2 at rest" "$(status_of "patient-$1.service" ".sample.value.$2")" "$3" "$4"
}

# ---- what is compared -----------------------------------------------------------------

sums quota throttled cpu.stat throttled_usec 1e-6 1% rate
sums quota cpu cpu.stat usage_usec 1e-6 2% rate
sums quota psi_cpu_some cpu.pressure some 1e-6 2% rate
sums quota psi_cpu_full cpu.pressure full 1e-6 2% rate
sums high memory_high memory.events high 1 0.2% count
sums high read_bytes io.stat rbytes 1 1% rate
sums high psi_memory_some memory.pressure some 1e-6 2% rate
sums max memory_max memory.events max 1 0.2% count
sums max read_bytes io.stat rbytes 1 1% rate
sums oom oom_kills memory.events oom_kill 1 0.2% count
sums oom memory_max memory.events max 1 0.2% count
sums disk read_bytes io.stat rbytes 1 1% rate
sums disk write_bytes io.stat wbytes 1 1% rate
# Who reads ahead may never wait; who goes past the cache does, each time.
sums disk psi_io_some io.pressure some 1e-6 2% rate
sums disk psi_io_full io.pressure full 1e-6 2% rate

# ---- the run ---------------------------------------------------------------------------

is_watched() { # NAME
	[[ $(status_of "patient-$1.service" '.sample.span_ms > 0 and
		.sample.value.psi_cpu_some != null') == true ]]
}

is_over() { # NAME
	[[ -e /srv/over.$1 ]]
}

systemctl daemon-reload
systemctl start "${names[@]/#/patient-}"
start_daemon ''
for name in "${names[@]}"; do
	wait_for 60 "patient-$name is watched" is_watched "$name"
done
sleep 5 # pressure is told with the mean of two looks
since=$(date +%s%3N)
read_before
for name in "${names[@]}"; do
	echo >"/srv/begin.$name"
	wait_for 120 "patient-$name has borne its load" is_over "$name"
done
sleep 8 # two beats of pressure, and one more tick
read_ring "$since" >"$samples"
echo "# ticks that are summed up: $(awk '$3 == "cpu" { n[$1]++ } END { for (i in n) print n[i] }' \
	"$samples" | sort -n | uniq | xargs), in $((($(date +%s%3N) - since) / 1000)) s"

for check in "${checks[@]}"; do
	# shellcheck disable=SC2086 # words
	judge_sum $check
done
for name in "${names[@]}"; do
	level "$name" memory "$(file "$name" memory.current '')" 0
	level "$name" threads "$(file "$name" pids.current '')" 0
	level "$name" processes "$(wc -l <"$root/patient-$name.service/cgroup.procs")" 0
done
equal "$(ctl status --json | jq .keeper.n_lost)" 0 "what was lost"
((wrong == 0)) || fail "$wrong of what was told is not what the kernel's files say"
