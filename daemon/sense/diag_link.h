/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The line to the kernel's sock_diag: one question at a time, and its answer in
 * datagrams, none of which is waited for. Rights come with the descriptor, which
 * selfhealed.socket made as root.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sense/diag.h"

struct diag_link {
	int fd;		   /* negative: there is none */
	uint32_t sequence; /* of the question that was asked last */
	uint8_t datagram[DIAG_DATAGRAM_MAX];
};

/* The descriptor that was handed over, which stays so, or one of our own; negative errno: neither. */
int diag_link_find(void);
/* With this descriptor, which becomes the link's. */
void diag_link_init(struct diag_link *link, int fd);
void diag_link_close(struct diag_link *link);

/* diag_ask(). The first question's number is another one at each now_ms and process: answers to a daemon before us
 * are not ours. -errno. */
int diag_link_ask(struct diag_link *link, uint8_t family, uint32_t states, uint64_t now_ms);
/* One datagram of the kernel's, and of nobody else's who may write to us: its size; 0: pass it over. -EAGAIN: none is
 * there yet; -EMSGSIZE: it was cut. */
ssize_t diag_link_receive(struct diag_link *link);
