/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service whose threads end up waiting for one another, and for ever; or one that becomes slow.
 *
 *	hanging PORT TRIGGER [SECONDS]
 *
 * From the trigger on no request is answered any more; with SECONDS, each after as many.
 */
#include "serve.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int pause_s;

static void *answer(void *argument)
{
	int listener = (int)(intptr_t)argument;
	char byte;

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (read(fd, &byte, 1) == 1) {
			pthread_mutex_lock(&lock);
			burn_us(REQUEST_CPU_US);
			nap_ms(1000L * __atomic_load_n(&pause_s, __ATOMIC_RELAXED));
			pthread_mutex_unlock(&lock);
			(void)!write(fd, &byte, 1);
		}
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4)
		errx(2, "usage: hanging PORT TRIGGER [SECONDS]");
	serve_with(answer, argv[1], 2);
	await_trigger(argv[2], true);
	if (argc == 4)
		__atomic_store_n(&pause_s, atoi(argv[3]), __ATOMIC_RELAXED);
	else
		pthread_mutex_lock(&lock);
	for (;;)
		(void)pause();
}
