/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared rows: which names are made up by programs, one for each run, login, container or connection. */
#include <string.h>
#include <sys/types.h>

#include "base/text.h"
#include "record/names.h"
#include "record/record.h"
#include "sense/share.h"

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdef"

/* systemd-run's own names: run-u12, run-r<32 hex>, run-p7-i8, run-1234. An admin's run-backup.service
 * or run-race.service is not one of them. */
static bool is_run_name(const char *middle, size_t length)
{
	size_t number = strspn(middle, DIGITS), second;

	if (middle[0] == 'r')
		return length == 33 && strspn(middle + 1, HEX) == 32;
	if (middle[0] == 'u' || middle[0] == 'p')
		number = 1 + strspn(middle + 1, DIGITS);
	if (number < 1 || (middle[0] > '9' && number < 2))
		return false;
	if (middle[0] != 'p' || strncmp(middle + number, "-i", 2) != 0)
		return number == length;
	second = strspn(middle + number + 2, DIGITS);
	return second > 0 && number + 2 + second == length;
}

/* An instance that systemd made for one connection: "3-10.0.0.1:22-10.0.0.9:4711", "3-812-0",
 * "3-unknown". */
static bool is_connection(const char *instance, size_t length)
{
	size_t number = strspn(instance, DIGITS);
	const char *rest = instance + number + 1;

	if (number == 0 || number + 1 >= length || instance[number] != '-')
		return false;
	length -= number + 1;
	return memchr(rest, ':', length) || strspn(rest, DIGITS "-_") == length ||
	       (length == strlen("unknown") && strncmp(rest, "unknown", length) == 0);
}

/* Where 32 hex digits in a row begin: nobody gave that name by hand. -1: nowhere. */
static ssize_t random_part(const char *name, size_t length)
{
	size_t n;

	for (size_t i = 0; i < length; i += n + 1) {
		n = strspn(name + i, HEX);
		if (n >= 32)
			return (ssize_t)i;
	}
	return -1;
}

/* How much of the name (without its type) the shared row keeps; -1: it is not shared. */
static ssize_t shared_prefix(const char *name, size_t length, bool is_scope)
{
	static const char *const scopes[] = { "session-", "machine-",	     "docker-", "crio-",
					      "libpod-",  "cri-containerd-", NULL };
	const char *at = memchr(name, '@', length);

	if (strncmp(name, "run-", 4) == 0 && is_run_name(name + 4, length - 4))
		return 4;
	if (strncmp(name, NAME_NOTIFY_TEMPLATE "@", strlen(NAME_NOTIFY_TEMPLATE "@")) == 0)
		return (ssize_t)strlen(NAME_NOTIFY_TEMPLATE "@"); /* ours, one an incident */
	if (strncmp(name, "dbus-:", 6) == 0) /* activated by the bus daemon, one a connection */
		return 5;
	for (const char *const *scope = scopes; is_scope && *scope; scope++)
		if (strncmp(name, *scope, strlen(*scope)) == 0)
			return (ssize_t)strlen(*scope);
	if (!at)
		return random_part(name, length);
	if (is_connection(at + 1, length - (size_t)(at + 1 - name)))
		return at + 1 - name;
	return -1;
}

bool share_row(const char *name, char *ret, size_t size)
{
	const char *type = strrchr(name, '.');
	ssize_t prefix;

	if (!type || (strcmp(type, ".service") != 0 && strcmp(type, ".scope") != 0))
		return false;
	prefix = shared_prefix(name, (size_t)(type - name), strcmp(type, ".scope") == 0);
	return prefix >= 0 && text_format(ret, size, "%.*s*%s", (int)prefix, name, type) >= 0;
}

/* ---- cgroups ------------------------------------------------------------- */

/* "6f2c7b1e-0c1d-4b8e-9d4f-3a2b1c0d9e8f"; kubernetes writes "_" where a slice must have no "-". */
static bool begins_uuid(const char *text)
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (i > 0 && *text != '-' && *text != '_')
			return false;
		text += i > 0;
		if (strspn(text, HEX) < groups[i])
			return false;
		text += groups[i];
	}
	return true;
}

/* Where the id of a container or pod begins in a part of a path; -1: nowhere. */
static ssize_t random_id(const char *part)
{
	size_t n;

	for (size_t i = 0; part[i]; i += n ? n : 1) {
		n = strspn(part + i, HEX);
		if (n >= 8 && begins_uuid(part + i + n - 8))
			return (ssize_t)(i + n - 8);
		if (n < 32)
			continue;
		/* A static pod's id has no "-", and stands behind a letter that could be its own. */
		return (ssize_t)i + (n > 32 && i >= 2 && strncmp(part + i - 2, "pod", 3) == 0);
	}
	return -1;
}

/* BuildKit's 25 digits to the base of 36, one for each step of a build. */
static bool is_build(const char *path, const char *part)
{
	static const char above[] = "/buildkit/";
	size_t length = strlen(above);

	return (size_t)(part - path) >= length && strncmp(part - length, above, length) == 0 &&
	       strspn(part, DIGITS "abcdefghijklmnopqrstuvwxyz") == 25;
}

/* elogind counts sessions: "7", or "c7" where the kernel does not count them. */
static bool is_session(const char *path, const char *part)
{
	const char *number = part + (*part == 'c');
	size_t n = strspn(number, DIGITS);

	return part == path + 1 && n > 0 && (number[n] == '\0' || number[n] == '/');
}

/* How the part of that name, which stands there in the path, is called in a shared row. */
static bool share_part(const char *path, const char *at, const char *name, char *ret, size_t size)
{
	const char *type = strrchr(name, '.');
	ssize_t prefix = random_id(name);

	if (share_row(name, ret, size))
		return true;
	if (is_build(path, at))
		prefix = 0;
	if (is_session(path, at))
		prefix = *at == 'c';
	if (prefix < 0)
		return false;
	if (!type || type < name + prefix)
		type = "";
	return text_format(ret, size, "%.*s*%s", (int)prefix, name, type) >= 0;
}

bool share_cgroup(const char *path, char *ret, size_t size)
{
	char name[UNIT_NAME_SIZE], row[UNIT_NAME_SIZE];
	bool is_shared = false, is_random;
	size_t length, used = 0;

	for (const char *at = path; *at == '/'; at += length) {
		length = strcspn(++at, "/");
		if (text_format(name, sizeof(name), "%.*s", (int)length, at) < 0)
			return false;
		is_random = share_part(path, at, name, row, sizeof(row));
		if (text_format(ret + used, size - used, "/%s", is_random ? row : name) < 0)
			return false;
		used += strlen(ret + used);
		is_shared |= is_random;
	}
	return is_shared;
}
