/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A systemd of a test's own, at the other end of a socket pair: a few services,
 * and a note of what it was asked. It does nothing by itself; the test changes a
 * service and lets it tell.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define FAKE_UNITS  8
#define FAKE_OWNER  ":1.1"
#define FAKE_OTHER  ":1.66" /* another program on the same bus */
#define FAKE_DRIVER "org.freedesktop.DBus"

struct fake_unit {
	const char *name; /* NULL: no more */
	const char *active, *sub, *result, *type, *cgroup;
	const char *alias, *trigger;	      /* NULL: none */
	const char *requires, *wants, *after; /* one name each; NULL: none */
	const char *listen, *triggers;	      /* of a .socket; NULL: it is none */
	int accepts;			      /* Accept= */
	const char *fragment, *program;	      /* paths; NULL: none */
	uint8_t invocation;		      /* each of its bytes */
	uint32_t main_pid, n_restarts, job;
	uint64_t active_enter_us;
};

struct fake_manager {
	sd_bus *server, *client;
	struct fake_unit unit[FAKE_UNITS];
	unsigned int n_crowd; /* more of the list, "crowd-N.service": active, and no more is told */
	char asked[512];      /* calls since the test cleared it: "Subscribe ListUnits ..." */
	const char *no; /* RestartUnit and its like are answered by this error; NULL: by a job */
	const char *job_path;	 /* of the job that these answer */
	const char *done_before; /* JobRemoved with this result leaves before that answer */
	const char *queued, *queued_type; /* a job of the list, of number 1; NULL: it is empty */
	const char *owner_error;	  /* Subscribe is answered by this error; NULL: fine */
	pthread_t thread;
	atomic_bool stop;
};

void fake_open(struct fake_manager *fake);
void fake_close(struct fake_manager *fake);
/* Let both ends handle all that is under way. */
void fake_settle(struct fake_manager *fake);
/* Serve beside a call of the client that waits. */
void fake_serve(struct fake_manager *fake);
void fake_serve_no_more(struct fake_manager *fake);

/* Signals as systemd sends them, from `sender`; the client has handled them on return. */
void fake_changed(struct fake_manager *fake, const struct fake_unit *unit, const char *sender);
void fake_unit_signal(struct fake_manager *fake, const char *member, const char *name);
void fake_job_new(struct fake_manager *fake, const char *name);
void fake_job_removed(struct fake_manager *fake, const char *path, const char *name,
		      const char *result, const char *sender);
void fake_reloading(struct fake_manager *fake, int active);
void fake_owner(struct fake_manager *fake, const char *owner, const char *sender);

/* An active service of Type=simple, in its first run. */
struct fake_unit fake_service(const char *name);
/* Append the a{sv} that systemd would. */
int fake_append(sd_bus_message *m, const struct fake_unit *unit);
