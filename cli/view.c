/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the present once, so that all that is printed is of one moment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/phrase.h"
#include "cli/view.h"

int view_read(const struct output *output, struct reader *reader, struct view *ret)
{
	int r;

	ret->output = output;
	ret->reader = reader;
	ret->wall_ms = clock_wall_ms();
	r = reader_keeper(reader, &ret->keeper);
	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	ret->has_keeper = true;
	return reader_present(reader, &ret->unit, &ret->n_units);
}

void view_clear(struct view *view)
{
	free(view->unit);
}

static const struct present *find_exactly(const struct view *view, const char *name)
{
	for (size_t i = 0; i < view->n_units; i++)
		if (strcmp(view->unit[i].status.name, name) == 0)
			return &view->unit[i];
	return NULL;
}

const struct present *view_find(const struct view *view, const char *name)
{
	const struct present *present = find_exactly(view, name);
	char service[UNIT_NAME_SIZE];

	if (!present && text_format(service, sizeof(service), "%s.service", name) >= 0)
		present = find_exactly(view, service);
	return present;
}

bool view_is_trouble(const struct present *present)
{
	return present->verdict.health == HEALTH_SICK ||
	       present->verdict.health == HEALTH_UNUSUAL || present->incident != 0;
}

int view_last_story(const struct view *view, const char *unit, struct story *ret)
{
	CLEANUP(cleanup_free) struct story *story = NULL;
	size_t n = 0;
	int r;

	r = reader_stories(view->reader, unit, 0, 1, &story, &n);
	if (r < 0)
		return r;
	if (n == 0)
		return -ENOENT;
	*ret = story[0];
	return 0;
}

/* The story of the incident that is open now. */
static bool open_story(const struct view *view, const struct present *present, struct story *ret)
{
	return present->incident != 0 && view_last_story(view, present->status.name, ret) >= 0 &&
	       ret->incident.id == present->incident;
}

bool view_is_bad(const struct view *view, const struct present *present)
{
	struct story story;

	if (present->verdict.health == HEALTH_SICK)
		return true;
	return open_story(view, present, &story) && story.has_outcome &&
	       phrase_outcome_is_failure(story.outcome.result);
}

char *view_trouble(char *buffer, size_t size, const struct view *view,
		   const struct present *present)
{
	const struct verdict *verdict = &present->verdict;
	struct story story;

	/* While it is being healed no rule speaks: what it is healed of is the trouble. */
	if (!verdict->rule[0] && open_story(view, present, &story))
		return phrase_incident(buffer, size, &story.incident);
	return phrase_verdict(buffer, size, verdict);
}

char *view_answer(char *buffer, size_t size, const struct view *view, const struct present *present)
{
	struct story story;
	bool has_story = open_story(view, present, &story);

	return phrase_answer(buffer, size, present, has_story ? &story : NULL);
}
