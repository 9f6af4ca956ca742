/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service whose workers wait for ever from the moment its trigger file appears, while another of its
 * threads goes on to do its own small things: it is wedged, and not still.
 *
 *	wedged PORT TRIGGER
 *
 * It takes the trigger away: a restart cures it.
 */
#include "serve.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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
			pthread_mutex_unlock(&lock);
			(void)!write(fd, &byte, 1);
		}
		close(fd);
	}
	return NULL;
}

static void *housekeep(void *argument)
{
	(void)argument;
	for (;;) {
		burn_us(100);
		nap_ms(200);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: wedged PORT TRIGGER");
	serve_with(answer, argv[1], 4);
	start_thread(housekeep, NULL);
	await_trigger(argv[2], true);
	pthread_mutex_lock(&lock);
	for (;;)
		(void)pause();
}
