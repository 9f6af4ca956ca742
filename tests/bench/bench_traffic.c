/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some life on the host, so that tracepoints have something to cost: so many
 * times a second a child that ends at once, and a connection over loopback.
 *
 *	traffic TIMES_A_SECOND
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static int listen_at(struct sockaddr_in *ret_address)
{
	socklen_t size = sizeof(*ret_address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret_address = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (struct sockaddr *)ret_address, size) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)ret_address, &size) < 0)
		err(1, "cannot listen");
	return fd;
}

static void end_a_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		err(1, "fork");
}

static void connect_once(int listener_fd, const struct sockaddr_in *address)
{
	int served_fd, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 'x';

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err(1, "cannot connect");
	served_fd = accept(listener_fd, NULL, NULL);
	if (served_fd < 0 || write(fd, &byte, 1) != 1 || read(served_fd, &byte, 1) != 1)
		err(1, "cannot serve");
	(void)close(fd);
	(void)close(served_fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	struct timespec nap = { 0 };
	int fd, times;

	if (argc != 2 || (times = atoi(argv[1])) < 2)
		errx(2, "usage: traffic TIMES_A_SECOND, two at least");
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = listen_at(&address);
	nap.tv_nsec = 1000000000L / times;
	for (;;) {
		end_a_child();
		connect_once(fd, &address);
		(void)nanosleep(&nap, NULL);
	}
}
