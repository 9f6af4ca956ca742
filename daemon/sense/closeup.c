/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks of threads and files, of which a few cgroups are told. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/events.h"
#include "sense/closeup.h"

#include "files.skel.h"
#include "stacks.skel.h"

struct closeup {
	int wanted_fd;
	struct stacks_bpf *stacks; /* NULL: refused, as the other */
	struct files_bpf *files;
};

static int load_stacks(struct closeup *closeup)
{
	struct stacks_bpf *stacks = stacks_bpf__open();
	int r;

	if (!stacks)
		return -errno;
	r = bpf_map__reuse_fd(stacks->maps.wanted, closeup->wanted_fd);
	if (r >= 0)
		r = stacks_bpf__load(stacks);
	if (r >= 0)
		r = stacks_bpf__attach(stacks);
	if (r < 0) {
		stacks_bpf__destroy(stacks);
		return r;
	}
	closeup->stacks = stacks;
	return 0;
}

static int load_files(struct closeup *closeup)
{
	struct files_bpf *files = files_bpf__open();
	int r;

	if (!files)
		return -errno;
	r = bpf_map__reuse_fd(files->maps.wanted, closeup->wanted_fd);
	if (r >= 0)
		r = files_bpf__load(files);
	if (r >= 0)
		r = files_bpf__attach(files);
	if (r < 0) {
		files_bpf__destroy(files);
		return r;
	}
	closeup->files = files;
	return 0;
}

static int load(struct closeup *closeup)
{
	int stacks, files;

	closeup->wanted_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "wanted", sizeof(__u64),
					    sizeof(__u32), WANTED_MAX, NULL);
	if (closeup->wanted_fd < 0)
		return closeup->wanted_fd;
	stacks = load_stacks(closeup);
	files = load_files(closeup);
	return stacks < 0 && files < 0 ? stacks : 0;
}

int closeup_new(struct closeup **ret)
{
	struct closeup *closeup = calloc(1, sizeof(*closeup));
	int r;

	if (!closeup)
		return -ENOMEM;
	r = load(closeup);
	if (r < 0)
		(void)closeup_free(closeup);
	else
		*ret = closeup;
	return r;
}

struct closeup *closeup_free(struct closeup *closeup)
{
	if (closeup) {
		stacks_bpf__destroy(closeup->stacks);
		files_bpf__destroy(closeup->files);
		cleanup_close(&closeup->wanted_fd);
		free(closeup);
	}
	return NULL;
}

int closeup_begin(struct closeup *closeup, uint64_t cgroup_id, struct closeup_text *ret)
{
	const __u64 key = cgroup_id;
	const __u32 yes = 1;
	int stacks_fd = -1, files_fd = -1;
	int r;

	r = bpf_map_update_elem(closeup->wanted_fd, &key, &yes, BPF_ANY);
	if (r < 0)
		return r == -E2BIG ? -ENOSPC : r;
	if (closeup->stacks)
		stacks_fd = bpf_iter_create(bpf_link__fd(closeup->stacks->links.stacks_walk));
	if (closeup->files)
		files_fd = bpf_iter_create(bpf_link__fd(closeup->files->links.files_walk));
	if (stacks_fd < 0 && files_fd < 0) {
		closeup_end(closeup, cgroup_id);
		return stacks_fd;
	}
	*ret = (struct closeup_text) { stacks_fd < 0 ? -1 : stacks_fd,
				       files_fd < 0 ? -1 : files_fd };
	return 0;
}

void closeup_end(struct closeup *closeup, uint64_t cgroup_id)
{
	const __u64 key = cgroup_id;

	(void)bpf_map_delete_elem(closeup->wanted_fd, &key);
}
