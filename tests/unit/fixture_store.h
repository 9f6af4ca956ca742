/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A folder of its own for each test's databases, and records with every field set. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "store/reader.h"
#include "store/writer.h"

/* For .init and .fini of a suite: make the folder, remove it with all that is in it. */
void place_make(void);
void place_remove(void);
/* The path of a name in it; "" is the folder. One of four buffers in turn. */
const char *place(const char *name);
void place_write(const char *name, const void *bytes, size_t size);
bool place_has(const char *name);

/* Run SQL on a file in the place; the first column of the first row, or -1. */
int64_t place_ask(const char *name, const char *sql);

#define NOON UINT64_C(1764590400000) /* 2025-12-01 12:00:00 UTC */

struct incident place_incident(uint64_t id, uint32_t unit);
/* Of that incident, with as many symptoms as there may be. */
struct verdict place_verdict(const struct incident *incident);
struct decision place_decision(uint64_t id, const struct incident *incident);
struct attempt place_attempt(const struct decision *decision);
struct outcome place_outcome(const struct decision *decision);
struct sample place_sample(uint32_t unit, uint64_t wall_ms, double value);

/* False, after saying that `test` was left out, when this is not root. */
bool is_root_or_left_out(const char *test);

/* The past in the place, opened at noon, and what was found there last time. */
#define PAST  place("selfheal.db")
#define BOUND ((uint64_t)64 << 20)
extern struct writer_start place_start;
int place_open(struct writer **ret);
struct writer *place_begin(uint64_t bound); /* which must succeed */

/* The answers to decisions of one test, in the order they came. */
extern struct place_answers {
	size_t n;
	uint64_t decision[4096];
	int error[4096];
} place_answers;
/* For writer_acknowledge(). */
void place_take(uint64_t decision, int error, void *userdata);
/* Until there are so many answers. */
void place_await(struct writer *writer, size_t n);
/* A decision on it, submitted. */
void place_decide(struct writer *writer, uint64_t id, const struct incident *incident);
/* An incident of shop.service, submitted. */
struct incident place_begin_incident(struct writer *writer, uint64_t id);

/* A story as JSON; free() it. */
char *place_story(const struct story *story, const struct step *steps, size_t n);
