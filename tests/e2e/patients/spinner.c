/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service some of whose threads spin from the moment its trigger file appears,
 * so many that its own workers wait for a CPU, and so do its clients; or as many as are said.
 *
 *	spinner PORT TRIGGER [THREADS]
 *
 * It takes the trigger away: a restart cures it.
 */
#include "serve.h"

#define SPINNERS_PER_CPU 4

static void *spin(void *argument)
{
	(void)argument;
	for (;;)
		burn_us(1000000);
	return NULL;
}

int main(int argc, char **argv)
{
	long n = SPINNERS_PER_CPU * sysconf(_SC_NPROCESSORS_ONLN);

	if (argc != 3 && argc != 4)
		errx(2, "usage: spinner PORT TRIGGER [THREADS]");
	if (argc == 4)
		n = atol(argv[3]);
	serve(argv[1], 2);
	await_trigger(argv[2], true);
	while (n-- > 0)
		start_thread(spin, NULL);
	pause();
}
