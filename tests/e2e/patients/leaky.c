/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that leaks memory from the moment its trigger file appears.
 *
 *	leaky PORT TRIGGER KIB_PER_S [stubborn]
 *
 * It takes the trigger away, so that a restart cures it; a stubborn one leaves
 * it, and is ill again at once. It ends itself at LEAK_MAX to spare the host.
 */
#include "serve.h"

#define BASE_BYTES ((size_t)24 << 20) /* what it needs in health */
#define LEAK_MAX   ((size_t)1 << 30)

static void *last; /* the one address it knows: those before are lost */

int main(int argc, char **argv)
{
	size_t step, leaked = 0;

	if (argc < 4)
		errx(2, "usage: leaky PORT TRIGGER KIB_PER_S [stubborn]");
	step = (size_t)atoi(argv[3]) * 1024 / 10;
	last = take_memory(BASE_BYTES);
	serve(argv[1], 2);
	await_trigger(argv[2], argc == 4);
	for (; leaked < LEAK_MAX; leaked += step) {
		last = take_memory(step);
		nap_ms(100);
	}
	errx(1, "the leak has reached its bound");
}
