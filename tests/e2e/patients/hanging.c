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

static bool answer(char *byte)
{
	(void)byte;
	pthread_mutex_lock(&lock);
	burn_us(REQUEST_CPU_US);
	nap_ms(1000L * __atomic_load_n(&pause_s, __ATOMIC_RELAXED));
	pthread_mutex_unlock(&lock);
	return true;
}

static void *work(void *listener)
{
	serve_each((int)(intptr_t)listener, answer);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4)
		errx(2, "usage: hanging PORT TRIGGER [SECONDS]");
	serve_with(work, argv[1], 2);
	await_trigger(argv[2], true);
	if (argc == 4)
		__atomic_store_n(&pause_s, atoi(argv[3]), __ATOMIC_RELAXED);
	else
		pthread_mutex_lock(&lock);
	for (;;)
		(void)pause();
}
