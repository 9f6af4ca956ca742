/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's graph, followed over a bus from a systemd of the test's own. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_manager.h"
#include "sense/units.h"
#include "tests/unit/assertion.h"

static char numbered[8][UNIT_NAME_SIZE];

/* Numbers from 1 in the order of asking. */
static uint32_t number(const char *name, void *userdata)
{
	uint32_t i = 0;

	(void)userdata;
	while (i < 7 && numbered[i][0] && strcmp(numbered[i], name) != 0)
		i++;
	(void)snprintf(numbered[i], sizeof(numbered[i]), "%s", name);
	return i + 1;
}

static struct units *follow(struct fake_manager *fake)
{
	struct units *units = NULL;

	fake_serve(fake);
	cr_assert(zero(int, units_new(fake->client, number, NULL, &units)));
	fake_serve_no_more(fake);
	return units;
}

static bool has(const struct edge_list *list, const char *client, enum edge_kind kind,
		const char *server)
{
	uint32_t from = client ? number(client, NULL) : 0, to = number(server, NULL);

	for (size_t i = 0; i < list->n; i++)
		if (list->edge[i].client == from && list->edge[i].server == to &&
		    list->edge[i].kind == kind && list->edge[i].last_wall_ms == 77)
			return true;
	return false;
}

/* front requires back and wants what a socket wakes; all come after the journal's socket. */
static void three(struct fake_manager *fake)
{
	fake->unit[0] = fake_service("front.service");
	fake->unit[0].requires = "back.service";
	fake->unit[0].wants = "woken.socket";
	fake->unit[0].after = "back.service";
	fake->unit[1] = fake_service("back.service");
	fake->unit[1].requires = "nowhere.service";
	fake->unit[2] = fake_service("woken.service");
	fake->unit[2].trigger = "woken.socket";
	fake->unit[2].requires = "woken.socket";
}

Test(graph, needs_between_units_become_edges_and_a_socket_stands_for_its_service)
{
	CLEANUP(edge_list_clear) struct edge_list list = { 0 };
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	three(&fake);
	CLEANUP(units_freep) struct units *units = follow(&fake);

	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(has(&list, "front.service", EDGE_REQUIRES, "back.service"));
	cr_assert(has(&list, "front.service", EDGE_AFTER, "back.service"));
	cr_assert(has(&list, "front.service", EDGE_WANTS, "woken.service"));
	cr_assert(has(&list, NULL, EDGE_TRIGGERED_BY, "woken.service"));
	cr_assert(eq(sz, list.n, 4), "neither what is not there, nor itself");
	cr_assert(eq(int, list.edge[3].kind, EDGE_AFTER), "mere order goes last");
}

Test(graph, its_version_changes_with_a_need_or_a_row_and_with_nothing_else)
{
	CLEANUP(edge_list_clear) struct edge_list list = { 0 };
	CLEANUP(fake_close) struct fake_manager fake;
	uint64_t version;

	fake_open(&fake);
	three(&fake);
	CLEANUP(units_freep) struct units *units = follow(&fake);

	version = units_edges_version(units);
	fake.unit[0].invocation = 2; /* another run: read again */
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	fake_settle(&fake);
	cr_assert(eq(u64, units_edges_version(units), version));

	fake.unit[0].invocation = 3;
	fake.unit[0].wants = NULL;
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	fake_settle(&fake);
	cr_assert(ne(u64, units_edges_version(units), version));
	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(not(has(&list, "front.service", EDGE_WANTS, "woken.service")));
	cr_assert(eq(sz, list.n, 3));

	version = units_edges_version(units);
	fake_unit_signal(&fake, "UnitRemoved", "back.service");
	cr_assert(ne(u64, units_edges_version(units), version));
	edge_list_clear(&list);
	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(eq(sz, list.n, 1), "only that a socket wakes one");
}

Test(graph, a_signal_that_repeats_a_list_adds_nothing)
{
	CLEANUP(edge_list_clear) struct edge_list list = { 0 };
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	three(&fake);
	CLEANUP(units_freep) struct units *units = follow(&fake);

	for (int i = 0; i < 1000; i++)
		fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(eq(sz, list.n, 4));
	cr_assert(has(&list, "front.service", EDGE_REQUIRES, "back.service"));
}

Test(graph, what_a_class_says_of_a_unit_is_shown_and_what_it_depends_on_is_an_edge)
{
	CLEANUP(edge_list_clear) struct edge_list list = { 0 };
	CLEANUP(fake_close) struct fake_manager fake;
	static struct classes classes = { .n = 1 };
	const char *expected;
	uint64_t version;

	fake_open(&fake);
	three(&fake);
	CLEANUP(units_freep) struct units *units = follow(&fake);

	(void)snprintf(classes.class[0].globs, sizeof(classes.class[0].globs), "woken.*");
	cr_assert(zero(int,
		       terms_set(&classes.class[0].terms, "DependsOn", "back.service", &expected)));
	version = units_edges_version(units);
	units_set_classes(units, &classes);
	cr_assert(ne(u64, units_edges_version(units), version));
	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(has(&list, "woken.service", EDGE_DEPENDS_ON, "back.service"));
	units_set_classes(units, NULL);
	edge_list_clear(&list);
	cr_assert(zero(int, units_edges(units, 77, &list)));
	cr_assert(not(has(&list, "woken.service", EDGE_DEPENDS_ON, "back.service")));
}
