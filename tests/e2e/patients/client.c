/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks a service again and again, and says how long it waited.
 *
 *	client PORT SECONDS
 *
 * Prints "replies N failed N median_us N p95_us N worst_us N".
 */
#include <stdio.h>

#include "serve.h"

#define PAUSE_MS    50
#define PATIENCE_S  5
#define REPLIES_MAX 10000

/* Microseconds until the answer; -1: none. */
static int64_t ask(const char *port)
{
	struct sockaddr_in address = loopback(port);
	struct timeval patience = { .tv_sec = PATIENCE_S };
	uint64_t begin = now_us(CLOCK_MONOTONIC);
	char byte = 'x';
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	answered = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		   write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1;
	close(fd);
	return answered ? (int64_t)(now_us(CLOCK_MONOTONIC) - begin) : -1;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static int64_t waited[REPLIES_MAX];
	size_t n = 0, n_failed = 0;
	uint64_t end;

	if (argc != 3)
		errx(2, "usage: client PORT SECONDS");
	end = now_us(CLOCK_MONOTONIC) + (uint64_t)atoi(argv[2]) * 1000000;
	while (now_us(CLOCK_MONOTONIC) < end && n < REPLIES_MAX) {
		int64_t us = ask(argv[1]);

		if (us < 0)
			n_failed++;
		else
			waited[n++] = us;
		nap_ms(PAUSE_MS);
	}
	qsort(waited, n, sizeof(waited[0]), compare);
	printf("replies %zu failed %zu median_us %ld p95_us %ld worst_us %ld\n", n, n_failed,
	       n ? waited[n / 2] : -1, n ? waited[n * 95 / 100] : -1, n ? waited[n - 1] : -1);
	return n ? 0 : 1;
}
