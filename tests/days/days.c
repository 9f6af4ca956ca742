/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Days of healthy, bursty services through the judge, with default settings and the
 * shipped rules, and the faults it must find in them: a table against the bars.
 *
 *	days [--kinds web,idle] [--seeds 1,2,3] [--hours 72] [--faults hang,spin|all|none]
 *	     [--jobs 2] [--json] [--why]
 *
 * Who changes the judge by what is seen here looks at the seeds 1 to 3 alone; what is
 * told of the product comes from 11 to 13, at which nobody has looked before.
 *
 * --why says on stderr what each notice in health was, and what went on then. It
 * measures, and fails only where it cannot.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "record/rulefile.h"
#include "tests/days/report.h"
#include "tests/days/trial.h"

#define RULES		 "packaging/conf/rules.d"
#define SEEDS_MAX	 32
#define TRIALS_MAX	 (SEEDS_MAX * KINDS_N)
#define JOBS_AT_ONCE_MAX 64
#define HOURS_MAX	 2400

struct wish {
	size_t n_kinds, n_seeds;
	const struct kind *kind[KINDS_N];
	uint64_t seed[SEEDS_MAX];
	uint64_t hours, jobs;
	uint32_t faults;
	bool json, why;
};

/* ---- the command line ---------------------------------------------------------- */

static int add_kind(const char *word, struct wish *wish)
{
	const struct kind *kind = kind_named(word);

	if (!kind || wish->n_kinds == KINDS_N)
		return -EINVAL;
	wish->kind[wish->n_kinds++] = kind;
	return 0;
}

static int add_seed(const char *word, struct wish *wish)
{
	if (wish->n_seeds == SEEDS_MAX)
		return -E2BIG;
	return text_parse_u64(word, &wish->seed[wish->n_seeds++]);
}

static int add_fault(const char *word, struct wish *wish)
{
	if (strcmp(word, "none") == 0)
		return 0;
	for (enum fault fault = 0; fault < FAULT_N; fault++) {
		bool is = strcmp(word, fault_table[fault].name) == 0;

		if (is || strcmp(word, "all") == 0)
			wish->faults |= 1u << fault;
		if (is)
			return 0;
	}
	return strcmp(word, "all") == 0 ? 0 : -EINVAL;
}

static int each_word(const char *list, int (*add)(const char *, struct wish *), struct wish *wish)
{
	char word[32];
	int r = 0;

	while (r >= 0 && *list) {
		size_t length = strcspn(list, ",");

		r = text_format(word, sizeof(word), "%.*s", (int)length, list);
		if (r >= 0)
			r = add(word, wish);
		list += length + (list[length] == ',');
	}
	return r;
}

/* Returns how many words were used: 1 or 2. */
static int read_option(const char *name, const char *value, struct wish *wish)
{
	int r = -EINVAL;

	if (strcmp(name, "--json") == 0) {
		wish->json = true;
		return 1;
	}
	if (strcmp(name, "--why") == 0) {
		wish->why = true;
		return 1;
	}
	if (!value)
		return -EINVAL;
	if (strcmp(name, "--kinds") == 0)
		r = each_word(value, add_kind, wish);
	else if (strcmp(name, "--seeds") == 0)
		r = each_word(value, add_seed, wish);
	else if (strcmp(name, "--faults") == 0)
		r = each_word(value, add_fault, wish);
	else if (strcmp(name, "--hours") == 0)
		r = text_parse_u64(value, &wish->hours);
	else if (strcmp(name, "--jobs") == 0)
		r = text_parse_u64(value, &wish->jobs);
	return r < 0 ? r : 2;
}

/* Twelve places of ten minutes must find room in the later half. */
static bool is_sane(const struct wish *wish)
{
	return wish->hours >= 8 && wish->hours <= HOURS_MAX && wish->jobs >= 1 &&
	       wish->jobs <= JOBS_AT_ONCE_MAX;
}

static int read_wish(int argc, char **argv, struct wish *ret)
{
	bool says_faults = false;
	int i = 1, r;

	*ret = (struct wish) { .hours = 72, .jobs = 2 };
	while (i < argc) {
		says_faults = says_faults || strcmp(argv[i], "--faults") == 0;
		r = read_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, ret);
		if (r < 0)
			return r;
		i += r;
	}
	if (ret->n_kinds == 0)
		for (size_t k = 0; k < KINDS_N; k++)
			ret->kind[ret->n_kinds++] = &kind_table[k];
	if (ret->n_seeds == 0)
		(void)each_word("1,2,3", add_seed, ret);
	if (!says_faults)
		(void)add_fault("all", ret);
	return is_sane(ret) ? 0 : -EINVAL;
}

/* ---- the work ------------------------------------------------------------------- */

static size_t plan(const struct wish *wish, const struct config *config,
		   const struct rulebook *rulebook, struct trial trials[TRIALS_MAX])
{
	size_t n = 0;

	for (size_t k = 0; k < wish->n_kinds; k++)
		for (size_t s = 0; s < wish->n_seeds; s++)
			trials[n++] = (struct trial) { .kind = wish->kind[k],
						       .seed = wish->seed[s],
						       .hours = (uint32_t)wish->hours,
						       .faults = wish->faults,
						       .why = wish->why,
						       .config = *config,
						       .rulebook = rulebook };
	return n;
}

/* What a worker hands over: small enough that the kernel does not mix it with another's. */
struct parcel {
	size_t trial;
	struct result result;
};
_Static_assert(sizeof(struct parcel) <= PIPE_BUF, "a parcel is written in one piece");

/* Every so-and-so-many-th trial, from that one on. */
static int work(const struct trial *trials, size_t n, size_t first, size_t step, int fd)
{
	static struct parcel parcel;
	int r;

	for (size_t i = first; i < n; i += step) {
		parcel.trial = i;
		r = trial_run(&trials[i], &parcel.result);
		if (r < 0)
			return r;
		if (write(fd, &parcel, sizeof(parcel)) != sizeof(parcel))
			return -EIO;
	}
	return 0;
}

/* Each trial is for itself, so they are shared out to as many processes as are wished for. */
static int work_all(const struct trial *trials, size_t n, size_t n_workers, struct result *results)
{
	static struct parcel parcel;
	size_t n_done = 0;
	int pipes[2];

	if (pipe(pipes) < 0)
		return -errno;
	for (size_t i = 0; i < n_workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (pid == 0)
			_exit(work(trials, n, i, n_workers, pipes[1]) < 0 ? EXIT_FAILURE
									  : EXIT_SUCCESS);
	}
	(void)close(pipes[1]);
	while (read(pipes[0], &parcel, sizeof(parcel)) == sizeof(parcel)) {
		results[parcel.trial] = parcel.result;
		n_done++;
	}
	(void)close(pipes[0]);
	while (wait(NULL) > 0)
		;
	return n_done == n ? 0 : -ECHILD;
}

static int load(struct config *config, struct rulebook *rulebook)
{
	static const char *const folders[] = { RULES };
	struct ini_error error = { 0 };
	int r;

	config_defaults(config);
	config->mode = MODE_OBSERVE; /* nobody is there to act */
	r = rules_load(folders, 1, rulebook->rule, &rulebook->n, &error);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", error.text);
	return r;
}

static int measure(const struct wish *wish)
{
	static struct trial trials[TRIALS_MAX];
	static struct result results[TRIALS_MAX];
	static struct rulebook rulebook;
	struct config config;
	struct report report = { .faults = wish->faults, .trial = trials, .result = results };
	int r;

	r = load(&config, &rulebook);
	if (r < 0)
		return r;
	report.n = plan(wish, &config, &rulebook, trials);
	r = work_all(trials, report.n, wish->jobs, results);
	if (r < 0)
		return r;
	if (wish->json)
		report_print_json(&report);
	else
		report_print(&report);
	return 0;
}

int main(int argc, char **argv)
{
	static struct wish wish;
	int r;

	if (read_wish(argc, argv, &wish) < 0) {
		(void)fprintf(stderr,
			      "usage: days [--kinds LIST] [--seeds LIST] [--hours 8..%d]\n"
			      "            [--faults LIST|all|none] [--jobs N] [--json] [--why]\n",
			      HOURS_MAX);
		return EXIT_FAILURE;
	}
	r = measure(&wish);
	if (r < 0)
		(void)fprintf(stderr, "days: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
