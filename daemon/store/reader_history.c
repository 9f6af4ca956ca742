/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured, told again: the finest points there are, of all units in the order of time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"
#include "store/reader.h"
#include "store/reader_lane.h"
#include "store/reader_list.h"
#include "store/reader_rows.h"
#include "store/statement.h"

/* A unit's lanes, the finest first; the tail and the hours made of it are of the same span. */
static const struct {
	uint32_t span_s;
	bool is_tail;
} lanes[] = { { 1, false }, { 10, true }, { 10, false }, { 60, false }, { 600, false } };
#define LANES_N (sizeof(lanes) / sizeof(lanes[0]))

struct course {
	struct lane lane[LANES_N];
	uint64_t told_s;   /* all before this second is told, or not known */
	struct lane *next; /* stands at the next point to tell */
	size_t nth;	   /* of the units that were asked for */
};

struct history {
	struct reader *reader; /* borrowed */
	struct tail tail;
	size_t n_courses, n_chunks; /* there were so many chunks at the start */
	struct course *course;	    /* owned */
	size_t n_heap;
	struct course **heap; /* owned; the one whose point ends first is on top */
};

/* ---- one unit -------------------------------------------------------------------- */

/* A point of which a finer lane knows a part is left out: those seconds would be told twice. */
static bool is_known_finer(const struct course *course, const struct lane *lane)
{
	uint64_t end_s = lane_from_s(lane) + lane->span_s;

	for (const struct lane *finer = course->lane; finer < lane; finer++)
		if (finer->points && lane_from_s(finer) < end_s)
			return true;
	return false;
}

/* The lane that stands at the earliest point, the finest of several; NULL: none has any more. */
static struct lane *earliest(struct course *course)
{
	struct lane *first = NULL;

	for (size_t i = 0; i < LANES_N; i++) {
		struct lane *lane = &course->lane[i];

		if (lane->points && (!first || lane_from_s(lane) < lane_from_s(first)))
			first = lane;
	}
	return first;
}

/* 1: next stands at the next point; 0: there is none. */
static int course_advance(struct course *course, struct reader *reader)
{
	int r;

	for (size_t i = 0; i < LANES_N; i++) {
		r = lane_seek(&course->lane[i], reader, course->told_s);
		if (r < 0)
			return r;
	}
	while ((course->next = earliest(course)) && is_known_finer(course, course->next)) {
		r = lane_seek(course->next, reader, lane_from_s(course->next) + 1);
		if (r < 0)
			return r;
	}
	return course->next != NULL;
}

static void course_init(struct course *course, size_t nth, uint32_t unit, uint64_t since_s,
			uint64_t until_s, const struct tail *tail)
{
	uint64_t before_s;

	course->nth = nth;
	course->told_s = since_s;
	for (size_t i = 0; i < LANES_N; i++) {
		before_s = (uint64_t)lanes[i].span_s * CHUNK_POINTS;
		course->lane[i] = (struct lane) {
			.unit = unit,
			.span_s = lanes[i].span_s,
			.until_s = until_s,
			.tail = lanes[i].is_tail ? tail : NULL,
			.next_s = since_s > before_s ? since_s - before_s : 0,
		};
	}
}

/* ---- all units ------------------------------------------------------------------- */

static uint64_t end_of(const struct course *course)
{
	return lane_from_s(course->next) + course->next->span_s;
}

/* Of units whose points end in one second, in the order in which they were asked for. */
static bool is_before(const struct course *a, const struct course *b)
{
	return end_of(a) != end_of(b) ? end_of(a) < end_of(b) : a->nth < b->nth;
}

/* Let the one at that place sink to where it belongs. */
static void sink(struct history *history, size_t place)
{
	struct course **heap = history->heap, *course = heap[place];
	size_t child;

	while ((child = 2 * place + 1) < history->n_heap) {
		if (child + 1 < history->n_heap && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], course))
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = course;
}

static int count_chunks(struct history *history, uint32_t unit, uint64_t since_s, uint64_t until_s)
{
	CLEANUP(source_endp) struct source *past = &history->reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  "SELECT count(*) FROM chunk WHERE unit = ? AND from_s < ? "
				  "AND from_s >= ? - span_s * 360",
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	(void)sqlite3_bind_int64(select, 2, (sqlite3_int64)until_s);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)since_s);
	r = statement_next(select);
	if (r > 0)
		history->n_chunks += (size_t)sqlite3_column_int64(select, 0);
	return r < 0 ? r : 0;
}

static int begin_courses(struct history *history, const uint32_t *units, uint64_t since_s,
			 uint64_t until_s)
{
	int r;

	for (size_t i = 0; i < history->n_courses; i++) {
		struct course *course = &history->course[i];

		course_init(course, i, units[i], since_s, until_s, &history->tail);
		r = count_chunks(history, units[i], since_s, until_s);
		if (r >= 0)
			r = course_advance(course, history->reader);
		if (r < 0)
			return r;
		if (r > 0)
			history->heap[history->n_heap++] = course;
	}
	for (size_t i = history->n_heap / 2; i > 0; i--)
		sink(history, i - 1);
	return 0;
}

static int make_room(struct history *history, size_t n_units)
{
	history->course = calloc(n_units, sizeof(*history->course));
	history->heap = calloc(n_units, sizeof(struct course *));
	if (!history->course || !history->heap)
		return -ENOMEM;
	history->n_courses = n_units;
	return 0;
}

static int fill(struct history *history, const uint32_t *units, size_t n_units, uint64_t since_s,
		uint64_t until_s)
{
	int r;

	if (!history->reader->past.db || n_units == 0)
		return 0;
	r = make_room(history, n_units);
	if (r >= 0)
		r = tail_load(history->reader, since_s, until_s, &history->tail);
	return r < 0 ? r : begin_courses(history, units, since_s, until_s);
}

int history_open(struct reader *reader, const uint32_t *units, size_t n_units, uint64_t since_s,
		 uint64_t until_s, struct history **ret)
{
	struct history *history = calloc(1, sizeof(*history));
	int r;

	if (!history)
		return -ENOMEM;
	history->reader = reader;
	r = fill(history, units, n_units, since_s, until_s);
	if (r < 0)
		(void)history_close(history);
	else
		*ret = history;
	return r;
}

struct history *history_close(struct history *history)
{
	if (!history)
		return NULL;
	for (size_t i = 0; i < history->n_courses; i++)
		for (size_t j = 0; j < LANES_N; j++)
			lane_clear(&history->course[i].lane[j]);
	tail_clear(&history->tail);
	free(history->course);
	free(history->heap);
	free(history);
	return NULL;
}

int history_next(struct history *history, struct sample *ret, size_t *ret_nth)
{
	struct course *course;
	int r;

	if (history->n_heap == 0)
		return 0;
	course = history->heap[0];
	lane_sample(course->next, ret);
	*ret_nth = course->nth;
	course->told_s = end_of(course);
	r = course_advance(course, history->reader);
	if (r < 0)
		return r;
	if (r == 0)
		history->heap[0] = history->heap[--history->n_heap];
	if (history->n_heap > 0)
		sink(history, 0);
	return 1;
}

double history_progress(const struct history *history)
{
	size_t n = 0, n_all = history->n_chunks + history->tail.n_parts;

	for (size_t i = 0; i < history->n_courses; i++)
		for (size_t j = 0; j < LANES_N; j++)
			n += history->course[i].lane[j].n_chunks;
	return n_all > n ? (double)n / (double)n_all : 1;
}

/* ---- beside the telemetry ---------------------------------------------------------- */

int reader_units(struct reader *reader, struct known_unit **ret, size_t *ret_n)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list list = { .size = sizeof(struct known_unit) };
	struct known_unit *unit;
	struct columns columns;
	int r = 0;

	if (past->db) {
		r = source_begin(past);
		if (r >= 0)
			r = statement_new(past->db, "SELECT id, name FROM unit ORDER BY name",
					  &select);
	}
	if (r < 0)
		return r;
	while (select && (r = statement_next(select)) > 0) {
		unit = list_next(&list);
		if (!unit)
			return -ENOMEM;
		columns = (struct columns) { .statement = select };
		unit->unit = column_get_u32(&columns);
		column_get_text(&columns, unit->name, sizeof(unit->name));
		list.n += columns.r >= 0;
		reader->found_bad_row |= columns.r < 0;
	}
	if (r < 0)
		return r;
	*ret_n = list.n;
	*ret = TAKE(list.items);
	return 0;
}

int reader_restart_ms(struct reader *reader, uint32_t unit, uint64_t *ret_ms)
{
#define DONE                                                                                       \
	"FROM attempt WHERE unit = ?1 AND result = 'done' AND ended_wall_ms >= started_wall_ms "   \
	"AND NOT EXISTS (SELECT 1 FROM decision WHERE id = attempt.decision "                      \
	"AND action = 'reload')"
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct columns columns = { 0 };
	uint64_t ms;
	int r;

	if (!past->db)
		return -ENODATA;
	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  "SELECT ended_wall_ms - started_wall_ms AS took " DONE
				  " ORDER BY took LIMIT 1 OFFSET (SELECT (count(*) - 1) / 2 " DONE
				  ")",
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	r = statement_next(select);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	columns.statement = select;
	ms = column_get_u64(&columns);
	if (columns.r >= 0)
		*ret_ms = ms;
	return columns.r;
}
