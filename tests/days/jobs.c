/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By a clock or by themselves, each time for another while. */
#include <math.h>
#include <string.h>

#include "tests/days/jobs.h"

/* The next time after the one that has ended: by its clock, give or take, or when it comes. */
static void plan(const struct job *job, struct turn *turn)
{
	double slack_s = job->slack * job->every_s;

	turn->ended_s = turn->ends_s;
	if (job->slack >= 1) {
		turn->begins_s = turn->ends_s + luck_gap(&turn->luck, job->every_s);
	} else {
		turn->slot_s += job->every_s;
		turn->begins_s = turn->slot_s + slack_s * luck_share(&turn->luck);
	}
	turn->ends_s = turn->begins_s + luck_near(&turn->luck, job->lasts_s, job->lasts_spread);
	turn->height = luck_near(&turn->luck, 1.0, job->height_spread);
}

void jobs_begin(struct jobs *jobs, const struct kind *kind, uint64_t seed)
{
	memset(jobs, 0, sizeof(*jobs));
	jobs->kind = kind;
	for (size_t i = 0; i < JOBS_MAX && kind->job[i].name; i++) {
		struct turn *turn = &jobs->turn[i];

		turn->luck = luck_begin(seed, 100 + i);
		turn->slot_s = -luck_share(&turn->luck) * kind->job[i].every_s;
		plan(&kind->job[i], turn);
	}
}

/* How much of its height a job has now: it rises, stands and falls. */
static double strength(const struct job *job, const struct turn *turn, double now_s)
{
	double up = (now_s - turn->begins_s) / job->ramp_s;
	double down = (turn->ends_s - now_s) / job->ramp_s;

	return turn->height * fmin(1.0, fmax(0.0, fmin(up, down)));
}

static void add(const struct effect *effect, double by, struct effect *sum)
{
	sum->demand += by * effect->demand;
	sum->cores += by * effect->cores;
	sum->wide = fmax(sum->wide, by * effect->cores / fmax(effect->wide, 1));
	sum->read_bytes += by * effect->read_bytes;
	sum->write_bytes += by * effect->write_bytes;
	sum->rss_bytes += by * effect->rss_bytes;
	sum->errors += by * effect->errors;
	sum->others += by * effect->others;
	sum->slower += by * effect->slower;
	sum->lost += by * effect->lost;
	if (by > 0) { /* there or not */
		sum->processes += effect->processes;
		sum->threads += effect->threads;
		sum->descriptors += effect->descriptors;
	}
}

struct effect jobs_now(struct jobs *jobs, double now_s)
{
	struct effect sum = { 0 };

	for (size_t i = 0; i < JOBS_MAX && jobs->kind->job[i].name; i++) {
		const struct job *job = &jobs->kind->job[i];
		struct turn *turn = &jobs->turn[i];

		while (now_s >= turn->ends_s)
			plan(job, turn);
		if (now_s >= turn->begins_s)
			add(&job->effect, strength(job, turn, now_s), &sum);
	}
	return sum;
}

bool jobs_goes_on(const struct jobs *jobs, size_t job, double now_s, double within_s)
{
	const struct turn *turn = &jobs->turn[job];

	return now_s >= turn->begins_s || (turn->ended_s > 0 && now_s - turn->ended_s < within_s);
}
