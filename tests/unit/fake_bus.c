/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's own system bus: answers by hand what seat.c and permission.c ask. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fake_bus.h"
#include "record/names.h"
#include "tests/unit/assertion.h"

#define DRIVER	    "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

/* ---- what the daemon asks ------------------------------------------------------------ */

static int take_question(struct fake_bus *fake, sd_bus_message *m)
{
	struct fake_question *question = &fake->question[fake->n_questions];
	const char *kind, *key, *subject, *action, *unit = "", *id;
	int r;

	cr_assert(lt(sz, fake->n_questions, FAKE_ASKED_MAX));
	r = sd_bus_message_read(m, "(sa{sv})s", &kind, 1, &key, "s", &subject, &action);
	cr_assert(gt(int, r, 0));
	cr_assert(eq(str, (char *)kind, "system-bus-name"));
	cr_assert(gt(int, sd_bus_message_enter_container(m, 'a', "{ss}"), 0));
	while (sd_bus_message_read(m, "{ss}", &key, &unit) > 0)
		cr_assert(eq(str, (char *)key, "unit"));
	(void)sd_bus_message_exit_container(m);
	cr_assert(gt(int, sd_bus_message_read(m, "us", &question->flags, &id), 0));
	(void)snprintf(question->subject, sizeof(question->subject), "%s", subject);
	(void)snprintf(question->action, sizeof(question->action), "%s", action);
	(void)snprintf(question->unit, sizeof(question->unit), "%s", unit);
	(void)snprintf(question->id, sizeof(question->id), "%s", id);
	question->message = sd_bus_message_ref(m);
	fake->n_questions++;
	return 1;
}

static int answer_user(sd_bus_message *m)
{
	const char *name;

	cr_assert(gt(int, sd_bus_message_read(m, "s", &name), 0));
	if (strncmp(name, ":1.", 3) != 0)
		return sd_bus_reply_method_errorf(m, DRIVER ".Error.NameHasNoOwner", "gone");
	return sd_bus_reply_method_return(m, "u", (uint32_t)strtoul(name + 3, NULL, 10));
}

static int answer_name(struct fake_bus *fake, sd_bus_message *m)
{
	if (fake->name_error)
		return sd_bus_reply_method_errorf(m, fake->name_error, "not allowed to own it");
	return sd_bus_reply_method_return(m, "u", fake->name_answer);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct fake_bus *fake = userdata;
	size_t length = strlen(fake->asked);
	const char *member = sd_bus_message_get_member(m);

	(void)error;
	if (sd_bus_message_is_method_call(m, NULL, NULL) <= 0)
		return 0;
	(void)snprintf(fake->asked + length, sizeof(fake->asked) - length, "%s%s",
		       length ? " " : "", member);
	if (fake->is_silent)
		return 1;
	if (strcmp(member, "Hello") == 0)
		return sd_bus_reply_method_return(m, "s", ":1.4242");
	if (strcmp(member, "RequestName") == 0)
		return answer_name(fake, m);
	if (strcmp(member, "GetConnectionUnixUser") == 0)
		return answer_user(m);
	if (strcmp(member, "AddMatch") == 0 && fake->no_match)
		return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "no");
	if (strcmp(member, "CheckAuthorization") == 0 && fake->no_polkit)
		return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_SERVICE_UNKNOWN, "who?");
	if (strcmp(member, "CheckAuthorization") == 0)
		return take_question(fake, m);
	return sd_bus_reply_method_return(m, "");
}

/* ---- the connection ------------------------------------------------------------------- */

static int on_accept(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	const sd_id128_t id =
		SD_ID128_MAKE(00, 11, 22, 33, 44, 55, 66, 77, 88, 99, aa, bb, cc, dd, ee, ff);
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct fake_bus *fake = userdata;

	(void)source, (void)revents;
	cr_assert(ge(int, peer, 0));
	cr_assert(eq(ptr, fake->daemon, NULL));
	fake->n_connections++;
	cr_assert(ge(int, sd_bus_new(&fake->daemon), 0));
	cr_assert(ge(int, sd_bus_set_fd(fake->daemon, peer, peer), 0));
	cr_assert(ge(int, sd_bus_set_server(fake->daemon, 1, id), 0));
	cr_assert(ge(int, sd_bus_set_sender(fake->daemon, DRIVER), 0));
	cr_assert(ge(int, sd_bus_add_filter(fake->daemon, NULL, on_call, fake), 0));
	cr_assert(ge(int, sd_bus_attach_event(fake->daemon, fake->event, 0), 0));
	cr_assert(ge(int, sd_bus_start(fake->daemon), 0));
	return 0;
}

void fake_bus_listen(struct fake_bus *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = scratch_path(&fake->scratch, "bus");
	int r;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)unlink(path);
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = bind(fake->fd, (const struct sockaddr *)&address, sizeof(address));
	cr_assert(eq(int, r, 0));
	cr_assert(eq(int, listen(fake->fd, 4), 0));
	r = sd_event_add_io(fake->event, &fake->accept, fake->fd, EPOLLIN, on_accept, fake);
	cr_assert(ge(int, r, 0));
}

void fake_bus_open(struct fake_bus *fake, sd_event *event)
{
	*fake = (struct fake_bus) { .scratch = scratch_make(), .event = event, .name_answer = 1 };
	(void)snprintf(fake->address, sizeof(fake->address), "unix:path=%s",
		       scratch_path(&fake->scratch, "bus"));
	fake_bus_listen(fake);
}

static void drop(struct fake_bus *fake)
{
	for (size_t i = 0; i < fake->n_questions; i++)
		sd_bus_message_unref(fake->question[i].message);
	fake->n_questions = 0;
	if (fake->daemon)
		(void)sd_bus_detach_event(fake->daemon);
	fake->daemon = sd_bus_close_unref(fake->daemon);
	fake->accept = sd_event_source_disable_unref(fake->accept);
	if (fake->fd >= 0)
		(void)close(fake->fd);
	fake->fd = -1;
}

void fake_bus_hang_up(struct fake_bus *fake)
{
	drop(fake);
	fake_bus_settle(fake);
}

void fake_bus_close(struct fake_bus *fake)
{
	drop(fake);
	scratch_remove(&fake->scratch);
}

void fake_bus_settle(struct fake_bus *fake)
{
	while (sd_event_run(fake->event, 0) > 0)
		;
}

/* ---- what others ask the daemon --------------------------------------------------------- */

sd_bus_message *fake_bus_order(struct fake_bus *fake, const char *sender, const char *member)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(
		fake->daemon, &m, ":1.4242", NAME_BUS_PATH,
		member ? NAME_BUS_IFACE : "org.freedesktop.DBus.Properties", member ?: "Get");
	cr_assert(ge(int, r, 0));
	cr_assert(ge(int, sd_bus_message_set_sender(m, sender), 0));
	return m;
}

/* A string, or what a property is. */
static void read_words(sd_bus_message *m, char *ret, size_t size)
{
	const char *contents = "s", *text;
	uint32_t number = 0;
	char type;

	if (sd_bus_message_peek_type(m, &type, &contents) > 0 && type == 'v')
		(void)sd_bus_message_enter_container(m, 'v', contents);
	else
		contents = "s";
	if (strcmp(contents, "s") == 0 && sd_bus_message_read(m, "s", &text) > 0)
		(void)snprintf(ret, size, "%s", text);
	else if (sd_bus_message_read(m, contents, &number) > 0 && strcmp(contents, "b") == 0)
		(void)snprintf(ret, size, "%s", number ? "true" : "false");
	else
		(void)snprintf(ret, size, "%u", number);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);
	struct fake_call *call = userdata;

	(void)ret_error;
	call->n_answers++;
	if (!error)
		read_words(m, call->words, sizeof(call->words));
	else
		(void)snprintf(call->words, sizeof(call->words), "%s", error->message ?: "");
	(void)snprintf(call->error, sizeof(call->error), "%s", error ? error->name : "");
	return 0;
}

void fake_bus_call(struct fake_bus *fake, sd_bus_message *m, struct fake_call *ret)
{
	*ret = (struct fake_call) { 0 };
	cr_assert(ge(int, sd_bus_call_async(fake->daemon, &ret->slot, m, on_answer, ret, 0), 0));
	sd_bus_message_unref(m);
	fake_bus_settle(fake);
}

void fake_bus_decide(struct fake_bus *fake, size_t i, bool yes, bool could_ask)
{
	cr_assert(lt(sz, i, fake->n_questions));
	cr_assert(ge(int,
		     sd_bus_reply_method_return(fake->question[i].message, "(bba{ss})", (int)yes,
						(int)could_ask, 0),
		     0));
	fake_bus_settle(fake);
}

void fake_bus_fail(struct fake_bus *fake, size_t i, const char *error)
{
	cr_assert(lt(sz, i, fake->n_questions));
	(void)sd_bus_reply_method_errorf(fake->question[i].message, error, "it failed");
	fake_bus_settle(fake);
}

void fake_bus_gone(struct fake_bus *fake, const char *sender)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	cr_assert(ge(int,
		     sd_bus_message_new_signal(fake->daemon, &m, DRIVER_PATH, DRIVER,
					       "NameOwnerChanged"),
		     0));
	(void)sd_bus_message_append(m, "sss", sender, sender, "");
	cr_assert(ge(int, sd_bus_send(fake->daemon, m, NULL), 0));
	fake_bus_settle(fake);
}
