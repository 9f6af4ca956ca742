/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sorted arrays, of watched cgroups and of those below them, and a walk in pieces. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sense/owners.h"

#define DEPTH_MAX 32
#define ROOT_ID	  1 /* the kernel's own sockets: nobody's */

struct watched {
	uint64_t id;
	uint32_t unit;
};

enum state { STATE_WANTED, STATE_SOUGHT, STATE_FOUND, STATE_NOBODY };

/* A cgroup that is not watched itself. */
struct lower {
	uint64_t id;
	uint64_t above; /* the nearest that is; of STATE_FOUND */
	enum state state;
	uint32_t listing; /* in which it was nobody's */
};

struct owners {
	const struct cgroup_roots *roots;
	struct watched *watched;
	struct lower *lower;
	size_t n_watched, n_lower, n_wanted;
	uint32_t listing;
	/* The walk under way: the open folders, and what is watched above each of them. */
	size_t depth;
	DIR *folder[DEPTH_MAX];
	uint64_t above[DEPTH_MAX];
};

int owners_new(const struct cgroup_roots *roots, struct owners **ret)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return -ENOMEM;
	owners->roots = roots;
	/* At full size, since it costs only what is touched. */
	owners->watched = calloc(OWNERS_MAX, sizeof(*owners->watched));
	owners->lower = calloc(OWNERS_MAX, sizeof(*owners->lower));
	if (!owners->watched || !owners->lower) {
		owners_free(owners);
		return -ENOMEM;
	}
	*ret = owners;
	return 0;
}

static void leave_folder(struct owners *owners)
{
	(void)closedir(owners->folder[--owners->depth]);
}

struct owners *owners_free(struct owners *owners)
{
	if (owners) {
		while (owners->depth > 0)
			leave_folder(owners);
		free(owners->watched);
		free(owners->lower);
		free(owners);
	}
	return NULL;
}

/* ---- what is watched --------------------------------------------------------- */

void owners_begin(struct owners *owners)
{
	owners->n_watched = 0;
	owners->listing++;
}

void owners_add(struct owners *owners, uint64_t cgroup_id, uint32_t unit)
{
	if (cgroup_id != 0 && owners->n_watched < OWNERS_MAX)
		owners->watched[owners->n_watched++] = (struct watched) { cgroup_id, unit };
}

/* Both structs begin with their id. */
static int compare_ids(const void *a, const void *b)
{
	uint64_t left, right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return left < right ? -1 : left > right;
}

void owners_end(struct owners *owners)
{
	qsort(owners->watched, owners->n_watched, sizeof(*owners->watched), compare_ids);
}

static const struct watched *find_watched(const struct owners *owners, uint64_t id)
{
	return bsearch(&id, owners->watched, owners->n_watched, sizeof(*owners->watched),
		       compare_ids);
}

/* ---- what is below ----------------------------------------------------------- */

static struct lower *find_lower(const struct owners *owners, uint64_t id)
{
	return bsearch(&id, owners->lower, owners->n_lower, sizeof(*owners->lower), compare_ids);
}

static void want(struct owners *owners, uint64_t id)
{
	size_t at;

	if (owners->n_lower == OWNERS_MAX) /* most of them are long gone */
		owners->n_lower = owners->n_wanted = 0;
	for (at = owners->n_lower; at > 0 && owners->lower[at - 1].id > id; at--)
		owners->lower[at] = owners->lower[at - 1];
	owners->lower[at] = (struct lower) { .id = id, .state = STATE_WANTED };
	owners->n_lower++;
	owners->n_wanted++;
}

bool owners_find(struct owners *owners, uint64_t cgroup_id, uint32_t *ret_unit)
{
	const struct watched *watched = find_watched(owners, cgroup_id);
	struct lower *lower;

	*ret_unit = watched ? watched->unit : 0;
	if (watched || cgroup_id <= ROOT_ID)
		return true;
	lower = find_lower(owners, cgroup_id);
	if (!lower) {
		want(owners, cgroup_id);
		return false;
	}
	if (lower->state == STATE_NOBODY && owners->listing - lower->listing >= OWNERS_AGAIN) {
		lower->state = STATE_WANTED;
		owners->n_wanted++;
	}
	if (lower->state == STATE_FOUND) {
		watched = find_watched(owners, lower->above);
		*ret_unit = watched ? watched->unit : 0;
	}
	return lower->state >= STATE_FOUND;
}

/* ---- the walk ------------------------------------------------------------------ */

static bool enter_folder(struct owners *owners, int parent_fd, const char *name, uint64_t above)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	owners->above[owners->depth] = above;
	owners->folder[owners->depth++] = folder;
	return true;
}

/* In a cgroup hierarchy the number of a folder is the cgroup's id. */
static void meet_folder(struct owners *owners, const struct dirent *entry)
{
	uint64_t above = owners->above[owners->depth - 1], id = entry->d_ino;
	struct lower *lower = find_lower(owners, id);

	if (find_watched(owners, id))
		above = id;
	if (lower && lower->state <= STATE_SOUGHT && above != 0) {
		owners->n_wanted -= lower->state == STATE_WANTED;
		lower->state = STATE_FOUND;
		lower->above = above;
	}
	if (owners->depth < DEPTH_MAX)
		(void)enter_folder(owners, dirfd(owners->folder[owners->depth - 1]), entry->d_name,
				   above);
}

/* Returns whether a folder was met, or left. */
static bool step(struct owners *owners)
{
	const struct dirent *entry = readdir(owners->folder[owners->depth - 1]);

	if (!entry) {
		leave_folder(owners);
		return true;
	}
	if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
		return false;
	meet_folder(owners, entry);
	return true;
}

static void begin_walk(struct owners *owners)
{
	const char *root = owners->roots->unified;

	for (size_t i = 0; i < owners->n_lower; i++)
		if (owners->lower[i].state == STATE_WANTED)
			owners->lower[i].state = STATE_SOUGHT;
	owners->n_wanted = 0;
	if (root[0])
		(void)enter_folder(owners, AT_FDCWD, root, 0);
}

/* What was not found is gone, or outside of what we see. */
static void end_walk(struct owners *owners)
{
	for (size_t i = 0; i < owners->n_lower; i++)
		if (owners->lower[i].state == STATE_SOUGHT) {
			owners->lower[i].state = STATE_NOBODY;
			owners->lower[i].listing = owners->listing;
		}
}

bool owners_turn(struct owners *owners)
{
	size_t n_met = 0;

	if (owners->depth == 0 && owners->n_wanted == 0)
		return true;
	if (owners->depth == 0)
		begin_walk(owners);
	while (owners->depth > 0 && n_met < (size_t)2 * OWNERS_FOLDERS) /* each is met, and left */
		n_met += step(owners);
	if (owners->depth > 0)
		return false;
	end_walk(owners);
	return owners->n_wanted == 0;
}
