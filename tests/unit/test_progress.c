/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line that is written over. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/progress.h"
#include "tests/unit/assertion.h"

static char *text;
static size_t size;
static struct progress progress;

static void begin(void)
{
	progress = (struct progress) { .file = open_memstream(&text, &size),
				       .what = "judging",
				       .began_ms = SECONDS(100) };
}

static void end(void)
{
	free(text);
}

TestSuite(progress, .init = begin, .fini = end);

static const char *shown(void)
{
	(void)fflush(progress.file);
	return text;
}

Test(progress, the_time_left_follows_from_the_share_that_is_done)
{
	progress_tell(&progress, 0.25, SECONDS(110));
	cr_assert(eq(str, (char *)shown(), "\r\033[Kjudging: 25%, 30s left"));
	(void)fclose(progress.file);
}

Test(progress, a_short_work_shows_nothing)
{
	FILE *file = progress.file;

	progress_tell(&progress, 0.5, SECONDS(100) + 900);
	progress_end(&progress);
	(void)fclose(file);
	cr_assert(zero(sz, size));
}

Test(progress, it_is_shown_five_times_a_second_at_most)
{
	size_t first;

	progress_tell(&progress, 0.25, SECONDS(110));
	(void)shown();
	first = size;
	progress_tell(&progress, 0.26, SECONDS(110) + 100);
	(void)shown();
	cr_assert(eq(sz, size, first));
	progress_tell(&progress, 0.26, SECONDS(110) + 200);
	(void)shown();
	cr_assert(gt(sz, size, first));
	(void)fclose(progress.file);
}

Test(progress, at_the_end_the_line_is_taken_away)
{
	FILE *file = progress.file;

	progress_tell(&progress, 0.25, SECONDS(110));
	progress_end(&progress);
	progress_tell(&progress, 0.5, SECONDS(120));
	(void)fclose(file);
	cr_assert(eq(str, text, "\r\033[Kjudging: 25%, 30s left\r\033[K"));
}

Test(progress, where_nobody_looks_there_is_none)
{
	(void)fclose(progress.file);
	(void)setenv("TERM", "dumb", 1);
	progress_begin(&progress, "judging", SECONDS(100));
	cr_assert(eq(ptr, (void *)progress.file, NULL));
	progress_tell(&progress, 0.5, SECONDS(200)); /* which would crash */
	progress_end(&progress);
}
