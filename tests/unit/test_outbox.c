/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No record, no action. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "heal/mock.h"
#include "outbox.h"
#include "scratch.h"
#include "tests/unit/assertion.h"

#define WALL_MS	    UINT64_C(1700000000000)
#define PATIENCE_MS UINT64_C(10000)

/* A healer whose only way is mock, a judge that has never met the unit, a store of its own. */
struct office {
	struct scratch scratch;
	struct attempt told; /* the last one */
	struct writer *writer;
	struct judge *judge;
	struct healer *healer;
	struct actuator mock;
	struct unit_status status;
	struct config config;
	struct outbox outbox;
	struct attempt ordered; /* the last state of an order to systemd that was told */
};

static const struct unit_status *status_of(uint32_t unit, void *userdata)
{
	struct office *office = userdata;

	return unit == office->status.unit ? &office->status : NULL;
}

static void take_order(const struct attempt *attempt, void *userdata)
{
	struct office *office = userdata;

	office->ordered = *attempt;
}

static void tell(const struct attempt *attempt, void *userdata)
{
	struct office *office = userdata;

	office->told = *attempt;
	outbox_attempt(attempt, &office->outbox);
}

static void open_office(struct office *office)
{
	static const struct rulebook rulebook;
	const struct judge_setup setup = { .config = fixture_config(), .rulebook = &rulebook };
	struct writer_start start;
	const char *path;

	memset(office, 0, sizeof(*office));
	office->scratch = scratch_make();
	path = scratch_path(&office->scratch, "selfheal.db");
	cr_assert(zero(int, writer_open(path, 64 << 20, WALL_MS, &office->writer, &start)));
	cr_assert(zero(int, judge_new(&setup, &office->judge)));
	office->mock = mock_actuator();
	cr_assert(zero(int, healer_new(&office->mock, NULL, NULL, tell, office, &office->healer)));
	office->status = fixture_status("shop.service", 1);
	office->status.unit = writer_number("shop.service", office->writer);
	office->outbox.writer = office->writer;
	office->outbox.judge = office->judge;
	office->outbox.healer = office->healer;
	office->config = fixture_config();
	office->outbox.config = &office->config;
	office->outbox.patience_ms = PATIENCE_MS;
	office->outbox.status = status_of;
	office->outbox.order = take_order;
	office->outbox.userdata = office;
}

static void close_office(struct office *office)
{
	(void)healer_free(office->healer);
	(void)judge_free(office->judge);
	(void)writer_close(office->writer);
	scratch_remove(&office->scratch);
}

/* An incident on record, and an allowed decision about it that goes into the outbox. */
static void decide_by(struct office *office, enum way way, uint64_t when_ms)
{
	struct incident incident = { .id = 1,
				     .unit = office->status.unit,
				     .opened_wall_ms = WALL_MS,
				     .worst = HEALTH_SICK,
				     .rule = "memory-growth",
				     .lead = METRIC_RSS };
	struct decision decision = { .id = 1,
				     .incident = 1,
				     .unit = office->status.unit,
				     .wall_ms = WALL_MS,
				     .action = ACTION_RESTART,
				     .why = WHY_ALLOWED,
				     .way = way,
				     .lead = METRIC_RSS };

	memset(decision.invocation, 1, sizeof(decision.invocation));
	cr_assert(zero(int, writer_incident(office->writer, &incident)));
	outbox_put(&office->outbox, &decision, when_ms);
}

static void decide(struct office *office, uint64_t when_ms)
{
	decide_by(office, WAY_MOCK, when_ms);
}

/* Wait for the store's thread, as the loop does. */
static void await_disk(struct office *office)
{
	struct pollfd fd = { .fd = writer_fd(office->writer), .events = POLLIN };

	cr_assert(eq(int, poll(&fd, 1, 10000), 1));
	outbox_acknowledge(&office->outbox);
}

Test(outbox, a_decision_waits_for_the_disk_and_then_goes_to_the_healer)
{
	struct office office;

	open_office(&office);
	decide(&office, 1000);
	outbox_turn(&office.outbox, 1000);
	cr_assert(eq(sz, office.outbox.n, 1));
	cr_assert(eq(u64, office.told.decision, 0));
	await_disk(&office);
	healer_turn(office.healer, 2000, WALL_MS + 1000);
	cr_assert(eq(sz, office.outbox.n, 0));
	cr_assert(eq(u64, office.told.decision, 1));
	cr_assert(eq(int, office.told.result, ATTEMPT_RESULT_MOCKED));
	close_office(&office);
}

Test(outbox, what_the_disk_takes_too_late_is_on_record_as_refused_and_never_carried_out)
{
	struct office office;

	open_office(&office);
	decide(&office, 1000);
	outbox_turn(&office.outbox, 1000 + PATIENCE_MS);
	await_disk(&office);
	healer_turn(office.healer, 2000 + PATIENCE_MS, WALL_MS);
	cr_assert(eq(sz, office.outbox.n, 0));
	cr_assert(eq(u64, office.told.decision, 0), "it reached the healer");
	close_office(&office);
}

Test(outbox, a_unit_that_changed_between_decision_and_call_is_left_alone)
{
	static const struct {
		uint8_t run;
		enum unit_active active;
		uint32_t flags;
	} changes[] = {
		{ 2, UNIT_ACTIVE_ACTIVE, 0 }, /* somebody restarted it */
		{ 1, UNIT_ACTIVE_ACTIVE, UNIT_JOB_PENDING },
		{ 1, UNIT_ACTIVE_FAILED, UNIT_AUTO_RESTART },
		{ 1, UNIT_ACTIVE_INACTIVE, 0 },
		{ 1, UNIT_ACTIVE_FAILED, UNIT_STOPPED_BY_HAND },
		{ 1, UNIT_ACTIVE_DEACTIVATING, 0 },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct office office;

		open_office(&office);
		decide(&office, 1000);
		memset(office.status.invocation, changes[i].run, INVOCATION_SIZE);
		office.status.active = changes[i].active;
		office.status.flags |= changes[i].flags;
		await_disk(&office);
		healer_turn(office.healer, 2000, WALL_MS);
		cr_assert(eq(u64, office.told.decision, 0), "case %zu reached the healer", i);
		close_office(&office);
	}
}

Test(outbox, what_was_forbidden_after_the_decision_is_not_done)
{
	struct office office;

	for (int i = 0; i < 5; i++) {
		open_office(&office);
		decide(&office, 1000);
		switch (i) {
		case 0:
			office.config.mode = MODE_OBSERVE;
			break;
		case 1: /* the unit's own word */
			office.status.terms.says |= 1u << TERM_MODE;
			office.status.terms.mode = MODE_OBSERVE;
			break;
		case 2: /* nobody has agreed */
			office.status.terms.says |= 1u << TERM_MODE;
			office.status.terms.mode = MODE_APPROVE;
			break;
		case 3:
			office.config.heal_on = 0;
			break;
		default:
			(void)snprintf(office.status.aliases, sizeof(office.status.aliases),
				       "sshd.service");
		}
		await_disk(&office);
		healer_turn(office.healer, 2000, WALL_MS);
		cr_assert(eq(u64, office.told.decision, 0), "case %d reached the healer", i);
		close_office(&office);
	}
}

Test(outbox, a_pause_after_the_decision_stops_it)
{
	struct hold hold = { 0 };
	struct office office;

	open_office(&office);
	office.outbox.hold = &hold;
	decide(&office, 1000);
	cr_assert(zero(int, hold_unit(&hold, "shop.service", 5000, "")));
	await_disk(&office);
	healer_turn(office.healer, 2000, WALL_MS);
	cr_assert(eq(u64, office.told.decision, 0), "it reached the healer");
	close_office(&office);
}

Test(outbox, a_call_to_systemd_is_told_when_it_goes_out_and_when_it_is_over)
{
	struct attempt attempt = { .way = WAY_SYSTEMD, .state = ATTEMPT_ASKED };
	struct office office;

	open_office(&office);
	attempt.unit = office.status.unit;
	outbox_attempt(&attempt, &office.outbox);
	cr_assert(eq(u32, office.ordered.unit, office.status.unit));
	cr_assert(eq(int, office.ordered.state, ATTEMPT_ASKED));
	attempt.state = ATTEMPT_DONE;
	attempt.result = ATTEMPT_RESULT_FAILED;
	outbox_attempt(&attempt, &office.outbox);
	cr_assert(eq(int, office.ordered.state, ATTEMPT_DONE));
	cr_assert(eq(int, office.ordered.result, ATTEMPT_RESULT_FAILED));
	attempt.way = WAY_MOCK; /* which calls nobody */
	attempt.state = ATTEMPT_ASKED;
	outbox_attempt(&attempt, &office.outbox);
	cr_assert(eq(int, office.ordered.way, WAY_SYSTEMD));
	cr_assert(eq(int, office.ordered.state, ATTEMPT_DONE));
	close_office(&office);
}

static void see_nothing(const struct scene *scene, int fd)
{
	(void)scene, (void)fd;
}

Test(outbox, a_real_call_waits_for_evidence_and_is_then_checked_again)
{
	sd_event *event = NULL;
	struct forensics_setup setup = { .tell = see_nothing,
					 .limit_ms = MINUTES(1),
					 .done = outbox_carry_out };
	struct office office;

	open_office(&office);
	cr_assert(zero(int, sd_event_new(&event)));
	setup.event = event;
	setup.writer = office.writer;
	setup.userdata = &office.outbox;
	cr_assert(zero(int, forensics_new(&setup, &office.outbox.forensics)));
	office.config.mode = MODE_ENFORCE;
	decide_by(&office, WAY_SYSTEMD, 1000);
	await_disk(&office);
	cr_assert(zero(sz, office.outbox.n));
	cr_assert(eq(int, office.ordered.way, WAY_NONE), "it did not wait");
	memset(office.status.invocation, 2, sizeof(office.status.invocation)); /* meanwhile */
	while (office.ordered.way == WAY_NONE)
		cr_assert(gt(int, sd_event_run(event, 20000000), 0));
	cr_assert(eq(int, office.ordered.result, ATTEMPT_RESULT_REFUSED));
	cr_assert(eq(str, office.ordered.job, "the unit changed before the call"));
	(void)forensics_free(office.outbox.forensics);
	close_office(&office);
	(void)sd_event_unref(event);
}

Test(outbox, a_mock_heal_waits_for_no_evidence)
{
	static const struct forensics_setup setup = { .tell = see_nothing };
	struct office office;

	open_office(&office);
	cr_assert(zero(int, forensics_new(&setup, &office.outbox.forensics)));
	decide(&office, 1000);
	await_disk(&office);
	healer_turn(office.healer, 2000, WALL_MS + 1000);
	cr_assert(eq(int, office.told.result, ATTEMPT_RESULT_MOCKED));
	(void)forensics_free(office.outbox.forensics);
	close_office(&office);
}
