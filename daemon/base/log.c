/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages out: to the journal's socket, or as lines to stderr. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
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
static int journal_fd = -1;   /* -1: to stderr */
static unsigned int n_untold; /* messages that the journal did not take */

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
	if (journal_fd < 0 && stderr_is_journal())
		journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static const char *level_prefix(int priority)
{
	if (priority <= LOG_ERR)
		return "error: ";
	if (priority == LOG_WARNING)
		return "warning: ";
	return priority == LOG_DEBUG ? "debug: " : "";
}

/* "NAME=value" and a newline, the value escaped behind the name: so it has none itself. */
static struct iovec field_make(char buffer[FIELD_SIZE], const char *name, const char *value)
{
	size_t length = strlen(name) + 1;

	assert(length < FIELD_SIZE / 2);
	(void)stpcpy(stpcpy(buffer, name), "=");
	(void)text_escape(buffer + length, FIELD_SIZE - length - 1, value);
	length = strlen(buffer);
	buffer[length] = '\n';
	return (struct iovec) { .iov_base = buffer, .iov_len = length + 1 };
}

/*
 * The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), not the library: that waits for
 * as long as a journal that hangs, and the loop with it.
 */
static int send_to_journal(int priority, const struct log_field *fields, size_t n,
			   const char *shown)
{
	const struct sockaddr_un journal = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	char message[SHOWN_SIZE + sizeof("MESSAGE=\n")];
	char level[] = "PRIORITY=N\n";
	char own[FIELD_SIZE];
	char buffer[LOG_FIELDS_MAX][FIELD_SIZE];
	struct iovec part[LOG_FIELDS_MAX + 3];
	struct msghdr datagram = {
		.msg_name = (void *)&journal, /* is not written to */
		.msg_namelen = sizeof(journal),
		.msg_iov = part,
	};

	(void)stpcpy(stpcpy(stpcpy(message, "MESSAGE="), shown), "\n");
	level[sizeof(level) - 3] = (char)('0' + priority);
	part[datagram.msg_iovlen++] =
		(struct iovec) { .iov_base = message, .iov_len = strlen(message) };
	part[datagram.msg_iovlen++] =
		(struct iovec) { .iov_base = level, .iov_len = strlen(level) };
	part[datagram.msg_iovlen++] = field_make(own, "SYSLOG_IDENTIFIER", program_name);
	for (size_t i = 0; i < n; i++)
		part[datagram.msg_iovlen++] =
			field_make(buffer[i], fields[i].name, fields[i].value);
	return sendmsg(journal_fd, &datagram, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Its stream would hang just as well, so what it does not take is lost, and counted. */
static void tell_journal(int priority, const struct log_field *fields, size_t n, const char *shown)
{
	char loss[96];

	if (n_untold > 0) {
		(void)snprintf(loss, sizeof(loss),
			       "%u messages are missing here: the journal did not take them",
			       n_untold);
		if (send_to_journal(LOG_WARNING, NULL, 0, loss) == 0)
			n_untold = 0;
	}
	if (send_to_journal(priority, fields, n, shown) < 0)
		n_untold++;
}

static void log_raw(int priority, const struct log_field *fields, size_t n, const char *raw)
{
	char shown[SHOWN_SIZE];

	(void)text_escape(shown, sizeof(shown), raw);
	if (journal_fd >= 0) {
		tell_journal(priority, fields, n, shown);
		return;
	}
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
