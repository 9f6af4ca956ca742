/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of what can come from where, and the words for what does not. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "record/signal.h"

#define BIT(metric) METRIC_BIT(METRIC_##metric)
#define PSI                                                                                        \
	(BIT(PSI_CPU_SOME) | BIT(PSI_MEMORY_SOME) | BIT(PSI_MEMORY_FULL) | BIT(PSI_IO_SOME) |      \
	 BIT(PSI_IO_FULL))
#define MEMORY_EVENTS (BIT(MEMORY_HIGH) | BIT(MEMORY_MAX))
#define THREAD	      (BIT(THREAD_CPU) | BIT(THREAD_SWITCHES))
#define IO	      (BIT(READ_BYTES) | BIT(WRITE_BYTES))
#define SWITCHES      (BIT(SWITCHES_VOLUNTARY) | BIT(SWITCHES_INVOLUNTARY))
#define LIFECYCLE     (BIT(FORKS) | BIT(EXITS) | BIT(EXITS_FAILED) | BIT(EXITS_SIGNAL))
#define NETWORK                                                                                    \
	(BIT(ACCEPTS) | BIT(CONNECTS) | BIT(RETRANSMITS) | BIT(RESETS_SENT) |                      \
	 BIT(RESETS_RECEIVED) | BIT(UDP_DROPS))
#define DEEP	 (BIT(WAIT_TAIL) | BIT(FAILING_CALLS) | BIT(FAILING_ERRNO))
#define BLOCK_IO (BIT(IO_REQUESTS) | BIT(IO_LATENCY))
/* What /proc/PID tells of whole processes, and to everybody. */
#define PROCESS                                                                                    \
	(BIT(CPU) | BIT(RSS) | BIT(SWAP) | BIT(PROCESSES) | BIT(THREADS) | BIT(ZOMBIES) |          \
	 BIT(MINOR_FAULTS) | BIT(MAJOR_FAULTS))
/* What a walk of tasks tells, and nothing else where cgroups are walked too. */
#define TASKS                                                                                      \
	((PROCESS & ~BIT(CPU)) | FIRST_THREADS | SWITCHES | IO | BIT(RUN_DELAY) | BIT(STUCK) |     \
	 BIT(DESCRIPTORS) | BIT(DESCRIPTORS_SHARE))
#define FIRST_THREADS (BIT(BLOCKED) | BIT(STOPPED))
#define QUEUES	      (BIT(BACKLOG) | BIT(BACKLOG_SHARE) | BIT(OVERFLOWS))
#define SOCKETS	      (BIT(CONNECTIONS) | BIT(RTT) | BIT(UNREAD) | QUEUES)
/* What is of a cgroup, and not the sum of its processes. */
#define CGROUP_ONLY                                                                                \
	(BIT(MEMORY) | PSI | LIFECYCLE | BIT(OOM_KILLS) | NETWORK | BLOCK_IO | BIT(PSI_CPU_FULL) | \
	 BIT(THROTTLED) | MEMORY_EVENTS | THREAD | SOCKETS | BIT(ERROR_LINES) | DEEP)
#define SIMULATED (METRIC_BIT(METRIC_RESTARTS + 1) - 1)

/* The dumps of sockets see no other one. */
#define HERE " in this network namespace"

#define NEEDS_PSI    "pressure accounting in the kernel (CONFIG_PSI, psi=1)"
#define NEEDS_FULL   "a kernel of 5.13 or later with pressure accounting (CONFIG_PSI, psi=1)"
#define NEEDS_QUOTA  "the cpu controller in the unit's cgroup (cpu.stat)"
#define NEEDS_EVENTS "the memory controller in the unit's cgroup (memory.events)"
#define NEEDS_MEMORY "the memory controller in the unit's cgroup (memory.current)"
#define NEEDS_VICTIM "a kernel with the tracepoint mark_victim"
#define NEEDS_SOCKET "a kernel that takes the programs for sockets"
#define NEEDS_BLOCK  "a kernel that takes the program for block I/O"
#define NEEDS_IO     "the io controller in the unit's cgroup (of v2), and " NEEDS_BLOCK
#define NEEDS_DIAG                                                                                 \
	"the descriptor of selfhealed.socket, and a kernel (5.8+) that tells the cgroups of "      \
	"sockets"
#define NEEDS_DIAG_HOST "the descriptor of selfhealed.socket, and tcp_diag in the kernel"
#define NEEDS_JOURNAL                                                                              \
	"units of systemd, and a journal that this user may read (group systemd-journal)"

static const struct route {
	uint64_t gives;
	const char *needs;   /* beside the tier; NULL: nothing */
	const char *only_of; /* of what it can tell; NULL: all */
	const char *without; /* what a unit has that rightly lacks it; NULL: each has it */
	enum signal_source source;
	uint32_t tier;
	bool of_host; /* else of units */
	bool is_less; /* than there is, and nothing in the value shows it */
} routes[] = {
	{ .gives = BIT(RESTARTS),
	  .source = SIGNAL_SYSTEMD,
	  .tier = 0,
	  .needs = "a service of systemd" },
	{ .gives = LIFECYCLE, .source = SIGNAL_TRACEPOINTS, .tier = 2 },
	{ .gives = BIT(OOM_KILLS), .source = SIGNAL_TRACEPOINTS, .tier = 2, .needs = NEEDS_VICTIM },
	{ .gives = NETWORK, .source = SIGNAL_TRACEPOINTS, .tier = 2, .needs = NEEDS_SOCKET },
	{ .gives = BIT(IO_REQUESTS), .source = SIGNAL_TRACEPOINTS, .tier = 2, .needs = NEEDS_IO },
	{ .gives = BIT(IO_LATENCY),
	  .source = SIGNAL_TRACEPOINTS,
	  .tier = 2,
	  .needs = "block I/O in that second, and " NEEDS_IO },
	{ .gives = DEEP, .source = SIGNAL_TRACEPOINTS, .tier = 3 },
	{ .gives = PROCESS | FIRST_THREADS | SWITCHES | BIT(DESCRIPTORS),
	  .source = SIGNAL_ITERATORS,
	  .tier = 1 },
	{ .gives = BIT(RUN_DELAY),
	  .source = SIGNAL_ITERATORS,
	  .tier = 1,
	  .needs = "a kernel with CONFIG_SCHED_INFO" },
	{ .gives = IO,
	  .source = SIGNAL_ITERATORS,
	  .tier = 1,
	  .needs = "a kernel with CONFIG_TASK_IO_ACCOUNTING" },
	{ .gives = BIT(MEMORY), .source = SIGNAL_ITERATORS, .tier = 1, .needs = NEEDS_MEMORY },
	{ .gives = PSI, .source = SIGNAL_ITERATORS, .tier = 1, .needs = NEEDS_PSI },
	{ .gives = THREAD | BIT(STUCK) | BIT(DESCRIPTORS_SHARE),
	  .source = SIGNAL_ITERATORS,
	  .tier = 1 },
	{ .gives = BIT(PSI_CPU_FULL), .source = SIGNAL_ITERATORS, .tier = 1, .needs = NEEDS_FULL },
	{ .gives = BIT(THROTTLED), .source = SIGNAL_ITERATORS, .tier = 1, .needs = NEEDS_QUOTA },
	{ .gives = MEMORY_EVENTS, .source = SIGNAL_ITERATORS, .tier = 1, .needs = NEEDS_EVENTS },
	{ .gives = BIT(CPU), .source = SIGNAL_CGROUP_FILES, .tier = 0 },
	{ .gives = BIT(MEMORY), .source = SIGNAL_CGROUP_FILES, .tier = 0, .needs = NEEDS_MEMORY },
	{ .gives = BIT(SWAP), .source = SIGNAL_CGROUP_FILES, .tier = 0 },
	{ .gives = BIT(OOM_KILLS),
	  .source = SIGNAL_CGROUP_FILES,
	  .tier = 0,
	  .needs = NEEDS_EVENTS },
	{ .gives = BIT(THREADS), .source = SIGNAL_CGROUP_FILES, .tier = 0 },
	{ .gives = IO,
	  .source = SIGNAL_CGROUP_FILES,
	  .tier = 0,
	  .needs = "the io controller in the unit's cgroup (io.stat)" },
	{ .gives = PSI, .source = SIGNAL_CGROUP_FILES, .tier = 0, .needs = NEEDS_PSI },
	{ .gives = BIT(PSI_CPU_FULL),
	  .source = SIGNAL_CGROUP_FILES,
	  .tier = 0,
	  .needs = NEEDS_FULL },
	{ .gives = BIT(THROTTLED), .source = SIGNAL_CGROUP_FILES, .tier = 0, .needs = NEEDS_QUOTA },
	{ .gives = MEMORY_EVENTS, .source = SIGNAL_CGROUP_FILES, .tier = 0, .needs = NEEDS_EVENTS },
	{ .gives = PROCESS, .source = SIGNAL_PROC, .tier = 0 },
	{ .gives = FIRST_THREADS,
	  .source = SIGNAL_PROC,
	  .tier = 0,
	  .only_of = "the first thread of each process",
	  .is_less = true },
	{ .gives = BIT(RUN_DELAY) | SWITCHES,
	  .source = SIGNAL_PROC,
	  .tier = 0,
	  .only_of = "units whose processes have one thread each" },
	{ .gives = BIT(DESCRIPTORS) | BIT(DESCRIPTORS_SHARE) | IO,
	  .source = SIGNAL_PROC,
	  .tier = 0,
	  .only_of = "units whose processes this user may look into" },
	{ .gives = BIT(CONNECTIONS) | BIT(UNREAD),
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = "a TCP socket, " NEEDS_DIAG,
	  .without = "no TCP socket" HERE },
	{ .gives = QUEUES,
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = "a TCP socket that listens, " NEEDS_DIAG,
	  .without = "no TCP socket that listens" HERE },
	{ .gives = BIT(RTT),
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = "a connection, " NEEDS_DIAG,
	  .without = "no connection" HERE },
	{ .gives = BIT(ERROR_LINES), .source = SIGNAL_JOURNAL, .tier = 0, .needs = NEEDS_JOURNAL },
	{ .gives =
		  SIMULATED & ~(BIT(SWAP) | BIT(STOPPED) | BIT(PSI_MEMORY_FULL) | BIT(PSI_IO_FULL)),
	  .source = SIGNAL_SIMULATOR,
	  .tier = 0 },
	{ .gives = LIFECYCLE, .source = SIGNAL_TRACEPOINTS, .tier = 2, .of_host = true },
	{ .gives = BIT(OOM_KILLS),
	  .source = SIGNAL_TRACEPOINTS,
	  .tier = 2,
	  .needs = NEEDS_VICTIM,
	  .of_host = true },
	{ .gives = NETWORK,
	  .source = SIGNAL_TRACEPOINTS,
	  .tier = 2,
	  .needs = NEEDS_SOCKET,
	  .of_host = true },
	{ .gives = BIT(IO_REQUESTS),
	  .source = SIGNAL_TRACEPOINTS,
	  .tier = 2,
	  .needs = NEEDS_BLOCK,
	  .of_host = true },
	{ .gives = BIT(IO_LATENCY),
	  .source = SIGNAL_TRACEPOINTS,
	  .tier = 2,
	  .needs = "block I/O in that second",
	  .of_host = true },
	{ .gives = BIT(CPU) | BIT(MEMORY) | BIT(SWAP) | BIT(PROCESSES) | BIT(MINOR_FAULTS) |
		   BIT(MAJOR_FAULTS) | IO | BIT(OOM_KILLS),
	  .source = SIGNAL_PROC,
	  .tier = 0,
	  .of_host = true },
	{ .gives = BIT(PROCESSES), .source = SIGNAL_ITERATORS, .tier = 1, .of_host = true },
	{ .gives = PSI, .source = SIGNAL_PROC, .tier = 0, .needs = NEEDS_PSI, .of_host = true },
	{ .gives = SOCKETS & ~(BIT(RTT) | QUEUES),
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = NEEDS_DIAG_HOST,
	  .of_host = true },
	{ .gives = QUEUES,
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = "a TCP socket that listens, " NEEDS_DIAG_HOST,
	  .of_host = true },
	{ .gives = BIT(RTT),
	  .source = SIGNAL_SOCK_DIAG,
	  .tier = 0,
	  .needs = "a connection, " NEEDS_DIAG_HOST,
	  .of_host = true },
	{ .gives = BIT(ERROR_LINES),
	  .source = SIGNAL_JOURNAL,
	  .tier = 0,
	  .needs = NEEDS_JOURNAL,
	  .of_host = true },
};
#define ROUTES_N (sizeof(routes) / sizeof(routes[0]))

static const char *const source_words[SIGNAL_SOURCE_N] = {
	[SIGNAL_SYSTEMD] = "systemd",	  [SIGNAL_TRACEPOINTS] = "tracepoints",
	[SIGNAL_ITERATORS] = "iterators", [SIGNAL_CGROUP_FILES] = "cgroup-files",
	[SIGNAL_PROC] = "proc",		  [SIGNAL_SOCK_DIAG] = "sock-diag",
	[SIGNAL_JOURNAL] = "journal",	  [SIGNAL_SIMULATOR] = "simulator",
};

const char *signal_source_word(enum signal_source source)
{
	return (size_t)source < SIGNAL_SOURCE_N ? source_words[source] : "unknown";
}

/* ---- what can be ----------------------------------------------------------- */

static uint64_t given_by(enum signal_source source, bool of_host)
{
	uint64_t gives = 0;

	for (size_t i = 0; i < ROUTES_N; i++)
		if (routes[i].source == source && routes[i].of_host == of_host)
			gives |= routes[i].gives;
	return gives;
}

uint64_t signal_of_units(enum signal_source source)
{
	return given_by(source, false);
}

uint64_t signal_of_host(enum signal_source source)
{
	return given_by(source, true);
}

/* The first route of units from the i-th on, in order of preference; NULL: no more. */
static const struct route *next_route(enum metric metric, size_t *i)
{
	for (; *i < ROUTES_N; (*i)++)
		if (!routes[*i].of_host && routes[*i].source != SIGNAL_SIMULATOR &&
		    (routes[*i].gives & METRIC_BIT(metric)))
			return &routes[(*i)++];
	return NULL;
}

static const struct route *route_of(enum metric metric, enum signal_source source)
{
	const struct route *route;

	for (size_t i = 0; (route = next_route(metric, &i));)
		if (route->source == source)
			return route;
	return NULL;
}

uint32_t signal_tier(enum metric metric)
{
	uint32_t tier = UINT32_MAX;
	const struct route *route;

	for (size_t i = 0; (route = next_route(metric, &i));)
		if (!route->only_of && route->tier < tier)
			tier = route->tier;
	return tier;
}

uint32_t signal_every_ms(enum metric metric, const struct signal_place *place)
{
	uint32_t walk_ms = place->walk_every_ms > 1000 ? place->walk_every_ms : 1000;

	if (THREAD & METRIC_BIT(metric))
		return 10 * walk_ms; /* units take turns */
	if (SOCKETS & METRIC_BIT(metric))
		return 5000;
	if (DEEP & METRIC_BIT(metric))
		return 60000; /* DEEP_EVERY_MS */
	/* The kernel's own beat for pressure. */
	if ((PSI | BIT(PSI_CPU_FULL)) & METRIC_BIT(metric))
		return 2000;
	return TASKS & METRIC_BIT(metric) ? walk_ms : 1000;
}

bool signal_is_on_suspicion(enum metric metric)
{
	return (DEEP & METRIC_BIT(metric)) != 0;
}

char *signal_cadence(char *buffer, size_t size, enum metric metric,
		     const struct signal_place *place)
{
	if (signal_is_on_suspicion(metric))
		(void)snprintf(buffer, size, "on suspicion");
	else
		(void)snprintf(buffer, size, "%" PRIu32 "s", signal_every_ms(metric, place) / 1000);
	return buffer;
}

/* ---- what is ------------------------------------------------------------------ */

void signals_clear(struct signals *signals)
{
	*signals = (struct signals) { 0 };
	for (size_t i = 0; i < METRIC_N; i++)
		signals->host[i] = SIGNAL_SOURCE_N;
}

/* Does the unit have anything that could be measured? A service that does not run has no cgroup. */
static bool could_have(const struct unit_status *status, enum metric metric)
{
	if (metric == METRIC_RESTARTS)
		return status->kind == UNIT_KIND_SERVICE && status->active != UNIT_ACTIVE_UNKNOWN;
	if (status->kind == UNIT_KIND_SERVICE || status->kind == UNIT_KIND_SCOPE)
		return status->cgroup[0] != '\0';
	return true;
}

static void count_unit(struct signal_found *found, const struct unit_status *status,
		       enum metric metric, bool is_known)
{
	if (status->kind == UNIT_KIND_HOST) {
		found->has_host = true;
		found->host_known = is_known;
		found->host_from = SIGNAL_SOURCE_N;
	} else if (status->flags & UNIT_SYNTHETIC) {
		found->n_simulated++;
		found->n_simulated_known += is_known;
	} else if (could_have(status, metric)) {
		found->n_units++;
		found->n_known += is_known;
	}
}

void signals_count(struct signal_found found[METRIC_N], const struct unit_status *status,
		   const struct sample *sample)
{
	for (size_t i = 0; i < METRIC_N; i++)
		count_unit(&found[i], status, (enum metric)i, sample_has(sample, (enum metric)i));
}

void signals_trace(struct signal_found found[METRIC_N], const struct signals *signals)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		if (signals) {
			memcpy(found[i].n_from, signals->n_units[i], sizeof(found[i].n_from));
			found[i].host_from = signals->host[i];
		}
		found[i].n_from[SIGNAL_SIMULATOR] = found[i].n_simulated_known;
	}
}

/* ---- in words -------------------------------------------------------------------- */

/* A text that grows; what does not fit is cut. */
struct text {
	char *buffer;
	size_t size, at;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *text, const char *format, ...)
{
	va_list arguments;
	int n;

	if (text->at + 1 >= text->size)
		return;
	va_start(arguments, format);
	n = vsnprintf(text->buffer + text->at, text->size - text->at, format, arguments);
	va_end(arguments);
	if (n > 0)
		text->at += (size_t)n;
}

char *signal_sources(char *buffer, size_t size, const struct signal_found *found)
{
	struct text text = { buffer, size, 0 };
	unsigned int n_sources = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < SIGNAL_SOURCE_N; i++)
		n_sources += found->n_from[i] > 0;
	for (size_t i = 0; i < SIGNAL_SOURCE_N; i++) {
		if (found->n_from[i] == 0)
			continue;
		say(&text, "%s%s", text.at ? ", " : "", source_words[i]);
		if (n_sources > 1)
			say(&text, " %" PRIu32, found->n_from[i]);
	}
	if (n_sources == 0)
		say(&text, "%s", found->n_known ? "?" : "-");
	return buffer;
}

const char *signal_host(const struct signal_found *found)
{
	if (!found->has_host || !found->host_known)
		return "-";
	return found->host_from < SIGNAL_SOURCE_N ? source_words[found->host_from] : "?";
}

static bool is_trees(const struct signal_place *place)
{
	return strcmp(place->source, "process trees") == 0;
}

/* A higher tier would not help where what that one needs is missing here as well. */
static bool is_needed_here(enum metric metric, const char *needs, const struct signal_place *place)
{
	const struct route *route;

	for (size_t i = 0; (route = next_route(metric, &i));)
		if (needs && route->needs && route->tier <= place->tier &&
		    strcmp(route->needs, needs) == 0)
			return true;
	return false;
}

/* What would give it where nothing does: each route has something that is not there. */
static void say_needs(struct text *text, enum metric metric, const struct signal_place *place,
		      const char *before, const char *between)
{
	const char *last = "";
	const struct route *route;
	uint32_t last_tier = 0;

	for (size_t i = 0; (route = next_route(metric, &i));) {
		bool is_higher = route->tier > place->tier;

		if ((is_trees(place) && route->source == SIGNAL_CGROUP_FILES) ||
		    (is_higher &&
		     (route->tier == last_tier || is_needed_here(metric, route->needs, place))) ||
		    (!is_higher && (!route->needs || strcmp(route->needs, last) == 0)))
			continue;
		if (is_higher)
			say(text, "%stier %" PRIu32, before, route->tier);
		else
			say(text, "%s%s", before, route->needs);
		last_tier = is_higher ? route->tier : last_tier;
		last = is_higher ? last : route->needs;
		before = between;
	}
}

static const struct route *main_route(enum metric metric, const struct signal_found *found)
{
	size_t most = SIGNAL_SYSTEMD;

	for (size_t i = 0; i < SIGNAL_SIMULATOR; i++)
		if (found->n_from[i] > found->n_from[most])
			most = i;
	return found->n_from[most] ? route_of(metric, (enum signal_source)most) : NULL;
}

/* The source has less than there is. */
static void say_partial(struct text *text, const struct route *route, enum metric metric)
{
	say(text, "%s tells it only of %s; tier %" PRIu32 " of all", source_words[route->source],
	    route->only_of, signal_tier(metric));
}

/* The source answers, and they have nothing of what it tells. */
static bool say_without(struct text *text, enum metric metric, const struct signal_found *found,
			uint32_t n)
{
	const struct route *route = main_route(metric, found);

	if (!route && found->host_known && found->host_from < SIGNAL_SOURCE_N)
		route = route_of(metric, (enum signal_source)found->host_from);
	if (!route || !route->without)
		return false;
	say(text, "%" PRIu32 " ha%s %s", n, n == 1 ? "s" : "ve", route->without);
	return true;
}

static void say_missing(struct text *text, enum metric metric, const struct signal_found *found,
			const struct signal_place *place)
{
	uint32_t n = found->n_units - found->n_known;
	const struct route *route = main_route(metric, found);
	size_t at;

	if (route && route->only_of) {
		say_partial(text, route, metric);
		return;
	}
	if (signal_is_on_suspicion(metric) && place->tier >= signal_tier(metric)) {
		say(text, "only of units under suspicion, while it lasts");
		return;
	}
	if (say_without(text, metric, found, n))
		return;
	if (found->n_known > 0)
		say(text, "%" PRIu32 " lack%s it: just begun", n, n == 1 ? "s" : "");
	at = text->at;
	say_needs(text, metric, place, at ? ", or without " : "needs ", ", or ");
	if (text->at == at && at == 0)
		say(text, "no unit has it at this moment");
}

static void say_units(struct text *text, enum metric metric, const struct signal_found *found,
		      const struct signal_place *place)
{
	const struct route *route = main_route(metric, found);

	if (found->n_units == 0) {
		if (found->n_simulated > 0 && found->n_simulated_known == 0)
			say(text, "the simulator does not tell it");
		else if (found->n_simulated == 0 && metric == METRIC_RESTARTS)
			say_needs(text, metric, place, "needs ", ", or ");
		else if (found->n_simulated == 0)
			say(text, "there is no unit to measure it of");
	} else if (found->n_known == 0 && is_trees(place) && (CGROUP_ONLY & METRIC_BIT(metric))) {
		say(text, "needs a cgroup of its own for each unit");
	} else if (found->n_known < found->n_units) {
		say_missing(text, metric, found, place);
	} else if (route && route->is_less) {
		say_partial(text, route, metric);
	}
}

static void say_host(struct text *text, enum metric metric, const struct signal_found *found,
		     const struct signal_place *place)
{
	const struct route *first = NULL;

	if (!found->has_host || found->host_known)
		return;
	for (size_t i = 0; i < ROUTES_N && !first; i++)
		if (routes[i].of_host && routes[i].tier <= place->tier &&
		    (routes[i].gives & METRIC_BIT(metric)))
			first = &routes[i];
	if (!first) /* nobody measures it, or the tier says it */
		return;
	say(text, "%sthe host lacks it", text->at ? "; " : "");
	if (first->needs)
		say(text, ": needs %s", first->needs);
}

char *signal_note(char *buffer, size_t size, enum metric metric, const struct signal_found *found,
		  const struct signal_place *place)
{
	struct text text = { buffer, size, 0 };

	buffer[0] = '\0';
	say_units(&text, metric, found, place);
	say_host(&text, metric, found, place);
	return buffer;
}
