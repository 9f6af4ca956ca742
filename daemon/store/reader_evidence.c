/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen of a unit before it was disturbed: bodies, and the items of their lists. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/column.h"
#include "store/reader.h"
#include "store/reader_list.h"
#include "store/reader_source.h"
#include "store/statement.h"

#define ITEM_SQL_SIZE 1024

void snapshots_clear(struct snapshots *snapshots)
{
	for (size_t i = 0; i < snapshots->n; i++)
		free(snapshots->kept[i].body);
	free(snapshots->kept);
	*snapshots = (struct snapshots) { 0 };
}

/* A terminal would act on control characters; who writes a body writes none. */
static bool is_harmless(const char *body)
{
	for (const unsigned char *at = (const unsigned char *)body; *at; at++)
		if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return false;
	return true;
}

/* -EBADMSG: no body of ours. */
static int take_kept(sqlite3_stmt *select, struct kept_snapshot *ret)
{
	struct columns columns = { .statement = select };
	const char *body;

	*ret = (struct kept_snapshot) { 0 };
	ret->snapshot.incident = column_get_u64(&columns);
	ret->snapshot.decision = column_get_u64(&columns);
	ret->snapshot.wall_ms = column_get_u64(&columns);
	ret->snapshot.took_ms = column_get_u32(&columns);
	ret->snapshot.is_whole = column_get_bool(&columns);
	body = (const char *)sqlite3_column_text(select, columns.at);
	if (columns.r < 0 || !body || !is_harmless(body) ||
	    sqlite3_column_bytes(select, columns.at) > (int)SNAPSHOT_MOST_BYTES)
		return -EBADMSG;
	ret->body = strdup(body);
	return ret->body ? 0 : -ENOMEM;
}

/* What is in ret when it fails is the caller's to clear. */
static int list_kept(struct reader *reader, sqlite3_stmt *select, struct snapshots *ret)
{
	struct list list = { .size = sizeof(struct kept_snapshot) };
	struct kept_snapshot *next;
	int r, taken;

	while ((r = statement_next(select)) > 0) {
		next = list_next(&list);
		if (!next)
			return -ENOMEM;
		ret->kept = list.items;
		taken = take_kept(select, next);
		if (taken == -ENOMEM)
			return taken;
		if (taken < 0)
			reader->found_bad_row = true;
		else
			ret->n = ++list.n;
	}
	return r;
}

int reader_snapshots(struct reader *reader, uint64_t incident, struct snapshots *ret)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	*ret = (struct snapshots) { 0 };
	if (!past->db || incident > INT64_MAX)
		return 0;
	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  "SELECT incident, decision, wall_ms, took_ms, is_whole, body "
				  "FROM evidence WHERE incident = ? AND json_valid(body) "
				  "ORDER BY decision",
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)incident);
	r = list_kept(reader, select, ret);
	if (r < 0)
		snapshots_clear(ret);
	return r;
}

/* Names of lists and fields are ours, so they need no escape. */
static int select_items(sqlite3 *db, const char *list, const char *const *fields, size_t n,
			sqlite3_stmt **ret)
{
	char sql[ITEM_SQL_SIZE];
	FILE *out = fmemopen(sql, sizeof(sql), "w");
	int r;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s json_extract(value, '$.%s')", i ? "," : "SELECT", fields[i]);
	(void)fprintf(out, " FROM json_each(?, '$.%s') WHERE type = 'object'", list);
	r = fclose(out) == 0 ? 0 : -E2BIG;
	return r < 0 ? r : statement_new(db, sql, ret);
}

int reader_snapshot_items(struct reader *reader, const struct kept_snapshot *kept, const char *list,
			  const char *const *fields, size_t n, snapshot_visit *visit,
			  void *userdata)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	const char *value[SNAPSHOT_FIELDS];
	int r;

	if (n > SNAPSHOT_FIELDS)
		return -E2BIG;
	r = select_items(reader->past.db, list, fields, n, &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_text(select, 1, kept->body, -1, SQLITE_STATIC);
	while ((r = statement_next(select)) > 0) {
		for (size_t i = 0; i < n; i++)
			value[i] = (const char *)sqlite3_column_text(select, (int)i) ?: "";
		r = visit(value, userdata);
		if (r < 0)
			return r;
	}
	return r;
}

void reader_json_snapshot(FILE *out, const struct kept_snapshot *kept)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_number(&json, "incident", kept->snapshot.incident);
	json_number(&json, "decision", kept->snapshot.decision);
	json_number(&json, "wall_ms", kept->snapshot.wall_ms);
	json_number(&json, "took_ms", kept->snapshot.took_ms);
	json_boolean(&json, "is_whole", kept->snapshot.is_whole);
	json_key(&json, "seen");
	(void)fputs(kept->body, out);
	json_end(&json, '}');
}
