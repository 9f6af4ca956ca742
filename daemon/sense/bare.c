/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of units of a host without systemd: from its cgroups, or from its process trees. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sense/bare.h"
#include "sense/share.h"
#include "sense/tally.h"

#define OTHERS		"others"
#define TREES_MAX	(BARE_UNITS_MAX - 1) /* one place is kept for the others */
#define TREE_KEPT_FOLDS 600 /* a unit without a process leaves the list after so many */
#define NO_PLACE	UINT32_MAX

/* A cgroup with processes, and its row. */
struct member {
	uint32_t unit;
	uint64_t id;
	char path[UNIT_ALIASES_SIZE];
};

/* What one look has found. */
struct found {
	size_t n, n_max;
	struct member *member;
	size_t n_unwatched;
};

struct bare {
	struct cgroup_roots roots;
	bare_number *number;
	void *userdata;
	bool is_trees;
	size_t n;
	struct unit_status status[BARE_UNITS_MAX];
	uint64_t turn;		       /* of bare_refresh() or bare_fold() */
	uint64_t seen[BARE_UNITS_MAX]; /* the turn in which it last had a process */
	struct found now, next; /* the last look, the one under way; trees: n_unwatched alone */
	/* trees only */
	struct tally *tally;
	struct tally_sum sum[BARE_UNITS_MAX];
	/* of this fold, one for each process: its place among pids, and its unit's place */
	size_t n_max;
	struct family {
		uint32_t pid, index, place;
	} * family; /* by pid */
};

static uint32_t find_named(const struct bare *bare, const char *name)
{
	for (size_t i = 0; i < bare->n; i++)
		if (strcmp(bare->status[i].name, name) == 0)
			return (uint32_t)i;
	return NO_PLACE;
}

static uint32_t find_unit(const struct bare *bare, uint32_t unit)
{
	for (size_t i = 0; i < bare->n; i++)
		if (bare->status[i].unit == unit)
			return (uint32_t)i;
	return NO_PLACE;
}

/* NO_PLACE where the name gets no number, or that of another unit: long names may be cut alike. */
static uint32_t append(struct bare *bare, enum unit_kind kind, const char *name)
{
	struct unit_status *status = &bare->status[bare->n];
	uint32_t unit = bare->number(name, bare->userdata);

	if (unit == 0 || find_unit(bare, unit) != NO_PLACE)
		return NO_PLACE;
	*status = (struct unit_status) { .unit = unit, .kind = kind };
	(void)text_format(status->name, sizeof(status->name), "%s", name);
	memset(&bare->sum[bare->n], 0, sizeof(bare->sum[0]));
	bare->seen[bare->n] = bare->turn;
	return (uint32_t)bare->n++;
}

static void drop(struct bare *bare, size_t place)
{
	bare->n--;
	bare->status[place] = bare->status[bare->n];
	bare->sum[place] = bare->sum[bare->n];
	bare->seen[place] = bare->seen[bare->n];
}

/* ---- cgroups ------------------------------------------------------------- */

/* Its name is the path, with the "/" before it: no service and no tree is called so. */
static uint32_t place_of_cgroup(struct bare *bare, const char *path)
{
	char row[UNIT_ALIASES_SIZE], name[UNIT_NAME_SIZE];
	bool is_shared = share_cgroup(path, row, sizeof(row));
	uint32_t place;

	(void)text_escape(name, sizeof(name), is_shared ? row : path);
	place = find_named(bare, name);
	if (place == NO_PLACE && bare->n < BARE_UNITS_MAX)
		place = append(bare, is_shared ? UNIT_KIND_SHARED : UNIT_KIND_CGROUP, name);
	return place;
}

static int append_member(struct found *found, const struct member *member)
{
	if (found->n == found->n_max) {
		size_t n_max = found->n_max ? 2 * found->n_max : 64;
		struct member *grown = reallocarray(found->member, n_max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		found->member = grown;
		found->n_max = n_max;
	}
	found->member[found->n++] = *member;
	return 0;
}

static int visit_cgroup(const char *path, void *userdata)
{
	struct bare *bare = userdata;
	struct found *next = &bare->next;
	struct member member = { 0 };
	uint32_t place = NO_PLACE;

	if (next->n < BARE_MEMBERS_MAX &&
	    text_format(member.path, sizeof(member.path), "%s", path) >= 0)
		place = place_of_cgroup(bare, path);
	if (place == NO_PLACE) {
		next->n_unwatched++;
		return 0;
	}
	(void)cgroup_id(&bare->roots, path, &member.id);
	member.unit = bare->status[place].unit;
	if (bare->status[place].kind == UNIT_KIND_CGROUP) {
		memcpy(bare->status[place].cgroup, member.path, sizeof(member.path));
		bare->status[place].cgroup_id = member.id;
	}
	bare->seen[place] = bare->turn;
	return append_member(next, &member);
}

int bare_refresh(struct bare *bare)
{
	struct found before = bare->now;
	int r;

	if (bare->is_trees)
		return 0;
	bare->turn++;
	bare->next.n = bare->next.n_unwatched = 0;
	r = cgroup_walk(&bare->roots, visit_cgroup, bare);
	if (r < 0)
		return r;
	bare->now = bare->next;
	bare->next = before;
	for (size_t i = bare->n; i-- > 0;)
		if (bare->seen[i] != bare->turn)
			drop(bare, i);
	return 0;
}

int bare_members(const struct bare *bare, uint32_t unit,
		 int (*visit)(const char *cgroup, uint64_t cgroup_id, void *userdata),
		 void *userdata)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < bare->now.n; i++)
		if (bare->now.member[i].unit == unit)
			r = visit(bare->now.member[i].path, bare->now.member[i].id, userdata);
	return r;
}

static int count_cgroup(const char *path, void *userdata)
{
	size_t *n = userdata;

	(void)path;
	return ++*n == 2; /* more make no difference */
}

int bare_new(const struct cgroup_roots *roots, bare_number *number, void *userdata,
	     struct bare **ret)
{
	CLEANUP(bare_freep) struct bare *bare = calloc(1, sizeof(*bare));
	size_t n_cgroups = 0;
	int r;

	if (!bare)
		return -ENOMEM;
	bare->roots = *roots;
	bare->number = number;
	bare->userdata = userdata;
	r = tally_new(&bare->tally);
	if (r < 0)
		return r;
	r = cgroup_walk(roots, count_cgroup, &n_cgroups);
	bare->is_trees = r < 0 || n_cgroups < 2;
	r = bare_refresh(bare);
	if (r == -ENOMEM)
		return r;
	*ret = TAKE(bare);
	return 0;
}

struct bare *bare_free(struct bare *bare)
{
	if (bare) {
		tally_free(bare->tally);
		free(bare->family);
		free(bare->now.member);
		free(bare->next.member);
		free(bare);
	}
	return NULL;
}

bool bare_is_trees(const struct bare *bare)
{
	return bare->is_trees;
}

/* ---- process trees ------------------------------------------------------- */

/* Names that other rows have: the host's, the rest's, a cgroup's, a service's. */
static bool is_taken(const char *name)
{
	return strcmp(name, "host") == 0 || strcmp(name, OTHERS) == 0 || name[0] == '/' ||
	       text_is_unit_name(name);
}

/* Any program may call itself anything, or nothing. */
static void name_tree(const char *command, char *ret, size_t size)
{
	char name[128]; /* 15 bytes, each four when it is escaped */

	(void)text_escape(name, sizeof(name), command);
	if (name[strspn(name, " ")] == '\0')
		(void)text_format(ret, size, "unnamed");
	else
		(void)text_format(ret, size, "%s%s", name, is_taken(name) ? " (command)" : "");
}

/* The list is full: whoever has been without a process for longest makes room. */
static void make_room(struct bare *bare)
{
	size_t oldest = 0;

	for (size_t i = 1; i < bare->n; i++)
		if (bare->seen[i] < bare->seen[oldest])
			oldest = i;
	/* Those seen in the last turn may be seen in this one. */
	if (bare->n > 0 && bare->seen[oldest] + 1 < bare->turn)
		drop(bare, oldest);
}

static bool has_room(const struct bare *bare)
{
	return bare->n < TREES_MAX ||
	       (bare->n == TREES_MAX && find_named(bare, OTHERS) != NO_PLACE);
}

static uint32_t place_of_others(struct bare *bare)
{
	uint32_t place = find_named(bare, OTHERS);

	if (place == NO_PLACE && bare->n < BARE_UNITS_MAX)
		place = append(bare, UNIT_KIND_TREE, OTHERS);
	return place;
}

static uint32_t place_of_command(struct bare *bare, const char *command)
{
	char name[UNIT_NAME_SIZE];
	uint32_t place;

	name_tree(command, name, sizeof(name));
	place = find_named(bare, name);
	if (place == NO_PLACE && has_room(bare))
		place = append(bare, UNIT_KIND_TREE, name);
	return place != NO_PLACE ? place : place_of_others(bare);
}

static int compare_pids(const void *a, const void *b)
{
	const struct family *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Processes by their id, as /proc lists them already. */
static int list_families(struct bare *bare, const struct process *processes, size_t n)
{
	bool is_sorted = true;

	if (n > bare->n_max) {
		struct family *family = reallocarray(bare->family, n, sizeof(*family));

		if (!family)
			return -ENOMEM;
		bare->family = family;
		bare->n_max = n;
	}
	for (size_t i = 0; i < n; i++) {
		bare->family[i] = (struct family) { processes[i].pid, (uint32_t)i, NO_PLACE };
		is_sorted = is_sorted && (i == 0 || processes[i].pid > processes[i - 1].pid);
	}
	if (!is_sorted)
		qsort(bare->family, n, sizeof(*bare->family), compare_pids);
	return 0;
}

static struct family *find_family(const struct bare *bare, size_t n, uint32_t pid)
{
	const struct family key = { .pid = pid };

	return bsearch(&key, bare->family, n, sizeof(key), compare_pids);
}

/* Give a process, and all between it and its ancestor below PID 1, their unit. What came in from
 * outside the namespace, or lost its parent while we read, begins a tree of its own. */
static void settle_family(struct bare *bare, const struct process *processes, size_t n,
			  struct family *family)
{
	struct family *root = family;
	uint32_t place;

	for (size_t steps = 0; steps < n && root->place == NO_PLACE; steps++) {
		uint32_t parent = processes[root->index].parent;
		struct family *above = parent > 1 ? find_family(bare, n, parent) : NULL;

		if (!above)
			break;
		root = above;
	}
	place = root->place;
	if (place == NO_PLACE)
		place = place_of_command(bare, processes[root->index].command);
	bare->now.n_unwatched += place == NO_PLACE && root == family; /* each root once */
	for (; family && family != root && family->place == NO_PLACE;
	     family = find_family(bare, n, processes[family->index].parent))
		family->place = place;
	root->place = place;
}

static void drop_old(struct bare *bare)
{
	for (size_t i = bare->n; i-- > 0;)
		if (bare->seen[i] + TREE_KEPT_FOLDS < bare->turn)
			drop(bare, i);
}

int bare_fold(struct bare *bare, const struct process *processes, size_t n)
{
	int r;

	bare->turn++;
	bare->now.n_unwatched = 0;
	tally_begin(bare->tally);
	drop_old(bare);
	if (bare->n >= TREES_MAX)
		make_room(bare);
	for (size_t i = 0; i < bare->n; i++)
		tally_sum_begin(&bare->sum[i]);
	r = list_families(bare, processes, n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct family *family = &bare->family[i];

		if (family->place == NO_PLACE)
			settle_family(bare, processes, n, family);
		if (family->place == NO_PLACE)
			continue;
		bare->seen[family->place] = bare->turn;
		r = tally_add(bare->tally, family->pid, &processes[family->index].usage,
			      &bare->sum[family->place]);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct unit_status *bare_list(const struct bare *bare, size_t *ret_n)
{
	*ret_n = bare->n;
	return bare->status;
}

size_t bare_unwatched(const struct bare *bare)
{
	return bare->now.n_unwatched;
}

bool bare_usage(const struct bare *bare, uint32_t unit, struct usage *ret)
{
	uint32_t place = find_unit(bare, unit);

	return place != NO_PLACE && tally_sum_usage(&bare->sum[place], ret);
}
