/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a disk can do: be full before there is a file, and lose what was not synced. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

TestSuite(writer_disk, .init = place_make, .fini = place_remove);

/* As SQLite meets it: each of its own writes is refused. */
static bool is_disk_full;

static ssize_t write_or_refuse(int fd, const void *bytes, size_t size, off_t at)
{
	if (!is_disk_full)
		return pwrite(fd, bytes, size, at);
	errno = ENOSPC;
	return -1;
}

static void fill_disk(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	/* Which of the two is called depends on how SQLite was built. */
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_or_refuse);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_or_refuse);
	is_disk_full = true;
}

static void count_lesson(uint32_t unit, uint64_t identity, bool was_well, const uint8_t *bytes,
			 size_t size, void *userdata)
{
	(void)unit, (void)identity, (void)was_well, (void)bytes, (void)size;
	++*(size_t *)userdata;
}

/* Also what it is given: the leak sanitizer looks. */
Test(writer_disk, on_a_full_disk_it_gives_numbers_and_keeps_nothing)
{
	struct incident incident = place_incident(1, 1);
	struct decision decision = place_decision(1, &incident);
	struct sample sample = place_sample(1, NOON, 1);
	struct writer *writer, *second = NULL;
	size_t n = 0;
	uint32_t shop;

	fill_disk();
	writer = place_begin(BOUND);
	cr_assert(eq(int, place_start.obstacle, -ENOSPC));
	cr_assert(eq(int, place_open(&second), -EALREADY), "the lock is held all the same");
	shop = writer_number("shop.service", writer);
	cr_assert(gt(u32, shop, 4096), "no number that a file may have given");
	cr_assert(eq(u32, writer_number("shop.service", writer), shop));
	cr_assert(ne(u32, writer_number("bank.service", writer), shop));
	cr_assert(zero(int, writer_incident(writer, &incident)));
	cr_assert(eq(int, writer_decision(writer, &decision), -ENOSPC));
	cr_assert(zero(int, writer_lesson(writer, shop, 1, true, NOON, malloc(100), 100)));
	for (int i = 0; i < 200; i++) {
		sample.wall_ms += 1000;
		sample.when_ms += 1000;
		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	cr_assert(zero(int, writer_detail(writer, shop)));
	cr_assert(zero(int, writer_lessons(writer, count_lesson, &n)));
	cr_assert(zero(sz, n));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_FULL));
	cr_assert(zero(int, writer_acknowledge(writer, place_take, NULL)));
	(void)writer_close(writer);
}

Test(writer_disk, when_there_is_room_it_begins_with_what_the_past_knows)
{
	struct writer *writer = place_begin(BOUND);
	struct writer_start start = { 0 };
	struct incident incident;
	uint32_t shop = writer_number("shop.service", writer);

	incident = place_begin_incident(writer, 7);
	place_decide(writer, 12, &incident);
	place_await(writer, 1);
	(void)writer_close(writer);
	/* Its incident is to be closed at the next start, which takes a write. */
	fill_disk();
	writer = place_begin(BOUND);
	cr_assert(eq(int, place_start.obstacle, -ENOSPC));
	cr_assert(ne(u32, writer_number("shop.service", writer), shop));
	cr_assert(eq(int, writer_find_room(writer, PAST, BOUND, NOON, &start), -ENOSPC));
	cr_assert(ne(u32, writer_number("shop.service", writer), shop), "nothing happened");

	is_disk_full = false;
	cr_assert(zero(int, writer_find_room(writer, PAST, BOUND, NOON, &start)));
	cr_assert(zero(int, start.obstacle));
	cr_assert(eq(u64, start.next_incident, 8));
	cr_assert(eq(u64, start.next_decision, 13));
	cr_assert(eq(u32, writer_number("shop.service", writer), shop));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_WELL));
	incident = place_begin_incident(writer, 8);
	place_decide(writer, 13, &incident);
	place_await(writer, 2);
	cr_assert(zero(int, place_answers.error[1]));
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM incident"), 2));
}

/* ---- a power cut: of each file only what was synced is left ----------------------- */

static bool is_synced_kept;

static void copy_file(const char *from, const char *to)
{
	char command[2300];

	(void)snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
	cr_assert(zero(int, system(command)));
}

/* Takes the place of libc's, for SQLite too. */
int fdatasync(int fd)
{
	char link[64], path[1024] = "", kept[1100];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (is_synced_kept && readlink(link, path, sizeof(path) - 1) > 0 &&
	    strstr(path, "/selfheal.db")) {
		(void)snprintf(kept, sizeof(kept), "%s.synced", path);
		copy_file(path, kept);
	}
	return (int)syscall(SYS_fdatasync, fd);
}

Test(writer_disk, an_acknowledged_decision_outlives_a_power_cut)
{
	struct writer *writer = NULL;
	struct incident incident;

	is_synced_kept = true;
	writer = place_begin(BOUND);
	incident = place_begin_incident(writer, 7);
	place_decide(writer, 12, &incident);
	place_await(writer, 1);
	cr_assert(place_has("selfheal.db-wal.synced"), "it was acknowledged before its sync");
	copy_file(place("selfheal.db-wal.synced"), place("cut.db-wal"));
	copy_file(place(place_has("selfheal.db.synced") ? "selfheal.db.synced" : "selfheal.db"),
		  place("cut.db"));
	is_synced_kept = false;
	(void)writer_close(writer);

	cr_assert(eq(i64, place_ask("cut.db", "SELECT count(*) FROM decision WHERE id = 12"), 1));
	cr_assert(eq(i64, place_ask("cut.db", "SELECT count(*) FROM incident WHERE id = 7"), 1));
}
