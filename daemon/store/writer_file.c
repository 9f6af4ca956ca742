/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the past's file: checks whose it is and that it is whole, or begins a new one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "record/names.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/writer_file.h"

#define PATH_SIZE	512
#define PAGE_SIZE	4096u
#define PAGES_MIN	64u /* below this not even the tables fit */
#define FILE_MODE	(S_IRUSR | S_IWUSR | S_IRGRP)
#define BUSY_MS		2000 /* somebody's own sqlite3 in a transaction; the thread may wait */
#define SAME_SECOND_MAX 9u

static sqlite3 *close_db(sqlite3 *db)
{
	(void)sqlite3_close(db);
	return NULL;
}
DEFINE_CLEANUP(sqlite3 *, close_db)
DEFINE_CLEANUP(DIR *, closedir)

static int folder_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return text_format(ret, size, ".");
	if (slash == path)
		return text_format(ret, size, "/");
	return text_format(ret, size, "%.*s", (int)(slash - path), path);
}

static int take_lock(const char *folder, int *ret_fd)
{
	char path[PATH_SIZE];
	int fd, r;

	r = text_format(path, sizeof(path), "%s/" NAME_LOCK, folder);
	if (r < 0)
		return r;
	/* Who may read the database must not be able to lock its daemon out. */
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EALREADY : -errno;
		(void)close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* Make the file if there is none; its mode is set before SQLite derives the log's from it. */
static int make_file(const char *path, uid_t *ret_owner, bool *ret_made)
{
	CLEANUP(cleanup_close) int fd = -1;
	struct stat status;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size == 0 && status.st_uid == geteuid() && fchmod(fd, FILE_MODE) < 0)
		return -errno;
	*ret_owner = status.st_uid;
	*ret_made = status.st_size == 0;
	return 0;
}

/* Neither the log nor its index may ever go: readers without write permission need both, and the log
 * keeps the disk blocks that let writing go on when the disk is full. */
static int open_db(const char *path, sqlite3 **ret)
{
	CLEANUP(close_dbp) sqlite3 *db = NULL;
	int result, persist = 1;

	result = sqlite3_open_v2(
		path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	if (result != SQLITE_OK)
		return schema_errno(result);
	(void)sqlite3_busy_timeout(db, BUSY_MS);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_file_control(db, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	*ret = TAKE(db);
	return 0;
}

static int quick_check(sqlite3 *db)
{
	CLEANUP(statement_freep) sqlite3_stmt *check = NULL;
	const char *answer;
	int r;

	r = statement_new(db, "PRAGMA quick_check(1)", &check);
	if (r >= 0)
		r = statement_next(check);
	if (r < 0)
		return r;
	answer = r > 0 ? (const char *)sqlite3_column_text(check, 0) : NULL;
	return answer && strcmp(answer, "ok") == 0 ? 0 : -EBADMSG;
}

/* Looks only; nothing is written to a file of a newer version. */
static int examine(sqlite3 *db)
{
	int r;

	r = schema_check(db);
	if (r < 0 && r != -ENODATA)
		return r;
	return quick_check(db);
}

static int set_up(sqlite3 *db, uint64_t max_size_bytes)
{
	static const char pragmas[] =
		"PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = OFF;"
		"PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"
		"PRAGMA journal_size_limit = 4194304;"
		"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON;";
	uint64_t pages = max_size_bytes / PAGE_SIZE;
	char bound[64];
	int r;

	r = schema_run(db, pragmas);
	if (r < 0)
		return r;
	if (pages < PAGES_MIN)
		pages = PAGES_MIN;
	if (pages > INT32_MAX)
		pages = INT32_MAX;
	(void)snprintf(bound, sizeof(bound), "PRAGMA max_page_count = %u", (unsigned int)pages);
	/* After the schema: an older one that fills its bound needs pages for what is new in this one. The
	 * bound is then as large as the file. */
	r = schema_prepare(db);
	return r < 0 ? r : schema_run(db, bound);
}

/* Only what is ours may be moved, and only out of a folder that is ours. */
static int may_move(const char *folder, uid_t owner)
{
	struct stat status;

	if (stat(folder, &status) < 0)
		return -errno;
	return owner == geteuid() && status.st_uid == geteuid() ? 0 : -EPERM;
}

static int move(const char *path, const char *kept_as, const char *suffix)
{
	char from[PATH_SIZE + 8], to[PATH_SIZE + 8];
	int r;

	r = text_format(from, sizeof(from), "%s%s", path, suffix);
	if (r >= 0)
		r = text_format(to, sizeof(to), "%s%s", kept_as, suffix);
	if (r < 0)
		return r;
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

/* The log goes with its file: beside another one its pages would be applied to that. */
static int move_aside(const char *path, uint64_t wall_ms, char *ret, size_t size)
{
	time_t now = (time_t)(wall_ms / 1000);
	char moment[32], kept_as[PATH_SIZE];
	struct tm utc;
	int r;

	if (!gmtime_r(&now, &utc) || strftime(moment, sizeof(moment), "%Y%m%d-%H%M%S", &utc) == 0)
		return -EOVERFLOW;
	for (unsigned int nth = 1; nth <= SAME_SECOND_MAX; nth++) {
		r = text_format(kept_as, sizeof(kept_as),
				nth == 1 ? "%s.damaged-%s" : "%s.damaged-%s.%u", path, moment, nth);
		if (r >= 0)
			r = move(path, kept_as, "");
		if (r != -EEXIST)
			break;
	}
	if (r >= 0)
		r = move(path, kept_as, "-wal");
	if (r >= 0 || r == -ENOENT)
		r = move(path, kept_as, "-shm");
	if (r < 0 && r != -ENOENT)
		return r;
	return text_format(ret, size, "%s", kept_as);
}

/* -EBADMSG: damaged, or not ours. */
static int open_checked(const char *path, uint64_t max_size_bytes, sqlite3 **ret, uid_t *ret_owner,
			bool *ret_made)
{
	CLEANUP(close_dbp) sqlite3 *db = NULL;
	int r;

	r = make_file(path, ret_owner, ret_made);
	if (r >= 0)
		r = open_db(path, &db);
	if (r >= 0)
		r = examine(db);
	if (r >= 0)
		r = set_up(db, max_size_bytes);
	if (r < 0)
		return r;
	*ret = TAKE(db);
	return 0;
}

static int open_or_replace(const char *path, const char *folder, uint64_t max_size_bytes,
			   uint64_t wall_ms, sqlite3 **ret, struct writer_start *start)
{
	uid_t owner = (uid_t)-1;
	int r;

	r = open_checked(path, max_size_bytes, ret, &owner, &start->made);
	if (r != -EBADMSG)
		return r;
	r = may_move(folder, owner);
	if (r >= 0)
		r = move_aside(path, wall_ms, start->kept_as, sizeof(start->kept_as));
	if (r < 0)
		return r;
	start->replaced = true;
	return open_checked(path, max_size_bytes, ret, &owner, &start->made);
}

/* The newest of the files that were moved aside: renaming sets its change time. */
static uint64_t last_damage(const char *folder, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	CLEANUP(closedirp) DIR *dir = opendir(folder);
	const struct dirent *entry;
	char prefix[PATH_SIZE];
	uint64_t newest_ms = 0;
	struct stat status;

	if (!dir || text_format(prefix, sizeof(prefix), "%s.damaged-", name) < 0)
		return 0;
	while ((entry = readdir(dir))) {
		uint64_t changed_ms;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		changed_ms = (uint64_t)status.st_ctim.tv_sec * 1000;
		newest_ms = changed_ms > newest_ms ? changed_ms : newest_ms;
	}
	return newest_ms;
}

int writer_file_open(const char *path, uint64_t max_size_bytes, uint64_t wall_ms,
		     struct writer_file *file, struct writer_start *ret_start)
{
	struct writer_start start = { 0 };
	char folder[PATH_SIZE];
	int r;

	r = folder_of(path, folder, sizeof(folder));
	if (r >= 0 && file->lock_fd < 0)
		r = take_lock(folder, &file->lock_fd);
	if (r >= 0)
		r = open_or_replace(path, folder, max_size_bytes, wall_ms, &file->db, &start);
	if (r < 0)
		return r;
	start.damaged_wall_ms = last_damage(folder, path);
	*ret_start = start;
	return 0;
}
