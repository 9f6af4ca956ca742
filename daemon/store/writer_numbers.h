/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A unit's number for ever: names to numbers, in memory. Part of writer.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define NUMBERS_MAX   4096u
#define NUMBERS_SLOTS ((size_t)2 * NUMBERS_MAX)

struct numbers {
	size_t n;
	uint32_t next; /* the number of the next new name */
	struct {
		uint32_t number;
		char *name;	      /* owned */
	} entry[NUMBERS_MAX];	      /* in the order they came */
	uint16_t slot[NUMBERS_SLOTS]; /* entry + 1, by hash of the name; 0: free */
};

/* Zero it to begin, with next = 1. */
void numbers_clear(struct numbers *numbers);
/* 0: not known. */
uint32_t numbers_find(const struct numbers *numbers, const char *name);
/* A name that is not known yet. -ENOSPC: the table is full; -ENAMETOOLONG, -EINVAL (empty). */
int numbers_add(struct numbers *numbers, uint32_t number, const char *name);
