/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service whose system calls fail, so many a second, with EBADF; once its trigger file
 * appears some of its children fail too.
 *
 *	failing CALLS_PER_SECOND TRIGGER
 */
#include <sys/wait.h>

#include "serve.h"

#define TURN_US	   10000
#define N_CHILDREN 5

static void let_children_fail(void)
{
	for (int i = 0; i < N_CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(1);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			err(1, "a child");
	}
}

int main(int argc, char **argv)
{
	uint64_t began_us = now_us(CLOCK_MONOTONIC);
	bool is_ill = false;

	if (argc != 3)
		errx(2, "usage: failing CALLS_PER_SECOND TRIGGER");
	/* By the clock, so that a nap that is too long is made up for. */
	for (uint64_t n = 0, n_due;;) {
		n_due = (now_us(CLOCK_MONOTONIC) - began_us) * strtoul(argv[1], NULL, 10) / 1000000;
		for (; n < n_due; n++)
			(void)close(-1);
		if (!is_ill && access(argv[2], F_OK) == 0) {
			let_children_fail();
			is_ill = true;
		}
		nap_ms(TURN_US / 1000);
	}
}
