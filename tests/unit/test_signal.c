/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of a signal is what the readers do. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "record/signal.h"
#include "sense/census.h"
#include "sense/cgroup.h"
#include "sense/join.h"
#include "sense/procfs.h"
#include "sense/simulator.h"
#include "tests/unit/assertion.h"

#define NOTE_SIZE 512

/* Nothing below has it: a metric more is a line in all of these places. */
static void is_the_table(uint64_t given, uint64_t table, const char *what)
{
	for (size_t i = 0; i < METRIC_N; i++)
		cr_assert(eq(int, (given & METRIC_BIT(i)) != 0, (table & METRIC_BIT(i)) != 0),
			  "%s: %s is given: %d", what, metric_table[i].name,
			  (given & METRIC_BIT(i)) != 0);
}

#define TRAFFIC                                                                                    \
	(METRIC_BIT(METRIC_ACCEPTS) | METRIC_BIT(METRIC_CONNECTS) |                                \
	 METRIC_BIT(METRIC_RETRANSMITS) | METRIC_BIT(METRIC_RESETS_SENT) |                         \
	 METRIC_BIT(METRIC_RESETS_RECEIVED) | METRIC_BIT(METRIC_UDP_DROPS) |                       \
	 METRIC_BIT(METRIC_IO_REQUESTS) | METRIC_BIT(METRIC_IO_LATENCY))

/* Which walks do not find; test_deep has them all. */
#define DEEP                                                                                       \
	(METRIC_BIT(METRIC_WAIT_TAIL) | METRIC_BIT(METRIC_FAILING_CALLS) |                         \
	 METRIC_BIT(METRIC_FAILING_ERRNO))

/* What the probe has from tracepoints. */
static uint64_t traced(void)
{
	return TRAFFIC | join_counts();
}

/* A walk that found all there is to find, of unit 7 in cgroup 50, and of the whole host. */
static void walk_all(uint64_t *ret_unit, uint64_t *ret_host)
{
	static const struct census_known all = {
		.tasks = true,
		.counters = true,
		.oom_kills = true,
		.cgroups = true,
		.cpu = true,
		.traffic = TRAFFIC,
		.n_processes = 1,
	};
	static const struct unit_traffic traffic = { .of = { [TRAFFIC_IO_TIMED] = 1 } };
	static const struct cgroup_facts facts = {
		.have = CGROUP_HAVE_MEMORY | CGROUP_HAVE_SWAP | CGROUP_HAVE_THREADS |
			CGROUP_HAVE_PSI | CGROUP_HAVE_IO | CGROUP_HAVE_PSI_CPU_FULL |
			CGROUP_HAVE_THROTTLED | CGROUP_HAVE_MEMORY_EVENTS
	};
	static const struct task_sums sums = { .threads = 1, .look = LOOK_COMPARE };
	CLEANUP(census_freep) struct census *census = NULL;
	struct usage unit = { 0 }, host = { 0 };
	uint32_t dropped;

	cr_assert(eq(int, census_new(&census), 0));
	cr_assert(eq(int, census_watch(census, 50, 7, &dropped), 0));
	census_begin(census, true);
	census_traffic(census, 0, &traffic);
	census_traffic(census, 7, &traffic);
	census_sums(census, 7, &sums);
	census_facts(census, 50, &facts);
	census_end(census, &all);
	cr_assert(census_usage(census, 7, 50, &unit));
	cr_assert(census_usage(census, 0, 0, &host));
	*ret_unit = unit.have;
	*ret_host = host.have;
}

Test(signal, table_has_what_the_probe_gives_and_no_more)
{
	uint64_t unit, host;

	walk_all(&unit, &host);
	is_the_table(unit & ~traced(), signal_of_units(SIGNAL_ITERATORS), "iterators");
	is_the_table((unit & traced()) | DEEP, signal_of_units(SIGNAL_TRACEPOINTS), "tracepoints");
	is_the_table(host & traced(), signal_of_host(SIGNAL_TRACEPOINTS),
		     "tracepoints, of the host");
	is_the_table(host & ~traced(), signal_of_host(SIGNAL_ITERATORS), "iterators, of the host");
}

Test(signal, table_has_what_files_give_and_no_more)
{
	static const struct cgroup_roots v2 = { .unified = "tests/data/cgroup-v2" };
	CLEANUP(cgroup_files_closep) struct cgroup_files *files = NULL;
	struct process process;
	struct usage usage;

	cr_assert(eq(int, cgroup_files_open(&v2, "/system.slice/shop.service", &files), 0));
	cr_assert(eq(int, cgroup_files_read(files, &usage), 0));
	is_the_table(usage.have, signal_of_units(SIGNAL_CGROUP_FILES), "cgroup files");
	cr_assert(eq(int, procfs_process("tests/data/proc", 1, &process), 0));
	is_the_table(process.usage.have, signal_of_units(SIGNAL_PROC), "proc");
	procfs_host("tests/data/proc", &usage);
	procfs_count("tests/data/proc", &usage);
	is_the_table(usage.have, signal_of_host(SIGNAL_PROC), "proc, of the host");
	is_the_table(0, signal_of_host(SIGNAL_CGROUP_FILES), "cgroup files, of the host");
}

static uint32_t number(const char *name, void *userdata)
{
	(void)userdata;
	return strcmp(name, "sim-web.service") == 0 ? 1 : 2;
}

Test(signal, table_has_what_the_simulator_invents_and_no_more)
{
	CLEANUP(simulator_freep) struct simulator *simulator = NULL;
	const struct unit_status *status;
	const struct sample *samples;

	cr_assert(eq(int, simulator_new(1, number, NULL, &simulator), 0));
	simulator_take(simulator, HOURS(5), DAYS(20000), 0, &samples, &status);
	simulator_take(simulator, HOURS(5) + 1000, DAYS(20000) + 1000, 1000, &samples, &status);
	is_the_table(samples[0].have, signal_of_units(SIGNAL_SIMULATOR), "simulator");
}

Test(signal, every_metric_has_a_source_and_a_tier_that_exists)
{
	uint64_t units = 0;

	for (int i = 0; i < SIGNAL_SIMULATOR; i++)
		units |= signal_of_units((enum signal_source)i);
	is_the_table(units, METRIC_BIT(METRIC_N) - 1, "some source of units");
	for (size_t i = 0; i < METRIC_N; i++)
		cr_assert(le(u32, signal_tier((enum metric)i), 3), "%s", metric_table[i].name);
	cr_assert(eq(u32, signal_tier(METRIC_WAIT_TAIL), 3));
	cr_assert(eq(u32, signal_tier(METRIC_FORKS), 2));
	cr_assert(eq(u32, signal_tier(METRIC_RUN_DELAY), 1), "tier 0 has some of it only");
	cr_assert(eq(u32, signal_tier(METRIC_CPU), 0));
	cr_assert(eq(u32, signal_tier(METRIC_THROTTLED), 0));
	cr_assert(eq(u32, signal_tier(METRIC_STUCK), 1));
}

Test(signal, what_is_not_new_every_second_is_told_so)
{
	static const struct signal_place small = { .tier = 2 },
					 large = { .tier = 2, .walk_every_ms = 3000 };

	cr_assert(eq(u32, signal_every_ms(METRIC_CPU, &small), 1000));
	cr_assert(eq(u32, signal_every_ms(METRIC_CPU, &large), 1000), "the cgroup's");
	cr_assert(eq(u32, signal_every_ms(METRIC_RSS, &small), 1000));
	cr_assert(eq(u32, signal_every_ms(METRIC_RSS, &large), 3000));
	cr_assert(eq(u32, signal_every_ms(METRIC_PSI_CPU_FULL, &large), 2000));
	cr_assert(eq(u32, signal_every_ms(METRIC_THREAD_CPU, &small), 10000));
	cr_assert(eq(u32, signal_every_ms(METRIC_THREAD_CPU, &large), 30000));
	cr_assert(eq(u32, signal_every_ms(METRIC_BACKLOG, &large), 5000));
}

Test(signal, what_is_looked_at_on_suspicion_only_is_told_so)
{
	static const struct signal_place place = { .tier = 3 };
	char text[32];

	cr_assert(eq(str, signal_cadence(text, sizeof(text), METRIC_FAILING_CALLS, &place),
		     "on suspicion"));
	cr_assert(signal_is_on_suspicion(METRIC_FAILING_ERRNO));
	cr_assert(eq(str, signal_cadence(text, sizeof(text), METRIC_THREAD_CPU, &place), "10s"));
	cr_assert(not(signal_is_on_suspicion(METRIC_THREAD_CPU)));
}

Test(signal, source_words_are_all_different_and_never_null)
{
	for (int i = 0; i < SIGNAL_SOURCE_N; i++)
		for (int j = 0; j < i; j++)
			cr_assert(ne(str, (char *)signal_source_word((enum signal_source)i),
				     (char *)signal_source_word((enum signal_source)j)));
	cr_assert(eq(str, (char *)signal_source_word(99), "unknown"));
}

static struct unit_status service(const char *cgroup)
{
	struct unit_status status = { .kind = UNIT_KIND_SERVICE, .active = UNIT_ACTIVE_ACTIVE };

	(void)strncpy(status.cgroup, cgroup, sizeof(status.cgroup) - 1);
	return status;
}

Test(signal, only_what_runs_could_have_it_and_the_simulated_are_apart)
{
	static const struct sample rss = { .have = METRIC_BIT(METRIC_RSS) }, nothing;
	struct signal_found found[METRIC_N] = { 0 };
	struct unit_status up = service("/system.slice/a.service"), down = service("");
	struct unit_status invented = service(""), host = { .kind = UNIT_KIND_HOST };
	struct unit_status scope = up;

	invented.flags = UNIT_SYNTHETIC;
	scope.kind = UNIT_KIND_SCOPE;
	signals_count(found, &up, &rss);
	signals_count(found, &up, &nothing);
	signals_count(found, &down, &nothing);
	signals_count(found, &invented, &rss);
	signals_count(found, &scope, &rss);
	signals_count(found, &host, &nothing);
	cr_assert(eq(u32, found[METRIC_RSS].n_units, 3));
	cr_assert(eq(u32, found[METRIC_RSS].n_known, 2));
	cr_assert(eq(u32, found[METRIC_RSS].n_simulated, 1));
	cr_assert(eq(u32, found[METRIC_RSS].n_simulated_known, 1));
	cr_assert(found[METRIC_RSS].has_host);
	cr_assert(not(found[METRIC_RSS].host_known));
	cr_assert(eq(u32, found[METRIC_RESTARTS].n_units, 3),
		  "also one that is down, but no scope");
}

/* n of units had it, all from there. */
static struct signal_found from(enum signal_source source, uint32_t n, uint32_t n_units)
{
	struct signal_found found = { .n_units = n_units, .n_known = n };

	found.n_from[source] = n;
	return found;
}

Test(signal, sources_are_told_only_as_far_as_they_are_known)
{
	struct signal_found mixed = from(SIGNAL_PROC, 9, 12), untold = { .n_known = 3 };
	struct signal_found all = from(SIGNAL_ITERATORS, 4, 4), none = { .n_units = 4 };
	char text[128], little[8];

	mixed.n_from[SIGNAL_CGROUP_FILES] = 3;
	cr_assert(eq(str, signal_sources(text, sizeof(text), &mixed), "cgroup-files 3, proc 9"));
	cr_assert(eq(str, signal_sources(text, sizeof(text), &all), "iterators"));
	cr_assert(eq(str, signal_sources(text, sizeof(text), &none), "-"));
	cr_assert(eq(str, signal_sources(text, sizeof(text), &untold), "?"));
	cr_assert(eq(str, signal_sources(little, sizeof(little), &mixed), "cgroup-"));
	cr_assert(eq(str, (char *)signal_host(&none), "-"));
	all.has_host = all.host_known = true;
	all.host_from = SIGNAL_SOURCE_N;
	cr_assert(eq(str, (char *)signal_host(&all), "?"));
	all.host_from = SIGNAL_PROC;
	cr_assert(eq(str, (char *)signal_host(&all), "proc"));
}

static const struct {
	enum metric metric;
	uint32_t tier;
	const char *source;
	struct signal_found found;
	const char *note;
} notes[] = {
	{ METRIC_CPU,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 4, .n_from = { [SIGNAL_ITERATORS] = 4 } },
	  "" },
	{ METRIC_CPU,
	  0,
	  "systemd",
	  { .n_units = 4, .n_known = 4, .n_from = { [SIGNAL_CGROUP_FILES] = 4 } },
	  "" },
	{ METRIC_FORKS, 0, "systemd", { .n_units = 4 }, "needs tier 2" },
	{ METRIC_RUN_DELAY, 0, "systemd", { .n_units = 4 }, "needs tier 1" },
	{ METRIC_RUN_DELAY,
	  1,
	  "systemd",
	  { .n_units = 4 },
	  "needs a kernel with CONFIG_SCHED_INFO" },
	{ METRIC_MEMORY,
	  2,
	  "systemd",
	  { .n_units = 4 },
	  "needs the memory controller in the unit's cgroup (memory.current)" },
	{ METRIC_OOM_KILLS,
	  0,
	  "systemd",
	  { .n_units = 4 },
	  "needs tier 2, or the memory controller in the unit's cgroup (memory.events)" },
	{ METRIC_MEMORY,
	  0,
	  "systemd",
	  { .n_units = 4 },
	  "needs the memory controller in the unit's cgroup (memory.current)" },
	{ METRIC_READ_BYTES,
	  0,
	  "systemd",
	  { .n_units = 4 },
	  "needs tier 1, or the io controller in the unit's cgroup (io.stat)" },
	{ METRIC_DESCRIPTORS,
	  0,
	  "systemd",
	  { .n_units = 4, .n_known = 4, .n_from = { [SIGNAL_PROC] = 4 } },
	  "" },
	{ METRIC_DESCRIPTORS,
	  0,
	  "systemd",
	  { .n_units = 4, .n_known = 3, .n_from = { [SIGNAL_PROC] = 3 } },
	  "proc tells it only of units whose processes this user may look into; tier 1 of "
	  "all" },
	{ METRIC_READ_BYTES, 0, "process trees", { .n_units = 4 }, "needs tier 1" },
	{ METRIC_MEMORY,
	  2,
	  "process trees",
	  { .n_units = 4 },
	  "needs a cgroup of its own for each unit" },
	{ METRIC_MEMORY_HIGH,
	  2,
	  "systemd",
	  { .n_units = 4 },
	  "needs the memory controller in the unit's cgroup (memory.events)" },
	{ METRIC_THROTTLED,
	  0,
	  "systemd",
	  { .n_units = 4 },
	  "needs the cpu controller in the unit's cgroup (cpu.stat)" },
	{ METRIC_THREAD_CPU,
	  2,
	  "process trees",
	  { .n_units = 4 },
	  "needs a cgroup of its own for each unit" },
	{ METRIC_STUCK, 0, "process trees", { .n_units = 4 }, "needs tier 1" },
	{ METRIC_RESTARTS, 2, "cgroups", { 0 }, "needs a service of systemd" },
	{ METRIC_CPU, 2, "systemd", { 0 }, "there is no unit to measure it of" },
	{ METRIC_CPU, 2, "the simulator alone", { .n_simulated = 2, .n_simulated_known = 2 }, "" },
	{ METRIC_SWAP,
	  0,
	  "the simulator alone",
	  { .n_simulated = 2 },
	  "the simulator does not tell it" },
	{ METRIC_MEMORY,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 3, .n_from = { [SIGNAL_ITERATORS] = 3 } },
	  "1 lacks it: just begun, or without the memory controller in the unit's cgroup "
	  "(memory.current)" },
	{ METRIC_CPU,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 2, .n_from = { [SIGNAL_ITERATORS] = 2 } },
	  "2 lack it: just begun" },
	{ METRIC_CPU, 2, "systemd", { .n_units = 4 }, "no unit has it at this moment" },
	{ METRIC_BLOCKED,
	  0,
	  "systemd",
	  { .n_units = 4, .n_known = 4, .n_from = { [SIGNAL_PROC] = 4 } },
	  "proc tells it only of the first thread of each process; tier 1 of all" },
	{ METRIC_PSI_IO_FULL,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 4, .n_from = { [SIGNAL_ITERATORS] = 4 }, .has_host = true },
	  "the host lacks it: needs pressure accounting in the kernel (CONFIG_PSI, "
	  "psi=1)" },
	{ METRIC_FORKS, 0, "systemd", { .n_units = 4, .has_host = true }, "needs tier 2" },
	{ METRIC_ACCEPTS, 1, "systemd", { .n_units = 4 }, "needs tier 2" },
	{ METRIC_RETRANSMITS,
	  2,
	  "systemd",
	  { .n_units = 4, .has_host = true },
	  "needs a kernel that takes the programs for sockets; the host lacks it: needs a "
	  "kernel that takes the programs for sockets" },
	{ METRIC_IO_REQUESTS,
	  2,
	  "systemd",
	  { .n_units = 4, .has_host = true, .host_known = true },
	  "needs the io controller in the unit's cgroup (of v2), and a kernel that takes "
	  "the program for block I/O" },
	{ METRIC_IO_LATENCY,
	  2,
	  "process trees",
	  { .n_units = 4 },
	  "needs a cgroup of its own for each unit" },
	{ METRIC_BACKLOG,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 1, .n_from = { [SIGNAL_SOCK_DIAG] = 1 } },
	  "3 have no TCP socket that listens in this network namespace" },
	{ METRIC_CONNECTIONS,
	  2,
	  "systemd",
	  { .n_units = 4, .n_known = 2, .n_from = { [SIGNAL_SOCK_DIAG] = 2 } },
	  "2 have no TCP socket in this network namespace" },
	{ METRIC_RTT,
	  2,
	  "systemd",
	  { .n_units = 1, .has_host = true, .host_known = true, .host_from = SIGNAL_SOCK_DIAG },
	  "1 has no connection in this network namespace" },
	{ METRIC_ERROR_LINES,
	  2,
	  "systemd",
	  { .n_units = 4 },
	  "needs units of systemd, and a journal that this user may read (group "
	  "systemd-journal)" },
	{ METRIC_WAIT_TAIL, 2, "systemd", { .n_units = 4 }, "needs tier 3" },
	{ METRIC_WAIT_TAIL,
	  3,
	  "systemd",
	  { .n_units = 4 },
	  "only of units under suspicion, while it lasts" },
	{ METRIC_FAILING_ERRNO,
	  3,
	  "systemd",
	  { .n_units = 4, .n_known = 1, .n_from = { [SIGNAL_TRACEPOINTS] = 1 } },
	  "only of units under suspicion, while it lasts" },
	{ METRIC_FAILING_CALLS,
	  2,
	  "process trees",
	  { .n_units = 4 },
	  "needs a cgroup of its own for each unit" },
	{ METRIC_RSS,
	  2,
	  "systemd",
	  { .n_units = 1, .n_known = 1, .n_from = { [SIGNAL_ITERATORS] = 1 }, .has_host = true },
	  "" },
};

Test(signal, note_says_what_is_missing_and_nothing_where_nothing_is)
{
	char text[NOTE_SIZE], little[16];

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		const struct signal_place place = { .tier = notes[i].tier,
						    .source = notes[i].source };

		cr_assert(eq(str,
			     signal_note(text, sizeof(text), notes[i].metric, &notes[i].found,
					 &place),
			     (char *)notes[i].note),
			  "%s at tier %u", metric_table[notes[i].metric].name, notes[i].tier);
		(void)signal_note(little, sizeof(little), notes[i].metric, &notes[i].found, &place);
		cr_assert(zero(int, strncmp(little, notes[i].note, 15)), "it is cut, not overrun");
	}
}
