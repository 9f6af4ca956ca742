/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens one database for reading, without any right to write. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/reader.h"
#include "store/reader_source.h"
#include "store/schema.h"

#define BUSY_MS 1000

static _Thread_local char problem[1024];

const char *reader_problem(void)
{
	return problem;
}

void source_problem(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
}

/* Returns r, so that giving up is one line. */
static int explain(const char *path, int r)
{
	switch (r) {
	case -EACCES:
	case -EPERM:
		source_problem("may not read %s: join its group: sudo adduser $USER selfheal, "
			       "then log in anew",
			       path);
		break;
	case -EPROTONOSUPPORT:
		source_problem("%s was written by a newer selfhealed: upgrade selfhealctl", path);
		break;
	case -ENODATA:
		source_problem(
			"%s is empty so far, or of an older version: start the daemon, and "
			"see that there is space on its disk: sudo systemctl start selfhealed",
			path);
		break;
	case -EBADMSG:
		source_problem(
			"%s is damaged, or not a database of selfhealed: the daemon moves it "
			"aside: sudo systemctl restart selfhealed",
			path);
		break;
	case -EROFS:
		source_problem("%s cannot be read while its log is missing: start the daemon: "
			       "sudo systemctl start selfhealed",
			       path);
		break;
	default:
		source_problem("cannot read %s: %s", path, strerrordesc_np(-r));
		break;
	}
	return r;
}

/* What SQLite would report as "unable to open" whatever the reason, or wait on for ever (a pipe). */
static int look(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	return eaccess(path, R_OK) < 0 ? -errno : 0;
}

static int connect(const char *name, int flags, int (*check)(sqlite3 *db), sqlite3 **ret,
		   int *ret_result)
{
	sqlite3 *db = NULL;
	int r;

	*ret_result = sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | flags, NULL);
	r = schema_errno(*ret_result);
	if (r >= 0) {
		(void)sqlite3_busy_timeout(db, BUSY_MS);
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = schema_run(db, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; "
				   "PRAGMA cell_size_check = ON");
		if (r >= 0)
			r = check(db);
		*ret_result = sqlite3_extended_errcode(db);
	}
	if (r < 0) {
		(void)sqlite3_close(db);
		return r;
	}
	*ret = db;
	return 0;
}

/* A path as a URI: what means something there is written as %XX. */
static int write_uri(const char *path, char *uri, size_t size)
{
	size_t at = 0;

	at += (size_t)snprintf(uri, size, "file:");
	for (; *path; path++) {
		if (at + 4 > size)
			return -ENAMETOOLONG;
		if (strchr("%?#", *path))
			at += (size_t)snprintf(uri + at, size - at, "%%%02x", (unsigned char)*path);
		else
			uri[at++] = *path;
	}
	if (snprintf(uri + at, size - at, "?immutable=1") >= (int)(size - at))
		return -ENAMETOOLONG;
	return 0;
}

/*
 * Without the log's index beside it (somebody ran sqlite3 on it as root, or it is a copy) a reader
 * who may not write the folder cannot open it the usual way. No writer can be alive then, so it may
 * be taken as a file that does not change; what is in the log alone is missing.
 */
static int connect_immutable(const char *path, int (*check)(sqlite3 *db), struct source *ret)
{
	char uri[3 * 4096 + 32], log_path[4096 + 8];
	struct stat status;
	int r, result;

	r = write_uri(path, uri, sizeof(uri));
	if (r < 0)
		return r;
	r = connect(uri, SQLITE_OPEN_URI, check, &ret->db, &result);
	if (r < 0)
		return r;
	if (snprintf(log_path, sizeof(log_path), "%s-wal", path) < (int)sizeof(log_path))
		ret->is_cut = stat(log_path, &status) == 0 && status.st_size > 0;
	return 0;
}

/* Our daemon never takes the log away, so a file that wants one and has none beside it is a copy of the
 * file alone, or some other tool emptied the log into it: nobody can tell which. */
static bool stands_alone(const char *path)
{
	char log_path[4096 + 8];
	uint8_t versions[2] = { 0 }; /* at byte 18 of the header: 2 is "with a log" */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (pread(fd, versions, sizeof(versions), 18) != (ssize_t)sizeof(versions))
		versions[0] = 0;
	(void)close(fd);
	return versions[0] == 2 &&
	       snprintf(log_path, sizeof(log_path), "%s-wal", path) < (int)sizeof(log_path) &&
	       access(log_path, F_OK) < 0 && errno == ENOENT;
}

int source_open(const char *path, int (*check)(sqlite3 *db), struct source *ret)
{
	struct source source = { .check = check };
	int r, result = SQLITE_OK;

	if (!path)
		return -ENOENT;
	r = look(path);
	if (r == -ENOENT)
		return r;
	source.stands_alone = stands_alone(path); /* before we make a log ourselves */
	if (r >= 0)
		r = connect(path, 0, check, &source.db, &result);
	if (r < 0 && ((result & 0xff) == SQLITE_READONLY || (result & 0xff) == SQLITE_CANTOPEN))
		r = connect_immutable(path, check, &source);
	if (r < 0)
		return explain(path, r);
	*ret = source;
	return 0;
}

void source_close(struct source *source)
{
	(void)sqlite3_close(source->db);
	source->db = NULL;
}

int source_begin(struct source *source)
{
	int r;

	r = schema_run(source->db, "BEGIN");
	if (r >= 0)
		r = source->check(source->db);
	return r;
}

void source_end(struct source *source)
{
	if (source->db && !sqlite3_get_autocommit(source->db))
		(void)schema_run(source->db, "COMMIT");
}
