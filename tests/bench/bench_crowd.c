/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crowd that mostly sleeps: in UNITS folders with PROCESSES each, which wake at
 * random after LEAST to MOST milliseconds.
 *
 *	crowd UNITS PROCESSES THREADS LEAST MOST CGROUP...
 *
 * unit-000, unit-001, ... are made below each CGROUP (more than one where controllers have
 * hierarchies of their own), and removed at the end. The first THREADS processes have a second
 * thread. Says "ready" when all have taken their place; ends at SIGTERM, at SIGINT, and with its
 * parent, and with it the whole crowd.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES 65536
#define WORK_BYTES  16384 /* touched at each waking: some microseconds */

struct crowd {
	unsigned int n_units, n_processes, n_threads;
	unsigned int least_ms, most_ms;
	char **cgroup; /* up to a NULL */
};

static unsigned int number(const char *text)
{
	return (unsigned int)strtoul(text, NULL, 10);
}

static void name_unit(const char *cgroup, unsigned int unit, const char *file, char path[512])
{
	(void)snprintf(path, 512, "%s/unit-%03u%s", cgroup, unit, file);
}

static void make_units(const struct crowd *crowd)
{
	char path[512];

	for (char **cgroup = crowd->cgroup; *cgroup; cgroup++)
		for (unsigned int unit = 0; unit < crowd->n_units; unit++) {
			name_unit(*cgroup, unit, "", path);
			if (mkdir(path, 0755) < 0 && errno != EEXIST)
				err(1, "cannot make %s", path);
		}
}

static void remove_units(const struct crowd *crowd)
{
	char path[512];

	for (char **cgroup = crowd->cgroup; *cgroup; cgroup++)
		for (unsigned int unit = 0; unit < crowd->n_units; unit++) {
			name_unit(*cgroup, unit, "", path);
			(void)rmdir(path); /* another crowd may be in it */
		}
}

static int join(const struct crowd *crowd, unsigned int unit)
{
	char path[512];

	for (char **cgroup = crowd->cgroup; *cgroup; cgroup++) {
		int fd;

		name_unit(*cgroup, unit, "/cgroup.procs", path);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			return -errno;
		(void)close(fd);
	}
	return 0;
}

static void wake_for_ever(const struct crowd *crowd)
{
	unsigned int seed = (unsigned int)gettid();
	unsigned int span_ms = crowd->most_ms - crowd->least_ms + 1;
	static char work[WORK_BYTES];

	for (;;) {
		unsigned int ms = crowd->least_ms + (unsigned int)rand_r(&seed) % span_ms;
		struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

		(void)nanosleep(&nap, NULL);
		memset(work, (int)ms, sizeof(work));
	}
}

static void *second_thread(void *crowd)
{
	wake_for_ever(crowd);
	return NULL;
}

static void leave(int signal)
{
	(void)signal;
	_exit(0); /* nobody shall take the end of a crowd for a crash */
}

static void be_one_of(struct crowd *crowd, unsigned int i, int ready_fd, pid_t parent)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t none;
	int r;

	(void)signal(SIGTERM, leave);
	(void)signal(SIGINT, SIG_IGN); /* of the terminal: the parent ends us */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() != parent)
		_exit(0);
	r = join(crowd, i % crowd->n_units);
	if (r == 0 && i < crowd->n_threads) {
		(void)pthread_attr_init(&attributes);
		(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
		r = pthread_create(&thread, &attributes, second_thread, crowd);
	}
	if (r == 0 && write(ready_fd, "", 1) == 1)
		wake_for_ever(crowd);
	_exit(1);
}

static void await_all(int ready_fd, unsigned int n)
{
	char bytes[4096];

	while (n > 0) {
		ssize_t r = read(ready_fd, bytes, sizeof(bytes));

		if (r == 0)
			errx(1, "some of the crowd could not take their place");
		if (r > 0)
			n -= (unsigned int)r;
	}
}

int main(int argc, char **argv)
{
	struct crowd crowd;
	pid_t parent = getpid();
	unsigned int n;
	sigset_t ends;
	int ready[2], which;

	if (argc < 7)
		errx(2, "usage: crowd UNITS PROCESSES THREADS LEAST MOST CGROUP...");
	crowd = (struct crowd) { number(argv[1]), number(argv[2]), number(argv[3]),
				 number(argv[4]), number(argv[5]), argv + 6 };
	n = crowd.n_units * crowd.n_processes;
	(void)setpgid(0, 0); /* Ctrl-C is for the driver, which ends us in its order */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
	make_units(&crowd);
	if (pipe(ready) < 0)
		err(1, "pipe");
	for (unsigned int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "cannot fork number %u of %u", i, n);
		if (pid == 0)
			be_one_of(&crowd, i, ready[1], parent);
	}
	(void)close(ready[1]);
	await_all(ready[0], n);
	(void)puts("ready");
	(void)fflush(stdout);
	(void)sigwait(&ends, &which);
	(void)kill(0, SIGTERM); /* blocked here */
	while (waitpid(-1, NULL, 0) > 0)
		;
	remove_units(&crowd);
	return 0;
}
