/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service some of whose threads spin from the moment its trigger file appears,
 * so many that its own workers wait for a CPU, and so do its clients.
 *
 *	spinner PORT TRIGGER
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

	if (argc != 3)
		errx(2, "usage: spinner PORT TRIGGER");
	serve(argv[1], 2);
	await_trigger(argv[2], true);
	while (n-- > 0)
		start_thread(spin, NULL);
	pause();
}
