/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that follows the journal's errors. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-login.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "base/text.h"
#include "record/record.h"
#include "sense/errors.h"

#define FREE_MS	     2000
#define NEW_MS	     1000
#define CHECK_LINES  32	 /* between two looks at the CPU clock */
#define SKIP_LINES   256 /* the same, of lines that are passed over */
#define FIELD_MAX    512 /* of a field no more is read */
#define MANAGER_UNIT "init.scope"

struct count {
	uint64_t n;
	char unit[UNIT_NAME_SIZE];
};

struct batch {
	size_t n;
	uint64_t lost;
	struct count count[ERRORS_UNITS];
};

struct errors {
	pthread_t thread;
	int stop_fd, ended_fd, looked_fd;
	atomic_bool is_known;
	_Atomic uint64_t looked_ms; /* when the last look ended */
	_Atomic uint64_t lost;
	pthread_mutex_t mutex; /* of `ready` alone; never held by the thread while it reads */
	struct batch ready;    /* for the loop */
	struct batch drained;  /* the loop's */
	/* The thread's. */
	struct batch read;
	sd_journal *journal; /* NULL: not open */
	uint64_t from_us;    /* where it was told to begin; 0: it is beyond that */
	char *folder, *own_unit;
	char own_pid[16];
};

/* ---- counting -------------------------------------------------------------------- */

const char *error_line_owner(const struct error_line *line, const char *own_unit,
			     const char *own_pid)
{
	if (!line->unit)
		return "";
	if (own_unit && strcmp(line->unit, own_unit) == 0 && line->pid &&
	    strcmp(line->pid, own_pid) == 0)
		return NULL;
	if (strcmp(line->unit, MANAGER_UNIT) == 0 && line->pid && strcmp(line->pid, "1") == 0 &&
	    line->about && text_is_unit_name(line->about))
		return line->about;
	return text_is_unit_name(line->unit) ? line->unit : "";
}

static void batch_add(struct batch *batch, const char *unit, uint64_t n)
{
	struct count *count = batch->count;

	for (size_t i = 0; i < batch->n; i++, count++)
		if (strcmp(count->unit, unit) == 0) {
			count->n += n;
			return;
		}
	if (batch->n == ERRORS_UNITS ||
	    text_format(count->unit, sizeof(count->unit), "%s", unit) < 0) {
		batch->lost += n;
		return;
	}
	count->n = n;
	batch->n++;
}

static void batch_move(struct batch *from, struct batch *to)
{
	for (size_t i = 0; i < from->n; i++)
		batch_add(to, from->count[i].unit, from->count[i].n);
	to->lost += from->lost;
	from->n = from->lost = 0;
}

/* ---- reading ------------------------------------------------------------------------ */

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The value of a field of the present line, copied to the buffer; NULL: it has none. */
static const char *field(sd_journal *journal, const char *name, char buffer[FIELD_MAX])
{
	size_t length = strlen(name) + 1, size; /* "NAME=" */
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &size) < 0 || size < length ||
	    size - length >= FIELD_MAX)
		return NULL;
	memcpy(buffer, (const char *)data + length, size - length);
	buffer[size - length] = '\0';
	return buffer;
}

static void count_line(struct errors *errors)
{
	char unit[FIELD_MAX], pid[FIELD_MAX], about[FIELD_MAX];
	struct error_line line = { .unit = field(errors->journal, "_SYSTEMD_UNIT", unit) };
	const char *owner;

	/* The other fields are asked for where they can matter. */
	if (line.unit && (strcmp(line.unit, MANAGER_UNIT) == 0 ||
			  (errors->own_unit && strcmp(line.unit, errors->own_unit) == 0))) {
		line.pid = field(errors->journal, "_PID", pid);
		line.about = field(errors->journal, "UNIT", about);
	}
	owner = error_line_owner(&line, errors->own_unit, errors->own_pid);
	if (owner)
		batch_add(&errors->read, owner, 1);
}

/* From now on: by the clock, since at the end of the journal there may be no error to stand at. */
static int begin_now(struct errors *errors)
{
	errors->from_us = now_us(CLOCK_REALTIME);
	return sd_journal_seek_realtime_usec(errors->journal, errors->from_us);
}

static int pass_over(struct errors *errors, uint64_t until_us)
{
	int n;

	do {
		n = sd_journal_next_skip(errors->journal, SKIP_LINES);
		if (n > 0)
			errors->read.lost += (uint64_t)n;
	} while (n == SKIP_LINES && now_us(CLOCK_THREAD_CPUTIME_ID) < until_us);
	if (n < SKIP_LINES)
		return n;
	errors->read.lost++;
	return begin_now(errors);
}

/* All lines since the last look, within the time that is for them. */
static int pass(struct errors *errors)
{
	uint64_t began_us = now_us(CLOCK_THREAD_CPUTIME_ID);
	unsigned int n = 0;
	int r;

	/* The clock was set back: the lines of now are before the place where we wait. */
	if (errors->from_us > now_us(CLOCK_REALTIME)) {
		r = begin_now(errors);
		if (r < 0)
			return r;
	}
	while ((r = sd_journal_next(errors->journal)) > 0) {
		errors->from_us = 0;
		count_line(errors);
		if (++n % CHECK_LINES == 0 &&
		    now_us(CLOCK_THREAD_CPUTIME_ID) - began_us > ERRORS_PASS_US)
			return pass_over(errors, began_us + (uint64_t)2 * ERRORS_PASS_US);
	}
	return r;
}

/* ---- the journal -------------------------------------------------------------------- */

static int open_files(const struct errors *errors, int flags, sd_journal **ret)
{
	if (errors->folder)
		return sd_journal_open_directory(ret, errors->folder, 0);
	return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY | flags);
}

/* Files that may not be read are passed over, and so is a folder that is not there; a user's own journal
 * can be read by that user, and has nothing of others. So the system's must be among them. */
static bool may_read(const struct errors *errors)
{
	sd_journal *journal = NULL;
	bool may = open_files(errors, SD_JOURNAL_SYSTEM, &journal) >= 0 &&
		   (sd_journal_has_runtime_files(journal) > 0 ||
		    sd_journal_has_persistent_files(journal) > 0);

	sd_journal_close(journal);
	return may;
}

static int prepare(struct errors *errors)
{
	char match[] = "PRIORITY=0";
	int r = 0;

	for (; r >= 0 && match[9] <= '3';
	     match[9]++) /* to 3, which is err; of one field: any of these */
		r = sd_journal_add_match(errors->journal, match, 0);
	if (r >= 0)
		r = sd_journal_set_data_threshold(errors->journal, FIELD_MAX);
	if (r >= 0)
		r = sd_journal_get_fd(errors->journal); /* it watches the folder from here on */
	return r < 0 ? r : begin_now(errors);
}

static void close_journal(struct errors *errors)
{
	errors->is_known = false;
	sd_journal_close(errors->journal);
	errors->journal = NULL;
}

static void open_journal(struct errors *errors)
{
	if (!may_read(errors) || open_files(errors, 0, &errors->journal) < 0)
		errors->journal = NULL;
	else if (prepare(errors) < 0)
		close_journal(errors);
	errors->is_known = errors->journal != NULL;
}

/* What changed in the folder, then what was written: rotation and vacuuming are in the first. */
static void look(struct errors *errors)
{
	if (!errors->journal)
		open_journal(errors);
	if (errors->journal && (sd_journal_process(errors->journal) < 0 || pass(errors) < 0)) {
		errors->read.lost++; /* at least: what comes until it is open again */
		close_journal(errors);
	}
	(void)pthread_mutex_lock(&errors->mutex);
	batch_move(&errors->read, &errors->ready);
	errors->lost += errors->ready.lost;
	errors->ready.lost = 0;
	(void)pthread_mutex_unlock(&errors->mutex);
	errors->looked_ms = clock_boot_ms();
}

/* ---- the thread ----------------------------------------------------------------------- */

/* Until something was written, and then for what is left of the second; or until we are to end. */
static bool rest(struct errors *errors)
{
	struct pollfd polled[2] = {
		{ .fd = errors->stop_fd, .events = POLLIN },
		{ .fd = errors->journal ? sd_journal_get_fd(errors->journal) : -1,
		  .events = POLLIN },
	};

	(void)poll(polled, 1, ERRORS_EVERY_MS);
	if (!polled[0].revents)
		(void)poll(polled, 2, errors->journal ? ERRORS_LOOK_MS : ERRORS_AGAIN_MS);
	return !polled[0].revents;
}

static void *run(void *userdata)
{
	struct errors *errors = userdata;

	(void)privilege_drop(NULL, NULL);
	look(errors);
	(void)eventfd_write(errors->looked_fd, 1);
	while (rest(errors))
		look(errors);
	sd_journal_close(errors->journal);
	(void)eventfd_write(errors->ended_fd, 1);
	return NULL;
}

/* Signals are for the loop's thread. */
static int create(struct errors *errors)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&errors->thread, NULL, run, errors);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		(void)pthread_setname_np(errors->thread, "errors");
	return -r;
}

static void clear(struct errors *errors)
{
	cleanup_close(&errors->stop_fd);
	cleanup_close(&errors->ended_fd);
	cleanup_close(&errors->looked_fd);
	(void)pthread_mutex_destroy(&errors->mutex);
	free(errors->folder);
	free(errors->own_unit);
	free(errors);
}

static int set_up(struct errors *errors, const char *folder)
{
	(void)snprintf(errors->own_pid, sizeof(errors->own_pid), "%d", (int)getpid());
	(void)sd_pid_get_unit(0, &errors->own_unit);
	errors->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (errors->stop_fd < 0)
		return -errno;
	errors->ended_fd = eventfd(0, EFD_CLOEXEC);
	if (errors->ended_fd < 0)
		return -errno;
	errors->looked_fd = eventfd(0, EFD_CLOEXEC);
	if (errors->looked_fd < 0)
		return -errno;
	if (folder) {
		errors->folder = strdup(folder);
		if (!errors->folder)
			return -ENOMEM;
	}
	return create(errors);
}

static bool await(int fd, int timeout_ms)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = poll(&polled, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

int errors_new(const char *folder, struct errors **ret)
{
	struct errors *errors = calloc(1, sizeof(*errors));
	int r;

	if (!errors)
		return -ENOMEM;
	errors->stop_fd = errors->ended_fd = errors->looked_fd = -1;
	(void)pthread_mutex_init(&errors->mutex, NULL);
	r = set_up(errors, folder);
	if (r < 0) {
		clear(errors);
		return r;
	}
	/* So that the first tick knows whether it can be known. */
	(void)await(errors->looked_fd, NEW_MS);
	*ret = errors;
	return 0;
}

struct errors *errors_free(struct errors *errors)
{
	if (!errors)
		return NULL;
	(void)eventfd_write(errors->stop_fd, 1);
	if (!await(errors->ended_fd, FREE_MS)) {
		(void)pthread_detach(errors->thread); /* it still has what it works on */
		return NULL;
	}
	(void)pthread_join(errors->thread, NULL);
	clear(errors);
	return NULL;
}

/* ---- for the loop ------------------------------------------------------------------------ */

bool errors_are_known(const struct errors *errors, uint64_t now_ms)
{
	return errors->is_known && now_ms < errors->looked_ms + ERRORS_STALE_MS;
}

void errors_drain(struct errors *errors, void (*take)(const char *unit, uint64_t n, void *userdata),
		  void *userdata)
{
	if (pthread_mutex_trylock(&errors->mutex) != 0)
		return; /* it is being filled: next time */
	batch_move(&errors->ready, &errors->drained);
	(void)pthread_mutex_unlock(&errors->mutex);
	for (size_t i = 0; i < errors->drained.n; i++)
		take(errors->drained.count[i].unit, errors->drained.count[i].n, userdata);
	errors->drained.n = 0;
}

uint64_t errors_lost(const struct errors *errors)
{
	return errors->lost;
}
