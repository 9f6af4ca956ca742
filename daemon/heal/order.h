/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One order to systemd: the calls that it takes, one after the other, each with
 * its job. Part of systemd.h; what is kept of an order is here for systemd.c and
 * order.c alone.
 *
 * Nothing waits: answers and ends of jobs come while the bus is processed. What
 * follows upon a job that is done goes out only when the order is asked to go on,
 * so that nothing follows once nobody asks for it any more.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "record/record.h"

#define ORDER_MANAGER	    "org.freedesktop.systemd1"
#define ORDER_MANAGER_PATH  "/org/freedesktop/systemd1"
#define ORDER_MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define ORDER_EARLY_MAX	    16

struct ended_job {
	char path[JOB_NAME_SIZE];
	char result[32];
};

/* Jobs that ended, some of ours perhaps, before we were told their path. */
struct ended_jobs {
	size_t n; /* so many were put in so far; the newest ORDER_EARLY_MAX are kept */
	struct ended_job job[ORDER_EARLY_MAX];
};

struct order {
	sd_bus *bus; /* borrowed, both, and kept by order_clear() */
	const struct ended_jobs *early;
	uint64_t decision; /* 0: free */
	uint64_t started_ms;
	sd_bus_slot *call;		    /* under way */
	bool was_up;			    /* it is to be restarted only if it still is */
	bool is_at_dependents;		    /* its own job is done */
	bool is_between;		    /* one job is done, and the next not asked for */
	enum attempt_result result;	    /* NONE: under way */
	char job[JOB_NAME_SIZE];	    /* its path, once known; then also how it ended */
	char name[UNIT_NAME_SIZE];	    /* whom the call or the job is about */
	size_t next;			    /* where in the list the next one's name is */
	char dependents[UNIT_ALIASES_SIZE]; /* to be restarted after it, one space between them */
};

/* A method of the manager, with these texts, if not NULL, for its arguments. */
int order_call(sd_bus *bus, const char *member, const char *name, const char *mode,
	       sd_bus_slot **ret_slot, sd_bus_message_handler_t answer, void *userdata);

/* Asks for what the decision allows. -EINVAL, -EOPNOTSUPP: that is nothing which can be asked of that
 * unit, and *ret_words say why; other errors: the call could not be sent, and they are not touched. */
int order_begin(struct order *order, const struct decision *decision,
		const struct unit_status *status, const char **ret_words);
/* A job ended. True: it was this order's. */
bool order_take_job(struct order *order, const char *path, const char *result);
/* Ask for what is next, if a job is done and something is. */
void order_go_on(struct order *order);
void order_clear(struct order *order);
