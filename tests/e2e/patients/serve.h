/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What all patients share: a small TCP service on the loopback with a few worker
 * threads, and a trigger file by which a story makes the patient ill.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_CPU_US 2000 /* what an answer costs */

static inline void nap_ms(long ms)
{
	nanosleep(&(struct timespec) { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static inline uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Use that much CPU time in this thread. */
static inline void burn_us(uint64_t us)
{
	uint64_t end = now_us(CLOCK_THREAD_CPUTIME_ID) + us;

	while (now_us(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* Memory that is really there; the caller frees it, or has a leak. */
static inline void *take_memory(size_t bytes)
{
	void *memory = malloc(bytes);

	if (!memory)
		errx(1, "no memory");
	memset(memory, 1, bytes);
	__asm__ volatile("" : : "r"(memory) : "memory"); /* else both lines are optimized away */
	return memory;
}

/* For ever: take a byte of each client, and give back what the answer is, if there is one. */
static inline void serve_each(int listener, bool (*answer)(char *byte))
{
	char byte;

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (read(fd, &byte, 1) == 1 && answer(&byte))
			(void)!write(fd, &byte, 1);
		close(fd);
	}
}

static inline bool answer_by_work(char *byte)
{
	(void)byte;
	burn_us(REQUEST_CPU_US);
	return true;
}

static inline void *serve_loop(void *listener)
{
	serve_each((int)(intptr_t)listener, answer_by_work);
	return NULL;
}

static inline struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static inline void start_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, argument) != 0)
		errx(1, "cannot start a thread");
}

/* Have n_workers threads accept at that port, from now on; each is given the listening socket. */
static inline void serve_with(void *(*body)(void *), const char *port, int n_workers)
{
	struct sockaddr_in address = loopback(port);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0)
		err(1, "socket");
	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 128) < 0)
		err(1, "cannot listen on port %s", port);
	for (int i = 0; i < n_workers; i++)
		start_thread(body, (void *)(intptr_t)listener);
}

/* Answer each byte with that byte, in n_workers threads, from now on. */
static inline void serve(const char *port, int n_workers)
{
	serve_with(serve_loop, port, n_workers);
}

/* Wait for the file. Taken away, it is gone for the next instance, which then is well. */
static inline void await_trigger(const char *path, bool take_away)
{
	while (access(path, F_OK) < 0)
		nap_ms(100);
	if (take_away)
		unlink(path);
}
