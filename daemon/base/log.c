/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages out: to the journal's socket, or as lines to stderr. */
#define SD_JOURNAL_SUPPRESS_LOCATION /* the message says what failed; the file would say where */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* Raw text is longer than what is shown of it, so a cut always shows as "...". */
#define RAW_SIZE   2048
#define SHOWN_SIZE 2000
#define FIELD_SIZE 512

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static const char *program_name = "selfhealed";
static bool shows_debug;
static bool to_journal;

/* systemd.exec(5): $JOURNAL_STREAM is "DEVICE:INODE" of the stream it gave us. An inherited variable
 * with stderr sent elsewhere must not count. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat status;

	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	/* In a root of its own the stream is there and the socket is not; libsystemd would drop
	 * the message and call that a success. */
	if (access(JOURNAL_SOCKET, W_OK) < 0)
		return false;
	return text_format(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev,
			   (uintmax_t)status.st_ino) >= 0 &&
	       strcmp(own, stream) == 0;
}

void log_open(const char *program, int verbose)
{
	program_name = program;
	shows_debug = verbose != 0;
	to_journal = stderr_is_journal();
}

static const char *level_prefix(int priority)
{
	if (priority <= LOG_ERR)
		return "error: ";
	if (priority == LOG_WARNING)
		return "warning: ";
	return priority == LOG_DEBUG ? "debug: " : "";
}

/* "NAME=value", the value escaped behind the name. */
static struct iovec field_make(char buffer[FIELD_SIZE], const char *name, const char *value)
{
	size_t length = strlen(name) + 1;

	assert(length < FIELD_SIZE / 2);
	(void)stpcpy(stpcpy(buffer, name), "=");
	(void)text_escape(buffer + length, FIELD_SIZE - length, value);
	return (struct iovec) { .iov_base = buffer, .iov_len = strlen(buffer) };
}

static int send_to_journal(int priority, const struct log_field *fields, size_t n,
			   const char *shown)
{
	char message[SHOWN_SIZE + sizeof("MESSAGE=")];
	char level[] = "PRIORITY=N";
	char own[FIELD_SIZE];
	char buffer[LOG_FIELDS_MAX][FIELD_SIZE];
	struct iovec part[LOG_FIELDS_MAX + 3];
	size_t n_parts = 0;

	(void)stpcpy(stpcpy(message, "MESSAGE="), shown);
	level[sizeof(level) - 2] = (char)('0' + priority);
	part[n_parts++] = (struct iovec) { .iov_base = message, .iov_len = strlen(message) };
	part[n_parts++] = (struct iovec) { .iov_base = level, .iov_len = strlen(level) };
	part[n_parts++] = field_make(own, "SYSLOG_IDENTIFIER", program_name);
	for (size_t i = 0; i < n; i++)
		part[n_parts++] = field_make(buffer[i], fields[i].name, fields[i].value);
	return sd_journal_sendv(part, (int)n_parts);
}

static void log_raw(int priority, const struct log_field *fields, size_t n, const char *raw)
{
	char shown[SHOWN_SIZE];

	(void)text_escape(shown, sizeof(shown), raw);
	if (to_journal && send_to_journal(priority, fields, n, shown) >= 0)
		return;
	/* One write a line, so that lines of several threads do not mix. */
	(void)dprintf(STDERR_FILENO, "%s: %s%s\n", program_name, level_prefix(priority), shown);
}

static bool is_shown(int priority)
{
	return priority < LOG_DEBUG || shows_debug;
}

void log_fields(int priority, const struct log_field *fields, size_t n, const char *format, ...)
{
	int kept_errno = errno;
	char raw[RAW_SIZE];
	va_list arguments;

	assert(n <= LOG_FIELDS_MAX);
	if (!is_shown(priority))
		return;
	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	log_raw(priority, fields, n, raw);
	errno = kept_errno;
}

void log_line(int priority, const char *format, ...)
{
	int kept_errno = errno;
	char raw[RAW_SIZE];
	va_list arguments;

	if (!is_shown(priority))
		return;
	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	log_raw(priority, NULL, 0, raw);
	errno = kept_errno;
}

int log_errno(int priority, int error, const char *format, ...)
{
	const char *reason = strerrordesc_np(-error); /* thread-safe, and never translated */
	struct log_field field = { "ERRNO", NULL };
	int kept_errno = errno;
	char raw[RAW_SIZE], digits[16];
	va_list arguments;
	size_t length;

	if (!is_shown(priority))
		return error;
	(void)snprintf(digits, sizeof(digits), "%d", -error);
	field.value = digits;
	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	length = strlen(raw);
	(void)snprintf(raw + length, sizeof(raw) - length, ": %s%s", reason ? reason : "error ",
		       reason ? "" : digits);
	log_raw(priority, &field, 1, raw);
	errno = kept_errno;
	return error;
}
