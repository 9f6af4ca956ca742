/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, cut out of one buffer in place; zlib reads what is plain and what is not. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/lines.h"

struct lines {
	gzFile file;
	bool is_over;	   /* nothing more to read */
	size_t begin, end; /* of what was read and not given out */
	char buffer[LINES_LENGTH_MAX + 1];
};

int lines_open(const char *path, struct lines **ret)
{
	struct lines *lines = malloc(sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	errno = ENOMEM; /* zlib's one failure that leaves it alone */
	lines->file = gzopen(path, "rbe");
	if (!lines->file) {
		free(lines);
		return -errno;
	}
	lines->is_over = false;
	lines->begin = lines->end = 0;
	*ret = lines;
	return 0;
}

struct lines *lines_close(struct lines *lines)
{
	if (!lines)
		return NULL;
	(void)gzclose_r(lines->file);
	free(lines);
	return NULL;
}

/* What gzread() met that found no more; read_errno is what it left in errno. */
static int problem(gzFile file, int read_errno)
{
	int error = Z_OK;

	(void)gzerror(file, &error);
	switch (error) {
	case Z_OK:
	case Z_STREAM_END:
		return 0;
	case Z_BUF_ERROR:
		return -ENODATA;
	case Z_MEM_ERROR:
		return -ENOMEM;
	case Z_ERRNO:
		return -read_errno;
	default:
		return -EBADMSG;
	}
}

/* More of the file behind what is there, which moves to the front. */
static int fill(struct lines *lines)
{
	size_t length = lines->end - lines->begin;
	int n;

	if (length == LINES_LENGTH_MAX)
		return -EMSGSIZE;
	memmove(lines->buffer, lines->buffer + lines->begin, length);
	lines->begin = 0;
	lines->end = length;
	n = gzread(lines->file, lines->buffer + length, (unsigned int)(LINES_LENGTH_MAX - length));
	if (n > 0) {
		lines->end += (size_t)n;
		return 0;
	}
	lines->is_over = true;
	return problem(lines->file, errno);
}

int lines_next(struct lines *lines, char **ret, size_t *ret_length)
{
	char *line, *newline;
	size_t length;
	int r;

	for (;;) {
		line = lines->buffer + lines->begin;
		length = lines->end - lines->begin;
		newline = memchr(line, '\n', length);
		if (newline || lines->is_over)
			break;
		r = fill(lines);
		if (r < 0)
			return r;
	}
	if (length == 0)
		return 0;
	if (newline)
		length = (size_t)(newline - line);
	lines->begin += newline ? length + 1 : length;
	if (newline && length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0'; /* the buffer has a byte more than it reads */
	*ret = line;
	*ret_length = length;
	return 1;
}
