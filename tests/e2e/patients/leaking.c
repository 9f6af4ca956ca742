/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that leaks descriptors or threads from the moment its trigger file appears, and answers all
 * the while.
 *
 *	leaking PORT TRIGGER fds|threads A_SECOND
 *
 * It takes the trigger away: a restart cures it. It stops leaking at LEAK_MAX to spare the host.
 */
#include <fcntl.h>

#include "serve.h"

#define LEAK_MAX 20000

static void *stay(void *argument)
{
	(void)argument;
	for (;;)
		(void)pause();
	return NULL;
}

static void leak_one(bool threads)
{
	if (threads)
		start_thread(stay, NULL);
	else if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		err(1, "no descriptor is left");
}

int main(int argc, char **argv)
{
	bool threads;
	int a_second;

	if (argc != 5)
		errx(2, "usage: leaking PORT TRIGGER fds|threads A_SECOND");
	threads = strcmp(argv[3], "threads") == 0;
	a_second = atoi(argv[4]);
	serve(argv[1], 2);
	await_trigger(argv[2], true);
	for (int n = 0; n < LEAK_MAX; n++) {
		leak_one(threads);
		nap_ms(1000 / a_second);
	}
	(void)stay(NULL);
}
