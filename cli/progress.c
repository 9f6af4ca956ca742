/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line, written over. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/progress.h"

#define SHOW_AFTER_MS SECONDS(1)
#define SHOW_EVERY_MS UINT64_C(200)
#define CLEAR_LINE    "\r\033[K"

void progress_begin(struct progress *progress, const char *what, uint64_t now_ms)
{
	const char *terminal = getenv("TERM");
	bool can_clear = terminal && strcmp(terminal, "dumb") != 0;

	*progress = (struct progress) { .file = can_clear && isatty(STDERR_FILENO) ? stderr : NULL,
					.what = what,
					.began_ms = now_ms };
}

void progress_tell(struct progress *progress, double share, uint64_t now_ms)
{
	uint64_t took_ms = now_ms - progress->began_ms;
	char left[32];

	if (!progress->file || took_ms < SHOW_AFTER_MS || share <= 0 || share > 1 ||
	    now_ms - progress->shown_ms < SHOW_EVERY_MS)
		return;
	progress->shown_ms = now_ms;
	fprintf(progress->file, CLEAR_LINE "%s: %.0f%%, %s left", progress->what, 100 * share,
		text_span(left, sizeof(left),
			  (uint64_t)((double)took_ms * (1 - share) / share) / 1000 * 1000));
	(void)fflush(progress->file);
}

void progress_end(struct progress *progress)
{
	if (progress->file && progress->shown_ms != 0)
		fputs(CLEAR_LINE, progress->file);
	progress->file = NULL;
}
