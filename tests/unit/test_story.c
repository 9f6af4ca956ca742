/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One incident told with its reasons. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/story.h"
#include "fixture_store.h"
#include "tests/unit/assertion.h"

/* Unusual 5 s before it is noticed, sick 20 s later, restarted at once, proven after 30 s. */
static struct story healed(struct step steps[5])
{
	struct story story = { .unit = "shop.service", .incident = place_incident(2, 1) };
	struct step seen = { .kind = STEP_VERDICT, .verdict = place_verdict(&story.incident) };

	seen.wall_ms = seen.verdict.wall_ms;
	seen.verdict.n_symptoms = 1;
	steps[0] = steps[1] = seen;
	steps[0].verdict.health = HEALTH_UNUSUAL;
	steps[0].verdict.since_ms = steps[0].verdict.when_ms - 5000;
	steps[0].verdict.held_s = 0;
	steps[1].wall_ms = steps[1].verdict.wall_ms = seen.wall_ms + 20000;

	story.has_decision = story.has_attempt = story.has_outcome = true;
	story.decision = place_decision(4, &story.incident);
	story.decision.wall_ms = steps[1].wall_ms;
	story.attempt = place_attempt(&story.decision);
	story.outcome = place_outcome(&story.decision);
	story.incident.closed_wall_ms = story.outcome.wall_ms;
	steps[2] = (struct step) { .kind = STEP_DECISION,
				   .wall_ms = story.decision.wall_ms,
				   .decision = story.decision };
	steps[3] = (struct step) { .kind = STEP_ATTEMPT,
				   .wall_ms = story.attempt.started_wall_ms,
				   .attempt = story.attempt };
	steps[4] = (struct step) { .kind = STEP_OUTCOME,
				   .wall_ms = story.outcome.wall_ms,
				   .outcome = story.outcome };
	return story;
}

static char *explained(const struct story *story, const struct step *steps, size_t n)
{
	char *text = NULL;
	size_t size;
	struct output output = { .file = open_memstream(&text, &size) };

	story_explain(&output, story, steps, n);
	(void)fclose(output.file);
	return text;
}

static void assert_told(const char *text, const char *part)
{
	cr_assert(ne(ptr, strstr(text, part), NULL), "\"%s\" is not in:\n%s", part, text);
}

Test(story, it_is_explained_from_the_first_evidence_to_the_proof)
{
	struct step steps[5];
	struct story story = healed(steps);
	char *text = explained(&story, steps, 5);

	assert_told(text, "#2 shop.service (simulated), 2025-12-01: sick, healed\n");
	assert_told(text, "seen as unusual: rule thread-leak");
	assert_told(text,
		    "seen as sick: rule thread-leak (threads, on statistics) has held for 20s;"
		    " score 0.75, unusual from 0.62, by model 130\n");
	assert_told(text, "        rule: it is what systemd says of the unit");
	assert_told(text, "decided: restart (thread-leak: threads 512, normal 12.5)");
	assert_told(text, "HEALED, proven on the new run; threads 12, was 512, normal is 10 to "
			  "14.5; score 0.25, was 0.50");
	assert_told(text,
		    "Times: 5s until it was noticed, 20s until it was sick, 0s until a restart "
		    "was decided, ");
	assert_told(text, " until it was proven\n");
	cr_assert(eq(ptr, strstr(text, "noticed: "), NULL), "%s", text);
	free(text);
}

Test(story, its_times_from_the_onset_come_last)
{
	struct step steps[5];
	struct story story = healed(steps);
	char *text;

	story.incident.onset_wall_ms = story.incident.opened_wall_ms - 5000;
	story.acted_wall_ms = story.incident.onset_wall_ms + 25000;
	story.outcome.served_wall_ms = story.incident.onset_wall_ms + 27000;
	story.outcome.wall_ms = story.incident.onset_wall_ms + 55000;
	text = explained(&story, steps, 5);
	assert_told(text,
		    "\n  From onset: noted after 5s, acted after 25s, served again after 27s, "
		    "proven after 55s\n");
	free(text);
}

Test(story, an_attempt_is_told_by_what_was_decided)
{
	struct step steps[5];
	struct story story = healed(steps);
	char *text;

	steps[2].decision.action = ACTION_RELOAD;
	text = explained(&story, steps, 5);
	assert_told(text, "asked the simulator for a reload: done after");
	free(text);
}

Test(story, of_one_of_which_nothing_was_kept_the_incident_itself_is_told)
{
	struct story story = { .unit = "shop.service", .incident = place_incident(2, 1) };
	char *text = explained(&story, NULL, 0);

	assert_told(text, ": sick, open\n");
	assert_told(text, "noticed: thread-leak: threads 512");
	assert_told(text, "still open");
	cr_assert(eq(ptr, strstr(text, "Times:"), NULL), "none is known: %s", text);
	free(text);
}

Test(story, a_clock_that_was_set_back_in_between_tells_no_times)
{
	struct step steps[5];
	struct story story = healed(steps);
	char *text;

	story.decision.wall_ms -= HOURS(1);
	text = explained(&story, steps, 5);
	assert_told(text, "20s until it was sick, ");
	cr_assert(eq(ptr, strstr(text, "until a restart was decided"), NULL), "%s", text);
	free(text);
}
