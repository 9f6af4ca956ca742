/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the store: rows are copied, the transaction is over, then they are handed out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "store/reader_list.h"
#include "store/reader_rows.h"
#include "store/reader_source.h"
#include "store/schema.h"
#include "store/statement.h"

int reader_open(const char *past_path, const char *live_path, struct reader **ret)
{
	CLEANUP(reader_closep) struct reader *reader = calloc(1, sizeof(*reader));
	int past, live;

	if (!reader)
		return -ENOMEM;
	past = source_open(past_path, schema_check, &reader->past);
	if (past < 0 && past != -ENOENT && past != -ENODATA)
		return past;
	live = source_open(live_path, schema_check_live, &reader->live);
	/* What is wrong with one of them must not hide the other. */
	reader->lost_past = past == -ENODATA;
	reader->lost_present = live == -EBADMSG || live == -EPROTONOSUPPORT || live == -ENODATA;
	if (live < 0 && live != -ENOENT && !(reader->lost_present && past >= 0))
		return live;
	if (live == -ENOENT && past == -ENODATA)
		return past;
	if (live == -ENOENT && past == -ENOENT) {
		source_problem("no state at %s: is the daemon installed and running? "
			       "sudo systemctl start selfhealed",
			       past_path   ? past_path
			       : live_path ? live_path
					   : "no path");
		return -ENOENT;
	}
	*ret = TAKE(reader);
	return 0;
}

struct reader *reader_close(struct reader *reader)
{
	if (!reader)
		return NULL;
	source_close(&reader->past);
	source_close(&reader->live);
	free(reader);
	return NULL;
}

const char *reader_notice(const struct reader *reader)
{
	if (reader->past.is_cut || reader->live.is_cut)
		return "the newest minutes are missing: they are in a log that cannot be read "
		       "until the daemon starts";
	if (reader->past.stands_alone)
		return "this database lies without its log (-wal): if it is a copy of the file "
		       "alone, "
		       "the newest minutes are missing";
	if (reader->lost_past)
		return "the past is missing: selfheal.db is empty so far, or of an older version; "
		       "is there space on its disk?";
	if (reader->lost_present)
		return "the present is missing: live.db is damaged, or of another version; the "
		       "daemon makes it anew when it starts";
	if (reader->found_bad_row)
		return "some rows are damaged and not shown";
	return NULL;
}

int reader_keeper(struct reader *reader, struct keeper *ret)
{
	CLEANUP(source_endp) struct source *live = &reader->live;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct columns columns = { 0 };
	struct keeper keeper;
	int r;

	if (!live->db)
		return -ENODATA;
	r = source_begin(live);
	if (r >= 0)
		r = statement_new(live->db, "SELECT " READER_KEEPER_COLUMNS " FROM keeper",
				  &select);
	if (r >= 0)
		r = statement_next(select);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	columns.statement = select;
	r = reader_row_keeper(&columns, &keeper);
	if (r < 0)
		return r;
	*ret = keeper;
	return 0;
}

/* The order in which people want to see units. */
static int rank(const struct present *present)
{
	static const int ranks[HEALTH_N] = {
		[HEALTH_SICK] = 0,    [HEALTH_UNUSUAL] = 1, [HEALTH_LEARNING] = 3,
		[HEALTH_HEALTHY] = 4, [HEALTH_UNKNOWN] = 5, [HEALTH_DOWN] = 6,
	};

	if (present->incident != 0 && present->verdict.health > HEALTH_UNKNOWN &&
	    present->verdict.health != HEALTH_SICK && present->verdict.health != HEALTH_UNUSUAL)
		return 2; /* its trouble is not over yet */
	return ranks[present->verdict.health];
}

static int compare_present(const void *a, const void *b)
{
	const struct present *left = a, *right = b;
	int difference = rank(left) - rank(right);

	return difference != 0 ? difference : strcmp(left->status.name, right->status.name);
}

int reader_present(struct reader *reader, struct present **ret, size_t *ret_n)
{
	CLEANUP(source_endp) struct source *live = &reader->live;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list list = { .size = sizeof(struct present) };
	struct columns columns;
	void *present;
	int r;

	if (!live->db)
		return -ENODATA;
	r = source_begin(live);
	if (r >= 0)
		r = statement_new(live->db, "SELECT " READER_PRESENT_COLUMNS " FROM unit_now",
				  &select);
	if (r < 0)
		return r;
	while ((r = statement_next(select)) > 0) {
		columns = (struct columns) { .statement = select };
		present = list_next(&list);
		if (!present)
			return -ENOMEM;
		if (reader_row_present(&columns, present) >= 0)
			list.n++;
		else
			reader->found_bad_row = true;
	}
	if (r < 0)
		return r;
	if (list.n > 0)
		qsort(list.items, list.n, list.size, compare_present);
	*ret_n = list.n;
	*ret = TAKE(list.items);
	return 0;
}

static int take_signal(sqlite3_stmt *select, struct signals *ret)
{
	struct columns columns = { .statement = select };
	uint32_t metric = column_get_metric(&columns);
	unsigned int source = column_get_word(&columns, signal_source_word, SIGNAL_SOURCE_N);
	uint32_t n_units = column_get_u32(&columns);
	bool is_host = column_get_bool(&columns);

	if (columns.r < 0 || metric >= METRIC_N)
		return -EBADMSG;
	ret->n_units[metric][source] = n_units;
	if (is_host)
		ret->host[metric] = source;
	return 0;
}

int reader_signals(struct reader *reader, struct signals *ret)
{
	CLEANUP(source_endp) struct source *live = &reader->live;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct signals signals;
	int r;

	if (!live->db)
		return -ENODATA;
	signals_clear(&signals);
	r = source_begin(live);
	if (r >= 0)
		r = statement_new(live->db, "SELECT metric, source, n_units, is_host FROM signal",
				  &select);
	if (r < 0)
		return r;
	while ((r = statement_next(select)) > 0)
		if (take_signal(select, &signals) < 0)
			reader->found_bad_row = true;
	if (r < 0)
		return r;
	*ret = signals;
	return 0;
}

static int find_name(struct source *owner, const char *sql, uint32_t unit, char ret[UNIT_NAME_SIZE])
{
	CLEANUP(source_endp) struct source *source = owner;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct columns columns = { 0 };
	char name[UNIT_NAME_SIZE];
	int r;

	if (!source->db)
		return -ENOENT;
	r = source_begin(source);
	if (r >= 0)
		r = statement_new(source->db, sql, &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	r = statement_next(select);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	columns.statement = select;
	column_get_text(&columns, name, sizeof(name));
	if (columns.r >= 0)
		memcpy(ret, name, sizeof(name));
	return columns.r;
}

int reader_unit_name(struct reader *reader, uint32_t unit, char ret[UNIT_NAME_SIZE])
{
	int r;

	r = find_name(&reader->past, "SELECT name FROM unit WHERE id = ?", unit, ret);
	if (r == -ENOENT)
		r = find_name(&reader->live, "SELECT name FROM unit_now WHERE unit = ?", unit, ret);
	return r;
}
