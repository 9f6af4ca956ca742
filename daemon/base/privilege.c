/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capset(2), without a library: three sets of 64 bits. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/privilege.h"

struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static int get(struct sets *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, ret->half) < 0 ? -errno : 0;
}

static int set(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, sets->half) < 0 ? -errno : 0;
}

int privilege_drop(int (*still_works)(void *userdata), void *userdata)
{
	const struct sets none = { 0 };
	struct sets all, idle;
	int r, works;

	if (geteuid() == 0)
		return 0;

	r = get(&all);
	if (r < 0)
		return r;
	idle = all;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		idle.half[i].effective = 0;
	r = set(&idle);
	if (r < 0)
		return r;
	works = still_works ? still_works(userdata) : 0;
	/* The ambient set goes with the permitted one. The bounding set stays, which needs CAP_SETPCAP to
	 * change; it gives nothing to a user other than root under NoNewPrivileges=. */
	r = set(works == 0 ? &none : &all);
	return r < 0 ? r : works;
}
