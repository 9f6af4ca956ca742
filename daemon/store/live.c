/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the present, one small transaction a tick. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/chunk.h"
#include "store/column.h"
#include "store/live.h"
#include "store/schema.h"
#include "store/statement.h"

#define FILE_MODE  (S_IRUSR | S_IWUSR | S_IRGRP)
#define PATH_SIZE  512
#define POINT_SIZE (sizeof(uint32_t) + METRIC_N * sizeof(uint16_t))

enum live_statement {
	LIVE_BEGIN,
	LIVE_COMMIT,
	LIVE_ROLLBACK,
	LIVE_KEEPER,
	LIVE_UNIT,
	LIVE_RING,
	LIVE_FORGET,
	LIVE_SIGNAL,
	LIVE_FORGET_SIGNALS,
	LIVE_STATEMENT_N,
};

static const char *const statements[LIVE_STATEMENT_N] = {
	[LIVE_BEGIN] = "BEGIN IMMEDIATE",
	[LIVE_COMMIT] = "COMMIT",
	[LIVE_ROLLBACK] = "ROLLBACK",
	[LIVE_KEEPER] =
		"REPLACE INTO keeper (id, pid, started_wall_ms, at_wall_ms, n_ticks, "
		"n_units, n_unwatched, tier, limit_text, walk_every_ms, source, mode, simulates, "
		"speed, n_lost, cpu_us, tick_us, store, distrust_until_wall_ms) "
		"VALUES (1,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[LIVE_UNIT] =
		"REPLACE INTO unit_now (unit, name, aliases, cgroup, kind, active, flags, mode, "
		"n_restarts, main_pid, cgroup_id, identity, changed_ms, invocation, "
		"sample_flags, when_ms, wall_ms, span_ms, sample_invocation, have, value, "
		"value_age, "
		"verdict_flags, health, since_ms, learn_left_s, score, threshold, "
		"generation, lead, lead_share, lead_value, lead_expected, lead_deviation, "
		"lead_limit, left_soonest_s, left_latest_s, "
		"rule, class, wants, on_fact, held_s, for_s, why, age_s, cpu_wait_s, "
		"incident) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
		"?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[LIVE_RING] = "REPLACE INTO ring (slot, at_ms, body) VALUES (?, ?, ?)",
	[LIVE_FORGET] = "DELETE FROM unit_now WHERE wall_ms <> ?",
	[LIVE_SIGNAL] = "INSERT INTO signal (metric, source, n_units, is_host) VALUES (?, ?, ?, ?)",
	[LIVE_FORGET_SIGNALS] = "DELETE FROM signal",
};

struct live {
	sqlite3 *db;
	sqlite3_stmt *statement[LIVE_STATEMENT_N];
	uint8_t *body; /* of the ring's row; room for n_room units */
	size_t n_room;
	struct signals signals;
	bool are_signals_new; /* not in the database yet */
};

static int run(struct live *live, enum live_statement statement)
{
	return statement_run(live->statement[statement]);
}

static int run_columns(struct columns *columns)
{
	return columns->r < 0 ? columns->r : statement_run(columns->statement);
}

/* SQLite would follow a link, and give a new file the umask's mode. */
static int make_file(const char *path)
{
	CLEANUP(cleanup_close) int fd = -1;
	struct stat status;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR ? -EBADMSG : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	if (status.st_size == 0 && fchmod(fd, FILE_MODE) < 0)
		return -errno;
	return 0;
}

/* PERSIST_WAL and no checkpoint at the end: without -wal and -shm nobody could read it who may not
 * write. */
static int set_up(struct live *live)
{
	int persist = 1, r;

	(void)sqlite3_file_control(live->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	(void)sqlite3_db_config(live->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = schema_run(live->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
				 "PRAGMA wal_autocheckpoint = 100; PRAGMA secure_delete = OFF;"
				 "PRAGMA cache_size = -1024; PRAGMA trusted_schema = OFF;");
	if (r >= 0)
		r = schema_prepare_live(live->db);
	for (size_t i = 0; r >= 0 && i < LIVE_STATEMENT_N; i++)
		r = statement_new(live->db, statements[i], &live->statement[i]);
	return r;
}

static int open_once(const char *path, struct live **ret)
{
	CLEANUP(live_closep) struct live *live = NULL;
	int result, r;

	r = make_file(path);
	if (r < 0)
		return r;
	live = calloc(1, sizeof(*live));
	if (!live)
		return -ENOMEM;
	signals_clear(&live->signals);
	live->are_signals_new = true; /* those of a daemon before may be there */
	result = sqlite3_open_v2(
		path, &live->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	r = schema_errno(result);
	if (r >= 0)
		r = set_up(live);
	if (r < 0)
		return r;
	*ret = TAKE(live);
	return 0;
}

static int remove_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[PATH_SIZE];
	int r;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		r = text_format(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (r < 0)
			return r;
		if (unlink(name) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* What is broken there holds nothing that must last; what another user owns is theirs. */
static int may_remove(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return -errno;
	return status.st_uid == geteuid() ? 0 : -EPERM;
}

int live_open(const char *path, struct live **ret)
{
	int r;

	r = open_once(path, ret);
	if (r != -EBADMSG)
		return r;
	r = may_remove(path);
	if (r >= 0)
		r = remove_files(path);
	return r < 0 ? r : open_once(path, ret);
}

struct live *live_close(struct live *live)
{
	if (!live)
		return NULL;
	for (size_t i = 0; i < LIVE_STATEMENT_N; i++)
		(void)statement_free(live->statement[i]);
	(void)sqlite3_close(live->db);
	free(live->body);
	free(live);
	return NULL;
}

static int publish_keeper(struct live *live, const struct keeper *keeper)
{
	struct columns columns = { .statement = live->statement[LIVE_KEEPER] };

	column_put_int(&columns, keeper->pid);
	column_put_int(&columns, keeper->started_wall_ms);
	column_put_int(&columns, keeper->at_wall_ms);
	column_put_int(&columns, keeper->n_ticks);
	column_put_int(&columns, keeper->n_units);
	column_put_int(&columns, keeper->n_unwatched);
	column_put_int(&columns, keeper->tier);
	column_put_text(&columns, keeper->limit);
	column_put_int(&columns, keeper->walk_every_ms);
	column_put_text(&columns, keeper->source);
	column_put_text(&columns, keeper->mode);
	column_put_int(&columns, keeper->simulates);
	column_put_int(&columns, keeper->speed);
	column_put_int(&columns, keeper->n_lost);
	column_put_int(&columns, keeper->cpu_us);
	column_put_int(&columns, keeper->tick_us);
	column_put_text(&columns, store_state_word(keeper->store));
	column_put_time(&columns, keeper->distrust_until_wall_ms);
	return run_columns(&columns);
}

static void put_status(struct columns *columns, const struct unit_status *status)
{
	column_put_int(columns, status->unit);
	column_put_text(columns, status->name);
	column_put_text(columns, status->aliases);
	column_put_text(columns, status->cgroup);
	column_put_text(columns, unit_kind_word(status->kind));
	column_put_text(columns, unit_active_word(status->active));
	column_put_int(columns, status->flags);
	if (terms_say(&status->terms, TERM_MODE))
		column_put_text(columns, mode_word(status->terms.mode));
	else
		column_put_time(columns, 0); /* NULL */
	column_put_int(columns, status->n_restarts);
	column_put_int(columns, status->main_pid);
	column_put_int(columns, status->cgroup_id);
	column_put_int(columns, status->identity);
	column_put_time(columns, status->changed_ms);
	column_put_invocation(columns, status->invocation);
}

static void put_sample(struct columns *columns, const struct sample *sample, uint64_t wall_ms)
{
	column_put_int(columns, sample->flags);
	column_put_int(columns, sample->when_ms);
	column_put_int(columns, wall_ms);
	column_put_int(columns, sample->span_ms);
	column_put_invocation(columns, sample->invocation);
	column_put_int(columns, sample->have);
	column_put_bytes(columns, sample->value, sizeof(sample->value));
	column_put_bytes(columns, sample->age_s, sizeof(sample->age_s));
}

/* wall_ms is the tick's, also for a sample that has none: by it rows of units that are gone are told
 * from the others. */
static int publish_unit(struct live *live, const struct present *present, uint64_t wall_ms)
{
	struct columns columns = { .statement = live->statement[LIVE_UNIT] };

	put_status(&columns, &present->status);
	put_sample(&columns, &present->sample, wall_ms);
	column_put_verdict(&columns, &present->verdict);
	column_put_text(&columns, why_word(present->why));
	column_put_int(&columns, present->age_s);
	column_put_int(&columns, present->cpu_wait_s);
	column_put_int(&columns, present->incident);
	return run_columns(&columns);
}

static int make_room(struct live *live, size_t n)
{
	uint8_t *grown;

	if (n <= live->n_room)
		return 0;
	grown = reallocarray(live->body, n, POINT_SIZE);
	if (!grown)
		return -ENOMEM;
	live->body = grown;
	live->n_room = n;
	return 0;
}

static void put_point(uint8_t *at, const struct sample *sample)
{
	uint16_t small;

	for (unsigned int i = 0; i < 4; i++)
		*at++ = (uint8_t)(sample->unit >> (8 * i));
	for (size_t metric = 0; metric < METRIC_N; metric++) {
		small = sample_has(sample, (enum metric)metric)
				? small_from_float((float)sample->value[metric])
				: SMALL_UNKNOWN;
		*at++ = (uint8_t)small;
		*at++ = (uint8_t)(small >> 8);
	}
}

static int publish_ring(struct live *live, const struct keeper *keeper,
			const struct present *present, size_t n)
{
	struct columns columns = { .statement = live->statement[LIVE_RING] };
	int r;

	r = make_room(live, n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		put_point(live->body + i * POINT_SIZE, &present[i].sample);
	column_put_int(&columns, keeper->n_ticks % LIVE_TICKS);
	column_put_int(&columns, keeper->at_wall_ms);
	column_put_bytes(&columns, n > 0 ? live->body : (const uint8_t *)"", n * POINT_SIZE);
	return run_columns(&columns);
}

void live_set_signals(struct live *live, const struct signals *signals)
{
	if (memcmp(&live->signals, signals, sizeof(*signals)) == 0)
		return;
	live->signals = *signals;
	live->are_signals_new = true;
}

static int publish_signal(struct live *live, size_t metric, size_t source)
{
	struct columns columns = { .statement = live->statement[LIVE_SIGNAL] };
	bool is_host = live->signals.host[metric] == source;

	if (live->signals.n_units[metric][source] == 0 && !is_host)
		return 0;
	column_put_text(&columns, metric_table[metric].name);
	column_put_text(&columns, signal_source_word((enum signal_source)source));
	column_put_int(&columns, live->signals.n_units[metric][source]);
	column_put_int(&columns, is_host);
	return run_columns(&columns);
}

static int publish_signals(struct live *live)
{
	int r;

	r = run(live, LIVE_FORGET_SIGNALS);
	for (size_t metric = 0; metric < METRIC_N; metric++)
		for (size_t source = 0; r >= 0 && source < SIGNAL_SOURCE_N; source++)
			r = publish_signal(live, metric, source);
	return r;
}

static int publish(struct live *live, const struct keeper *keeper, const struct present *present,
		   size_t n, bool with_ring)
{
	struct columns columns = { .statement = live->statement[LIVE_FORGET] };
	int r;

	r = publish_keeper(live, keeper);
	if (r >= 0 && live->are_signals_new)
		r = publish_signals(live);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = publish_unit(live, &present[i], keeper->at_wall_ms);
	if (r < 0)
		return r;
	column_put_int(&columns, keeper->at_wall_ms);
	r = run_columns(&columns);
	return r < 0 || !with_ring ? r : publish_ring(live, keeper, present, n);
}

static int transact(struct live *live, const struct keeper *keeper, const struct present *present,
		    size_t n, bool with_ring)
{
	int r;

	r = run(live, LIVE_BEGIN);
	if (r < 0)
		return r;
	r = publish(live, keeper, present, n, with_ring);
	if (r >= 0)
		r = run(live, LIVE_COMMIT);
	if (r >= 0)
		live->are_signals_new = false;
	if (r < 0 && !sqlite3_get_autocommit(live->db))
		(void)run(live, LIVE_ROLLBACK);
	return r;
}

int live_publish(struct live *live, const struct keeper *keeper, const struct present *present,
		 size_t n)
{
	int r;

	r = transact(live, keeper, present, n, true);
	if (r != -ENOSPC)
		return r;
	/* The rows of now replace rows; only the ring grows. Without it people still see how it is. */
	return transact(live, keeper, present, n, false);
}
