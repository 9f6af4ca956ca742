/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and lines of a map to metrics. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cli/lines.h"
#include "cli/meaning.h"
#include "cli/nearest.h"

#define BLANKS " \t"

struct map {
	const char *path;
	uint64_t number; /* of the line, from 1 */
	const struct csv *csv;
	bool is_mapped[CSV_METRICS_MAX];
	struct meaning meaning;
	struct csv_error *error;
};

#define FAIL(map, format, ...)                                                                     \
	((void)csv_fail((map)->error, "%s:%" PRIu64 ": " format, (map)->path, (map)->number,       \
			__VA_ARGS__),                                                              \
	 -EINVAL)

/* Without the blanks around it, in place. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(BLANKS, text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* The metric whose name somebody may have meant; NULL. */
static const char *nearest_metric(const char *name)
{
	size_t least = strlen(name) / 3 + 1, off;
	const char *nearest = NULL;

	for (size_t i = 0; i < METRIC_N; i++) {
		off = nearest_distance(name, metric_table[i].name, least);
		if (off >= least)
			continue;
		least = off;
		nearest = metric_table[i].name;
	}
	return nearest;
}

/* n_columns: none of that name. */
static unsigned int find_column(const struct csv *csv, const char *name)
{
	unsigned int i = 0;

	while (i < csv->n_columns && strcmp(csv->name[i], name) != 0)
		i++;
	return i;
}

static int take_column(struct map *map, const char *name, unsigned int *ret)
{
	unsigned int column = find_column(map->csv, name);

	if (column == map->csv->n_columns)
		return FAIL(map, "expected a column of %s, found '%s'", map->csv->path, name);
	if (map->is_mapped[column])
		return FAIL(map, "expected each column once, found '%s' again", name);
	*ret = column;
	return 0;
}

static int take_metric(struct map *map, const char *name, uint32_t *ret)
{
	const char *nearest = nearest_metric(name);
	enum metric metric;

	if (metric_from_name(name, &metric) < 0)
		return FAIL(map, "expected the name of a metric, found '%s'%s%s%s", name,
			    nearest ? "; did you mean " : "", nearest ? nearest : "",
			    nearest ? "?" : "");
	*ret = metric;
	return 0;
}

/* 1 where none is given. */
static int take_factor(struct map *map, const char *text, double *ret)
{
	double factor = 1;

	if (text && (text_parse_number(text, &factor) < 0 || factor <= 0))
		return FAIL(map, "expected a factor above 0, found '%s'", text);
	*ret = factor;
	return 0;
}

static int take_line(struct map *map, char *line)
{
	char *equals, *times;
	unsigned int column;
	uint32_t metric;
	double factor;
	int r;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	equals = strrchr(line,
			 '='); /* the name of a column may have one, that of a metric has none */
	if (!equals)
		return FAIL(map, "expected COLUMN = METRIC, found '%s'", line);
	*equals = '\0';
	times = strchr(equals + 1, '*');
	if (times)
		*times++ = '\0';
	r = take_column(map, trim(line), &column);
	if (r >= 0)
		r = take_metric(map, trim(equals + 1), &metric);
	if (r >= 0)
		r = take_factor(map, times ? trim(times) : NULL, &factor);
	if (r < 0)
		return r;
	map->is_mapped[column] = true;
	map->meaning.metric[column] = metric;
	map->meaning.factor[column] = factor;
	return 0;
}

static int read_map(struct map *map)
{
	CLEANUP(lines_closep) struct lines *lines = NULL;
	size_t length;
	char *line;
	int r;

	r = lines_open(map->path, &lines);
	while (r >= 0 && (r = lines_next(lines, &line, &length)) > 0) {
		map->number++;
		if (strlen(line) != length)
			return FAIL(map, "expected text, found %s", "a NUL byte");
		if (take_line(map, line) < 0)
			return -EINVAL;
	}
	if (r < 0)
		(void)csv_fail(map->error, "%s: cannot be read: %s", map->path,
			       strerrordesc_np(-r));
	return r;
}

/* Whether a metric has two columns shows only when all are known. */
static int check_metrics(struct map *map)
{
	const struct meaning *meaning = &map->meaning;

	for (unsigned int i = 0; i < map->csv->n_columns; i++)
		for (unsigned int j = 0; j < i && meaning->metric[i] < METRIC_N; j++)
			if (meaning->metric[j] == meaning->metric[i])
				return csv_fail(map->error,
						"%s: expected each metric once, found %s in the "
						"columns '%s' and '%s'",
						map->path, metric_table[meaning->metric[i]].name,
						map->csv->name[j], map->csv->name[i]);
	return 0;
}

int meaning_find(const struct csv *csv, const char *map_path, struct meaning *ret,
		 struct csv_error *error)
{
	struct map map = { .path = map_path, .csv = csv, .error = error };
	enum metric metric;
	int r;

	error->text[0] = '\0';
	for (unsigned int i = 0; i < csv->n_columns; i++) {
		map.meaning.metric[i] =
			metric_from_name(csv->name[i], &metric) < 0 ? (uint32_t)METRIC_N : metric;
		map.meaning.factor[i] = 1;
	}
	r = map_path ? read_map(&map) : 0;
	if (r >= 0)
		r = check_metrics(&map);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < csv->n_columns; i++)
		map.meaning.n += map.meaning.metric[i] < METRIC_N;
	*ret = map.meaning;
	return 0;
}
