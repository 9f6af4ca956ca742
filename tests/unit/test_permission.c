/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders over the bus: who may give them, and what a stranger can do. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "control.h"
#include "fake_bus.h"
#include "permission.h"
#include "record/names.h"
#include "tests/unit/assertion.h"

#define JOE ":1.1000"
#define ANN ":1.1001"

struct town {
	sd_event *event;
	struct fake_bus fake;
	struct control *control;
	int answer; /* of the handler */
	int n_heard;
	char heard[512]; /* the last order that reached it */
};

static int on_order(void *userdata, const struct order *order, const char **ret_words)
{
	struct town *town = userdata;

	town->n_heard++;
	(void)snprintf(town->heard, sizeof(town->heard), "%u: %d %s %s %s %u", order->who,
		       order->kind, order->fault ?: "-", order->unit ?: "-", order->reason ?: "-",
		       (unsigned int)order->for_ms);
	if (town->answer == 0)
		*ret_words = "so be it";
	return town->answer;
}

static void on_describe(void *userdata, struct control_state *ret)
{
	(void)userdata;
	*ret = (struct control_state) { "mock", 12, 3, true };
}

static void town_open(struct town *town)
{
	static const struct control_handler handler = { on_order, on_describe };

	*town = (struct town) { 0 };
	cr_assert(ge(int, sd_event_new(&town->event), 0));
	fake_bus_open(&town->fake, town->event);
	cr_assert(zero(int, control_new(town->event, &handler, town, &town->control)));
	cr_assert(zero(int, control_join(town->control, town->fake.address)));
	control_turn(town->control, 1000);
	fake_bus_settle(&town->fake);
	town->fake.asked[0] = '\0';
}

static void town_close(struct town *town)
{
	town->control = control_free(town->control);
	fake_bus_close(&town->fake);
	town->event = sd_event_unref(town->event);
}

#define TOWN(town)                                                                                 \
	CLEANUP(town_close) struct town town;                                                      \
	town_open(&town)

static void call_end(struct fake_call *call)
{
	call->slot = sd_bus_slot_unref(call->slot);
}

#define CALL(call) CLEANUP(call_end) struct fake_call call = { 0 }

static sd_bus_message *inject(struct town *town, const char *sender)
{
	sd_bus_message *m = fake_bus_order(&town->fake, sender, "Inject");

	cr_assert(ge(int, sd_bus_message_append(m, "ss", "cpu-spike", "shop.service"), 0));
	return m;
}

static void order(struct town *town, const char *sender, struct fake_call *ret)
{
	fake_bus_call(&town->fake, inject(town, sender), ret);
}

Test(permission, root_is_heard_whatever_polkit_would_say)
{
	TOWN(town);
	CALL(call);

	town.fake.no_polkit = true;
	order(&town, ":1.0", &call);
	cr_assert(eq(str, town.heard, "0: 0 cpu-spike shop.service - 0"));
	cr_assert(eq(str, call.words, "so be it"));
	cr_assert(eq(str, town.fake.asked, "AddMatch GetConnectionUnixUser RemoveMatch"));
}

Test(permission, a_user_is_heard_once_polkit_says_yes)
{
	TOWN(town);
	CALL(call);

	order(&town, JOE, &call);
	cr_assert(zero(int, town.n_heard));
	cr_assert(eq(sz, town.fake.n_questions, 1));
	cr_assert(eq(str, town.fake.question[0].subject, JOE));
	cr_assert(eq(str, town.fake.question[0].action, "io.selfheal.inject"));
	cr_assert(eq(str, town.fake.question[0].unit, "shop.service"));
	cr_assert(zero(u32, town.fake.question[0].flags), "nobody said that one may be asked");

	fake_bus_decide(&town.fake, 0, true, false);
	cr_assert(eq(str, town.heard, "1000: 0 cpu-spike shop.service - 0"));
	cr_assert(eq(str, call.words, "so be it"));
}

Test(permission, a_no_is_access_denied_and_one_that_a_password_changes_says_so)
{
	static const struct {
		bool could_ask;
		const char *error;
	} cases[] = {
		{ false, SD_BUS_ERROR_ACCESS_DENIED },
		{ true, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED },
	};
	TOWN(town);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CALL(call);

		order(&town, JOE, &call);
		fake_bus_decide(&town.fake, i, false, cases[i].could_ask);
		cr_assert(eq(str, call.error, (char *)cases[i].error));
	}
	cr_assert(zero(int, town.n_heard));
}

Test(permission, a_password_is_asked_for_only_where_the_sender_allows_it)
{
	TOWN(town);
	CALL(call);
	sd_bus_message *m = inject(&town, JOE);

	cr_assert(ge(int, sd_bus_message_set_allow_interactive_authorization(m, 1), 0));
	fake_bus_call(&town.fake, m, &call);
	cr_assert(eq(u32, town.fake.question[0].flags, 1));
}

Test(permission, each_order_has_an_action_of_its_own_and_arrives_whole)
{
	static const struct {
		const char *member, *types, *action, *unit, *heard;
	} cases[] = {
		{ "Stop", "s", "io.selfheal.stop", "", "1000: 1 - - so I say 0" },
		{ "Pause", "sts", "io.selfheal.pause", "a.service",
		  "1000: 2 - a.service so I say 60000" },
		{ "Resume", "s", "io.selfheal.resume", "", "1000: 3 -  - 0" },
	};
	TOWN(town);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sd_bus_message *m = fake_bus_order(&town.fake, JOE, cases[i].member);
		CALL(call);

		if (strcmp(cases[i].types, "sts") == 0)
			(void)sd_bus_message_append(m, "sts", "a.service", UINT64_C(60),
						    "so I say");
		else
			(void)sd_bus_message_append(
				m, "s", strcmp(cases[i].member, "Stop") == 0 ? "so I say" : "");
		fake_bus_call(&town.fake, m, &call);
		cr_assert(eq(str, town.fake.question[i].action, (char *)cases[i].action));
		cr_assert(eq(str, town.fake.question[i].unit, (char *)cases[i].unit));
		fake_bus_decide(&town.fake, i, true, false);
		cr_assert(eq(str, town.heard, (char *)cases[i].heard));
	}
}

Test(permission, without_polkit_users_are_refused_with_the_reason)
{
	TOWN(town);
	CALL(call);

	town.fake.no_polkit = true;
	order(&town, JOE, &call);
	cr_assert(eq(str, call.error, SD_BUS_ERROR_ACCESS_DENIED));
	cr_assert(eq(str, call.words, "there is no polkit here: only root may give orders"));
	cr_assert(zero(int, town.n_heard));
}

static void expect_invalid(struct town *town, sd_bus_message *m, const char *what)
{
	CALL(call);

	fake_bus_call(&town->fake, m, &call);
	cr_assert(eq(str, call.error, SD_BUS_ERROR_INVALID_ARGS), "%s: %s", what, call.words);
}

Test(permission, what_is_wrong_is_refused_before_anybody_is_asked)
{
	static const char *const reasons[] = { "a\nb", "\x1b[31m", "a\x7f", "\xe2\x80\xae", NULL };
	static const char *const units[] = {
		"", "shop", "../a.service", "a b.service", "a\n.service", NULL
	};
	static const uint64_t spans[] = { 0, UINT64_C(366) * 86400, UINT64_MAX };
	char long_reason[202];
	sd_bus_message *m;
	TOWN(town);

	for (size_t i = 0; units[i]; i++) {
		m = fake_bus_order(&town.fake, ":1.0", "Inject");
		(void)sd_bus_message_append(m, "ss", "cpu-spike", units[i]);
		expect_invalid(&town, m, units[i]);
		m = fake_bus_order(&town.fake, ":1.0", "Pause");
		(void)sd_bus_message_append(m, "sts", units[i], UINT64_C(60), "");
		expect_invalid(&town, m, units[i]);
	}
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		m = fake_bus_order(&town.fake, ":1.0", "Pause");
		(void)sd_bus_message_append(m, "sts", "a.service", spans[i], "");
		expect_invalid(&town, m, "span");
	}
	for (size_t i = 0; reasons[i]; i++) {
		m = fake_bus_order(&town.fake, ":1.0", "Stop");
		(void)sd_bus_message_append(m, "s", reasons[i]);
		expect_invalid(&town, m, "reason");
	}
	memset(long_reason, 'a', sizeof(long_reason) - 1);
	long_reason[sizeof(long_reason) - 1] = '\0';
	m = fake_bus_order(&town.fake, ":1.0", "Stop");
	(void)sd_bus_message_append(m, "s", long_reason);
	expect_invalid(&town, m, "long reason");
	m = fake_bus_order(&town.fake, ":1.0", "Resume");
	(void)sd_bus_message_append(m, "s", "*.service");
	expect_invalid(&town, m, "glob");
	m = fake_bus_order(&town.fake, ":1.0", "Inject");
	(void)sd_bus_message_append(m, "i", 7);
	expect_invalid(&town, m, "type");

	cr_assert(zero(int, town.n_heard));
	cr_assert(eq(str, town.fake.asked, ""));
}

Test(permission, a_reason_of_200_bytes_in_any_script_is_fine)
{
	char reason[201] = "";
	sd_bus_message *m;
	TOWN(town);
	CALL(call);

	for (size_t i = 0; i < 100; i++)
		memcpy(reason + 2 * i, "\xc3\xa4", 3);
	m = fake_bus_order(&town.fake, ":1.0", "Stop");
	(void)sd_bus_message_append(m, "s", reason);
	fake_bus_call(&town.fake, m, &call);
	cr_assert(eq(str, call.error, ""));
	cr_assert(ne(ptr, strstr(town.heard, reason), NULL));
}

Test(permission, a_hung_polkit_locks_out_neither_root_nor_for_one_user_all_others)
{
	struct fake_call call[PERMISSION_PENDING_MAX] = { 0 };
	TOWN(town);
	CALL(of_root);
	char sender[16];

	for (size_t i = 0; i < PERMISSION_PENDING_MAX; i++) {
		(void)snprintf(sender, sizeof(sender), ":1.%zu", 1000 + i / 5);
		order(&town, sender, &call[i]);
		if (i % 5 == PERMISSION_PER_USER_MAX) /* the fifth of each */
			cr_assert(eq(str, call[i].error, SD_BUS_ERROR_LIMITS_EXCEEDED), "%zu", i);
	}
	cr_assert(eq(sz, town.fake.n_questions, PERMISSION_ASKING_MAX));
	cr_assert(eq(str, call[15].error, SD_BUS_ERROR_LIMITS_EXCEEDED), "all places are taken");
	order(&town, ":1.0", &of_root);
	cr_assert(eq(str, of_root.words, "so be it"));

	for (size_t i = 0; i < PERMISSION_ASKING_MAX; i++) /* it comes to itself */
		fake_bus_decide(&town.fake, i, true, false);
	cr_assert(eq(int, town.n_heard, 1 + PERMISSION_ASKING_MAX));
	for (size_t i = 0; i < PERMISSION_PENDING_MAX; i++) {
		cr_assert(eq(int, call[i].n_answers, 1), "%zu", i);
		call_end(&call[i]);
	}
}

Test(permission, the_order_of_a_sender_who_went_away_is_called_off)
{
	TOWN(town);
	CALL(call);

	order(&town, JOE, &call);
	town.fake.asked[0] = '\0';
	fake_bus_gone(&town.fake, ANN);
	cr_assert(eq(str, town.fake.asked, ""));
	fake_bus_gone(&town.fake, JOE);
	cr_assert(eq(str, town.fake.asked, "CancelCheckAuthorization RemoveMatch"));
	fake_bus_decide(&town.fake, 0, true, false);
	cr_assert(zero(int, town.n_heard));
	cr_assert(zero(int, call.n_answers));
}

Test(permission, a_sender_whom_the_bus_does_not_know_is_refused)
{
	TOWN(town);
	CALL(call);

	order(&town, ":9.1", &call);
	cr_assert(eq(str, call.error, SD_BUS_ERROR_ACCESS_DENIED));
	cr_assert(zero(int, town.n_heard));
}

Test(permission, a_polkit_that_is_too_late_or_fails_means_no)
{
	TOWN(town);
	CALL(late);
	CALL(failed);

	order(&town, JOE, &late);
	town.fake.asked[0] = '\0';
	fake_bus_fail(&town.fake, 0, SD_BUS_ERROR_NO_REPLY);
	cr_assert(eq(str, late.error, SD_BUS_ERROR_ACCESS_DENIED));
	cr_assert(eq(str, town.fake.asked, "CancelCheckAuthorization RemoveMatch"));
	order(&town, JOE, &failed);
	fake_bus_fail(&town.fake, 1, "org.freedesktop.PolicyKit1.Error.Failed");
	cr_assert(eq(str, failed.error, SD_BUS_ERROR_ACCESS_DENIED));
	cr_assert(zero(int, town.n_heard));
}

Test(permission, a_bus_that_allows_no_watch_does_not_end_the_connection)
{
	TOWN(town);
	CALL(call);

	town.fake.no_match = true;
	order(&town, ":1.0", &call);
	cr_assert(eq(str, call.words, "so be it"));
	call_end(&call);
	order(&town, JOE, &call);
	cr_assert(eq(sz, town.fake.n_questions, 1));
}

Test(permission, what_waits_when_the_bus_goes_is_not_carried_out)
{
	TOWN(town);
	CALL(call);

	order(&town, JOE, &call);
	fake_bus_hang_up(&town.fake);
	cr_assert(zero(int, town.n_heard));
	fake_bus_listen(&town.fake);
	control_turn(town.control, 10000);
	fake_bus_settle(&town.fake);
	call_end(&call);
	order(&town, JOE, &call);
	cr_assert(eq(sz, town.fake.n_questions, 1), "and orders come in again");
	cr_assert(zero(int, call.n_answers));
}

Test(permission, an_order_that_fails_is_answered_by_its_own_error)
{
	TOWN(town);
	CALL(call);

	town.answer = -EALREADY;
	order(&town, JOE, &call);
	fake_bus_decide(&town.fake, 0, true, false);
	cr_assert(eq(str, call.error, NAME_BUS_ERROR "AlreadyIll"));
	cr_assert(eq(str, call.words, "that service is ill already"));
}

Test(permission, everybody_may_read_the_properties)
{
	static const char *const values[][2] = {
		{ "Version", NAME_VERSION }, { "Mode", "mock" }, { "Units", "12" }, { "Sick", "3" },
		{ "Simulates", "true" },
	};
	TOWN(town);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		sd_bus_message *m = fake_bus_order(&town.fake, JOE, NULL);
		CALL(call);

		(void)sd_bus_message_append(m, "ss", NAME_BUS_IFACE, values[i][0]);
		fake_bus_call(&town.fake, m, &call);
		cr_assert(eq(str, call.words, (char *)values[i][1]), "%s", call.error);
	}
	cr_assert(eq(str, town.fake.asked, ""));
}
