/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The deep probes: when they are attached, and what they count of children whose waits and failures
 * are known. Times are told, so no test waits for a window; for who has the rights to load them and to make a
 * cgroup. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record/signal.h"
#include "sense/cgroup.h"
#include "sense/deep.h"
#include "sense/probe.h"
#include "tests/unit/assertion.h"

#define UNIT	 7
#define NEIGHBOR 8

/* A cgroup of a test's own, counted as a unit; and who lives there until told to go. */
struct home {
	char folder[320];
	uint64_t id;
	pid_t pid;
	int go, done; /* descriptors */
};

/* The deep probes, and two homes for them to look at. */
struct place {
	int watched_fd;
	struct btf *kernel;
	struct deep *deep;
	struct home home[2]; /* UNIT's and NEIGHBOR's */
};

static bool home_make(struct home *home, size_t nth)
{
	struct cgroup_roots roots;
	char path[64];

	cr_assert(zero(int, cgroup_roots_read("/proc/self/mountinfo", &roots)));
	(void)snprintf(path, sizeof(path), "/selfheal-deep-%d-%zu", (int)getpid(), nth);
	(void)snprintf(home->folder, sizeof(home->folder), "%s%s", roots.unified, path);
	if (!roots.unified[0] || mkdir(home->folder, 0755) < 0)
		return false;
	cr_assert(zero(int, cgroup_id(&roots, path, &home->id)));
	return true;
}

static void home_remove(struct home *home)
{
	if (home->pid > 0) {
		(void)kill(home->pid, SIGKILL);
		(void)waitpid(home->pid, NULL, 0);
	}
	for (int i = 0; home->id && rmdir(home->folder) < 0 && i < 1000000; i++)
		(void)sched_yield();
}

/* The child does nothing until home_go(), and says when it is done. */
static void home_fork(struct home *home, void (*live)(void *userdata), void *userdata)
{
	int go[2], done[2], procs;
	char name[352], byte;

	(void)snprintf(name, sizeof(name), "%s/cgroup.procs", home->folder);
	cr_assert(zero(int, pipe2(go, O_CLOEXEC)));
	cr_assert(zero(int, pipe2(done, O_CLOEXEC)));
	home->pid = fork();
	cr_assert(ge(int, home->pid, 0));
	if (home->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		procs = open(name, O_WRONLY | O_CLOEXEC);
		if (procs < 0 || write(procs, "0", 1) != 1 || write(done[1], "r", 1) != 1)
			_exit(1);
		while (read(go[0], &byte, 1) == 1) {
			live(userdata);
			(void)!write(done[1], "d", 1);
		}
		_exit(0);
	}
	(void)close(go[0]);
	(void)close(done[1]);
	home->go = go[1];
	home->done = done[0];
	cr_assert(eq(int, (int)read(home->done, &byte, 1), 1), "the child did not come up");
}

static void home_go(const struct home *home)
{
	char byte;

	cr_assert(eq(int, (int)write(home->go, "g", 1), 1));
	cr_assert(eq(int, (int)read(home->done, &byte, 1), 1), "the child did not come back");
}

static void watch(const struct place *place, uint64_t cgroup_id, uint32_t unit)
{
	cr_assert(zero(int, bpf_map_update_elem(place->watched_fd, &cgroup_id, &unit, BPF_ANY)));
}

static bool place_make(struct place *place, const char *test)
{
	*place = (struct place) { .watched_fd = -1 };
	place->kernel = btf__load_vmlinux_btf();
	if (place->kernel)
		place->watched_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "watched", sizeof(__u64),
						   sizeof(__u32), WATCHED_MAX, NULL);
	if (place->watched_fd >= 0 && home_make(&place->home[0], 0) &&
	    home_make(&place->home[1], 1)) {
		watch(place, place->home[0].id, UNIT);
		watch(place, place->home[1].id, NEIGHBOR);
		cr_assert(zero(int, deep_new(place->watched_fd, place->kernel, &place->deep)));
		return true;
	}
	(void)fprintf(stderr,
		      "not run here: unit deep/%s (needs CAP_BPF, CAP_PERFMON, BTF and leave to "
		      "make a cgroup)\n",
		      test);
	return false;
}

static void place_remove(struct place *place)
{
	deep_free(place->deep);
	home_remove(&place->home[0]);
	home_remove(&place->home[1]);
	btf__free(place->kernel);
	if (place->watched_fd >= 0)
		(void)close(place->watched_fd);
}

static void suspect(struct place *place, uint32_t unit, bool is_suspect, uint64_t when_ms)
{
	cr_assert(zero(int, deep_suspect(place->deep, unit, is_suspect, when_ms)));
}

static void turn(struct place *place, uint64_t when_ms)
{
	cr_assert(zero(int, deep_turn(place->deep, when_ms)));
}

/* A suspicion that lasts, so that counting begins at that time. */
static void begin(struct place *place, uint32_t unit, uint64_t when_ms)
{
	suspect(place, unit, true, when_ms - DEEP_AFTER_MS);
	turn(place, when_ms);
	cr_assert(deep_is_attached(place->deep));
}

static struct usage usage_of(const struct place *place, uint32_t unit, uint64_t when_ms)
{
	struct usage usage = { 0 };

	deep_usage(place->deep, unit, when_ms, &usage);
	return usage;
}

static bool has(const struct usage *usage, enum metric metric)
{
	return usage->have & METRIC_BIT(metric);
}

/* As the kernel says it of our own descriptors: links to programs. */
static size_t n_links(void)
{
	DIR *folder = opendir("/proc/self/fdinfo");
	struct dirent *entry;
	char name[300], line[256];
	size_t n = 0;
	FILE *file;

	cr_assert(folder != NULL);
	while ((entry = readdir(folder))) {
		(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(name, "re");
		while (file && fgets(line, sizeof(line), file))
			n += strncmp(line, "link_type:", 10) == 0;
		if (file)
			(void)fclose(file);
	}
	(void)closedir(folder);
	return n;
}

/* ---- when ------------------------------------------------------------------------ */

Test(deep, nothing_is_attached_while_nobody_is_under_suspicion)
{
	CLEANUP(place_remove) struct place place;
	size_t n_before;

	n_before = n_links();
	if (!place_make(&place, "nothing_is_attached"))
		return;
	for (uint64_t when_ms = 1000; when_ms < 200000; when_ms += 1000)
		turn(&place, when_ms);
	cr_assert(eq(sz, n_links(), n_before));
	begin(&place, UNIT, 200000);
	cr_assert(eq(sz, n_links(), n_before + 2), "both hooks, so that the proof can fail");
	suspect(&place, UNIT, false, 200500);
	turn(&place, 201000);
	cr_assert(eq(sz, n_links(), n_before), "gone with the suspicion");
	cr_assert(not(deep_is_attached(place.deep)));
}

Test(deep, suspicion_has_to_last_before_they_are_attached)
{
	CLEANUP(place_remove) struct place place;

	if (!place_make(&place, "suspicion_has_to_last"))
		return;
	suspect(&place, UNIT, true, 10000);
	suspect(&place, UNIT, true, 11000); /* the same one */
	turn(&place, 10000 + DEEP_AFTER_MS - 1);
	cr_assert(not(deep_is_attached(place.deep)));
	suspect(&place, UNIT, false, 20000);
	suspect(&place, UNIT, true, 21000); /* another */
	turn(&place, 21000 + DEEP_AFTER_MS - 1);
	cr_assert(not(deep_is_attached(place.deep)));
	turn(&place, 21000 + DEEP_AFTER_MS);
	cr_assert(deep_is_attached(place.deep));
}

Test(deep, they_are_attached_for_ten_seconds_at_most_and_once_a_minute)
{
	CLEANUP(place_remove) struct place place;
	uint64_t attached_ms[2] = { 0 }, when_ms;

	if (!place_make(&place, "ten_seconds"))
		return;
	suspect(&place, UNIT, true, 1000);
	for (when_ms = 1000; when_ms < 121000; when_ms += 1000) {
		if (when_ms == 30000) /* that it is another one's turn does not matter */
			suspect(&place, NEIGHBOR, true, when_ms);
		turn(&place, when_ms);
		attached_ms[when_ms >= 61000] += deep_is_attached(place.deep) ? 1000 : 0;
		if (when_ms == 3000 || when_ms == 63000)
			cr_assert(deep_is_attached(place.deep), "at %" PRIu64, when_ms);
	}
	cr_assert(eq(u64, attached_ms[0], DEEP_WINDOW_MS));
	cr_assert(eq(u64, attached_ms[1], DEEP_WINDOW_MS));
	cr_assert(eq(u32, signal_every_ms(METRIC_WAIT_TAIL, &(struct signal_place) { .tier = 3 }),
		     DEEP_EVERY_MS));
}

/* ---- system calls that fail ---------------------------------------------------------- */

static void fail_a_thousand_times(void *unused)
{
	(void)unused;
	for (int i = 0; i < 1000; i++)
		(void)close(-1);
	for (int i = 0; i < 300; i++)
		(void)access("/no/such/file", F_OK);
}

Test(deep, failing_calls_of_a_suspect_are_counted_exactly)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;

	if (!place_make(&place, "failing_calls"))
		return;
	home_fork(&place.home[0], fail_a_thousand_times, NULL);
	home_fork(&place.home[1], fail_a_thousand_times, NULL);
	home_go(&place.home[0]); /* before the window, so of no account */
	begin(&place, UNIT, 10000);
	usage = usage_of(&place, UNIT, 10000);
	cr_assert(zero(u64, usage.have), "unknown before the first turn, and not 0");
	home_go(&place.home[0]);
	home_go(&place.home[1]); /* not a suspect */
	turn(&place, 12000);

	usage = usage_of(&place, UNIT, 12000);
	cr_assert(has(&usage, METRIC_FAILING_CALLS));
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_CALLS], 1000 / 2.0), "everyday ones are not");
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_ERRNO], EBADF));
	cr_assert(zero(int, usage.age_s[METRIC_FAILING_CALLS]));
	usage = usage_of(&place, NEIGHBOR, 12000);
	cr_assert(zero(u64, usage.have));
	home_go(&place.home[0]);
	turn(&place, 14000);
	usage = usage_of(&place, UNIT, 14000);
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_CALLS], 2000 / 4.0), "over the whole window");
}

static void do_nothing(void *unused)
{
	(void)unused;
}

Test(deep, of_a_suspect_none_of_whose_calls_fail_that_is_known)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;

	if (!place_make(&place, "none_fail"))
		return;
	home_fork(&place.home[0], do_nothing, NULL);
	begin(&place, UNIT, 10000);
	turn(&place, 11000);
	usage = usage_of(&place, UNIT, 11000);
	cr_assert(has(&usage, METRIC_FAILING_CALLS));
	cr_assert(zero(dbl, usage.total[METRIC_FAILING_CALLS]));
	cr_assert(not(has(&usage, METRIC_FAILING_ERRNO)), "there is none");
	cr_assert(not(has(&usage, METRIC_WAIT_TAIL)), "it did not run, so it did not wait");
}

Test(deep, what_a_window_found_is_told_with_its_age_until_it_is_stale)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;

	if (!place_make(&place, "age"))
		return;
	home_fork(&place.home[0], fail_a_thousand_times, NULL);
	begin(&place, UNIT, 10000);
	home_go(&place.home[0]);
	turn(&place, 11000);
	suspect(&place, UNIT, false, 11000); /* healed meanwhile, say */
	turn(&place, 12000);
	cr_assert(not(deep_is_attached(place.deep)));
	home_go(&place.home[0]);
	turn(&place, 52000);
	usage = usage_of(&place, UNIT, 52000);
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_CALLS], 500), "of ten to twelve");
	cr_assert(eq(int, usage.age_s[METRIC_FAILING_CALLS], 40));
	cr_assert(eq(int, usage.age_s[METRIC_FAILING_ERRNO], 40));
	turn(&place, 12000 + DEEP_AGE_MAX_MS);
	usage = usage_of(&place, UNIT, 12000 + DEEP_AGE_MAX_MS);
	cr_assert(eq(int, usage.age_s[METRIC_FAILING_CALLS], 120));
	turn(&place, 12001 + DEEP_AGE_MAX_MS);
	usage = usage_of(&place, UNIT, 12001 + DEEP_AGE_MAX_MS);
	cr_assert(zero(u64, usage.have));
}

Test(deep, another_run_begins_with_nothing)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;

	if (!place_make(&place, "another_run"))
		return;
	home_fork(&place.home[0], fail_a_thousand_times, NULL);
	begin(&place, UNIT, 10000);
	home_go(&place.home[0]);
	turn(&place, 11000);
	deep_renew(place.deep, UNIT);
	usage = usage_of(&place, UNIT, 11000);
	cr_assert(zero(u64, usage.have));
	turn(&place, 12000); /* from here on */
	usage = usage_of(&place, UNIT, 12000);
	cr_assert(zero(u64, usage.have));
	home_go(&place.home[0]);
	turn(&place, 13000);
	usage = usage_of(&place, UNIT, 13000);
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_CALLS], 1000));
	deep_forget(place.deep, UNIT);
	usage = usage_of(&place, UNIT, 13000);
	cr_assert(zero(u64, usage.have));
}

Test(deep, who_comes_under_suspicion_meanwhile_is_counted_from_then_on)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;

	if (!place_make(&place, "meanwhile"))
		return;
	home_fork(&place.home[1], fail_a_thousand_times, NULL);
	begin(&place, UNIT, 10000);
	suspect(&place, NEIGHBOR, true, 11000);
	turn(&place, 11000);
	home_go(&place.home[1]);
	turn(&place, 13000);
	home_go(&place.home[1]);
	turn(&place, 14000);
	usage = usage_of(&place, NEIGHBOR, 14000);
	cr_assert(eq(dbl, usage.total[METRIC_FAILING_CALLS], 1000), "in one second");
}

/* As in the installed daemon: nothing is had back, and a new program is refused. */
static void give_up_all_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	cr_assert(zero(int, setresuid(65534, 65534, 65534)));
	cr_assert(zero(int, (int)syscall(SYS_capset, &header, none)));
}

Test(deep, what_was_loaded_is_attached_without_any_right_or_that_is_told)
{
	CLEANUP(place_remove) struct place place;
	struct usage usage;
	int r;

	if (!place_make(&place, "without_any_right"))
		return;
	home_fork(&place.home[0], fail_a_thousand_times, NULL);
	/* Who has no right cannot remove a cgroup either: a child gives them up. */
	if (fork() != 0) {
		(void)wait(&r);
		cr_assert(zero(int, r));
		return;
	}
	give_up_all_rights();
	r = deep_try(place.deep);
	if (r < 0)
		_exit(r == -EPERM ? 0 : 1);
	begin(&place, UNIT, 10000);
	home_go(&place.home[0]);
	turn(&place, 11000);
	usage = usage_of(&place, UNIT, 11000);
	_exit(usage.total[METRIC_FAILING_CALLS] == 1000 ? 0 : 2);
}

/* ---- waits ------------------------------------------------------------------------------ */

#define ROUNDS	  200
#define WAITS_MAX (10 * ROUNDS)

/* What a child knows of its own waits, from /proc. */
struct waits {
	int cpu;
	atomic_bool is_taken; /* somebody else keeps that one busy */
	size_t n;
	uint64_t least_ns[WAITS_MAX], most_ns[WAITS_MAX];
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		_exit(1);
}

static void spin(void *userdata)
{
	struct waits *waits = userdata;

	pin(waits->cpu);
	waits->is_taken = true;
	for (;;)
		;
}

static void read_own_schedstat(int fd, uint64_t *ret_delay_ns, uint64_t *ret_runs)
{
	char text[128] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%*u %" SCNu64 " %" SCNu64, ret_delay_ns, ret_runs) != 2)
		_exit(1);
}

/* Of one wait its length is known; of several, as where it was preempted, the sum. */
static void add_waits(struct waits *waits, uint64_t n, uint64_t ns)
{
	for (uint64_t i = 0; i < n && waits->n < WAITS_MAX; i++, waits->n++) {
		waits->least_ns[waits->n] = n == 1 ? ns : 0;
		waits->most_ns[waits->n] = ns;
	}
}

/* Sleeps, wakes and waits for its CPU, again and again. */
static void starve(void *userdata)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	uint64_t delay_ns[2], runs[2];
	struct waits *waits = userdata;

	/* Who wakes in this class does not preempt: it waits for a tick of the other. */
	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param) { 0 }) < 0)
		_exit(1);
	pin(waits->cpu);
	read_own_schedstat(fd, &delay_ns[0], &runs[0]);
	for (int i = 0; i < ROUNDS; i++) {
		(void)nanosleep(&moment, NULL);
		read_own_schedstat(fd, &delay_ns[1], &runs[1]);
		add_waits(waits, runs[1] - runs[0], delay_ns[1] - delay_ns[0]);
		delay_ns[0] = delay_ns[1];
		runs[0] = runs[1];
	}
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static double tail_s(uint64_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), by_size);
	return (double)ns[(size_t)ceil(0.99 * (double)n) - 1] / 1e9;
}

Test(deep, tail_of_a_starving_process_is_as_proc_has_it)
{
	CLEANUP(place_remove) struct place place;
	struct waits *waits;
	struct usage usage;
	double least_s, most_s;
	pid_t hog;

	if (!place_make(&place, "tail"))
		return;
	waits = mmap(NULL, sizeof(*waits), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	waits->cpu = sched_getcpu();
	hog = fork();
	if (hog == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		spin(waits);
	}
	while (!waits->is_taken)
		(void)sched_yield();
	home_fork(&place.home[0], starve, waits);
	begin(&place, UNIT, 10000);
	home_go(&place.home[0]);
	turn(&place, 11000);
	(void)kill(hog, SIGKILL);
	(void)waitpid(hog, NULL, 0);

	usage = usage_of(&place, UNIT, 11000);
	cr_assert(has(&usage, METRIC_WAIT_TAIL));
	cr_assert(lt(sz, waits->n, WAITS_MAX));
	least_s = tail_s(waits->least_ns, waits->n);
	most_s = tail_s(waits->most_ns, waits->n);
	cr_log_info("p99 %g s, of /proc %g to %g s", usage.total[METRIC_WAIT_TAIL], least_s,
		    most_s);
	cr_assert(gt(dbl, most_s, 50e-6), "it starved, so that the proof can fail");
	cr_assert(le(dbl, usage.total[METRIC_WAIT_TAIL], 2 * most_s));
	cr_assert(ge(dbl, usage.total[METRIC_WAIT_TAIL], least_s / 2));
}

Test(deep, share_of_waits_lies_in_the_right_power_of_two)
{
	struct deep_counters counters = { 0 };

	cr_assert(isnan(deep_quantile(&counters, 0.99)), "of none there is none");
	counters.waits[0] = 98; /* below 1 us */
	counters.waits[4] = 2;	/* from 8 to 16 us */
	cr_assert(epsilon_eq(dbl, deep_quantile(&counters, 0.99), 12e-6, 1e-9));
	cr_assert(epsilon_eq(dbl, deep_quantile(&counters, 1), 16e-6, 1e-9));
	cr_assert(epsilon_eq(dbl, deep_quantile(&counters, 0.98), 1e-6, 1e-9));
	counters.waits[0] = 0;
	counters.waits[4] = 1;
	cr_assert(epsilon_eq(dbl, deep_quantile(&counters, 0.99), 16e-6, 1e-9), "one alone");
	counters.waits[WAIT_CLASSES - 1] = 1000;
	cr_assert(epsilon_eq(dbl, deep_quantile(&counters, 0.99), 1073.741824, 1e-6), "at least");
}

Test(deep, most_frequent_error_is_told_and_the_lower_of_two)
{
	struct deep_counters counters = { 0 };

	cr_assert(zero(u32, deep_most_frequent(&counters)));
	counters.failures[EMFILE] = 3;
	counters.failures[EBADF] = 3;
	cr_assert(eq(u32, deep_most_frequent(&counters), EBADF));
	counters.failures[EHWPOISON] = 4;
	cr_assert(eq(u32, deep_most_frequent(&counters), EHWPOISON));
}

Test(deep, errors_of_a_program_in_trouble_are_not_everyday)
{
	static const int trouble[] = { EBADF,  EIO,    ENOMEM, EMFILE,	     ENFILE, ENOSPC,
				       EACCES, EPERM,  EPIPE,  ECONNREFUSED, EINVAL, ENOBUFS,
				       EROFS,  EFAULT, EDQUOT, ECONNRESET,   EMLINK, EHOSTUNREACH };
	static const int usual[] = { EAGAIN, EINTR, ENOENT, ETIMEDOUT, EINPROGRESS, ENOTTY };

	for (size_t i = 0; i < sizeof(trouble) / sizeof(trouble[0]); i++)
		cr_assert(not(deep_is_everyday((uint32_t)trouble[i])), "%d", trouble[i]);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		cr_assert(deep_is_everyday((uint32_t)usual[i]), "%d", usual[i]);
	cr_assert(not(deep_is_everyday(0)));
}
