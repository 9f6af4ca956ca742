/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The test's own system bus, with a polkit behind it, on the loop of the daemon
 * that is tested: nothing runs unless the test turns that loop.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "scratch.h"

#define FAKE_ASKED_MAX 24

/* What polkit was asked, and has not answered yet. */
struct fake_question {
	sd_bus_message *message;
	char subject[16], action[48], unit[64], id[24];
	uint32_t flags;
};

struct fake_bus {
	struct scratch scratch;
	sd_event *event;
	sd_event_source *accept;
	int fd;
	sd_bus *daemon; /* the connection that was made; NULL: none */
	unsigned int n_connections;
	char address[128];

	const char *name_error; /* RequestName is answered by this error; NULL: by name_answer */
	uint32_t name_answer;
	bool no_polkit, no_match, is_silent; /* silent: no call is answered at all */

	char asked
		[1024]; /* calls of the daemon since the test cleared it: "Hello RequestName ..." */
	struct fake_question question[FAKE_ASKED_MAX];
	size_t n_questions;
};

void fake_bus_open(struct fake_bus *fake, sd_event *event);
void fake_bus_close(struct fake_bus *fake);
/* Turn the loop until nothing is left to do. */
void fake_bus_settle(struct fake_bus *fake);
/* The bus goes away; it comes back, at the same address, with fake_bus_listen(). */
void fake_bus_hang_up(struct fake_bus *fake);
void fake_bus_listen(struct fake_bus *fake);

/* A call from somebody else on the bus; ":1.N" belongs to user N. */
struct fake_call {
	char error[96], words[128]; /* the answer; "" and "" before it came */
	int n_answers;
	sd_bus_slot *slot;
};
/* member NULL: the Get of a property. */
sd_bus_message *fake_bus_order(struct fake_bus *fake, const char *sender, const char *member);
/* Takes m over. */
void fake_bus_call(struct fake_bus *fake, sd_bus_message *m, struct fake_call *ret);
/* Polkit's answer to its question i: yes, or no, which a password could have changed or not. */
void fake_bus_decide(struct fake_bus *fake, size_t i, bool yes, bool could_ask);
void fake_bus_fail(struct fake_bus *fake, size_t i, const char *error);
void fake_bus_gone(struct fake_bus *fake, const char *sender);
