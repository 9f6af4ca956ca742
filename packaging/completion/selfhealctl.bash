# SPDX-License-Identifier: GPL-2.0-or-later
# Completes commands, options, the names of the units that are watched now, and the numbers of incidents.

# Names have no spaces; what is no plain name of a unit is not offered.
_selfhealctl_units()
{
	"${COMP_WORDS[0]}" "$@" status --json 2>/dev/null |
		grep -o '"name": *"[A-Za-z0-9:_.@-]*"' | cut -d '"' -f 4
}

_selfhealctl_incidents()
{
	"${COMP_WORDS[0]}" "$@" history --json 2>/dev/null |
		grep -o '"incident":{"id":[0-9]*' | cut -d : -f 3
}

_selfhealctl()
{
	local current=$2 previous=$3 command='' i
	local -a state=() words=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--state-dir | --db)
			state=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
			((i++))
			;;
		--since | --until | --limit | --mode | --for | --reason | --config | --rules | --csv | --train | --map | --detector | --seed | --format)
			((i++))
			;;
		-*) ;;
		*)
			[ -n "$command" ] || command=${COMP_WORDS[i]}
			words+=("${COMP_WORDS[i]}")
			;;
		esac
	done

	COMPREPLY=()
	case $previous in
	--state-dir | --rules)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--db | --config | --csv | --train | --map)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--since | --until)
		mapfile -t COMPREPLY < <(compgen -W 'today yesterday 1h 1d 7d' -- "$current")
		return
		;;
	--mode)
		mapfile -t COMPREPLY < <(compgen -W 'enforce approve' -- "$current")
		return
		;;
	--detector)
		mapfile -t COMPREPLY < <(compgen -W 'judge forest' -- "$current")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'table csv json' -- "$current")
		return
		;;
	--for)
		mapfile -t COMPREPLY < <(compgen -W '15min 30min 1h 2h 1d' -- "$current")
		return
		;;
	--limit | --seed | --reason) return ;;
	esac

	local choices='--state-dir --db --help --version'
	case $command in
	'')
		choices+=' status history explain stats deps inject pause resume heal approve doctor enroll unenroll'
		choices+=' policy verify evidence'
		choices+=' backtest --json --all'
		;;
	status) choices+=' --all --json' ;;
	history) choices+=' --since --limit --steps --json' ;;
	stats) choices+=' --since --json' ;;
	deps | doctor | explain | evidence | policy) choices+=' --json' ;;
	pause) choices+=' --for --reason' ;;
	enroll) choices+=' --mode' ;;
	backtest)
		choices+=' --since --until --config --rules --csv --train --map --detector --seed --format --json'
		;;
	esac
	case $command:${#words[@]} in
	inject:1) choices+=' cpu-spike memory-leak' ;;
	inject:2 | status:1 | history:1 | stats:1 | deps:1 | policy:1 | pause:1 | resume:1 | heal:1 | enroll:* | unenroll:* | backtest:*)
		choices+=" $(_selfhealctl_units "${state[@]}")"
		;;
	explain:1 | evidence:1 | approve:1) choices+=" $(_selfhealctl_incidents "${state[@]}")" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
	[ "$command" != verify ] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
}

complete -F _selfhealctl selfhealctl
