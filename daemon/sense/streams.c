/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks open files piece by piece, and finds to each end of a connection the other. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/events.h"
#include "sense/maps.h"
#include "sense/streams.h"

#include "streams.skel.h"

/* A connection met in this walk. */
struct met {
	uint32_t client, server;
	bool is_new; /* it was not there in the last */
};

/* A socket that listens. */
struct listening {
	uint64_t address;
	const struct stream_end *end;
};

struct streams {
	struct streams_bpf *programs;
	int walk_fd; /* the walk under way; -1: none */
	bool has_walked;
	uint64_t began_ms;  /* 0: never */
	uint64_t walked_ms; /* the last whole walk began */
	uint64_t n_forgotten;
	struct streams_ground ground;
	/* The ends of this walk: as read, and in order of their keys. */
	size_t n;
	__u64 key[STREAMS_MAX];
	struct stream_end end[STREAMS_MAX];
	uint32_t by_key[STREAMS_MAX];
	/* Those that listen, in order of their addresses. */
	size_t n_listen;
	struct listening listen[STREAMS_MAX];
	/* Inodes of the clients' ends, sorted: of the last walk, and of this one. */
	size_t n_before, n_inodes;
	uint32_t before[STREAMS_MAX], inode[STREAMS_MAX];
	size_t n_met;
	struct met met[STREAMS_MAX];
	size_t n_told;
	struct stream told[STREAMS_PAIRS];
	/* TCP sockets that listen, as read; and those of them that were passed on. */
	struct made made[MADE_MAX];
	struct made_holder holder[MADE_MAX];
	struct passed passed;
};

int streams_new(struct streams_bpf *programs, struct streams **ret)
{
	struct streams *streams = calloc(1, sizeof(*streams)); /* costs only what is touched */

	if (!streams)
		return -ENOMEM;
	streams->programs = programs;
	streams->walk_fd = -1;
	*ret = streams;
	return 0;
}

struct streams *streams_free(struct streams *streams)
{
	if (streams) {
		cleanup_close(&streams->walk_fd);
		free(streams);
	}
	return NULL;
}

/* ---- one end, and the other --------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_keys(const void *a, const void *b, void *userdata)
{
	const struct streams *streams = userdata;
	const uint32_t *left = a, *right = b;

	return compare_numbers(streams->key[*left], streams->key[*right]);
}

static int compare_listening(const void *a, const void *b)
{
	const struct listening *left = a, *right = b;

	return compare_numbers(left->address, right->address);
}

static int compare_inodes(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return compare_numbers(*left, *right);
}

static void sort_ends(struct streams *streams)
{
	streams->n_listen = 0;
	for (uint32_t i = 0; i < streams->n; i++) {
		streams->by_key[i] = i;
		if (streams->end[i].peer == 0)
			streams->listen[streams->n_listen++] =
				(struct listening) { streams->end[i].address, &streams->end[i] };
	}
	qsort_r(streams->by_key, streams->n, sizeof(*streams->by_key), compare_keys, streams);
	qsort(streams->listen, streams->n_listen, sizeof(*streams->listen), compare_listening);
}

/* NULL: nobody holds it open. */
static const struct stream_end *find_end(const struct streams *streams, uint64_t key)
{
	size_t from = 0, to = streams->n;

	while (from < to) {
		size_t middle = (from + to) / 2;
		uint32_t at = streams->by_key[middle];

		if (streams->key[at] == key)
			return &streams->end[at];
		if (streams->key[at] < key)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* NULL: nobody listens there. */
static const struct stream_end *find_listening(const struct streams *streams, uint64_t address)
{
	const struct listening key = { .address = address };
	const struct listening *found;

	found = bsearch(&key, streams->listen, streams->n_listen, sizeof(*streams->listen),
			compare_listening);
	return found ? found->end : NULL;
}

/* Is it the client's end? What comes in has the address of the socket that listens. A client has one
 * too if it was bound before, or wants to be told who sends. */
static bool is_client(const struct streams *streams, const struct stream_end *end)
{
	if (end->peer == 0 || end->peer_address == 0)
		return false;
	return end->address == 0 || (find_listening(streams, end->peer_address) &&
				     !find_listening(streams, end->address));
}

/* Who serves that client; NULL: nobody, or systemd alone. */
static const struct stream_end *server_of(const struct streams *streams,
					  const struct stream_end *client)
{
	const struct stream_end *server = find_end(streams, client->peer);

	/* What was met later in the walk may be another socket, in the memory of one that was closed. */
	if (server && server->peer != streams->key[client - streams->end])
		return NULL;
	if (!server || server->is_managers) /* it waits to be accepted */
		server = find_listening(streams, client->peer_address);
	return server && !server->is_managers ? server : NULL;
}

static void meet(struct streams *streams, const struct stream_end *client)
{
	const struct stream_end *server = server_of(streams, client);
	bool was_there;

	if (!server || client->is_managers ||
	    (server->unit != 0 && server->unit == streams->ground.journal))
		return;
	was_there = bsearch(&client->inode, streams->before, streams->n_before,
			    sizeof(*streams->before), compare_inodes);
	streams->inode[streams->n_inodes++] = client->inode;
	streams->met[streams->n_met++] =
		(struct met) { client->unit, server->unit,
			       .is_new = streams->has_walked && !was_there };
}

/* ---- what is remembered --------------------------------------------------------- */

/* Both structs that are sorted begin with client and server. */
static int compare_pairs(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return left[0] != right[0] ? compare_numbers(left[0], right[0])
				   : compare_numbers(left[1], right[1]);
}

/* Make room: what does not stand may go. */
static void forget(struct streams *streams)
{
	size_t n = 0;

	for (size_t i = 0; i < streams->n_told; i++)
		if (streams->told[i].stands)
			streams->told[n++] = streams->told[i];
	streams->n_told = n;
}

/* Of the first n, which are sorted. NULL: it was not met before. */
static struct stream *find_told(struct streams *streams, const struct met *met, size_t n)
{
	return bsearch(met, streams->told, n, sizeof(*streams->told), compare_pairs);
}

static void make_room(struct streams *streams)
{
	struct stream *told;

	for (size_t i = 0; i < streams->n_told; i++)
		streams->told[i].stands = false;
	for (size_t i = 0; i < streams->n_met; i++) {
		told = find_told(streams, &streams->met[i], streams->n_told);
		if (told)
			told->stands = true;
	}
	if (streams->n_told + streams->n_met > STREAMS_PAIRS)
		forget(streams);
}

/* Connections of one pair lie side by side in `met`, so a new pair is the last that was added. */
static void remember(struct streams *streams)
{
	size_t n_sorted;

	make_room(streams);
	n_sorted = streams->n_told;
	for (size_t i = 0; i < streams->n_met; i++) {
		const struct met *met = &streams->met[i];
		struct stream *told = find_told(streams, met, n_sorted);

		if (!told && streams->n_told > n_sorted &&
		    compare_pairs(&streams->told[streams->n_told - 1], met) == 0)
			told = &streams->told[streams->n_told - 1];
		if (!told && streams->n_told < STREAMS_PAIRS) {
			told = &streams->told[streams->n_told++];
			*told = (struct stream) { met->client, met->server, .stands = true };
		}
		if (told)
			told->connections += met->is_new;
		else
			streams->n_forgotten++;
	}
	qsort(streams->told, streams->n_told, sizeof(*streams->told), compare_pairs);
}

static void join(struct streams *streams)
{
	sort_ends(streams);
	streams->n_met = streams->n_inodes = 0;
	for (size_t i = 0; i < streams->n; i++)
		if (is_client(streams, &streams->end[i]))
			meet(streams, &streams->end[i]);
	qsort(streams->inode, streams->n_inodes, sizeof(*streams->inode), compare_inodes);
	for (size_t i = 0; i < streams->n_inodes; i++)
		streams->before[i] = streams->inode[i];
	streams->n_before = streams->n_inodes;
	qsort(streams->met, streams->n_met, sizeof(*streams->met), compare_pairs);
	remember(streams);
	streams->has_walked = true;
	streams->walked_ms = streams->began_ms;
}

/* ---- the walk --------------------------------------------------------------------- */

/* Returns how many TCP sockets there are. */
static int empty_maps(struct streams *streams)
{
	int n = maps_empty(streams->programs->maps.ends, streams->key, streams->end);

	if (n < 0)
		return n;
	streams->n = (size_t)n;
	return maps_empty(streams->programs->maps.listening, streams->made, streams->holder);
}

static int begin_walk(struct streams *streams, const struct streams_ground *ground)
{
	int r;

	r = empty_maps(streams); /* of a walk that was given up */
	if (r < 0)
		return r;
	streams->ground = *ground;
	streams->programs->bss->manager_id = ground->manager_cgroup;
	streams->programs->bss->files = 0;
	r = bpf_iter_create(bpf_link__fd(streams->programs->links.streams_walk));
	if (r < 0)
		return r;
	streams->walk_fd = r;
	return 0;
}

/* 1: it goes on; 0: it is whole. */
static int read_piece(const struct streams *streams)
{
	char byte;
	ssize_t n = read(streams->walk_fd, &byte, sizeof(byte));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	return n > 0;
}

bool streams_are_due(const struct streams *streams, uint64_t now_ms)
{
	return streams->walk_fd >= 0 || streams->began_ms == 0 ||
	       now_ms - streams->began_ms >= STREAMS_EVERY_MS;
}

int streams_turn(struct streams *streams, const struct streams_ground *ground, uint64_t now_ms)
{
	int r = 0;

	if (!streams_are_due(streams, now_ms))
		return 0;
	if (streams->walk_fd < 0) {
		streams->began_ms = now_ms;
		r = begin_walk(streams, ground);
	}
	if (r >= 0)
		r = read_piece(streams);
	if (r > 0)
		return 0;
	cleanup_close(&streams->walk_fd);
	streams->walk_fd = -1;
	if (r >= 0)
		r = empty_maps(streams);
	if (r < 0)
		return r;
	streams->n_forgotten +=
		passed_fill(&streams->passed, streams->made, streams->holder, (size_t)r);
	join(streams);
	return 1;
}

const struct passed *streams_passed(const struct streams *streams)
{
	return streams->has_walked ? &streams->passed : NULL;
}

bool streams_are_fresh(const struct streams *streams, uint64_t now_ms)
{
	return streams->has_walked && now_ms - streams->walked_ms < 3 * STREAMS_EVERY_MS;
}

const struct stream *streams_list(const struct streams *streams, size_t *ret_n)
{
	*ret_n = streams->n_told;
	return streams->has_walked ? streams->told : NULL;
}

uint64_t streams_lost(const struct streams *streams)
{
	return streams->programs->bss->lost + streams->n_forgotten;
}
