/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot part by part; threads that stand at the same place are told together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/phrase.h"
#include "cli/scene.h"

#define THREADS_MOST 256 /* more than any daemon writes */
#define TIDS_SIZE    160

struct sight {
	const struct output *output;
	struct reader *reader;
	const struct kept_snapshot *kept;
	bool has_begun; /* the heading of the present part is printed */
	const char *heading;
};

/* Before the first line of a part, so that an empty one has no heading. */
static void head(struct sight *sight)
{
	if (sight->has_begun)
		return;
	sight->has_begun = true;
	output_line(sight->output, PAINT_NONE, "%s", "");
	output_line(sight->output, PAINT_STRONG, "%s", sight->heading);
}

static int each(struct sight *sight, const char *list, const char *const *fields, size_t n,
		snapshot_visit *visit, void *userdata)
{
	return reader_snapshot_items(sight->reader, sight->kept, list, fields, n, visit, userdata);
}

/* ---- threads --------------------------------------------------------------------------- */

/* Text that is one allocation a thread: comm, state, wait, stack. */
struct thread {
	char pid[12], tid[12], stack_of[12], state[4];
	char comm[64], wait[64];
	char *stack; /* owned; NULL: none, or that of stack_of */
	bool is_told;
};

struct threads {
	size_t n;
	struct thread thread[THREADS_MOST];
};

static void threads_clear(struct threads *threads)
{
	for (size_t i = 0; i < threads->n; i++)
		free(threads->thread[i].stack);
	free(threads);
}

static int take_thread(const char *const *field, void *userdata)
{
	struct threads *threads = userdata;
	struct thread *thread = &threads->thread[threads->n];

	if (threads->n == THREADS_MOST)
		return 0;
	(void)snprintf(thread->pid, sizeof(thread->pid), "%.11s", field[0]);
	(void)snprintf(thread->tid, sizeof(thread->tid), "%.11s", field[1]);
	(void)snprintf(thread->comm, sizeof(thread->comm), "%.63s", field[2]);
	(void)snprintf(thread->state, sizeof(thread->state), "%.3s", field[3]);
	(void)snprintf(thread->wait, sizeof(thread->wait), "%.63s", field[4]);
	(void)snprintf(thread->stack_of, sizeof(thread->stack_of), "%.11s", field[5]);
	thread->stack = field[6][0] ? strdup(field[6]) : NULL;
	threads->n++;
	return 0;
}

/* Where a stack is not known, what they wait for is what they have in common. */
static bool is_alike(const struct thread *a, const struct thread *b)
{
	return strcmp(a->stack_of, b->stack_of) == 0 && strcmp(a->state, b->state) == 0 &&
	       strcmp(a->wait, b->wait) == 0;
}

static size_t count_alike(const struct threads *threads, size_t first)
{
	size_t n = 0;

	for (size_t i = 0; i < threads->n; i++)
		n += is_alike(&threads->thread[first], &threads->thread[i]);
	return n;
}

static void tell_stack(const struct output *output, const struct threads *threads,
		       const struct thread *thread)
{
	const char *line = NULL;

	for (size_t i = 0; i < threads->n && !line; i++)
		if (thread->stack_of[0] && strcmp(threads->thread[i].tid, thread->stack_of) == 0)
			line = threads->thread[i].stack;
	for (size_t size; line && *line; line += size + (line[size] == '\n')) {
		size = strcspn(line, "\n");
		output_line(output, PAINT_FAINT, "        %.*s", (int)size, line);
	}
}

static void tell_group(struct sight *sight, struct threads *threads, size_t first, size_t n)
{
	const struct thread *thread = &threads->thread[first];
	char tids[TIDS_SIZE] = "";
	size_t length = 0;

	for (size_t i = first; i < threads->n; i++) {
		if (!is_alike(thread, &threads->thread[i]))
			continue;
		threads->thread[i].is_told = true;
		if (length < TIDS_SIZE - 16)
			length += (size_t)snprintf(tids + length, TIDS_SIZE - length, "%s%s",
						   length ? ", " : "", threads->thread[i].tid);
		else if (tids[length - 1] != '.')
			length += (size_t)snprintf(tids + length, TIDS_SIZE - length, ", ...");
	}
	head(sight);
	output_line(sight->output, PAINT_NONE, "   %zu x %s %s, of %s: %s", n, thread->state,
		    thread->wait[0]		      ? thread->wait
		    : strcmp(thread->state, "R") == 0 ? "(running)"
						      : "(not known where)",
		    thread->comm, tids);
	tell_stack(sight->output, threads, thread);
}

static int tell_threads(struct sight *sight)
{
	static const char *const fields[] = { "pid",  "tid",	  "comm", "state",
					      "wait", "stack_of", "stack" };
	struct threads *threads = calloc(1, sizeof(*threads));
	size_t largest, n_largest, n;
	int r;

	if (!threads)
		return -ENOMEM;
	r = each(sight, "threads", fields, 7, take_thread, threads);
	while (r >= 0) { /* the most common first */
		n_largest = 0;
		for (size_t i = 0; i < threads->n; i++) {
			n = threads->thread[i].is_told ? 0 : count_alike(threads, i);
			if (n > n_largest) {
				n_largest = n;
				largest = i;
			}
		}
		if (n_largest == 0)
			break;
		tell_group(sight, threads, largest, n_largest);
	}
	threads_clear(threads);
	return r;
}

/* ---- the other parts -------------------------------------------------------------------- */

static int tell_course(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;
	char low[32], high[32], last[32];

	head(sight);
	output_line(sight->output, PAINT_NONE, "   %s: %s to %s, at last %s", field[0],
		    text_quantity(low, sizeof(low), field[1], strtod(field[2], NULL)),
		    text_quantity(high, sizeof(high), field[1], strtod(field[3], NULL)),
		    text_quantity(last, sizeof(last), field[1], strtod(field[4], NULL)));
	return 0;
}

/* Files of one line beside their name, the others below. */
static int tell_file(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;
	const char *line = field[1];

	head(sight);
	if (!strchr(line, '\n')) {
		output_line(sight->output, PAINT_NONE, "   %s: %s", field[0], line);
		return 0;
	}
	output_line(sight->output, PAINT_NONE, "   %s:", field[0]);
	for (size_t size; *line; line += size + (line[size] == '\n')) {
		size = strcspn(line, "\n");
		output_line(sight->output, PAINT_NONE, "        %.*s", (int)size, line);
	}
	return 0;
}

static int tell_kind(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;

	head(sight);
	if (field[1][0])
		output_line(sight->output, PAINT_NONE, "   %s x %s, port %s", field[2], field[0],
			    field[1]);
	else
		output_line(sight->output, PAINT_NONE, "   %s x %s", field[2], field[0]);
	return 0;
}

static int tell_descriptor(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;

	head(sight);
	output_line(sight->output, PAINT_FAINT, "        %s of %s: %s %s", field[1], field[0],
		    field[2], field[3]);
	return 0;
}

static int tell_line(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;
	uint64_t wall_ms = 0;
	char when[32];

	(void)text_parse_u64(field[0], &wall_ms);
	head(sight);
	output_line(sight->output, field[1][0] && field[1][0] <= '3' ? PAINT_BAD : PAINT_NONE,
		    "   %s %s: %s", text_moment(when, sizeof(when), wall_ms), field[2], field[3]);
	return 0;
}

static int tell_unreadable(const char *const *field, void *userdata)
{
	struct sight *sight = userdata;

	head(sight);
	output_line(sight->output, PAINT_NOTICE, "   %s: %s", field[0], field[1]);
	return 0;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static const struct part {
	const char *heading, *list; /* of one heading: beside the one before */
	const char *field[5];
	size_t n;
	snapshot_visit *visit;
} parts[] = {
	{ "The journal, the newest first",
	  "journal",
	  { "wall_ms", "priority", "by", "text" },
	  4,
	  tell_line },
	{ "The two minutes before",
	  "course",
	  { "metric", "quantity", "low", "high", "last" },
	  5,
	  tell_course },
	{ "Descriptors and sockets", "descriptor_kinds", { "kind", "port", "n" }, 3, tell_kind },
	{ NULL, "descriptors", { "pid", "fd", "kind", "what" }, 4, tell_descriptor },
	{ "Its cgroup", "cgroup", { "file", "text" }, 2, tell_file },
	{ "What could not be read", "unreadable", { "what", "why" }, 2, tell_unreadable },
};

static const struct decision *find_decision(const struct step *steps, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (steps[i].kind == STEP_DECISION && steps[i].decision.id == id)
			return &steps[i].decision;
	return NULL;
}

static void tell_head(const struct output *output, const struct kept_snapshot *kept,
		      const struct step *steps, size_t n_steps)
{
	const struct snapshot *snapshot = &kept->snapshot;
	const struct decision *decision = find_decision(steps, n_steps, snapshot->decision);
	char when[32], took[32];

	output_line(output, PAINT_STRONG, "Seen before the %s of %s, in %s%s",
		    decision ? action_word(decision->action) : "heal",
		    text_moment(when, sizeof(when), snapshot->wall_ms),
		    text_span(took, sizeof(took), snapshot->took_ms),
		    snapshot->is_whole ? "" : "; not all could be read in time");
}

int scene_print(const struct output *output, struct reader *reader,
		const struct kept_snapshot *kept, const struct step *steps, size_t n_steps)
{
	struct sight sight = { output, reader, kept, false, "Threads, by where they are" };
	int r;

	tell_head(output, kept, steps, n_steps);
	r = tell_threads(&sight);
	for (size_t i = 0; r >= 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].heading) {
			sight.heading = parts[i].heading;
			sight.has_begun = false;
		}
		r = each(&sight, parts[i].list, parts[i].field, parts[i].n, parts[i].visit, &sight);
	}
	return r;
}

const char *scene_absence(const struct step *steps, size_t n_steps)
{
	bool mocked = false;

	for (size_t i = 0; i < n_steps; i++) {
		const struct decision *decision = &steps[i].decision;

		if (steps[i].kind != STEP_DECISION || decision->why != WHY_ALLOWED)
			continue;
		if (decision->way == WAY_SYSTEMD && decision->action != ACTION_NOTIFY)
			return "none is kept any more, or an older version healed it";
		mocked = true;
	}
	return mocked ? "nothing real was disturbed, so nothing would have been lost: a mock heal "
			"and a "
			"simulated one leave all as it is"
		      : "nothing was done about it, so nothing was disturbed";
}
