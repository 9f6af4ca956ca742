/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd says that a unit needs: kept small, and only what can be an edge. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "record/record.h"
#include "sense/needs.h"
#include "tests/unit/assertion.h"

Test(needs, services_and_sockets_are_kept_with_their_kind)
{
	CLEANUP(needs_clear) struct needs needs = { 0 };
	enum edge_kind kind;
	const char *name;
	size_t at = 0;

	needs_add(&needs, EDGE_REQUIRES, "db.service");
	needs_add(&needs, EDGE_AFTER, "dbus.socket");
	needs_add(&needs, EDGE_TRIGGERED_BY, "shop.socket");
	cr_assert(needs_next(&needs, &at, &kind, &name));
	cr_assert(eq(int, kind, EDGE_REQUIRES));
	cr_assert(eq(str, (char *)name, "db.service"));
	cr_assert(needs_next(&needs, &at, &kind, &name));
	cr_assert(eq(str, (char *)name, "dbus.socket"));
	cr_assert(needs_next(&needs, &at, &kind, &name));
	cr_assert(eq(int, kind, EDGE_TRIGGERED_BY));
	cr_assert(not(needs_next(&needs, &at, &kind, &name)));
}

Test(needs, what_can_be_no_edge_costs_nothing)
{
	static const char *const names[] = {
		"sysinit.target", "system.slice",   "-.mount",	    "",		  ".", "noname",
		"a b.service",	  "evil\n.service", "x.service/..", "a.serviceX",
	};
	CLEANUP(needs_clear) struct needs needs = { 0 };
	char longest[UNIT_NAME_SIZE + 10];

	memset(longest, 'a', sizeof(longest));
	(void)snprintf(longest + UNIT_NAME_SIZE, 10, ".service");
	needs_add(&needs, EDGE_REQUIRES, longest);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		needs_add(&needs, EDGE_REQUIRES, names[i]);
	needs_add(&needs, EDGE_TRIGGERED_BY, "shop.timer");
	needs_add(&needs, EDGE_TRIGGERED_BY, "shop.service");
	cr_assert(zero(sz, needs.n));
	cr_assert(eq(ptr, needs.text, NULL));
}

Test(needs, of_too_many_the_first_are_kept)
{
	CLEANUP(needs_clear) struct needs needs = { 0 };
	char name[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "u%d.service", i);
		needs_add(&needs, EDGE_WANTS, name);
	}
	cr_assert(eq(sz, needs.n, NEEDS_MAX));
	cr_assert(eq(str, needs.text + 1, "u0.service"));
}

Test(needs, what_only_tells_an_order_leaves_room_for_the_rest)
{
	CLEANUP(needs_clear) struct needs needs = { 0 };
	char name[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "u%d.service", i);
		needs_add(&needs, EDGE_AFTER, name);
	}
	cr_assert(eq(sz, needs.n, NEEDS_AFTER_MAX));
	needs_add(&needs, EDGE_REQUIRES, "shop.service");
	cr_assert(eq(sz, needs.n, NEEDS_AFTER_MAX + 1));
}

Test(needs, two_that_say_the_same_are_equal)
{
	CLEANUP(needs_clear) struct needs a = { 0 }, b = { 0 };

	cr_assert(needs_are_equal(&a, &b));
	needs_add(&a, EDGE_WANTS, "a.service");
	cr_assert(not(needs_are_equal(&a, &b)));
	needs_add(&b, EDGE_REQUIRES, "a.service");
	cr_assert(not(needs_are_equal(&a, &b)));
	needs_clear(&b);
	needs_add(&b, EDGE_WANTS, "a.service");
	cr_assert(needs_are_equal(&a, &b));
}
