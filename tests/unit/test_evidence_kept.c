/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen of a unit: from the daemon's hand through the past to what people read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scene.h"
#include "fixture_store.h"
#include "store/reader.h"
#include "tests/unit/assertion.h"

TestSuite(evidence_kept, .init = place_make, .fini = place_remove);

static const char full[] =
	"{\"course\":[{\"metric\":\"rss\",\"quantity\":\"bytes\",\"from_s\":5,\"low\":1048576,"
	"\"high\":2097152,\"last\":2097152,\"values\":[null,1048576,2097152]}],"
	"\"cgroup\":[{\"file\":\"memory.current\",\"text\":\"4096\"},"
	"{\"file\":\"cpu.stat\",\"text\":\"usage_usec 5\\u000auser_usec 3\"}],"
	"\"n_threads\":3,\"threads\":["
	"{\"pid\":20,\"tid\":20,\"comm\":\"main\",\"state\":\"S\",\"wait\":\"do_poll\",\"stack_"
	"of\":20,"
	"\"stack\":\"do_poll+0x1/0x2\"},"
	"{\"pid\":20,\"tid\":21,\"comm\":\"w\\u001b[31m\",\"state\":\"D\",\"wait\":\"folio_wait\","
	"\"stack_of\":21,\"stack\":\"io_schedule+0x1/0x2\\u000afolio_wait+0x3/0x4\"},"
	"{\"pid\":20,\"tid\":22,\"comm\":\"w\",\"state\":\"D\",\"wait\":\"folio_wait\",\"stack_"
	"of\":21,"
	"\"stack\":null}],"
	"\"n_descriptors\":1,\"descriptor_kinds\":[{\"kind\":\"tcp "
	"listening\",\"port\":80,\"n\":1}],"
	"\"descriptors\":[{\"pid\":20,\"fd\":3,\"kind\":\"tcp "
	"listening\",\"what\":\"socket:[5]\"}],"
	"\"journal\":[{\"wall_ms\":1764590400000,\"priority\":3,\"by\":\"shop\",\"text\":\"it "
	"broke\"}],"
	"\"unreadable\":[{\"what\":\"kernel stacks\",\"why\":\"Permission denied\"}]}";

/* An incident on record, and a snapshot of it. */
static void keep(struct writer *writer, uint64_t incident, uint64_t decision, const char *body)
{
	const struct snapshot snapshot = { .incident = incident,
					   .decision = decision,
					   .wall_ms = NOON + decision,
					   .took_ms = 45,
					   .is_whole = true };

	cr_assert(zero(int, writer_evidence(writer, &snapshot, strdup(body), strlen(body))));
}

static void keep_one(const char *body)
{
	struct writer *writer = place_begin(BOUND);

	(void)place_begin_incident(writer, 1);
	keep(writer, 1, 4, body);
	cr_assert(zero(u64, writer_lost(writer)));
	(void)writer_close(writer);
}

static struct reader *open_reader(void)
{
	struct reader *reader = NULL;

	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	return reader;
}

Test(evidence_kept, what_was_kept_is_read_again)
{
	CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };
	CLEANUP(reader_closep) struct reader *reader = NULL;

	keep_one(full);
	reader = open_reader();
	cr_assert(zero(int, reader_snapshots(reader, 1, &snapshots)));
	cr_assert(eq(sz, snapshots.n, 1));
	cr_assert(eq(str, snapshots.kept[0].body, (char *)full));
	cr_assert(eq(u64, snapshots.kept[0].snapshot.decision, 4));
	cr_assert(eq(u64, snapshots.kept[0].snapshot.wall_ms, NOON + 4));
	cr_assert(eq(u32, snapshots.kept[0].snapshot.took_ms, 45));
	cr_assert(snapshots.kept[0].snapshot.is_whole);
	cr_assert(eq(ptr, (void *)reader_notice(reader), NULL));
}

Test(evidence_kept, an_incident_without_any_has_an_empty_list)
{
	CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };
	CLEANUP(reader_closep) struct reader *reader = NULL;

	keep_one(full);
	reader = open_reader();
	cr_assert(zero(int, reader_snapshots(reader, 2, &snapshots)));
	cr_assert(zero(sz, snapshots.n));
}

Test(evidence_kept, bytes_that_a_terminal_would_act_on_are_not_handed_out)
{
	static const char *const bad[] = { "{\"a\":\"\033[31m\"}", "{\"a\":\"\xc2\x9b\"}",
					   "no json", "" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };
		CLEANUP(reader_closep) struct reader *reader = NULL;

		keep_one(bad[i]);
		reader = open_reader();
		cr_assert(zero(int, reader_snapshots(reader, 1, &snapshots)));
		cr_assert(zero(sz, snapshots.n), "%s", bad[i]);
		place_remove();
		place_make();
	}
}

Test(evidence_kept, the_newest_are_kept_and_no_more)
{
	struct writer *writer = place_begin(BOUND);
	int64_t first;

	(void)place_begin_incident(writer, 1);
	for (uint64_t decision = 1; decision <= SNAPSHOTS_KEPT + 20; decision++)
		keep(writer, 1, decision, "{}");
	(void)writer_close(writer);
	cr_assert(
		eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM evidence"), SNAPSHOTS_KEPT));
	first = place_ask("selfheal.db", "SELECT min(decision) FROM evidence");
	cr_assert(eq(i64, first, 21));
}

Test(evidence_kept, the_two_minutes_before_can_be_asked_for_metric_by_metric)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);
	float value[COURSE_SECONDS];
	uint64_t from_s;

	cr_assert(eq(int, writer_course(writer, unit, METRIC_CPU, &from_s, value), -ENOENT));
	for (uint64_t second = 0; second < 10; second++) {
		struct sample sample = place_sample(unit, NOON + second * 1000, (double)second);

		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	cr_assert(zero(int, writer_course(writer, unit, METRIC_CPU, &from_s, value)));
	cr_assert(eq(u64, from_s, NOON / 1000 + 9 - (COURSE_SECONDS - 1)));
	cr_assert(value[0] != value[0], "what was not measured is not a number");
	cr_assert(eq(flt, value[COURSE_SECONDS - 1], 9));
	(void)writer_close(writer);
}

/* ---- for people --------------------------------------------------------------------------- */

static char *printed(const char *body, const struct step *steps, size_t n)
{
	CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };
	CLEANUP(reader_closep) struct reader *reader = NULL;
	char *text = NULL;
	size_t size;
	struct output output = { .file = open_memstream(&text, &size) };

	keep_one(body);
	reader = open_reader();
	cr_assert(zero(int, reader_snapshots(reader, 1, &snapshots)));
	cr_assert(eq(sz, snapshots.n, 1));
	cr_assert(zero(int, scene_print(&output, reader, &snapshots.kept[0], steps, n)));
	(void)fclose(output.file);
	return text;
}

static void assert_told(const char *text, const char *part)
{
	cr_assert(ne(ptr, strstr(text, part), NULL), "\"%s\" is not in:\n%s", part, text);
}

static struct step decided(enum action action, enum way way)
{
	return (struct step) {
		.kind = STEP_DECISION,
		.decision = { .id = 4, .action = action, .why = WHY_ALLOWED, .way = way }
	};
}

Test(evidence_kept, it_is_told_part_by_part_and_threads_by_where_they_are)
{
	struct step step = decided(ACTION_RELOAD, WAY_SYSTEMD);
	char *text = printed(full, &step, 1);

	assert_told(text, "Seen before the reload of 2025-12-01 ");
	assert_told(text, "   2 x D folio_wait, of w\\x1b[31m: 21, 22\n"
			  "        io_schedule+0x1/0x2\n"
			  "        folio_wait+0x3/0x4\n"
			  "   1 x S do_poll, of main: 20\n"
			  "        do_poll+0x1/0x2\n");
	assert_told(text, "shop: it broke\n");
	assert_told(text, "   rss: 1.0M to 2.0M, at last 2.0M\n");
	assert_told(text,
		    "   1 x tcp listening, port 80\n        3 of 20: tcp listening socket:[5]\n");
	assert_told(text, "   memory.current: 4096\n   cpu.stat:\n        usage_usec 5\n        "
			  "user_usec 3\n");
	assert_told(text, "What could not be read\n   kernel stacks: Permission denied\n");
	free(text);
}

Test(evidence_kept, a_part_of_which_nothing_is_known_has_no_heading)
{
	char *text = printed("{\"unreadable\":[]}", NULL, 0);

	assert_told(text, "Seen before the heal of 2025-12-01 ");
	cr_assert(eq(ptr, strchr(strchr(text, '\n') + 1, '\n'), NULL), "%s", text);
	free(text);
}

Test(evidence_kept, a_body_of_another_shape_is_told_as_far_as_it_goes)
{
	char *text = printed("{\"threads\":{\"a\":[1,2]},\"journal\":\"none\",\"cgroup\":[1,[],{}],"
			     "\"course\":null}",
			     NULL, 0);

	assert_told(text, "Seen before the heal");
	free(text);
}

Test(evidence_kept, why_there_is_none_is_said)
{
	struct step real = decided(ACTION_RESTART, WAY_SYSTEMD);
	struct step mocked = decided(ACTION_RESTART, WAY_MOCK);

	cr_assert(ne(ptr, strstr(scene_absence(NULL, 0), "nothing was done"), NULL));
	cr_assert(ne(ptr, strstr(scene_absence(&mocked, 1), "nothing real was disturbed"), NULL));
	cr_assert(ne(ptr, strstr(scene_absence(&real, 1), "none is kept"), NULL));
}

Test(evidence_kept, json_has_the_body_as_it_is)
{
	const struct kept_snapshot kept = { .snapshot = { 1, 4, 5, 45, true },
					    .body = strdup("{\"a\":1}") };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_snapshot(out, &kept);
	(void)fclose(out);
	cr_assert(
		eq(str, text,
		   "{\"incident\":1,\"decision\":4,\"wall_ms\":5,\"took_ms\":45,\"is_whole\":true,"
		   "\"seen\":{\"a\":1}}"));
	free(text);
	free(kept.body);
}
