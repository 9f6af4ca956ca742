/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that answers, and from the moment its trigger file appears writes so many errors a second
 * to the journal.
 *
 *	moaning PORT TRIGGER A_SECOND
 *
 * It takes the trigger away: a restart cures it.
 */
#include <stdio.h>

#include "serve.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: moaning PORT TRIGGER A_SECOND");
	serve(argv[1], 2);
	await_trigger(argv[2], true);
	for (;;) {
		(void)dprintf(STDOUT_FILENO, "<3>the request could not be answered\n");
		nap_ms(1000 / atoi(argv[3]));
	}
}
