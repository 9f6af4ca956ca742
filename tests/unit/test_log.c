/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message looks like on stderr. (The journal's side is seen by the end-to-end stories.) */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

/* stderr into a file of the test's own; the runner has no need of it within a test. */
static void redirect(struct scratch *scratch)
{
	int fd = open(scratch_write(scratch, "stderr", ""), O_WRONLY | O_APPEND | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(int, dup2(fd, STDERR_FILENO), STDERR_FILENO));
	(void)close(fd);
}

/* What was written since the last call. */
static const char *written(struct scratch *scratch)
{
	static char text[8192];
	FILE *file = fopen(scratch_path(scratch, "stderr"), "re");
	size_t size = fread(text, 1, sizeof(text) - 1, file);

	text[size] = '\0';
	(void)fclose(file);
	(void)truncate(scratch->path, 0);
	return text;
}

Test(log, a_message_is_one_line_with_program_and_level)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	redirect(&scratch);
	log_open("selfhealed", 0);
	log_notice("watching %d units", 3);
	cr_expect(eq(str, (char *)written(&scratch), "selfhealed: watching 3 units\n"));
	log_info("well");
	cr_expect(eq(str, (char *)written(&scratch), "selfhealed: well\n"));
	log_warning("odd");
	cr_expect(eq(str, (char *)written(&scratch), "selfhealed: warning: odd\n"));
	log_error("bad");
	cr_expect(eq(str, (char *)written(&scratch), "selfhealed: error: bad\n"));
	log_line(LOG_CRIT, "worse");
	cr_expect(eq(str, (char *)written(&scratch), "selfhealed: error: worse\n"));
}

Test(log, debug_messages_are_for_those_who_ask)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	redirect(&scratch);
	log_open("selfhealctl", 0);
	log_debug("detail");
	cr_expect(eq(str, (char *)written(&scratch), ""));
	cr_expect(eq(int, log_debug_errno(-EIO, "detail"), -EIO));
	cr_expect(eq(str, (char *)written(&scratch), ""));
	log_open("selfhealctl", 1);
	log_debug("detail");
	cr_expect(eq(str, (char *)written(&scratch), "selfhealctl: debug: detail\n"));
}

Test(log, an_error_is_told_with_its_reason_and_handed_on)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	char expected[256];

	redirect(&scratch);
	log_open("selfhealed", 0);
	cr_expect(eq(int, log_error_errno(-ENOENT, "cannot read '%s'", "x"), -ENOENT));
	cr_expect(eq(str, (char *)written(&scratch),
		     "selfhealed: error: cannot read 'x': No such file or directory\n"));
	cr_expect(eq(int, log_warning_errno(-54321, "odd"), -54321));
	(void)snprintf(expected, sizeof(expected), "selfhealed: warning: odd: error 54321\n");
	cr_expect(eq(str, (char *)written(&scratch), expected));
}

Test(log, hostile_text_stays_in_its_line)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	redirect(&scratch);
	log_open("selfhealed", 0);
	log_info("unit '%s'", "a\nselfhealed: error: forged\x1b[2J\xff");
	cr_expect(eq(str, (char *)written(&scratch),
		     "selfhealed: unit 'a\\x0aselfhealed: error: forged\\x1b[2J\\xff'\n"));
}

Test(log, a_long_message_is_cut_visibly)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	char text[4000];
	const char *line;

	memset(text, 'x', sizeof(text));
	redirect(&scratch);
	log_open("selfhealed", 0);
	log_info("%.*s", (int)sizeof(text), text);
	line = written(&scratch);
	cr_expect(lt(sz, strlen(line), 2048));
	cr_expect(eq(str, (char *)line + strlen(line) - 5, "x...\n"));
	(void)log_error_errno(-EIO, "%.*s", (int)sizeof(text), text);
	line = written(&scratch);
	cr_expect(eq(str, (char *)line + strlen(line) - 5, "x...\n"));
}

Test(log, errno_is_left_alone)
{
	static const struct log_field field = { "SELFHEAL_UNIT", "a.service" };
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	redirect(&scratch);
	log_open("selfhealed", 0);
	/* Not closed, or the runner's next file would become stderr. */
	cr_assert(eq(int, dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDERR_FILENO),
		     STDERR_FILENO));
	errno = EXDEV;
	log_fields(LOG_INFO, &field, 1, "to nobody");
	cr_expect(eq(int, errno, EXDEV));
	log_info("to nobody");
	cr_expect(eq(int, errno, EXDEV));
	(void)log_error_errno(-EIO, "to nobody");
	cr_expect(eq(int, errno, EXDEV));
}

Test(log, an_inherited_journal_stream_does_not_count)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	static const char *const strangers[] = { "", "1:2", "x", ":", "18446744073709551615:1" };

	redirect(&scratch);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		cr_assert(eq(int, setenv("JOURNAL_STREAM", strangers[i], 1), 0));
		log_open("selfhealed", 0);
		log_info("here");
		cr_expect(eq(str, (char *)written(&scratch), "selfhealed: here\n"), "'%s'",
			  strangers[i]);
	}
}
