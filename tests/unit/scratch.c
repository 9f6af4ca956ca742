/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

struct scratch scratch_make(void)
{
	struct scratch scratch = { .folder = "/tmp/selfheal-test-XXXXXX" };

	cr_assert(ne(ptr, mkdtemp(scratch.folder), NULL));
	return scratch;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void scratch_remove(struct scratch *scratch)
{
	(void)nftw(scratch->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/%s", scratch->folder, name);
	return scratch->path;
}

/* The folder that name lies in. */
static void make_folder(struct scratch *scratch, const char *name)
{
	char *slash;

	if (!strchr(name, '/'))
		return;
	(void)scratch_path(scratch, name);
	slash = strrchr(scratch->path, '/');
	*slash = '\0';
	(void)mkdir(scratch->path, 0700);
}

const char *scratch_write_bytes(struct scratch *scratch, const char *name, const void *bytes,
				size_t size)
{
	FILE *file;

	make_folder(scratch, name);
	file = fopen(scratch_path(scratch, name), "we");
	cr_assert(ne(ptr, file, NULL), "%s", scratch->path);
	cr_assert(eq(sz, fwrite(bytes, 1, size, file), size));
	cr_assert(eq(int, fclose(file), 0));
	return scratch->path;
}

const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
	return scratch_write_bytes(scratch, name, text, strlen(text));
}

const char *scratch_link(struct scratch *scratch, const char *name, const char *target)
{
	make_folder(scratch, name);
	cr_assert(eq(int, symlink(target, scratch_path(scratch, name)), 0));
	return scratch->path;
}
