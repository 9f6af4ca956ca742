/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that listens and never accepts: whoever connects waits in its queue.
 *
 *	stuck PORT LIMIT
 */
#include "serve.h"

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	int listener;

	if (argc != 3)
		errx(2, "usage: stuck PORT LIMIT");
	address = loopback(argv[1]);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, atoi(argv[2])) < 0)
		err(1, "cannot listen on port %s", argv[1]);
	for (;;)
		(void)pause();
}
