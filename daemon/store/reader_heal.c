/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts and outcomes by their decision. */
#include "store/reader_heal.h"
#include "store/reader_rows.h"
#include "store/reader_source.h"
#include "store/statement.h"

int heal_rows_init(sqlite3 *db, struct heal_rows *ret)
{
	int r;

	r = statement_new(db, "SELECT " READER_ATTEMPT_COLUMNS " FROM attempt WHERE decision = ?",
			  &ret->attempt);
	if (r < 0)
		return r;
	return statement_new(db,
			     "SELECT " READER_OUTCOME_COLUMNS " FROM outcome WHERE decision = ?",
			     &ret->outcome);
}

void heal_rows_clear(struct heal_rows *rows)
{
	(void)statement_free(rows->attempt);
	(void)statement_free(rows->outcome);
}

int heal_look_up(sqlite3_stmt *select, uint64_t id, struct columns *columns)
{
	(void)sqlite3_reset(select);
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)id);
	*columns = (struct columns) { .statement = select };
	return statement_next(select);
}

int heal_rows_find(struct reader *reader, struct heal_rows *rows, uint64_t decision,
		   struct heal *ret)
{
	struct columns columns;
	int r;

	*ret = (struct heal) { .has_attempt = false };
	r = heal_look_up(rows->attempt, decision, &columns);
	if (r < 0)
		return r;
	if (r > 0) {
		ret->has_attempt = reader_row_attempt(&columns, &ret->attempt) >= 0;
		reader->found_bad_row |= !ret->has_attempt;
	}
	r = heal_look_up(rows->outcome, decision, &columns);
	if (r < 0)
		return r;
	if (r > 0) {
		ret->has_outcome = reader_row_outcome(&columns, &ret->outcome) >= 0;
		reader->found_bad_row |= !ret->has_outcome;
	}
	return 0;
}
