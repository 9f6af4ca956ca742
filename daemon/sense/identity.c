/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity of files: FNV-1a over what tells one version from another. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/identity.h"

#define HASH_BASIS UINT64_C(0xcbf29ce484222325) /* FNV-1a, 64 bits */
#define HASH_PRIME UINT64_C(0x100000001b3)

uint64_t identity_of_bytes(uint64_t identity, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint64_t hash = identity == IDENTITY_NONE ? HASH_BASIS : identity;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * HASH_PRIME;
	return hash == IDENTITY_NONE ? 1 : hash;
}

/* /run is a tmpfs, so this does not wait for a disk. The size bounds what one file can cost. */
static uint64_t identity_of_content(uint64_t identity, const char *path)
{
	CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char content[16 * 1024];
	ssize_t n;

	if (fd < 0)
		return identity;
	n = read(fd, content, sizeof(content));
	return n > 0 ? identity_of_bytes(identity, content, (size_t)n) : identity;
}

uint64_t identity_of_file(uint64_t identity, const char *path)
{
	struct stat file;

	identity = identity_of_bytes(identity, path, strlen(path) + 1);
	if (strncmp(path, "/run/", 5) == 0)
		return identity_of_content(identity, path);
	if (stat(path, &file) < 0)
		return identity;
	/* No device number: it may be another one after a reboot. */
	identity = identity_of_bytes(identity, &file.st_ino, sizeof(file.st_ino));
	identity = identity_of_bytes(identity, &file.st_size, sizeof(file.st_size));
	return identity_of_bytes(identity, &file.st_mtim, sizeof(file.st_mtim));
}
