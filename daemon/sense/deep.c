/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaches the deep probes when they are due, and sums up what they count. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sense/deep.h"

#include "deep.skel.h"

struct suspect {
	uint32_t unit;
	bool is_suspect;
	bool is_counted; /* the kernel's side has a record of it */
	bool is_told;	 /* the rest is known */
	bool has_waits;
	uint32_t error; /* the most frequent; 0: none failed */
	uint64_t since_ms, counted_ms, told_ms;
	double wait_s, failing_per_s;
};

struct deep {
	struct deep_bpf *programs;
	struct bpf_link *on_switch, *on_call; /* NULL: not attached, or there is no such hook */
	bool is_attached;
	uint64_t attached_ms; /* 0: never was */
	size_t n;
	struct suspect *suspect; /* SUSPECTS_MAX places */
};

/*
 * What well programs are told all day: nothing is ready yet; a signal came first, or the time to
 * wait was over (poll and futex are told so); a search that tries one path after the other, or makes
 * what may be there already; "no" to a question: is it a terminal, can one seek in it, has it that
 * attribute, is there a child left to wait for? The codes that restart a call after a signal are
 * above all these, no program sees them, and they are not counted either.
 */
static const uint8_t everyday[] = {
	EAGAIN, EINPROGRESS, EALREADY, EINTR,	ETIMEDOUT, ENOENT,
	EEXIST, ENOTTY,	     ESPIPE,   ENODATA, ECHILD,
};

bool deep_is_everyday(uint32_t error)
{
	for (size_t i = 0; i < sizeof(everyday); i++)
		if (everyday[i] == error)
			return true;
	return false;
}

/* ---- life ------------------------------------------------------------------- */

static bool has_tracepoint(const struct btf *kernel, const char *type)
{
	return btf__find_by_name_kind(kernel, type, BTF_KIND_TYPEDEF) >= 0;
}

static int load(struct deep_bpf *programs, int watched_fd, const struct btf *kernel)
{
	bool has_switch = has_tracepoint(kernel, "btf_trace_sched_switch");
	bool has_call = has_tracepoint(kernel, "btf_trace_sys_exit");
	int r;

	if (!has_switch && !has_call)
		return -ENOENT;
	(void)bpf_program__set_autoload(programs->progs.deep_switch, has_switch);
	(void)bpf_program__set_autoload(programs->progs.deep_call, has_call);
	for (size_t i = 0; i < sizeof(everyday); i++)
		programs->rodata->everyday[everyday[i] / 64] |= UINT64_C(1) << everyday[i] % 64;
	r = bpf_map__reuse_fd(programs->maps.watched, watched_fd);
	return r < 0 ? r : deep_bpf__load(programs);
}

static int make(struct deep *deep, int watched_fd, const struct btf *kernel)
{
	deep->suspect = calloc(SUSPECTS_MAX, sizeof(*deep->suspect));
	if (!deep->suspect)
		return -ENOMEM;
	deep->programs = deep_bpf__open();
	return deep->programs ? load(deep->programs, watched_fd, kernel) : -errno;
}

int deep_new(int watched_fd, const struct btf *kernel, struct deep **ret)
{
	struct deep *deep = calloc(1, sizeof(*deep));
	int r;

	if (!deep)
		return -ENOMEM;
	r = make(deep, watched_fd, kernel);
	if (r < 0) {
		deep_free(deep);
		return r;
	}
	*ret = deep;
	return 0;
}

struct deep *deep_free(struct deep *deep)
{
	if (deep) {
		bpf_link__destroy(deep->on_switch);
		bpf_link__destroy(deep->on_call);
		deep_bpf__destroy(deep->programs);
		free(deep->suspect);
		free(deep);
	}
	return NULL;
}

/* ---- attached, for a while ----------------------------------------------------- */

static void detach(struct deep *deep)
{
	bpf_link__destroy(deep->on_switch);
	bpf_link__destroy(deep->on_call);
	deep->on_switch = deep->on_call = NULL;
	deep->is_attached = false;
}

static int attach_one(const struct bpf_program *program, struct bpf_link **ret)
{
	if (!bpf_program__autoload(program))
		return 0;
	*ret = bpf_program__attach(program);
	return *ret ? 0 : -errno;
}

static int attach(struct deep *deep)
{
	int r;

	deep->programs->bss->window++;
	r = attach_one(deep->programs->progs.deep_switch, &deep->on_switch);
	if (r >= 0)
		r = attach_one(deep->programs->progs.deep_call, &deep->on_call);
	if (r < 0)
		detach(deep);
	else
		deep->is_attached = true;
	return r;
}

int deep_try(struct deep *deep)
{
	int r;

	if (deep->is_attached)
		return 0;
	r = attach(deep);
	detach(deep);
	return r;
}

bool deep_is_attached(const struct deep *deep)
{
	return deep->is_attached;
}

/* ---- who ------------------------------------------------------------------------ */

static int map_of(const struct deep *deep)
{
	return bpf_map__fd(deep->programs->maps.deep);
}

static struct suspect *find(const struct deep *deep, uint32_t unit)
{
	for (size_t i = 0; i < deep->n; i++)
		if (deep->suspect[i].unit == unit)
			return &deep->suspect[i];
	return NULL;
}

static void stop_counting(struct deep *deep, struct suspect *suspect)
{
	if (suspect->is_counted)
		(void)bpf_map_delete_elem(map_of(deep), &suspect->unit);
	suspect->is_counted = false;
}

static void drop(struct deep *deep, struct suspect *suspect)
{
	stop_counting(deep, suspect);
	*suspect = deep->suspect[--deep->n];
}

/* The place of one that only was under suspicion is free for one that is. */
static struct suspect *make_room(struct deep *deep)
{
	if (deep->n < SUSPECTS_MAX)
		return &deep->suspect[deep->n++];
	for (size_t i = 0; i < deep->n; i++) {
		if (deep->suspect[i].is_suspect)
			continue;
		stop_counting(deep, &deep->suspect[i]);
		return &deep->suspect[i];
	}
	return NULL;
}

int deep_suspect(struct deep *deep, uint32_t unit, bool is_suspect, uint64_t when_ms)
{
	struct suspect *suspect = find(deep, unit);

	if (!suspect && is_suspect) {
		suspect = make_room(deep);
		if (!suspect)
			return -ENOSPC;
		*suspect = (struct suspect) { .unit = unit };
	}
	if (!suspect)
		return 0;
	if (is_suspect && !suspect->is_suspect)
		suspect->since_ms = when_ms;
	suspect->is_suspect = is_suspect;
	return 0;
}

void deep_renew(struct deep *deep, uint32_t unit)
{
	struct suspect *suspect = find(deep, unit);

	if (!suspect)
		return;
	stop_counting(deep, suspect);
	suspect->is_told = false;
}

void deep_forget(struct deep *deep, uint32_t unit)
{
	struct suspect *suspect = find(deep, unit);

	if (suspect)
		drop(deep, suspect);
}

/* ---- what they did --------------------------------------------------------------- */

double deep_quantile(const struct deep_counters *counters, double share)
{
	uint64_t n = 0, below = 0, rank;
	double low_us, high_us;

	for (size_t i = 0; i < WAIT_CLASSES; i++)
		n += counters->waits[i];
	if (n == 0)
		return NAN;
	rank = (uint64_t)ceil(share * (double)n);
	rank = rank > 0 ? rank : 1;
	for (size_t i = 0; i < WAIT_CLASSES; i++) {
		if (below + counters->waits[i] < rank) {
			below += counters->waits[i];
			continue;
		}
		low_us = i > 0 ? (double)(UINT64_C(1) << (i - 1)) : 0;
		high_us = i < WAIT_CLASSES - 1 ? (double)(UINT64_C(1) << i) : low_us;
		return (low_us +
			(high_us - low_us) * (double)(rank - below) / (double)counters->waits[i]) /
		       1e6;
	}
	return NAN;
}

uint32_t deep_most_frequent(const struct deep_counters *counters)
{
	uint32_t most = 0;

	for (uint32_t i = 1; i < ERRNO_CLASSES; i++)
		if (counters->failures[i] > (most ? counters->failures[most] : 0))
			most = i;
	return most;
}

static void take(struct suspect *suspect, const struct deep_counters *counters, uint64_t when_ms)
{
	uint64_t n_failed = 0, span_ms = when_ms - suspect->counted_ms;

	if (span_ms == 0)
		return;
	for (size_t i = 0; i < ERRNO_CLASSES; i++)
		n_failed += counters->failures[i];
	suspect->wait_s = deep_quantile(counters, 0.99);
	suspect->has_waits = !isnan(suspect->wait_s);
	suspect->failing_per_s = (double)n_failed * 1000.0 / (double)span_ms;
	suspect->error = deep_most_frequent(counters);
	suspect->told_ms = when_ms;
	suspect->is_told = true;
}

static void read_all(struct deep *deep, uint64_t when_ms)
{
	struct deep_counters counters;

	for (size_t i = 0; i < deep->n; i++)
		if (deep->suspect[i].is_counted &&
		    bpf_map_lookup_elem(map_of(deep), &deep->suspect[i].unit, &counters) >= 0)
			take(&deep->suspect[i], &counters, when_ms);
}

static bool is_lasting(const struct suspect *suspect, uint64_t when_ms)
{
	return suspect->is_suspect && when_ms - suspect->since_ms >= DEEP_AFTER_MS;
}

static bool any_lasts(const struct deep *deep, uint64_t when_ms)
{
	for (size_t i = 0; i < deep->n; i++)
		if (is_lasting(&deep->suspect[i], when_ms))
			return true;
	return false;
}

/* Also who came under suspicion meanwhile. */
static void count_all(struct deep *deep, uint64_t when_ms)
{
	static const struct deep_counters none;

	for (size_t i = 0; i < deep->n; i++) {
		struct suspect *suspect = &deep->suspect[i];

		if (suspect->is_counted || !is_lasting(suspect, when_ms) ||
		    bpf_map_update_elem(map_of(deep), &suspect->unit, &none, BPF_ANY) < 0)
			continue;
		suspect->is_counted = true;
		suspect->counted_ms = when_ms;
	}
}

/* At the end of the window, and of those that are not under suspicion any more. */
static void end_counts(struct deep *deep, uint64_t when_ms)
{
	for (size_t i = deep->n; i-- > 0;) {
		struct suspect *suspect = &deep->suspect[i];

		if (!deep->is_attached || !suspect->is_suspect)
			stop_counting(deep, suspect);
		if (suspect->is_told && when_ms - suspect->told_ms > DEEP_AGE_MAX_MS)
			suspect->is_told = false;
		if (!suspect->is_suspect && !suspect->is_told)
			drop(deep, suspect);
	}
}

int deep_turn(struct deep *deep, uint64_t when_ms)
{
	bool wanted = any_lasts(deep, when_ms);
	int r = 0;

	if (deep->is_attached) {
		read_all(deep, when_ms);
		if (!wanted || when_ms - deep->attached_ms >= DEEP_WINDOW_MS)
			detach(deep);
	} else if (wanted &&
		   (deep->attached_ms == 0 || when_ms - deep->attached_ms >= DEEP_EVERY_MS)) {
		deep->attached_ms = when_ms;
		r = attach(deep);
	}
	if (deep->is_attached)
		count_all(deep, when_ms);
	end_counts(deep, when_ms);
	return r;
}

void deep_usage(const struct deep *deep, uint32_t unit, uint64_t when_ms, struct usage *usage)
{
	const struct suspect *suspect = find(deep, unit);
	uint64_t age_ms;

	if (!suspect || !suspect->is_told)
		return;
	age_ms = when_ms - suspect->told_ms;
	if (suspect->has_waits)
		usage_set_aged(usage, METRIC_WAIT_TAIL, suspect->wait_s, age_ms);
	if (bpf_program__autoload(deep->programs->progs.deep_call))
		usage_set_aged(usage, METRIC_FAILING_CALLS, suspect->failing_per_s, age_ms);
	if (suspect->error)
		usage_set_aged(usage, METRIC_FAILING_ERRNO, suspect->error, age_ms);
}
