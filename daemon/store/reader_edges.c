/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who needs whom, and who talks to whom. */
#include <errno.h>
#include <stdlib.h>

#include "store/reader.h"
#include "store/reader_list.h"
#include "store/reader_rows.h"
#include "store/reader_source.h"
#include "store/statement.h"

/* A unit whose name is not on record yet, or not any more, would be taken for the world outside. */
#define EDGES                                                                                      \
	"SELECT coalesce(c.name, ''), coalesce(s.name, ''), client, server, kind, port, flags, "   \
	"n_connections, first_wall_ms, last_wall_ms FROM edge "                                    \
	"LEFT JOIN unit c ON c.id = client LEFT JOIN unit s ON s.id = server "                     \
	"WHERE (client = 0 OR c.id IS NOT NULL) AND (server = 0 OR s.id IS NOT NULL)"
#define OF_UNIT	     " AND ?1 IN (c.name, s.name)"
#define IN_THE_ORDER " ORDER BY 1, 2, kind, port"

static int read_relation(sqlite3_stmt *select, struct named_edge *ret)
{
	struct columns columns = { .statement = select };
	struct edge *edge = &ret->edge;
	uint32_t port;

	*ret = (struct named_edge) { 0 };
	column_get_text(&columns, ret->client, sizeof(ret->client));
	column_get_text(&columns, ret->server, sizeof(ret->server));
	edge->client = column_get_u32(&columns);
	edge->server = column_get_u32(&columns);
	edge->kind = column_get_word(&columns, edge_kind_word, EDGE_KIND_N);
	port = column_get_u32(&columns);
	edge->port = (uint16_t)port;
	edge->synthetic = column_get_u32(&columns) & SAMPLE_SYNTHETIC;
	edge->n_connections = column_get_u64(&columns);
	edge->first_wall_ms = column_get_u64(&columns);
	edge->last_wall_ms = column_get_u64(&columns);
	return columns.r < 0 ? columns.r : port <= UINT16_MAX ? 0 : -EBADMSG;
}

static int is_known(struct source *source, const char *sql, const char *unit)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	if (!source->db)
		return 0;
	r = statement_new(source->db, sql, &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_text(select, 1, unit, -1, SQLITE_STATIC);
	return statement_next(select);
}

static int check_unit(struct reader *reader, const char *unit)
{
	CLEANUP(source_endp) struct source *live = &reader->live;
	int r;

	r = is_known(&reader->past, "SELECT 1 FROM unit WHERE name = ?", unit);
	if (r == 0 && live->db)
		r = source_begin(live);
	if (r == 0)
		r = is_known(live, "SELECT 1 FROM unit_now WHERE name = ?", unit);
	return r == 0 ? -ENOENT : r;
}

int reader_edges(struct reader *reader, const char *unit, struct named_edge **ret, size_t *ret_n)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list list = { .size = sizeof(struct named_edge) };
	void *relation;
	int r;

	r = past->db ? source_begin(past) : 0;
	if (r >= 0 && unit)
		r = check_unit(reader, unit);
	if (r >= 0 && past->db)
		r = statement_new(past->db, unit ? EDGES OF_UNIT IN_THE_ORDER : EDGES IN_THE_ORDER,
				  &select);
	if (r < 0)
		return r;
	if (select && unit)
		(void)sqlite3_bind_text(select, 1, unit, -1, SQLITE_STATIC);
	while (select && (r = statement_next(select)) > 0) {
		relation = list_next(&list);
		if (!relation)
			return -ENOMEM;
		if (read_relation(select, relation) >= 0)
			list.n++;
		else
			reader->found_bad_row = true;
	}
	if (r < 0)
		return r;
	*ret_n = list.n;
	*ret = TAKE(list.items);
	return 0;
}
