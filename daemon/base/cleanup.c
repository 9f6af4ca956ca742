/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two cleanups every file wants: a descriptor and a piece of memory. */
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

void cleanup_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

void cleanup_free(void *pointer_address)
{
	void **pointer = pointer_address;

	free(*pointer);
}
