/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which service a socket of systemd's is for, asked of a systemd of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "fake_manager.h"
#include "sense/activation.h"
#include "sense/owners.h"
#include "tests/unit/assertion.h"

static const struct cgroup_roots none;

static uint32_t unit_of(const char *name, void *userdata)
{
	(void)userdata;
	return strcmp(name, "shop.service") == 0 ? 7 : strcmp(name, "mail.service") == 0 ? 8 : 0;
}

static struct fake_unit fake_socket(const char *name, const char *listen, const char *triggers)
{
	struct fake_unit unit = fake_service(name);

	unit.listen = listen;
	unit.triggers = triggers;
	return unit;
}

static uint32_t find(const struct activation *activation, const char *text)
{
	struct diag_end end = { 0 };

	cr_assert(zero(int, activation_parse_end(text, &end)), "%s", text);
	return activation_find(activation, &end);
}

static void own_for(uint64_t id, uint32_t unit, void *owners)
{
	owners_add(owners, id, unit);
}

Test(activation, an_address_is_read_as_systemd_prints_it)
{
	static const struct {
		const char *text;
		int expected;
		uint8_t last, port;
	} cases[] = {
		{ "127.0.0.1:80", 0, 1, 80 },
		{ "0.0.0.0:22", 0, 0, 22 },
		{ "[::]:22", 0, 0, 22 },
		{ "[::1]:22", 0, 1, 22 },
		{ "[fe80::7%eth0]:22", 0, 7, 22 },
		{ "/run/shop.sock", -EINVAL, 0, 0 },
		{ "@abstract:80", -EINVAL, 0, 0 },
		{ "vsock:2:80", -EINVAL, 0, 0 },
		{ "127.0.0.1", -EINVAL, 0, 0 },
		{ "127.0.0.1:", -EINVAL, 0, 0 },
		{ "127.0.0.1:0", -EINVAL, 0, 0 },
		{ "127.0.0.1:80x", -EINVAL, 0, 0 },
		{ "127.0.0.1:65536", -EINVAL, 0, 0 },
		{ "127.0.0.1:-1", -EINVAL, 0, 0 },
		{ "[::1:80", -EINVAL, 0, 0 },
		{ ":80", -EINVAL, 0, 0 },
		{ "", -EINVAL, 0, 0 },
		{ "[0123456789012345678901234567890123456789012345678901]:80", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag_end end = { 0 };

		cr_assert(eq(int, activation_parse_end(cases[i].text, &end), cases[i].expected),
			  "%s", cases[i].text);
		cr_assert(eq(u8, end.address[15], cases[i].last), "%s", cases[i].text);
		cr_assert(eq(u16, end.port, cases[i].port), "%s", cases[i].text);
	}
}

Test(activation, a_socket_leads_to_the_service_that_it_triggers)
{
	CLEANUP(owners_freep) struct owners *owners = NULL;
	CLEANUP(fake_close) struct fake_manager fake;
	uint32_t unit;

	fake_open(&fake);
	fake.unit[0] = fake_socket("shop.socket", "127.0.0.1:80", "shop.service");
	fake.unit[1] = fake_socket("mail.socket", "[::]:25", "mail.service");
	fake.unit[2] = fake_socket("each.socket", "[::]:79", "each@.service");
	fake.unit[2].accepts = true;
	fake.unit[3] = fake_socket("path.socket", "/run/x.sock", "shop.service");
	CLEANUP(activation_freep) struct activation *activation = NULL;
	cr_assert(zero(int, activation_new(fake.client, &none, &activation)));
	activation_turn(activation, 3, SECONDS(1));
	fake_settle(&fake);
	cr_assert(zero(u32, find(activation, "127.0.0.1:80")), "it has no number yet");

	activation_number(activation, unit_of, NULL);
	cr_assert(eq(u32, find(activation, "127.0.0.1:80"), 7));
	cr_assert(zero(u32, find(activation, "127.0.0.2:80")), "another address");
	cr_assert(eq(u32, find(activation, "[::]:25"), 8));
	cr_assert(eq(u32, find(activation, "[::1]:25"), 8), "what came by it");
	cr_assert(eq(u32, find(activation, "127.0.0.1:25"), 8), "also by IPv4");
	cr_assert(zero(u32, find(activation, "[::]:79")), "systemd accepts itself");
	cr_assert(zero(u32, find(activation, "0.0.0.0:53")), "no stream");

	/* Their cgroups lead there too, and they are asked again though all is known. */
	cr_assert(zero(int, owners_new(&none, &owners)));
	owners_begin(owners);
	activation_cgroups(activation, own_for, owners);
	owners_end(owners);
	cr_assert(owners_find(owners, 77, &unit));
	cr_assert(unit == 7 || unit == 8, "all of the fake have one id");
	fake.asked[0] = '\0';
	activation_turn(activation, 0, SECONDS(61));
	fake_settle(&fake);
	cr_assert(ne(int, fake.asked[0], 0));
}

Test(activation, systemd_is_asked_when_there_is_a_reason)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	CLEANUP(activation_freep) struct activation *activation = NULL;
	const struct {
		const char *why;
		size_t n_unknown;
		uint64_t now_ms;
		bool asks;
	} cases[] = {
		{ "there is none", 0, SECONDS(1), false },
		{ "the first", 1, SECONDS(2), true },
		{ "nothing is new", 1, SECONDS(30), false },
		{ "from time to time", 1, SECONDS(62), true },
		{ "one more, but just asked", 2, SECONDS(64), false },
		{ "one more", 2, SECONDS(67), true },
		{ "all are known", 0, SECONDS(200), false },
	};

	cr_assert(zero(int, activation_new(fake.client, &none, &activation)));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.asked[0] = '\0';
		activation_turn(activation, cases[i].n_unknown, cases[i].now_ms);
		fake_settle(&fake);
		cr_assert(eq(str, fake.asked, cases[i].asks ? "ListUnitsByPatterns" : ""), "%s",
			  cases[i].why);
	}
}
