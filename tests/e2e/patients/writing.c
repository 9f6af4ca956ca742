/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A healthy service that answers, and ten times a second writes a record and waits for the disk. From the
 * moment its trigger file appears it writes as hard as the disk takes it.
 *
 *	writing PORT FILE TRIGGER
 *
 * The file has no more than FILE_BYTES, written over and over.
 */
#include <fcntl.h>

#include "serve.h"

#define RECORD_BYTES ((size_t)4 << 10)
#define BULK_BYTES   ((size_t)1 << 20)
#define FILE_BYTES   ((off_t)64 << 20)

static void write_through(int fd, size_t bytes)
{
	static char content[BULK_BYTES];
	static off_t at;

	if (pwrite(fd, content, bytes, at) != (ssize_t)bytes || fdatasync(fd) < 0)
		err(1, "cannot write");
	at = (at + (off_t)bytes) % FILE_BYTES;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 4)
		errx(2, "usage: writing PORT FILE TRIGGER");
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		err(1, "cannot write %s", argv[2]);
	serve(argv[1], 2);
	while (access(argv[3], F_OK) < 0) {
		write_through(fd, RECORD_BYTES);
		nap_ms(100);
	}
	for (;;)
		write_through(fd, BULK_BYTES);
}
