/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose an error line is, and what is said where there is no journal. A real one is in tests/e2e. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "scratch.h"
#include "sense/errors.h"
#include "tests/unit/assertion.h"

Test(errors, a_line_is_of_whom_the_journal_vouches_for)
{
	static const struct {
		const char *name;
		struct error_line line;
		const char *expected; /* NULL: our own */
	} cases[] = {
		{ "a service", { "shop.service", "9", NULL }, "shop.service" },
		{ "the kernel", { NULL, NULL, NULL }, "" },
		{ "systemd about a unit", { "init.scope", "1", "shop.service" }, "shop.service" },
		{ "systemd about itself", { "init.scope", "1", NULL }, "init.scope" },
		{ "systemd about nonsense", { "init.scope", "1", "a b\n" }, "init.scope" },
		{ "beside systemd", { "init.scope", "12", "shop.service" }, "init.scope" },
		{ "one that lies", { "bad.service", "9", "shop.service" }, "bad.service" },
		{ "ourselves", { "selfhealed.service", "4711", NULL }, NULL },
		{ "beside ourselves", { "selfhealed.service", "9", NULL }, "selfhealed.service" },
		{ "our number elsewhere", { "shop.service", "4711", NULL }, "shop.service" },
		{ "no unit's name", { "\x1b[31m", "9", NULL }, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *owner = error_line_owner(&cases[i].line, "selfhealed.service", "4711");

		cr_assert(eq(int, owner == NULL, cases[i].expected == NULL), "%s", cases[i].name);
		if (owner)
			cr_assert(eq(str, (char *)owner, (char *)cases[i].expected), "%s",
				  cases[i].name);
	}
	cr_assert(eq(str, (char *)error_line_owner(&cases[0].line, NULL, "9"), "shop.service"));
}

static void never(const char *unit, uint64_t n, void *userdata)
{
	(void)n, (void)userdata;
	cr_assert(false, "there are lines of %s", unit);
}

Test(errors, without_a_journal_nothing_is_known_and_the_end_is_quick)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	const char *const folders[] = { scratch.folder, "/nowhere" };

	for (size_t i = 0; i < 2; i++) {
		struct errors *errors = NULL;
		uint64_t began_ms;

		cr_assert(zero(int, errors_new(folders[i], &errors)));
		cr_assert(not(errors_are_known(errors, clock_boot_ms())));
		errors_drain(errors, never, NULL);
		cr_assert(zero(u64, errors_lost(errors)));
		began_ms = clock_boot_ms();
		errors = errors_free(errors);
		cr_assert(lt(u64, clock_boot_ms() - began_ms, 1000));
	}
}
