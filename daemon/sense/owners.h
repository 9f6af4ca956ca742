/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whose is a cgroup, if all that is known is its id? That of the nearest watched
 * cgroup from it upwards. An id does not lead to its folder without CAP_DAC_READ_SEARCH,
 * so the few that are not watched themselves are looked for in the tree of folders,
 * some of it a tick; what was found is remembered, since an id never comes again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/cgroup.h"

#define OWNERS_FOLDERS 256 /* looked into in one turn: some 5 ms */
#define OWNERS_MAX     4096
#define OWNERS_AGAIN   12 /* listings after which it is asked again who owns what was nobody's */

struct owners;

/* The roots are borrowed. */
int owners_new(const struct cgroup_roots *roots, struct owners **ret);
struct owners *owners_free(struct owners *owners);
DEFINE_CLEANUP(struct owners *, owners_free)

/* List anew what is watched: begin, add each (what is beyond OWNERS_MAX is left out), end. */
void owners_begin(struct owners *owners);
void owners_add(struct owners *owners, uint64_t cgroup_id, uint32_t unit);
void owners_end(struct owners *owners);

/* True: known, and 0 is nobody. False: it will be looked for; ask again after a turn. */
bool owners_find(struct owners *owners, uint64_t cgroup_id, uint32_t *ret_unit);
/* Go on looking. True: nothing is left to look for. */
bool owners_turn(struct owners *owners);
