/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has evidence gathered, by a child each, and hands decisions on. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "forensics.h"
#include "sense/cgroup.h"

#define PATH_SIZE 1024

/* One decision that waits; and, when it is over, a child that is not gone yet. */
struct gathering {
	struct forensics *forensics;
	struct gatherer *gatherer; /* NULL: this place is free */
	sd_event_source *more, *limit;
	struct snapshot snapshot;
	uint64_t began_ms;
	uint64_t cgroup_id; /* under a close look; 0 */
	bool is_over;
	struct decision decision;
	enum mode mode;
	char name[UNIT_NAME_SIZE];
};

struct forensics {
	struct forensics_setup setup;
	struct cgroup_roots roots;
	struct gathering gathering[FORENSICS_AT_ONCE];
};

int forensics_new(const struct forensics_setup *setup, struct forensics **ret)
{
	struct forensics *forensics = calloc(1, sizeof(*forensics));

	if (!forensics)
		return -ENOMEM;
	forensics->setup = *setup;
	(void)cgroup_roots_read("/proc/self/mountinfo", &forensics->roots); /* none: it is told */
	*ret = forensics;
	return 0;
}

/* The loop has no more to do with it. */
static void let_go(struct gathering *gathering)
{
	gathering->more = sd_event_source_disable_unref(gathering->more);
	gathering->limit = sd_event_source_disable_unref(gathering->limit);
	if (gathering->cgroup_id)
		closeup_end(gathering->forensics->setup.closeup, gathering->cgroup_id);
	gathering->cgroup_id = 0;
}

struct forensics *forensics_free(struct forensics *forensics)
{
	if (!forensics)
		return NULL;
	for (size_t i = 0; i < FORENSICS_AT_ONCE; i++) {
		if (!forensics->gathering[i].gatherer)
			continue;
		let_go(&forensics->gathering[i]);
		(void)gatherer_free(forensics->gathering[i].gatherer);
	}
	free(forensics);
	return NULL;
}

bool forensics_wants(const struct decision *decision)
{
	return decision->way == WAY_SYSTEMD && decision->action != ACTION_NOTIFY &&
	       decision->action != ACTION_NONE;
}

/* ---- the last minutes ------------------------------------------------------------------- */

static void put_course(struct json *json, enum metric metric, uint64_t from_s,
		       const float value[COURSE_SECONDS])
{
	float low = NAN, high = NAN, last = NAN;

	for (size_t i = 0; i < COURSE_SECONDS; i++) {
		low = fminf(low, value[i]);
		high = fmaxf(high, value[i]);
		last = isnan(value[i]) ? last : value[i];
	}
	if (isnan(last))
		return; /* it was not measured at all */
	json_separate(json);
	json_begin(json, '{');
	json_text(json, "metric", metric_table[metric].name);
	json_text(json, "quantity", metric_table[metric].quantity);
	json_number(json, "from_s", from_s);
	json_single(json, "low", low);
	json_single(json, "high", high);
	json_single(json, "last", last);
	json_key(json, "values");
	json_begin(json, '[');
	for (size_t i = 0; i < COURSE_SECONDS; i++) {
		json_separate(json);
		if (isnan(value[i]))
			(void)fputs("null", json->out);
		else
			(void)fprintf(json->out, "%.4g", (double)value[i]);
	}
	json_end(json, ']');
	json_end(json, '}');
}

/* The value that led, and what an incident is most often about. NULL: nothing is known, or no memory. */
static char *tell_course(const struct writer *writer, const struct decision *decision)
{
	static const enum metric usual[] = {
		METRIC_CPU,	    METRIC_RSS,		 METRIC_MEMORY,	     METRIC_THREADS,
		METRIC_DESCRIPTORS, METRIC_PSI_CPU_SOME, METRIC_PSI_IO_SOME,
	};
	float value[COURSE_SECONDS];
	uint64_t from_s;
	char *text = NULL;
	size_t size = 0;
	struct json json = { .out = open_memstream(&text, &size) };

	if (!json.out)
		return NULL;
	json_key(&json, "course");
	json_begin(&json, '[');
	if (decision->lead < METRIC_N &&
	    writer_course(writer, decision->unit, decision->lead, &from_s, value) == 0)
		put_course(&json, decision->lead, from_s, value);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i] != decision->lead &&
		    writer_course(writer, decision->unit, usual[i], &from_s, value) == 0)
			put_course(&json, usual[i], from_s, value);
	json_end(&json, ']');
	(void)fclose(json.out);
	return text;
}

/* ---- one gathering ------------------------------------------------------------------------ */

static void keep(struct gathering *gathering)
{
	struct snapshot *snapshot = &gathering->snapshot;
	size_t size;
	char *body;
	int r;

	snapshot->took_ms = (uint32_t)(clock_boot_ms() - gathering->began_ms);
	r = gatherer_body(gathering->gatherer, &snapshot->is_whole, &body, &size);
	if (r >= 0)
		r = writer_evidence(gathering->forensics->setup.writer, snapshot, body, size);
	if (r < 0)
		(void)log_warning_errno(r, "cannot keep what was seen of %s before it is disturbed",
					gathering->name);
	else if (!snapshot->is_whole)
		log_notice("%s: not all could be read of it within %" PRIu64
			   " ms; what was is kept, and it is healed now",
			   gathering->name, gathering->forensics->setup.limit_ms);
}

static void bury(struct gathering *gathering)
{
	if (gathering->gatherer && gathering->is_over && gatherer_is_gone(gathering->gatherer))
		gathering->gatherer = gatherer_free(gathering->gatherer);
}

static void turn(struct gathering *gathering, uint64_t now_ms)
{
	const struct forensics_setup *setup;

	if (!gathering->gatherer || gathering->is_over ||
	    !gatherer_turn(gathering->gatherer, now_ms))
		return;
	setup = &gathering->forensics->setup;
	gathering->is_over = true;
	let_go(gathering);
	keep(gathering);
	setup->done(&gathering->decision, gathering->mode, setup->userdata);
	bury(gathering);
}

static int on_more(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	turn(userdata, clock_boot_ms());
	return 0;
}

static int on_limit(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct gathering *gathering = userdata;

	(void)source, (void)due_us;
	turn(gathering, gathering->began_ms + gathering->forensics->setup.limit_ms);
	return 0;
}

static int watch(struct gathering *gathering)
{
	const struct forensics_setup *setup = &gathering->forensics->setup;
	int r;

	r = sd_event_add_io(setup->event, &gathering->more, gatherer_fd(gathering->gatherer),
			    EPOLLIN, on_more, gathering);
	if (r >= 0)
		r = sd_event_add_time_relative(setup->event, &gathering->limit, CLOCK_MONOTONIC,
					       setup->limit_ms * 1000, 1000, on_limit, gathering);
	return r;
}

/* Why one of the walks is not there, after closeup_begin() returned r. */
static const char *why_not(int r)
{
	if (r == -EOPNOTSUPP)
		return "it cannot be asked here: see selfhealctl doctor";
	return r < 0 ? strerror(-r) : "this kernel refuses that walk";
}

/* What the child is given; the text of `scene` is borrowed from all around. */
static int fork_child(struct gathering *gathering, struct scene *scene,
		      const struct unit_status *status)
{
	const struct forensics_setup *setup = &gathering->forensics->setup;
	struct closeup_text text = { -1, -1 };
	int r = -EOPNOTSUPP;

	if (setup->closeup && status->cgroup_id)
		r = closeup_begin(setup->closeup, status->cgroup_id, &text);
	if (r >= 0)
		gathering->cgroup_id = status->cgroup_id;
	scene->no_kernel = why_not(r);
	scene->cgroup_id = status->cgroup_id;
	scene->stacks_fd = text.stacks_fd;
	scene->files_fd = text.files_fd;
	r = gatherer_new(scene, setup->tell, gathering->began_ms, setup->limit_ms,
			 &gathering->gatherer);
	cleanup_close(&text.stacks_fd);
	cleanup_close(&text.files_fd);
	return r;
}

static int begin(struct gathering *gathering, const struct unit_status *status)
{
	const struct cgroup_roots *roots = &gathering->forensics->roots;
	CLEANUP(cleanup_free)
	char *course = tell_course(gathering->forensics->setup.writer, &gathering->decision);
	struct scene scene = { .unit = gathering->name, .proc = "/proc", .course = course };
	char folder[PATH_SIZE];
	int r;

	(void)snprintf(folder, sizeof(folder), "%s%s",
		       roots->unified[0] ? roots->unified : roots->named, status->cgroup);
	if (status->cgroup[0])
		scene.cgroup = folder;
	r = fork_child(gathering, &scene, status);
	if (r >= 0)
		r = watch(gathering);
	if (r < 0) {
		let_go(gathering);
		gathering->gatherer = gatherer_free(gathering->gatherer);
	}
	return r;
}

static struct gathering *find_place(struct forensics *forensics)
{
	for (size_t i = 0; i < FORENSICS_AT_ONCE; i++)
		if (!forensics->gathering[i].gatherer)
			return &forensics->gathering[i];
	return NULL;
}

int forensics_begin(struct forensics *forensics, const struct decision *decision, enum mode mode,
		    const struct unit_status *status)
{
	struct gathering *gathering = find_place(forensics);

	if (!gathering)
		return -EBUSY;
	*gathering = (struct gathering) {
		.forensics = forensics,
		.snapshot = { .incident = decision->incident,
			      .decision = decision->id,
			      .wall_ms = clock_wall_ms() },
		.began_ms = clock_boot_ms(),
		.decision = *decision,
		.mode = mode,
	};
	(void)snprintf(gathering->name, sizeof(gathering->name), "%s", status->name);
	(void)writer_detail(forensics->setup.writer, decision->unit);
	return begin(gathering, status);
}

void forensics_turn(struct forensics *forensics, uint64_t when_ms)
{
	for (size_t i = 0; i < FORENSICS_AT_ONCE; i++) {
		turn(&forensics->gathering[i], when_ms);
		bury(&forensics->gathering[i]);
	}
}
