/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a package manager is at work, by the locks of this host and of the test's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "sense/packages.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define DPKG  "var/lib/dpkg/lock-frontend"
#define LISTS "var/lib/apt/lists/lock"

struct place {
	struct scratch scratch;
	struct packages packages;
	uint64_t when_ms;
	char locks[256];
};

/* The locks are those of the kernel. */
static void place_make(struct place *place)
{
	place->scratch = scratch_make();
	for (const char *const *folder =
		     (const char *const[]) { "var", "var/lib", "var/lib/apt", NULL };
	     *folder; folder++)
		(void)mkdir(scratch_path(&place->scratch, *folder), 0755);
	packages_init(&place->packages, place->scratch.folder, "/proc/locks");
}

static void place_clear(struct place *place)
{
	scratch_remove(&place->scratch);
}

/* At the next moment that is looked at. */
static bool is_busy(struct place *place)
{
	place->when_ms += PACKAGES_EVERY_MS;
	return packages_busy(&place->packages, place->when_ms, clock_wall_ms());
}

/* Opened and locked, as dpkg does it; for reading, as who only queries rpm's database. */
static int lock(struct place *place, const char *name, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };
	int fd = open(scratch_write(&place->scratch, name, ""), O_RDWR | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fcntl(fd, F_SETLK, &whole)));
	return fd;
}

/* The locks are what the test says, of the file of that name. */
static void say_locks(struct place *place, const char *name, const char *format)
{
	struct stat file;
	char text[256];

	cr_assert(zero(int, stat(scratch_path(&place->scratch, name), &file)));
	(void)snprintf(text, sizeof(text), format, major(file.st_dev), minor(file.st_dev),
		       (unsigned long)file.st_ino);
	(void)snprintf(place->locks, sizeof(place->locks), "%s",
		       scratch_write(&place->scratch, "locks", text));
	place->packages.locks = place->locks;
}

Test(packages, dpkg_that_holds_its_lock_is_at_work_and_not_any_more_when_it_is_gone)
{
	CLEANUP(place_clear) struct place place = { 0 };
	int fd;

	place_make(&place);
	cr_assert(not(is_busy(&place)), "there is no such file");
	fd = lock(&place, DPKG, F_WRLCK);
	cr_assert(is_busy(&place));
	(void)close(fd);
	cr_assert(not(is_busy(&place)));
}

Test(packages, the_database_of_rpm_is_locked_by_who_changes_it_and_not_by_who_reads_it)
{
	CLEANUP(place_clear) struct place place = { 0 };
	int fd;

	place_make(&place);
	fd = lock(&place, "var/lib/rpm/.rpm.lock", F_RDLCK);
	cr_assert(not(is_busy(&place)));
	(void)close(fd);
	fd = lock(&place, "var/lib/rpm/.rpm.lock", F_WRLCK);
	cr_assert(is_busy(&place));
	(void)close(fd);
}

Test(packages, to_update_lists_of_packages_installs_none)
{
	CLEANUP(place_clear) struct place place = { 0 };
	int fd;

	place_make(&place);
	(void)scratch_write(&place.scratch, DPKG, "");
	fd = lock(&place, LISTS, F_WRLCK);
	cr_assert(not(is_busy(&place)));
	(void)close(fd);
}

Test(packages, the_kernel_tells_device_numbers_in_hex_and_who_waits_holds_nothing)
{
	static const struct {
		const char *format;
		bool is_busy;
	} cases[] = {
		{ "1: POSIX  ADVISORY  WRITE 4711 %02x:%02x:%lu 0 EOF\n", true },
		{ "1: OFDLCK ADVISORY  WRITE -1 %02x:%02x:%lu 0 EOF\n", true },
		{ "1: FLOCK  ADVISORY  READ 1 fe:00:1 0 EOF\n2: POSIX  ADVISORY  WRITE 4711 "
		  "%02x:%02x:%lu 0 EOF\n",
		  true },
		{ "1: POSIX  ADVISORY  READ 4711 %02x:%02x:%lu 0 EOF\n", false },
		{ "1: -> POSIX  ADVISORY  WRITE 4711 %02x:%02x:%lu 0 EOF\n", false },
		{ "1: POSIX  ADVISORY  WRITE 4711 f%02x:%02x:%lu 0 EOF\n", false },
		{ "1: POSIX  ADVISORY  WRITE 4711 %02x:%02x:1%lu 0 EOF\n", false },
		{ "nonsense %x %x %lu\n", false },
	};
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	(void)scratch_write(&place.scratch, DPKG, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say_locks(&place, DPKG, cases[i].format);
		cr_assert(eq(int, is_busy(&place), cases[i].is_busy), "%s", cases[i].format);
	}
}

Test(packages, locks_that_cannot_be_read_hold_nothing_back)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	(void)scratch_write(&place.scratch, DPKG, "");
	place.packages.locks = "/no/such/file";
	cr_assert(not(is_busy(&place)));
}

Test(packages, pacmans_file_counts_for_an_hour)
{
	CLEANUP(place_clear) struct place place = { 0 };
	struct timespec old[2] = { 0 };
	const char *path;

	place_make(&place);
	path = scratch_write(&place.scratch, "var/lib/pacman/db.lck", "");
	cr_assert(is_busy(&place));
	old[0].tv_sec = old[1].tv_sec = (time_t)((clock_wall_ms() - PACKAGES_STALE_MS) / 1000);
	cr_assert(zero(int, utimensat(AT_FDCWD, path, old, 0)));
	cr_assert(not(is_busy(&place)));
}

Test(packages, it_is_looked_at_every_two_seconds_and_no_more)
{
	CLEANUP(place_clear) struct place place = { 0 };
	int fd;

	place_make(&place);
	cr_assert(not(packages_busy(&place.packages, 5000, clock_wall_ms())));
	fd = lock(&place, DPKG, F_WRLCK);
	cr_assert(not(packages_busy(&place.packages, 6999, clock_wall_ms())));
	cr_assert(packages_busy(&place.packages, 7000, clock_wall_ms()));
	(void)close(fd);
}
