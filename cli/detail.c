/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One unit: its state, what the judge makes of it, what was measured, and its last story. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/detail.h"
#include "cli/phrase.h"
#include "cli/story.h"
#include "judge/policy.h"
#include "record/config.h"

static void print_state(const struct view *view, const struct present *present)
{
	const struct unit_status *status = &present->status;
	char since[32], process[32] = "", restarts[64] = "";

	if (status->changed_ms && present->sample.when_ms >= status->changed_ms)
		(void)text_format(
			process, sizeof(process), " for %s",
			text_span(since, sizeof(since),
				  (present->sample.when_ms - status->changed_ms) / 1000 * 1000));
	if (status->n_restarts > 0)
		(void)text_format(restarts, sizeof(restarts),
				  ", started again by its Restart= %" PRIu32 " times",
				  status->n_restarts);
	output_field(view->output, "State:", PAINT_NONE, "%s, %s%s%s", unit_kind_word(status->kind),
		     unit_active_word(status->active), process, restarts);
	if (status->main_pid)
		output_field(view->output, "Main pid:", PAINT_NONE, "%" PRIu32, status->main_pid);
}

static void print_model(const struct view *view, const struct present *present)
{
	const struct verdict *verdict = &present->verdict;
	char taught[32], left[48];

	(void)text_span(taught, sizeof(taught), SECONDS(present->age_s));
	if (verdict->score >= 0)
		output_field(view->output, "Score:", PAINT_NONE,
			     "%.2f, unusual from %.2f; learnt from %s of its health, by %" PRIu32
			     " trees so far",
			     (double)verdict->score, (double)verdict->threshold, taught,
			     verdict->generation);
	else if (verdict->learn_left_s > 0)
		output_field(view->output, "Score:", PAINT_NONE,
			     "none yet: it is learnt, %s; rules on facts speak already",
			     phrase_left(left, sizeof(left), verdict->learn_left_s));
	else
		output_field(view->output, "Score:", PAINT_NONE, "none now");
}

/* From here on nobody would call it being told of a spin. */
#define BLIND_S 600u

static void print_blindness(const struct view *view, const struct present *present)
{
	char span[32];

	if (present->cpu_wait_s < BLIND_S)
		return;
	output_field(view->output, "Cpu:", PAINT_NONE,
		     "not predictable here: it takes a core by itself at times, so one too many "
		     "would be "
		     "told after %s",
		     text_span(span, sizeof(span), SECONDS(present->cpu_wait_s / 60 * 60)));
}

static void print_evidence(const struct view *view, const struct verdict *verdict)
{
	char lead[PHRASE_SIZE], held[32], must[32], share[32] = "";

	if (verdict->lead_share > 0)
		(void)text_format(share, sizeof(share), ", %.0f%% of the score",
				  (double)verdict->lead_share * 100);
	if (verdict->lead < METRIC_N && !isnan(verdict->lead_expected))
		output_field(view->output, "Leads:", PAINT_NONE, "%s: %.1f of its spreads away%s",
			     phrase_lead(lead, sizeof(lead), verdict->lead, verdict->lead_value,
					 verdict->lead_expected),
			     (double)verdict->lead_deviation, share);
	if (!verdict->rule[0])
		return;
	output_field(view->output, "Rule:", verdict->wants ? PAINT_BAD : PAINT_NONE,
		     "%s (%s, on %s) has held for %s of the %s it must; wants %s", verdict->rule,
		     fault_class_word(verdict->class), verdict->on_fact ? "facts" : "statistics",
		     text_span(held, sizeof(held), SECONDS(verdict->held_s)),
		     text_span(must, sizeof(must), SECONDS(verdict->for_s)),
		     verdict->wants ? action_word(verdict->wants) : "nothing yet");
}

/* What is read each second is not said of each. */
static void add_age(struct table *table, uint8_t age_s)
{
	if (age_s == 0)
		table_add(table, PAINT_NONE, "%s", "");
	else
		table_add(table, PAINT_FAINT, "%s%u%s", age_s == UINT8_MAX ? ">=" : "",
			  (unsigned int)age_s, "s");
}

static int print_values(const struct view *view, const struct present *present)
{
	static const struct column columns[] = {
		{ .head = "METRIC" },
		{ .head = "NOW", .right = true },
		{ .head = "AGE", .right = true },
		{ .head = "NORMAL", .right = true },
		{ .head = "MEANING", .wraps = true },
	};
	CLEANUP(table_freep) struct table *table = NULL;
	const struct verdict *verdict = &present->verdict;
	char text[32];
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (uint32_t metric = 0; metric < METRIC_N; metric++) {
		bool leads = metric == verdict->lead && verdict->health >= HEALTH_HEALTHY;

		if (!sample_has(&present->sample, metric))
			continue;
		table_add(table, leads ? PAINT_STRONG : PAINT_NONE, "%s",
			  metric_table[metric].name);
		table_add(table, PAINT_NONE, "%s",
			  phrase_value(text, sizeof(text), metric, present->sample.value[metric]));
		add_age(table, present->sample.age_s[metric]);
		table_add(table, PAINT_NONE, "%s",
			  leads ? phrase_value(text, sizeof(text), metric, verdict->lead_expected)
				: "");
		table_add(table, PAINT_FAINT, "%s", metric_table[metric].help);
	}
	return output_table(view->output, table);
}

static int print_last_story(const struct view *view, const char *unit)
{
	struct story story;
	int r;

	r = view_last_story(view, unit, &story);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	output_raw(view->output, "\n");
	return story_tell(view->output, view->reader, &story);
}

/* Whether anybody may touch it, and whose word that is. */
static void print_healing(const struct view *view, const struct unit_status *status)
{
	enum why nature = policy_by_nature(status);

	if (nature == WHY_ALLOWED && (status->flags & UNIT_POLICY_BROKEN))
		nature = WHY_POLICY_BROKEN;
	if (nature != WHY_ALLOWED)
		output_field(view->output, "Healing:", PAINT_NONE, "only watched: %s",
			     why_sentence(nature));
	else if (terms_say(&status->terms, TERM_MODE))
		output_field(view->output, "Healing:", PAINT_NONE,
			     "it may be restarted; its own Mode=%s", mode_word(status->terms.mode));
	else
		output_field(view->output, "Healing:", PAINT_NONE,
			     "it may be restarted; the host's Mode=%s", view->keeper.mode);
}

int detail_print(const struct view *view, const struct present *present)
{
	const struct verdict *verdict = &present->verdict;
	char name[PHRASE_SIZE], answer[PHRASE_SIZE], span[32];
	int r;

	output_headline(view->output, phrase_health_paint(verdict->health), "%s: %s for %s",
			phrase_unit(name, sizeof(name), present->status.name,
				    present->status.flags & UNIT_SYNTHETIC),
			health_word(verdict->health),
			text_span(span, sizeof(span),
				  verdict->when_ms > verdict->since_ms
					  ? (verdict->when_ms - verdict->since_ms) / 1000 * 1000
					  : 0));
	print_state(view, present);
	print_model(view, present);
	print_evidence(view, verdict);
	print_blindness(view, present);
	if (view_is_trouble(present))
		output_field(view->output, "Being done:", PAINT_NONE, "%s",
			     view_answer(answer, sizeof(answer), view, present));
	print_healing(view, &present->status);
	output_raw(view->output, "\n");
	r = print_values(view, present);
	return r < 0 ? r : print_last_story(view, present->status.name);
}
