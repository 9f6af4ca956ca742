/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all incidents of a time come to: one pass over them and what belongs to each. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "store/reader.h"
#include "store/reader_heal.h"
#include "store/reader_rows.h"
#include "store/reader_source.h"
#include "store/reader_tally.h"
#include "store/statement.h"

#define INCIDENTS                                                                                  \
	"SELECT unit.name, " READER_INCIDENT_COLUMNS                                               \
	" FROM incident JOIN unit ON unit.id = incident.unit "                                     \
	"WHERE (closed_wall_ms IS NULL OR closed_wall_ms >= ?1)"
#define OF_UNIT	     " AND incident.unit = (SELECT id FROM unit WHERE name = ?2)"
#define OLDEST_FIRST " ORDER BY incident.id"

struct gathering {
	struct reader *reader;	/* borrowed */
	sqlite3_stmt *incident; /* owned, as those that follow */
	sqlite3_stmt *decision;
	struct heal_rows heals;
	struct tally tally[STATS_REALM_N];
};

static void gathering_clear(struct gathering *gathering)
{
	(void)statement_free(gathering->incident);
	(void)statement_free(gathering->decision);
	heal_rows_clear(&gathering->heals);
	for (size_t i = 0; i < STATS_REALM_N; i++)
		tally_clear(&gathering->tally[i]);
}

static int prepare(struct gathering *gathering, const struct stats *stats)
{
	sqlite3 *db = gathering->reader->past.db;
	int r;

	r = statement_new(db,
			  stats->unit[0] ? INCIDENTS OF_UNIT OLDEST_FIRST : INCIDENTS OLDEST_FIRST,
			  &gathering->incident);
	if (r >= 0)
		r = statement_new(db,
				  "SELECT " READER_DECISION_COLUMNS
				  " FROM decision WHERE incident = ? ORDER BY id",
				  &gathering->decision);
	if (r >= 0)
		r = heal_rows_init(db, &gathering->heals);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(gathering->incident, 1, (sqlite3_int64)stats->since_wall_ms);
	if (stats->unit[0])
		(void)sqlite3_bind_text(gathering->incident, 2, stats->unit, -1, SQLITE_STATIC);
	return 0;
}

/* What came of an allowed decision, and with it that decision. */
static int add_allowed(struct gathering *gathering, struct tally *tally, struct episode *episode,
		       const struct decision *decision)
{
	struct heal heal;
	int r;

	r = heal_rows_find(gathering->reader, &gathering->heals, decision->id, &heal);
	if (r < 0)
		return r;
	return tally_decision(tally, episode, decision, heal.has_attempt ? &heal.attempt : NULL,
			      heal.has_outcome ? &heal.outcome : NULL);
}

static int add_decisions(struct gathering *gathering, struct tally *tally, struct episode *episode)
{
	struct decision decision;
	struct columns columns;
	int r;

	r = heal_look_up(gathering->decision, episode->incident.id, &columns);
	for (; r > 0; r = statement_next(gathering->decision)) {
		columns = (struct columns) { .statement = gathering->decision };
		if (reader_row_decision(&columns, &decision) < 0) {
			gathering->reader->found_bad_row = true;
			continue;
		}
		r = decision.why == WHY_ALLOWED
			    ? add_allowed(gathering, tally, episode, &decision)
			    : tally_decision(tally, episode, &decision, NULL, NULL);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_incident(struct gathering *gathering)
{
	struct columns columns = { .statement = gathering->incident };
	struct episode episode = { 0 };
	struct tally *tally;
	int r;

	column_get_text(&columns, episode.name, sizeof(episode.name));
	if (reader_row_incident(&columns, &episode.incident) < 0) {
		gathering->reader->found_bad_row = true;
		return 0;
	}
	tally = &gathering->tally[episode.incident.flags & SAMPLE_SYNTHETIC ? STATS_SIMULATED
									    : STATS_REAL];
	r = add_decisions(gathering, tally, &episode);
	return r < 0 ? r : tally_incident(tally, &episode);
}

static int gather(struct reader *reader, struct stats *stats)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(gathering_clear) struct gathering gathering = { .reader = reader };
	int r;

	for (size_t i = 0; i < STATS_REALM_N; i++)
		tally_init(&gathering.tally[i], &stats->part[i]);
	r = source_begin(past);
	if (r >= 0)
		r = prepare(&gathering, stats);
	while (r >= 0 && (r = statement_next(gathering.incident)) > 0)
		r = add_incident(&gathering);
	for (size_t i = 0; r >= 0 && i < STATS_REALM_N; i++)
		tally_finish(&gathering.tally[i]);
	return r;
}

/* In transactions of their own: these are statistics as well, and need not be of the same moment. */
static int add_restarts(struct reader *reader, struct stats_part *part)
{
	int r;

	for (size_t i = 0; i < part->n_would; i++) {
		struct stats_would *would = &part->would[i];

		r = reader_restart_ms(reader, would->unit, &would->restart_ms);
		if (r < 0 && r != -ENODATA)
			return r;
		would->is_restart_known = r >= 0;
	}
	return 0;
}

int reader_stats(struct reader *reader, const char *unit, uint64_t since_wall_ms, struct stats *ret)
{
	struct stats stats = { .since_wall_ms = since_wall_ms };
	int r = 0;

	if (unit && strlen(unit) >= sizeof(stats.unit))
		return -EINVAL;
	if (unit)
		(void)text_format(stats.unit, sizeof(stats.unit), "%s", unit);
	if (reader->past.db)
		r = gather(reader, &stats);
	for (size_t i = 0; r >= 0 && i < STATS_REALM_N; i++)
		r = add_restarts(reader, &stats.part[i]);
	if (r < 0)
		stats_clear(&stats);
	else
		*ret = stats;
	return r;
}
