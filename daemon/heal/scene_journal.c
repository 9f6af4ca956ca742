/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last lines of a unit in the journal: its own, and what systemd says about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "heal/scene_part.h"

#define JOURNAL_MOST 12288u
#define TEXT_SIZE    320 /* of a line that much is kept */
#define MATCH_SIZE   300

struct line {
	uint64_t wall_ms;
	uint64_t priority; /* 8: it has none */
	char by[64];	   /* who wrote it */
	char text[TEXT_SIZE];
};

static void read_field(sd_journal *journal, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name) + 1, n = 0; /* "NAME=" */
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &n) < 0 || n < length)
		n = length;
	n -= length;
	if (n >= size)
		n = size - 1;
	if (n > 0)
		memcpy(ret, (const char *)data + length, n);
	ret[n] = '\0';
}

static void read_line(sd_journal *journal, struct line *ret)
{
	char priority[4];
	uint64_t wall_us = 0;

	(void)sd_journal_get_realtime_usec(journal, &wall_us);
	read_field(journal, "MESSAGE", ret->text, sizeof(ret->text));
	read_field(journal, "SYSLOG_IDENTIFIER", ret->by, sizeof(ret->by));
	read_field(journal, "PRIORITY", priority, sizeof(priority));
	ret->wall_ms = wall_us / 1000;
	ret->priority =
		priority[0] >= '0' && priority[0] <= '7' ? (uint64_t)(priority[0] - '0') : 8;
}

static int open_journal(const struct scene *scene, int flags, sd_journal **ret)
{
	if (scene->journal)
		return sd_journal_open_directory(ret, scene->journal, 0);
	return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY | flags);
}

/* Files that may not be read are passed over without a word, so that none is left says it. */
static int check(sd_journal *journal)
{
	if (sd_journal_has_runtime_files(journal) > 0 ||
	    sd_journal_has_persistent_files(journal) > 0)
		return 0;
	return -EACCES;
}

/* Only systemd itself is believed when it speaks about another. */
static int match(sd_journal *journal, const char *unit)
{
	char own[MATCH_SIZE], about[MATCH_SIZE];
	int r;

	(void)snprintf(own, sizeof(own), "_SYSTEMD_UNIT=%s", unit);
	(void)snprintf(about, sizeof(about), "UNIT=%s", unit);
	r = sd_journal_add_match(journal, own, 0);
	if (r >= 0)
		r = sd_journal_add_disjunction(journal);
	if (r >= 0)
		r = sd_journal_add_match(journal, "_PID=1", 0);
	if (r >= 0)
		r = sd_journal_add_match(journal, about, 0);
	return r;
}

/* From the end backwards; how many there were, or -errno. */
static int read_lines(const struct scene *scene, sd_journal *journal, struct line *lines)
{
	int n = 0, r;

	r = check(journal);
	if (r >= 0)
		r = match(journal, scene->unit);
	if (r >= 0)
		r = sd_journal_set_data_threshold(journal, (size_t)TEXT_SIZE * 2);
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	while (r >= 0 && n < SCENE_LINES) {
		r = sd_journal_previous(journal);
		if (r <= 0)
			break;
		read_line(journal, &lines[n++]);
	}
	return r < 0 && n == 0 ? r : n;
}

static void tell_line(struct part *part, const struct line *line)
{
	json_separate(&part->json);
	json_begin(&part->json, '{');
	json_number(&part->json, "wall_ms", line->wall_ms);
	if (line->priority < 8)
		json_number(&part->json, "priority", line->priority);
	else
		json_null(&part->json, "priority");
	json_text_or_null(&part->json, "by", line->by);
	json_text(&part->json, "text", line->text);
	json_end(&part->json, '}');
}

/* The newest are told first, so that they are what is kept of long ones. */
static void tell(const struct line *lines, int n, int out_fd)
{
	struct part part;

	if (!part_begin(&part, "journal", out_fd))
		return;
	json_key(&part.json, "journal");
	json_begin(&part.json, '[');
	for (int i = 0; i < n && !part_is_full(&part, JOURNAL_MOST); i++)
		tell_line(&part, &lines[i]);
	json_end(&part.json, ']');
	part_end(&part);
}

void scene_journal(const struct scene *scene, int out_fd)
{
	struct line *lines = calloc(SCENE_LINES, sizeof(*lines));
	sd_journal *journal = NULL;
	int n;

	if (!lines)
		return;
	n = open_journal(scene, scene->journal ? 0 : SD_JOURNAL_SYSTEM, &journal);
	if (n >= 0)
		n = read_lines(scene, journal, lines);
	sd_journal_close(journal);
	if (n < 0)
		part_unreadable_errno(out_fd, "journal", n);
	tell(lines, n, out_fd);
	free(lines);
}
