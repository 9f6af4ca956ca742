/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/diag_link.h"

#define DESCRIPTOR_NAME "sock-diag" /* in packaging/selfhealed.socket */

/* A copy: the parts of the daemon may be made anew, and then it is wanted again. */
static int handed_over(void)
{
	char **names = NULL;
	int fd = -1, n = sd_listen_fds_with_names(0, &names);

	for (int i = 0; i < n; i++) {
		if (fd < 0 && strcmp(names[i], DESCRIPTOR_NAME) == 0)
			fd = fcntl(SD_LISTEN_FDS_START + i, F_DUPFD_CLOEXEC, 3);
		free(names[i]);
	}
	free(names);
	return fd;
}

int diag_link_find(void)
{
	int fd = handed_over();

	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	return fd < 0 ? -errno : fd;
}

void diag_link_init(struct diag_link *link, int fd)
{
	link->fd = fd;
	link->sequence = 0;
}

void diag_link_close(struct diag_link *link)
{
	cleanup_close(&link->fd);
}

int diag_link_ask(struct diag_link *link, uint8_t family, uint32_t states, uint64_t now_ms)
{
	struct diag_question question;

	if (link->sequence == 0)
		link->sequence = (uint32_t)now_ms ^ (uint32_t)getpid() << 16;
	diag_ask(family, states, ++link->sequence, &question);
	if (send(link->fd, question.bytes, question.size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

ssize_t diag_link_receive(struct diag_link *link)
{
	struct sockaddr_nl from = { 0 };
	struct iovec vector = { link->datagram, sizeof(link->datagram) };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &vector,
		.msg_iovlen = 1,
	};
	ssize_t n = recvmsg(link->fd, &message, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return from.nl_pid == 0 ? n : 0;
}
