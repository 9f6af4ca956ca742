/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the past's file is taken: what is refused, what is moved aside, what is made. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

TestSuite(writer_file, .init = place_make, .fini = place_remove);

Test(writer_file, a_second_daemon_is_refused)
{
	struct writer *writer = place_begin(BOUND), *second = NULL;

	cr_assert(eq(int, place_open(&second), -EALREADY));
	(void)writer_close(writer);
	writer = place_begin(BOUND);
	(void)writer_close(writer);
}

Test(writer_file, its_files_are_closed_to_others_and_stay)
{
	static const char *const names[] = { "selfheal.db", "selfheal.db-wal", "selfheal.db-shm",
					     "lock" };
	struct writer *writer;
	struct stat status;

	(void)umask(0);
	writer = place_begin(BOUND);
	(void)writer_number("a.service", writer);
	(void)writer_close(writer);
	for (size_t i = 0; i < 4; i++) {
		cr_assert(zero(int, stat(place(names[i]), &status)), "%s", names[i]);
		/* Readers may not hold the lock: they could keep the daemon out. */
		cr_assert(eq(u32, status.st_mode & 0777, i == 3 ? 0600 : 0640), "%s", names[i]);
	}
}

Test(writer_file, what_is_damaged_or_not_ours_is_moved_aside_whole)
{
	static const char *const kinds[] = { "rubbish", "song", "cut" };
	struct writer *writer;

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(kinds[i], "rubbish") == 0) {
			place_write("selfheal.db", "no database, but some text of thirty bytes",
				    42);
			place_write("selfheal.db-wal", "its log", 7);
		} else if (strcmp(kinds[i], "song") == 0) {
			(void)unlink(PAST);
			(void)unlink(place("selfheal.db-wal"));
			place_write("selfheal.db", "", 0);
			(void)place_ask("selfheal.db", "CREATE TABLE song (title TEXT)");
		} else {
			writer = place_begin(BOUND);
			(void)writer_close(writer);
			(void)place_ask("selfheal.db", "PRAGMA wal_checkpoint(TRUNCATE)");
			cr_assert(zero(int, truncate(PAST, 40960)));
		}
		writer = place_begin(BOUND);
		cr_assert(place_start.replaced && place_start.made, "%s", kinds[i]);
		(void)writer_close(writer);
		cr_assert(zero(int, strncmp(place_start.kept_as,
					    place("selfheal.db.damaged-20251201-120000"),
					    strlen(place("selfheal.db.damaged-20251201-120000")))),
			  "%s", place_start.kept_as);
		cr_assert(zero(int, access(place_start.kept_as, F_OK)), "%s", kinds[i]);
		cr_assert(
			eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM metric"), METRIC_N));
	}
	cr_assert(place_has("selfheal.db.damaged-20251201-120000-wal"));
	cr_assert(place_has("selfheal.db.damaged-20251201-120000.2"));
}

Test(writer_file, an_empty_file_is_a_new_one)
{
	struct writer *writer;

	place_write("selfheal.db", "", 0);
	writer = place_begin(BOUND);
	cr_assert(place_start.made && !place_start.replaced);
	(void)writer_close(writer);
}

Test(writer_file, a_newer_schema_a_link_and_a_folder_are_refused_untouched)
{
	struct writer *writer = place_begin(BOUND);
	struct stat before, after;

	(void)writer_close(writer);
	(void)place_ask("selfheal.db", "PRAGMA user_version = 99");
	(void)place_ask("selfheal.db", "PRAGMA wal_checkpoint(TRUNCATE)");
	cr_assert(zero(int, stat(PAST, &before)));
	cr_assert(eq(int, place_open(&writer), -EPROTONOSUPPORT));
	cr_assert(zero(int, stat(PAST, &after)));
	cr_assert(eq(i64, before.st_mtim.tv_nsec, after.st_mtim.tv_nsec));
	cr_assert(eq(i64, before.st_size, after.st_size));
	cr_assert(zero(int, rename(PAST, place("elsewhere.db"))));
	cr_assert(zero(int, symlink(place("elsewhere.db"), PAST)));
	cr_assert(eq(int, place_open(&writer), -ELOOP));
	cr_assert(zero(int, unlink(PAST)));
	cr_assert(zero(int, mkdir(PAST, 0755)));
	cr_assert(lt(int, place_open(&writer), 0));
	cr_assert(eq(int, writer_open(place("no/where.db"), BOUND, NOON, &writer, &place_start),
		     -ENOENT));
}

Test(writer_file, what_is_damaged_and_another_users_is_left_alone)
{
	struct writer *writer = NULL;

	if (!is_root_or_left_out("writer_file/what_is_damaged_and_another_users_is_left_alone"))
		return;
	place_write("selfheal.db", "no database, but some text of thirty bytes", 42);
	cr_assert(zero(int, chown(PAST, 1, 1)));
	cr_assert(eq(int, place_open(&writer), -EPERM));
	cr_assert(place_has("selfheal.db"));
	cr_assert(zero(int, chown(PAST, 0, 0)));
	cr_assert(zero(int, chown(place(""), 1, 1)));
	cr_assert(eq(int, place_open(&writer), -EPERM), "nor in another user's folder");
	cr_assert(place_has("selfheal.db"));
}
