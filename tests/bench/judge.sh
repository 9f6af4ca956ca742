# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The judge's rows of tests/bench/run, which reads this file: forests against scikit-learn's and a naive
# one, a unit's seconds, memory, explanations, and what detectors make of labelled series.

# figures NAME COMMAND...: runs it; its lines "key figure" go to details as NAME_key, and into the array
# `of`, which the caller has. Sets $why to what it said last, if it fails; then its status is 1.
figures() {
	local name=$1 key value
	shift

	why=''
	"$@" >"$scratch/figures" 2>"$scratch/said" || why=$(tail -1 "$scratch/said" | grep . || echo "$1 failed")
	while read -r key value; do
		of[$key]=$value
		detail "${name}_$key" "$value"
	done <"$scratch/figures"
	[[ ! $why ]]
}

# By turns, on the same rows.
measure_reference() {
	local rounds=${quick:+2} i key why=''
	local -A of=() ours=() list=() ratio=()

	"$bench/forest" rows "$scratch/small" "$scratch/big" || die "cannot write rows"
	for ((i = 0; i < ${rounds:-5}; i++)); do
		figures forest "$bench/forest" times || break
		for key in "${!of[@]}"; do
			ours[$key]=${of[$key]}
		done
		figures sklearn "$root/tests/bench/reference.py" "$scratch/small" "$scratch/big" || break
		for key in "${!ours[@]}"; do
			list[$key]+=" $(calc "${of[$key]} / ${ours[$key]}")"
		done
	done
	for key in "${!list[@]}"; do
		# shellcheck disable=SC2086 # a list of numbers
		summary "sklearn_ratio_$key" ${list[$key]}
		# shellcheck disable=SC2086
		ratio[$key]=$(printf '%.1f' "$(median ${list[$key]})")
	done
	row forest_fit "Isolation Forest fitted to 10,000 x 16, scikit-learn's / ours" "${ratio[fit_us]-}" x '>=' 100 "$why"
	row forest_score "one row scored by itself" "${ratio[score_us]-}" x '>=' 10000 "$why"
	row forest_throughput "100,000 x 38 rows scored, one thread" "${ratio[throughput_us]-}" x '>=' 15 "$why"
}

measure_truth() {
	local why
	local -A of=()

	figures forest "$bench/forest" truth
	row naive_axes "textbook forest's scores are off a naive one's by, at most, in 10,000 rows" "${of[axes_error]-}" '' '<=' 1e-6 "$why"
	row naive_planes "forest of planes, the same" "${of[planes_error]-}" '' '<=' 1e-6 "$why"
}

measure_unit() {
	local why
	local -A of=()

	figures judge "$bench/judge" "$many_units"
	row unit_second "the whole judge, a unit of 24 metrics and second, 300 units in turn, refits included" \
		"${of[unit_second_us]-}" ' us' '<=' 15 "$why"
	row learner_bytes "all that is learnt of a unit of 24 metrics in two hours" "${of[learner_kib]-}" ' KiB' '<=' 128 "$why"
	row judge_bytes "the judge's memory, 300 such units" "${of[units_mib]-}" ' MiB' '<=' 40 "$why"
}

measure_blame() {
	local why name
	local -A of=() claim=(
		[daemon]="one of 24 metrics is 5 spreads off: the daemon names it first"
		[judge]="the same, backtest --detector judge"
		[forest]="the same, backtest --detector forest"
	)

	figures blame "$bench/blame"
	row blame_axes "each metric's share of a score, textbook forest, 24 columns" "${of[axes_us]-}" ' us' '<=' 30 "$why"
	row blame_planes "the same, forest of planes, 24 metrics in 72 columns" "${of[planes_us]-}" ' us' '<=' 30 "$why"
	for name in daemon judge forest; do
		row "right_$name" "${claim[$name]}" "${of[${name}_right]:+$(calc "100 * ${of[${name}_right]}")}" ' %' '>=' 85 "$why"
	done
}

# ---- labelled series ---------------------------------------------------------------------

# Of the four means (two groups, two measures), the largest difference between two methods.
largest_difference() { # METHOD METHOD
	local key pairs=()

	for key in smd_auc_pr smd_vus_pr asd_auc_pr asd_vus_pr; do
		[[ ${of[$1_$key]-} && ${of[$2_$key]-} ]] || return 0
		pairs+=("${of[$1_$key]} ${of[$2_$key]}")
	done
	printf '%s\n' "${pairs[@]}" |
		awk '{ d = $1 > $2 ? $1 - $2 : $2 - $1; if (d > most) most = d } END { printf "%.4f", most }'
}

# What the judge scores more with a part than without it, in the mean of both groups.
worth_of() { # PART MEASURE
	[[ ${of[without_$1_smd_$2]-} && ${of[without_$1_asd_$2]-} ]] || return 0
	calc "(${of[judge_smd_$2]} - ${of[without_$1_smd_$2]} + ${of[judge_asd_$2]} - ${of[without_$1_asd_$2]}) / 2"
}

measure_labelled() {
	local why='no labelled data' reference_why part measure group
	local -A of=() bar=([smd_vus_pr]=0.60 [smd_auc_pr]=0.48 [asd_vus_pr]=0.60 [asd_auc_pr]=0.36)
	local -A said=([vus_pr]=VUS-PR [auc_pr]=AUC-PR [smd]=SMD [asd]=ASD)

	[[ ! $labelled ]] || figures labelled "$root/tests/bench/labelled.py" "$labelled" "$build"
	for group in smd asd; do
		for measure in vus_pr auc_pr; do
			row "judge_${group}_$measure" "--detector judge, ${said[$group]}, ${of[${group}_series]-no} series: ${said[$measure]}" \
				"${of[judge_${group}_$measure]-}" '' '>=' "${bar[${group}_$measure]}" "$why"
		done
	done
	reference_why=$why
	[[ ! ${of[judge_asd_vus_pr]-} || ${of[sklearn_asd_vus_pr]-} ]] || reference_why='no scikit-learn'
	row forest_labelled "--detector forest and scikit-learn's, largest difference of these four means" \
		"$(largest_difference forest sklearn)" '' '<=' 0.02 "$reference_why"
	for part in forest expansions smoothing; do
		[[ $part == forest ]] || why=${why:-no bar, for comparison}
		for measure in vus_pr auc_pr; do
			row "${part}_worth_$measure" "without its $part the judge's ${said[$measure]} is lower by, mean of both" \
				"$(worth_of "$part" "$measure")" '' '>' 0 "$why"
		done
	done
}

measure_judge() {
	measure_reference
	measure_truth
	measure_unit
	measure_blame
	measure_labelled
}
