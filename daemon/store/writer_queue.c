/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded queue between the loop and the thread that writes, and the answers that come back. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/writer_queue.h"

#define STUCK_MS SECONDS(5)

/* One decision that was asked about. Decisions are answered in their order, so three counters say it
 * all: taken <= answered <= asked. */
struct receipt {
	uint64_t decision;
	uint64_t when_ms;
	int error;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t work;
	int fd;
	bool closing, nudged;
	enum store_state state;
	uint64_t n_lost;
	size_t head, n; /* messages: ring[head] is the oldest */
	size_t n_decisions, n_bytes;
	size_t n_asked, n_answered, n_taken;
	struct message ring[QUEUE_MESSAGES];
	struct receipt receipt[QUEUE_MESSAGES];
};

static void lock(struct queue *queue)
{
	int r = pthread_mutex_lock(&queue->lock);

	assert(r == 0);
	(void)r;
}

static void unlock(struct queue *queue)
{
	(void)pthread_mutex_unlock(&queue->lock);
}

int queue_new(struct queue **ret)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0) {
		free(queue);
		return -errno;
	}
	(void)pthread_mutex_init(&queue->lock, NULL);
	(void)pthread_cond_init(&queue->work, NULL);
	*ret = queue;
	return 0;
}

static struct message *at(struct queue *queue, size_t i)
{
	return &queue->ring[(queue->head + i) % QUEUE_MESSAGES];
}

/* Its place stays; its content goes. */
static void empty(struct queue *queue, struct message *message)
{
	if (message->kind == MESSAGE_DECISION)
		queue->n_decisions--;
	queue->n_bytes -= message->size;
	free(message->bytes);
	*message = (struct message) { .kind = MESSAGE_NONE };
}

static void drop(struct queue *queue, size_t n)
{
	for (size_t i = 0; i < n; i++)
		empty(queue, at(queue, i));
	queue->head = (queue->head + n) % QUEUE_MESSAGES;
	queue->n -= n;
}

struct queue *queue_free(struct queue *queue)
{
	if (!queue)
		return NULL;
	drop(queue, queue->n);
	(void)close(queue->fd);
	(void)pthread_cond_destroy(&queue->work);
	(void)pthread_mutex_destroy(&queue->lock);
	free(queue);
	return NULL;
}

static bool has_room(const struct queue *queue, const struct message *message)
{
	if (queue->closing || queue->n == QUEUE_MESSAGES ||
	    message->size > QUEUE_BYTES_MAX - queue->n_bytes)
		return false;
	return message->kind != MESSAGE_DECISION ||
	       queue->n_asked - queue->n_taken < QUEUE_MESSAGES;
}

int queue_push(struct queue *queue, const struct message *message)
{
	int r = 0;

	lock(queue);
	if (has_room(queue, message)) {
		*at(queue, queue->n++) = *message;
		queue->n_bytes += message->size;
		if (message->kind == MESSAGE_DECISION) {
			queue->n_decisions++;
			queue->receipt[queue->n_asked++ % QUEUE_MESSAGES] = (struct receipt) {
				.decision = message->decision.id,
				.when_ms = message->decision.when_ms,
			};
		}
		(void)pthread_cond_signal(&queue->work);
	} else {
		if (message->kind != MESSAGE_UNIT)
			queue->n_lost++;
		free(message->bytes);
		r = -ENOBUFS;
	}
	unlock(queue);
	return r;
}

void queue_nudge(struct queue *queue)
{
	lock(queue);
	queue->nudged = true;
	(void)pthread_cond_signal(&queue->work);
	unlock(queue);
}

void queue_close(struct queue *queue)
{
	lock(queue);
	queue->closing = true;
	(void)pthread_cond_signal(&queue->work);
	unlock(queue);
}

int queue_fd(const struct queue *queue)
{
	return queue->fd;
}

int queue_acknowledge(struct queue *queue,
		      void (*take)(uint64_t decision, int error, void *userdata), void *userdata)
{
	struct receipt receipt;
	eventfd_t ignored;
	int n = 0;

	(void)eventfd_read(queue->fd, &ignored); /* -EAGAIN: nothing new, and the loop finds none */
	lock(queue);
	while (queue->n_taken < queue->n_answered) {
		receipt = queue->receipt[queue->n_taken++ % QUEUE_MESSAGES];
		unlock(queue); /* the callback may submit */
		take(receipt.decision, receipt.error, userdata);
		n++;
		lock(queue);
	}
	unlock(queue);
	return n;
}

enum store_state queue_state(struct queue *queue, uint64_t when_ms)
{
	enum store_state state;
	uint64_t asked_ms;

	lock(queue);
	state = queue->state;
	if (queue->n_answered < queue->n_asked) {
		asked_ms = queue->receipt[queue->n_answered % QUEUE_MESSAGES].when_ms;
		if (when_ms > asked_ms && when_ms - asked_ms > STUCK_MS)
			state = STORE_STUCK;
	}
	unlock(queue);
	return state;
}

uint64_t queue_lost(struct queue *queue)
{
	uint64_t n;

	lock(queue);
	n = queue->n_lost;
	unlock(queue);
	return n;
}

static bool has_work(const struct queue *queue)
{
	if (queue->closing || queue->nudged)
		return true;
	return queue->state == STORE_WELL ? queue->n > 0 : queue->n_decisions > 0;
}

size_t queue_wait(struct queue *queue, bool *ret_closing)
{
	size_t n;

	lock(queue);
	while (!has_work(queue))
		(void)pthread_cond_wait(&queue->work, &queue->lock);
	queue->nudged = false;
	*ret_closing = queue->closing;
	n = queue->n;
	unlock(queue);
	return n;
}

const struct message *queue_at(const struct queue *queue, size_t i)
{
	return &queue->ring[(queue->head + i) % QUEUE_MESSAGES]; /* only the thread moves head */
}

static void answer(struct queue *queue, int error)
{
	queue->receipt[queue->n_answered++ % QUEUE_MESSAGES].error = error;
	(void)eventfd_write(queue->fd, 1);
}

void queue_done(struct queue *queue, size_t n, int error, uint64_t n_lost, enum store_state state)
{
	lock(queue);
	if (n > 0 && at(queue, n - 1)->kind == MESSAGE_DECISION)
		answer(queue, error);
	drop(queue, n);
	queue->n_lost += n_lost;
	queue->state = state;
	unlock(queue);
}

static bool is_kept(const struct message *message)
{
	switch (message->kind) {
	case MESSAGE_UNIT:
	case MESSAGE_INCIDENT:
	case MESSAGE_VERDICT:
	case MESSAGE_ATTEMPT:
	case MESSAGE_OUTCOME:
		return true;
	case MESSAGE_NONE:
	case MESSAGE_DECISION:
	case MESSAGE_LESSON:
	case MESSAGE_MINUTE:
	case MESSAGE_DETAIL:
	case MESSAGE_EDGES:
	case MESSAGE_EVIDENCE:
		break;
	}
	return false;
}

void queue_failed(struct queue *queue, int error, enum store_state state, bool all)
{
	struct message *message;
	size_t n_empty = 0;

	lock(queue);
	for (size_t i = 0; i < queue->n; i++) {
		message = at(queue, i);
		if (message->kind == MESSAGE_NONE || (is_kept(message) && !all))
			continue;
		if (message->kind == MESSAGE_DECISION)
			answer(queue, error);
		else
			queue->n_lost++;
		empty(queue, message);
	}
	while (n_empty < queue->n && at(queue, n_empty)->kind == MESSAGE_NONE)
		n_empty++;
	drop(queue, n_empty);
	queue->state = state;
	unlock(queue);
}
