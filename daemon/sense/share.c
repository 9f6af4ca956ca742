/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared rows: which names are made up by programs, one for each run, login, container or connection. */
#include <string.h>
#include <sys/types.h>

#include "base/text.h"
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
