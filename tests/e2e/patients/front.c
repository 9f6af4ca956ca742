/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that asks another one for each of its answers, and waits for it as long as it takes.
 *
 *	front PORT SERVER_PORT
 */
#include "serve.h"

static const char *server_port;

/* The answer of the other one; false: there is none. */
static bool ask_server(char *byte)
{
	struct sockaddr_in address = loopback(server_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered;

	if (fd < 0)
		return false;
	answered = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		   write(fd, byte, 1) == 1 && read(fd, byte, 1) == 1;
	close(fd);
	return answered;
}

static void *work(void *listener)
{
	serve_each((int)(intptr_t)listener, ask_server);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: front PORT SERVER_PORT");
	server_port = argv[2];
	serve_with(work, argv[1], 2);
	for (;;)
		(void)pause();
}
