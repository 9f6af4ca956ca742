/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edges on their way through the store: written, added up, read back by name, and told as JSON. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_store.h"
#include "store/live.h"
#include "store/reader.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

static struct named_edge *relation;
static size_t n;

static void forget(void)
{
	free(relation);
	place_remove();
}

TestSuite(reader_edges, .init = place_make, .fini = forget);

/* shop talks to db and requires it, somebody talks to shop, mail stands alone. */
static void write_edges(uint64_t wall_ms)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t db = writer_number("db.service", writer);
	uint32_t shop = writer_number("shop.service", writer);
	const struct edge edges[] = {
		{ .client = shop,
		  .server = db,
		  .kind = EDGE_TCP,
		  .port = 5432,
		  .n_connections = 3,
		  .first_wall_ms = wall_ms,
		  .last_wall_ms = wall_ms },
		{ .client = shop,
		  .server = db,
		  .kind = EDGE_REQUIRES,
		  .first_wall_ms = wall_ms,
		  .last_wall_ms = wall_ms },
		{ .server = shop,
		  .kind = EDGE_TCP,
		  .port = 65535,
		  .synthetic = true,
		  .n_connections = UINT32_MAX,
		  .first_wall_ms = wall_ms,
		  .last_wall_ms = wall_ms },
	};

	(void)writer_number("mail.service", writer);
	cr_assert(zero(int, writer_edges(writer, edges, 3, wall_ms)));
	cr_assert(zero(int, writer_edges(writer, NULL, 0, wall_ms)));
	(void)writer_close(writer);
}

/* Into `relation`, in place of what was there. */
static int ask(const char *unit)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	int r;

	free(relation);
	relation = NULL;
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	r = reader_edges(reader, unit, &relation, &n);
	cr_assert(eq(int, reader_notice(reader) != NULL, n == 99));
	return r;
}

Test(reader_edges, what_was_written_is_read_back_in_the_order_of_names)
{
	write_edges(NOON);
	cr_assert(zero(int, ask(NULL)));
	cr_assert(eq(sz, n, 3));
	cr_assert(eq(str, relation[0].client, ""));
	cr_assert(eq(str, relation[0].server, "shop.service"));
	cr_assert(relation[0].edge.synthetic);
	cr_assert(eq(int, relation[0].edge.port, 65535));
	cr_assert(eq(u64, relation[0].edge.n_connections, UINT32_MAX));
	cr_assert(eq(str, relation[1].client, "shop.service"));
	cr_assert(eq(int, relation[1].edge.kind, EDGE_REQUIRES));
	cr_assert(eq(int, relation[2].edge.kind, EDGE_TCP));
	cr_assert(eq(int, relation[2].edge.port, 5432));
	cr_assert(eq(u64, relation[2].edge.first_wall_ms, NOON));
	cr_assert(not(relation[2].edge.synthetic));
}

Test(reader_edges, counts_go_on_across_a_restart_and_the_first_time_stays)
{
	write_edges(NOON);
	write_edges(NOON + 60000);
	cr_assert(zero(int, ask(NULL)));
	cr_assert(eq(sz, n, 3));
	cr_assert(eq(u64, relation[2].edge.n_connections, 6));
	cr_assert(eq(u64, relation[2].edge.first_wall_ms, NOON));
	cr_assert(eq(u64, relation[2].edge.last_wall_ms, NOON + 60000));
}

Test(reader_edges, of_one_unit_both_directions_are_told)
{
	write_edges(NOON);
	cr_assert(zero(int, ask("db.service")));
	cr_assert(eq(sz, n, 2));
	cr_assert(zero(int, ask("shop.service")));
	cr_assert(eq(sz, n, 3));
	cr_assert(zero(int, ask("mail.service")));
	cr_assert(zero(sz, n));
	cr_assert(eq(int, ask("nobody.service"), -ENOENT));
	cr_assert(eq(int, ask("' OR 1 --"), -ENOENT));
	cr_assert(eq(int, ask(""), -ENOENT));
}

Test(reader_edges, a_unit_that_only_the_present_knows_has_none)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct live *live = NULL;
	struct present present = { 0 };
	struct keeper keeper = { .pid = 1 };

	(void)snprintf(present.status.name, sizeof(present.status.name), "new.service");
	present.status.unit = 70000;
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, &present, 1)));
	(void)live_close(live);
	cr_assert(zero(int, reader_open(PAST, place("live.db"), &reader)));
	cr_assert(zero(int, reader_edges(reader, "new.service", &relation, &n)));
	cr_assert(zero(sz, n));
	cr_assert(eq(int, reader_edges(reader, "old.service", &relation, &n), -ENOENT));
}

Test(reader_edges, a_row_that_nobody_can_have_written_is_passed_over)
{
	static const char *const damages[] = {
		"UPDATE edge SET kind = 'carrier-pigeon' WHERE kind = 'requires'",
		"UPDATE edge SET port = 65536 WHERE kind = 'requires'",
		"UPDATE edge SET port = -1 WHERE kind = 'requires'",
		"UPDATE edge SET n_connections = -1 WHERE kind = 'requires'",
		"UPDATE edge SET last_wall_ms = -1 WHERE kind = 'requires'",
	};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		CLEANUP(reader_closep) struct reader *reader = NULL;

		write_edges(NOON);
		(void)place_ask("selfheal.db", damages[i]);
		cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
		free(relation);
		cr_assert(zero(int, reader_edges(reader, NULL, &relation, &n)));
		cr_assert(eq(sz, n, 2), "%s", damages[i]);
		cr_assert(ne(ptr, (void *)reader_notice(reader), NULL), "%s", damages[i]);
		(void)place_ask("selfheal.db", "DELETE FROM edge");
	}
}

Test(reader_edges, an_end_without_a_name_is_not_taken_for_the_world_outside)
{
	write_edges(NOON);
	(void)place_ask("selfheal.db", "UPDATE unit SET id = 77 WHERE name = 'db.service'");
	cr_assert(zero(int, ask(NULL)));
	cr_assert(eq(sz, n, 1));
}

static char *json_of(const struct named_edge *one)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_edge(out, one);
	(void)fclose(out);
	return text;
}

Test(reader_edges, json_says_null_where_there_is_nothing_to_say)
{
	char *text;

	write_edges(NOON);
	cr_assert(zero(int, ask(NULL)));
	text = json_of(&relation[0]);
	cr_assert(eq(str, text,
		     "{\"client\":null,\"client_unit\":null,\"server\":\"shop.service\","
		     "\"server_unit\":2,\"synthetic\":true,\"kind\":\"tcp\",\"declared\":false,"
		     "\"port\":65535,\"n_connections\":4294967295,"
		     "\"first_wall_ms\":1764590400000,\"last_wall_ms\":1764590400000}"));
	free(text);
	text = json_of(&relation[1]);
	cr_assert(ne(ptr, strstr(text, "\"declared\":true,\"port\":null,\"n_connections\":null"),
		     NULL),
		  "%s", text);
	free(text);
	(void)snprintf(relation[1].client, UNIT_NAME_SIZE, "a\"\x1b[2J");
	text = json_of(&relation[1]);
	cr_assert(ne(ptr, strstr(text, "\"a\\\"\\u001b[2J\""), NULL), "%s", text);
	free(text);
}
