/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroups of one unit: watched, and read through files that are kept open. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/members.h"
#include "sense/procfs.h"

/* Keys of the tally: a process has its id, a cgroup its serial number above them all. */
#define CGROUP_KEY (UINT64_C(1) << 32)

struct member {
	uint64_t id;
	uint64_t key;  /* in the tally */
	uint64_t tick; /* it was last kept in */
	struct cgroup_files *files;
	bool is_watched;
	bool was_read;	/* then gives is known */
	uint64_t gives; /* metrics its files have told */
	char path[UNIT_ALIASES_SIZE];
};

static bool is_kept(const struct member *member, const struct members_ground *ground)
{
	return member->tick == ground->tick;
}

static struct member *find_member(const struct members *members, const char *path, uint64_t id)
{
	for (size_t i = 0; i < members->n; i++)
		if (members->member[i].id == id && strcmp(members->member[i].path, path) == 0)
			return &members->member[i];
	return NULL;
}

static int grow(struct members *members)
{
	size_t n_max = members->n_max ? 2 * members->n_max : 1;
	struct member *member = reallocarray(members->member, n_max, sizeof(*member));

	if (!member)
		return -ENOMEM;
	members->member = member;
	members->n_max = n_max;
	return 0;
}

int members_keep(struct members *members, struct members_ground *ground, uint32_t unit,
		 const char *path, uint64_t id)
{
	struct member *member;
	int r;

	if (id == 0)
		(void)cgroup_id(&ground->roots, path, &id);
	member = find_member(members, path, id);
	if (member) {
		member->tick = ground->tick;
		return 0;
	}
	if (members->n >= MEMBERS_MAX || strlen(path) >= sizeof(member->path)) {
		members->cut_tick = ground->tick;
		return 0;
	}
	if (members->n == members->n_max) {
		r = grow(members);
		if (r < 0)
			return r;
	}
	member = &members->member[members->n];
	*member = (struct member) {
		.id = id,
		.key = CGROUP_KEY + ground->n_keys++,
		.tick = ground->tick,
	};
	memcpy(member->path, path, strlen(path) + 1);
	member->is_watched = ground->probe && id != 0 && probe_watch(ground->probe, id, unit) >= 0;
	members->n++;
	return 0;
}

static void part(struct member *member, struct members_ground *ground)
{
	if (member->is_watched)
		probe_unwatch(ground->probe, member->id);
	cgroup_files_close(member->files);
}

void members_part(struct members *members, struct members_ground *ground)
{
	size_t n_kept = 0, n = 0;

	for (size_t i = 0; i < members->n; i++)
		n_kept += is_kept(&members->member[i], ground);
	for (size_t i = 0; i < members->n; i++) {
		if (is_kept(&members->member[i], ground) || (n_kept == 0 && i == 0))
			members->member[n++] = members->member[i];
		else
			part(&members->member[i], ground);
	}
	members->n = n;
}

void members_clear(struct members *members, struct members_ground *ground)
{
	for (size_t i = 0; i < members->n; i++)
		part(&members->member[i], ground);
	free(members->member);
	*members = (struct members) { 0 };
}

uint64_t members_id(const struct members *members, const struct members_ground *ground)
{
	uint64_t id = 0;
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++)
		if (is_kept(&members->member[i], ground)) {
			id = members->member[i].id;
			n++;
		}
	return n == 1 ? id : 0;
}

bool members_are_watched(const struct members *members, const struct members_ground *ground)
{
	for (size_t i = 0; i < members->n; i++)
		if (is_kept(&members->member[i], ground) && !members->member[i].is_watched)
			return false;
	return members->cut_tick != ground->tick;
}

bool members_ids(const struct members *members, const struct members_ground *ground,
		 void (*visit)(uint64_t id, void *userdata), void *userdata)
{
	bool are_known = members->cut_tick != ground->tick;
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++) {
		const struct member *member = &members->member[i];

		if (!is_kept(member, ground))
			continue;
		are_known = are_known && member->id != 0;
		n++;
		if (member->id != 0 && visit)
			visit(member->id, userdata);
	}
	return are_known && n > 0;
}

static int open_files(struct member *member, struct members_ground *ground)
{
	return member->files ? 0 : cgroup_files_open(&ground->roots, member->path, &member->files);
}

/* A folder made anew under the old path, where ids do not tell: what its files count is another
 * thing's. */
static int open_again(struct member *member, struct members_ground *ground)
{
	member->files = cgroup_files_close(member->files);
	member->key = CGROUP_KEY + ground->n_keys++;
	return open_files(member, ground);
}

static int read_member(struct member *member, struct members_ground *ground, struct usage *ret)
{
	int r;

	r = open_files(member, ground);
	if (r < 0)
		return r;
	*ret = (struct usage) { 0 };
	r = cgroup_files_read(member->files, ret);
	if (r == -ENODEV) {
		r = open_again(member, ground);
		if (r < 0)
			return r;
		*ret = (struct usage) { 0 };
		r = cgroup_files_read(member->files, ret);
	}
	if (r < 0)
		return r;
	member->was_read = true;
	member->gives = ret->have;
	return 0;
}

/* Reads all of them, or none: a sum over some would be wrong. */
static bool is_worth_reading(const struct members *members, const struct members_ground *ground,
			     uint64_t have)
{
	for (size_t i = 0; i < members->n; i++) {
		const struct member *member = &members->member[i];

		if (is_kept(member, ground) && (!member->was_read || (member->gives & ~have)))
			return true;
	}
	return false;
}

/* Descriptors are scarce: hundreds of units with half a dozen files each. */
static void close_files(struct members *members)
{
	for (size_t i = 0; i < members->n; i++)
		members->member[i].files = cgroup_files_close(members->member[i].files);
}

int members_read_files(struct members *members, struct members_ground *ground, uint64_t have,
		       struct usage *ret)
{
	struct usage usage;
	int r;

	tally_sum_begin(&members->files);
	if (members->cut_tick == ground->tick || !is_worth_reading(members, ground, have)) {
		close_files(members);
		return 0;
	}
	for (size_t i = 0; i < members->n; i++) {
		struct member *member = &members->member[i];

		if (!is_kept(member, ground) || read_member(member, ground, &usage) < 0)
			continue;
		r = tally_add(ground->tally, member->key, &usage, &members->files);
		if (r < 0)
			return r;
	}
	return tally_sum_usage(&members->files, ret);
}

static int read_processes(const struct member *member, struct members_ground *ground,
			  struct tally_sum *sum)
{
	CLEANUP(cleanup_free) uint32_t *pids = NULL;
	struct process process;
	size_t n = 0;
	int r;

	r = cgroup_processes(&ground->roots, member->path, &pids, &n);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* the folder is gone, and they with it */
	for (size_t i = 0; i < n; i++) {
		process = (struct process) { 0 };
		if (procfs_process("/proc", pids[i], &process) < 0)
			continue;
		r = tally_add(ground->tally, process.pid, &process.usage, sum);
		if (r < 0)
			return r;
	}
	return 0;
}

int members_read_processes(struct members *members, struct members_ground *ground,
			   struct usage *ret)
{
	int r;

	tally_sum_begin(&members->processes);
	if (members->cut_tick == ground->tick)
		return 0;
	for (size_t i = 0; i < members->n; i++) {
		if (!is_kept(&members->member[i], ground))
			continue;
		r = read_processes(&members->member[i], ground, &members->processes);
		if (r < 0)
			return r;
	}
	return tally_sum_usage(&members->processes, ret);
}
