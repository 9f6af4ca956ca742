/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON that programs read: valid, escaped, and clear about what is not known. */
#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_store.h"
#include "store/reader.h"
#include "tests/unit/assertion.h"

static bool is_json(const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	bool valid;

	cr_assert(eq(int, sqlite3_open(":memory:", &db), SQLITE_OK));
	cr_assert(eq(int, sqlite3_prepare_v2(db, "SELECT json_valid(?)", -1, &statement, NULL),
		     SQLITE_OK));
	(void)sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	valid = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 1;
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return valid;
}

Test(reader_json, json_is_json_whatever_is_in_the_records)
{
	struct present present = { 0 };
	struct story story = { .has_decision = true, .has_attempt = true, .has_outcome = true };
	struct step steps[4] = { { .kind = STEP_DECISION },
				 { .kind = STEP_ATTEMPT },
				 { .kind = STEP_OUTCOME },
				 { .kind = STEP_VERDICT } };
	char *text = NULL;
	size_t size;
	FILE *out;

	for (size_t i = 0; i < UNIT_NAME_SIZE - 1; i++)
		present.status.name[i] = story.unit[i] = (char)(i + 1);
	present.verdict.lead = METRIC_N;
	present.verdict.lead_value = (double)NAN;
	present.verdict.lead_deviation = INFINITY;
	present.verdict.score = -1;
	present.sample.have = METRIC_BIT(METRIC_CPU) | METRIC_BIT(METRIC_RSS);
	present.sample.value[METRIC_CPU] = (double)INFINITY;
	present.sample.value[METRIC_RSS] = 1.5;
	story.incident.lead_value = -(double)INFINITY;
	out = open_memstream(&text, &size);
	reader_json_present(out, &present);
	(void)fclose(out);
	cr_assert(is_json(text), "%s", text);
	cr_assert(ne(ptr, strstr(text, "\"value\":{\"cpu\":null,\"rss\":1.5}"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "\"lead_deviation\":null"), NULL));
	free(text);
	steps[3].verdict.n_symptoms = 2;
	steps[3].verdict.symptom[0].value = (float)INFINITY;
	steps[3].verdict.symptom[1].rare_h = 12;
	text = place_story(&story, steps, 4);
	cr_assert(is_json(text), "%s", text);
	free(text);
}

Test(reader_json, json_escapes_what_a_terminal_would_obey)
{
	static const struct {
		const char *name, *json;
	} cases[] = {
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\x1b[31m", "\"\\u001b[31m\"" },
		{ "\xc2\x9b"
		  "31m",
		  "\"\\u009b31m\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "a\xff\xc3", "\"a\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story = { 0 };
		char wanted[128], *text;

		(void)snprintf(story.unit, sizeof(story.unit), "%s", cases[i].name);
		(void)snprintf(wanted, sizeof(wanted), "{\"name\":%s,", cases[i].json);
		text = place_story(&story, NULL, 0);
		cr_assert(zero(int, strncmp(text, wanted, strlen(wanted))), "%s in %s", wanted,
			  text);
		cr_assert(is_json(text));
		free(text);
	}
}

Test(reader_json, json_marks_what_is_synthetic_and_what_is_unknown)
{
	struct story story = { .unit = "a.service" };
	char *text;

	story.incident = place_incident(1, 1);
	story.incident.score = -1;
	text = place_story(&story, NULL, 0);
	cr_assert(eq(str, text,
		     "{\"name\":\"a.service\",\"unit\":1,\"synthetic\":true,\"incident\":{\"id\":1,"
		     "\"synthetic\":true,\"flags\":[\"synthetic\"],\"onset_ms\":null,"
		     "\"onset_wall_ms\":null,\"opened_ms\":5001,"
		     "\"opened_wall_ms\":1764590401000,\"closed_ms\":null,\"closed_wall_ms\":null,"
		     "\"worst\":\"sick\",\"score\":null,\"class\":\"threads\","
		     "\"rule\":\"thread-leak\",\"lead\":\"threads\",\"lead_value\":512,"
		     "\"lead_expected\":12.5,\"n_attempts\":1,\"outcome\":\"worse\","
		     "\"why\":\"cooling-down\"},\"times\":{\"detect_ms\":null,\"act_ms\":null,"
		     "\"served_ms\":null,\"proven_ms\":null},\"decision\":null,\"attempt\":null,"
		     "\"outcome\":null}"));
	free(text);
}

Test(reader_json, json_of_a_story_has_its_times_from_the_onset)
{
	struct story story = { .unit = "a.service", .has_outcome = true };
	char *text;

	story.incident = place_incident(1, 1);
	story.incident.onset_wall_ms = story.incident.opened_wall_ms - 4000;
	story.acted_wall_ms = story.incident.onset_wall_ms + 6000;
	story.outcome = (struct outcome) {
		.result = OUTCOME_UNCHANGED,
		.wall_ms = story.incident.onset_wall_ms + 29000,
	};
	text = place_story(&story, NULL, 0);
	cr_assert(ne(ptr,
		     strstr(text, "\"times\":{\"detect_ms\":4000,\"act_ms\":6000,"
				  "\"served_ms\":null,\"proven_ms\":null}"),
		     NULL),
		  "%s", text);
	free(text);
}

Test(reader_json, json_names_the_unit_that_one_is_held_for)
{
	struct story story = { .unit = "a.service",
			       .has_decision = true,
			       .decision = { .why = WHY_UPSTREAM_SICK, .because = 7 },
			       .because = "db\"1.service" };
	char *text = place_story(&story, NULL, 0);

	cr_assert(is_json(text));
	cr_assert(ne(ptr, strstr(text, "\"because\":\"db\\\"1.service\""), NULL), "%s", text);
	free(text);
}

Test(reader_json, json_of_a_symptom_says_null_for_what_is_not_known)
{
	struct story story = { .unit = "a.service" };
	struct step step = { .kind = STEP_VERDICT, .verdict = { .n_symptoms = 1 } };
	char *text;

	step.verdict.symptom[0] = (struct symptom) {
		.expert = EXPERT_FOREST,
		.metric = METRIC_N,
		.value = 0.5f,
		.low = (float)NAN,
		.high = 0.25f,
		.expected = (float)NAN,
		.rare_h = (float)NAN,
		.left_s = (float)NAN,
	};
	text = place_story(&story, &step, 1);
	cr_assert(
		ne(ptr,
		   strstr(text, "\"symptoms\":[{\"expert\":\"forest\",\"metric\":null,"
				"\"value\":0.5,\"low\":null,\"high\":0.25,\"expected\":null,"
				"\"share\":null,\"rare_h\":null,\"unseen\":null,\"left_s\":null}]"),
		   NULL),
		"%s", text);
	free(text);
}

Test(reader_json, json_of_the_keeper_tells_its_age)
{
	struct keeper keeper = {
		.pid = 7, .at_wall_ms = NOON, .n_unwatched = 3, .mode = "mock", .speed = 1
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_keeper(out, &keeper, NOON + 2500);
	(void)fclose(out);
	cr_assert(is_json(text));
	cr_assert(ne(ptr, strstr(text, "\"age_ms\":2500,"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "\"n_unwatched\":3,"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "\"distrust_until_wall_ms\":null"), NULL), "%s", text);
	free(text);
}
