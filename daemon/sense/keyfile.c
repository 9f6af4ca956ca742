/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and looking up the kernel's small text files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/keyfile.h"

int keyfile_read_fd(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	/* A seq_file gives a page at a time. */
	while (length < size - 1) {
		ssize_t n = pread(fd, buffer + length, size - 1 - length, (off_t)length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	if (length == size - 1) /* a number cut in two would be another number */
		while (length > 0 && buffer[length - 1] != '\n')
			length--;
	buffer[length] = '\0';
	return (int)length;
}

int keyfile_read(int directory_fd, const char *name, char *buffer, size_t size)
{
	CLEANUP(cleanup_close) int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return keyfile_read_fd(fd, buffer, size);
}

int keyfile_value(const char *text, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -ENOENT;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0)
		return -ENOENT;
	*ret = value;
	return 0;
}

static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

int keyfile_number(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	for (; *text; text = next_line(text)) {
		const char *after = text + length;

		if (strncmp(text, key, length) != 0)
			continue;
		if (*after == ':')
			after++;
		if (*after != ' ' && *after != '\t')
			continue;
		return keyfile_value(after + strspn(after, " \t"), ret);
	}
	return -ENOENT;
}

int keyfile_pressure(const char *text, const char *line, uint64_t *ret_us)
{
	size_t length = strlen(line);

	for (; *text; text = next_line(text)) {
		const char *total;

		if (strncmp(text, line, length) != 0 || text[length] != ' ')
			continue;
		total = strstr(text, " total=");
		if (!total || total > next_line(text))
			return -ENOENT;
		return keyfile_value(total + strlen(" total="), ret_us);
	}
	return -ENOENT;
}
