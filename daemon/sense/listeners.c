/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A round of questions in small steps, sums by cgroup, and rows by unit. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sense/diag_link.h"
#include "sense/listeners.h"
#include "sense/queues.h"
#include "sense/socket_edges.h"
#include "sense/socket_rows.h"
#include "sense/sums.h"

#define DATAGRAM_WORTH 64u /* what reading one of no use counts, in sockets */
#define ATTEMPTS       3   /* at a dump that is interrupted each time */

/* All of them, or IPv6 after the others, then whose they are; of queues, then of connections. */
enum step {
	STEP_REST,
	STEP_QUEUES,
	STEP_QUEUES_6,
	STEP_QUEUES_OWNERS,
	STEP_CONNECTED,
	STEP_CONNECTED_6,
	STEP_CONNECTED_OWNERS,
};

/* One of the two kinds of sockets. */
struct kind {
	struct sum_table table; /* being read */
	uint64_t at_ms;		/* of what is known; 0: nothing */
	bool of_units;		/* the kernel tells cgroups, so units have it */
	bool is_cut;		/* some found no room: who has no row is not known */
};

struct listeners {
	struct diag_link link;
	enum step step;
	bool is_asked;	/* the answer to this step's question is on its way */
	bool by_family; /* the kernel does not answer for both at once */
	unsigned int attempt;
	uint64_t round_ms, lost;
	const struct listeners_ground *ground; /* of the turn under way */
	struct kind queues, connected;
	struct queues followed;
	size_t n_taken; /* sockets of the datagram at hand */

	struct socket_rows rows;
	size_t n_unowned;
	struct socket_edges edges;
};

/* ---- life ------------------------------------------------------------------------ */

static int reserve(struct listeners *listeners)
{
	if (socket_rows_new(&listeners->rows) < 0 || socket_edges_new(&listeners->edges) < 0 ||
	    queues_new(&listeners->followed) < 0 || sum_table_new(&listeners->queues.table) < 0 ||
	    sum_table_new(&listeners->connected.table) < 0)
		return -ENOMEM;
	return 0;
}

int listeners_new_fd(int fd, struct listeners **ret)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	int r;

	if (!listeners) {
		cleanup_close(&fd);
		return -ENOMEM;
	}
	diag_link_init(&listeners->link, fd);
	r = reserve(listeners);
	if (r < 0) {
		listeners_free(listeners);
		return r;
	}
	*ret = listeners;
	return 0;
}

struct listeners *listeners_free(struct listeners *listeners)
{
	if (listeners) {
		diag_link_close(&listeners->link);
		sum_table_clear(&listeners->queues.table);
		sum_table_clear(&listeners->connected.table);
		queues_clear(&listeners->followed);
		socket_rows_clear(&listeners->rows);
		socket_edges_clear(&listeners->edges);
		free(listeners);
	}
	return NULL;
}

int listeners_new(struct listeners **ret)
{
	return listeners_new_fd(diag_link_find(), ret);
}

/* ---- sockets ------------------------------------------------------------------------ */

static bool is_managers(const struct listeners *listeners, uint64_t cgroup_id)
{
	return cgroup_id != 0 && cgroup_id == listeners->ground->manager_cgroup;
}

/* As if who holds it had made it. */
static struct diag_socket as_held(const struct listeners *listeners,
				  const struct diag_socket *socket)
{
	struct diag_socket held = *socket;

	held.cgroup_id =
		passed_to(listeners->ground->passed, socket->cgroup_id, socket->local.port);
	return held;
}

static uint32_t unit_by_activation(const struct listeners *listeners,
				   const struct diag_socket *socket)
{
	if (!listeners->ground->activation || !is_managers(listeners, socket->cgroup_id))
		return 0;
	return activation_find(listeners->ground->activation, &socket->local);
}

static void add_socket(struct listeners *listeners, struct kind *kind,
		       const struct diag_socket *socket, const struct sums *what, uint32_t unit)
{
	struct sum_table *table = &kind->table;
	struct sums *sums;

	table->n_sockets++;
	sums_add(&table->host, what);
	if (socket->cgroup_id == 0)
		return;
	table->n_told++;
	sums = sum_table_at(table, socket->cgroup_id, unit);
	if (sums) {
		sums_add(sums, what);
	} else {
		kind->is_cut = true;
		listeners->lost++;
	}
}

static void take_queue(const struct diag_socket *socket, void *userdata)
{
	struct listeners *listeners = userdata;
	const struct diag_socket held = as_held(listeners, socket);
	uint32_t grown = 0;
	struct sums what = { .listening = 1, .backlog = socket->queued };

	listeners->n_taken++;
	if (socket->state != DIAG_LISTEN)
		return;
	what.share = diag_share(socket);
	if (socket->has_drops && queues_take(&listeners->followed, &held, &grown) < 0)
		listeners->lost++;
	what.overflows = grown;
	add_socket(listeners, &listeners->queues, &held, &what,
		   unit_by_activation(listeners, &held));
}

/* ---- connections ------------------------------------------------------------------------ */

static void take_connected(const struct diag_socket *socket, void *userdata)
{
	struct listeners *listeners = userdata;
	const struct diag_socket held = as_held(listeners, socket);
	struct sums what = { .unread = socket->queued };

	listeners->n_taken++;
	if (socket->state == DIAG_ESTABLISHED) {
		what.connections = 1;
		what.n_rtt = socket->has_rtt;
		what.rtt_us = socket->has_rtt ? socket->rtt_us : 0;
	} else if (socket->state == DIAG_CLOSE_WAIT) {
		what.unread -=
			what.unread > 0; /* the end itself counts as a byte until it is read */
	} else {
		return;
	}
	add_socket(listeners, &listeners->connected, &held, &what,
		   unit_by_activation(listeners, &held));
	if (socket_edges_add(&listeners->edges, &listeners->followed, &held) < 0)
		listeners->lost++;
}

/* ---- rows ------------------------------------------------------------------------------- */

static void show_sums(struct listeners *listeners, uint32_t unit, const struct sums *sums,
		      bool of_queues)
{
	if (socket_rows_add(&listeners->rows, unit, sums, of_queues) < 0)
		listeners->lost++;
}

/* Do we know whose each of them is? Asking for all of them has all looked for at once. */
static bool are_owned(struct listeners *listeners, const struct sum_table *table)
{
	bool are_known = true;
	uint32_t unit;

	for (size_t i = 0; i < table->n; i++)
		if (table->sums[i].unit == 0 &&
		    !owners_find(listeners->ground->owners, table->sums[i].cgroup_id, &unit))
			are_known = false;
	return are_known;
}

static void show_table(struct listeners *listeners, struct kind *kind)
{
	struct sum_table *table = &kind->table;
	bool of_queues = kind == &listeners->queues;
	size_t n_unowned;
	uint32_t unit;

	socket_rows_forget(&listeners->rows, of_queues);
	show_sums(listeners, 0, &table->host, of_queues);
	n_unowned = 0;
	for (size_t i = 0; i < table->n; i++) {
		const struct sums *sums = &table->sums[i];

		unit = sums->unit;
		if (unit == 0)
			(void)owners_find(listeners->ground->owners, sums->cgroup_id, &unit);
		if (unit != 0)
			show_sums(listeners, unit, sums, of_queues);
		if (unit == 0 || (sums->unit == 0 && is_managers(listeners, sums->cgroup_id)))
			n_unowned += sums->listening;
	}
	if (of_queues)
		listeners->n_unowned = n_unowned;
	kind->at_ms = table->began_ms;
	kind->of_units = table->n_told > 0 || table->n_sockets == 0;
}

/* ---- a round ---------------------------------------------------------------------------- */

static uint64_t connected_every_ms(const struct listeners *listeners)
{
	bool are_many = listeners->connected.table.n_sockets > LISTENERS_MANY;

	return are_many ? 2 * LISTENERS_EVERY_MS : LISTENERS_EVERY_MS;
}

static bool is_due(uint64_t last_ms, uint64_t every_ms, uint64_t now_ms)
{
	return last_ms == 0 || now_ms - last_ms >= every_ms;
}

bool listeners_are_due(const struct listeners *listeners, uint64_t now_ms)
{
	return listeners->link.fd >= 0 && (listeners->step != STEP_REST ||
					   is_due(listeners->round_ms, LISTENERS_EVERY_MS, now_ms));
}

static bool is_of_6(enum step step)
{
	return step == STEP_QUEUES_6 || step == STEP_CONNECTED_6;
}

static uint8_t family_of(const struct listeners *listeners)
{
	if (is_of_6(listeners->step))
		return AF_INET6;
	return listeners->by_family ? AF_INET : AF_UNSPEC;
}

/* The step is over; connections are left out of some rounds. */
static void go_on(struct listeners *listeners, uint64_t now_ms)
{
	listeners->is_asked = false;
	if (listeners->step == STEP_CONNECTED_OWNERS ||
	    (listeners->step == STEP_QUEUES_OWNERS &&
	     !is_due(listeners->connected.at_ms, connected_every_ms(listeners), now_ms)))
		listeners->step = STEP_REST;
	else
		listeners->step++;
	if (!listeners->by_family && is_of_6(listeners->step))
		listeners->step++;
}

static bool is_of_queues(enum step step)
{
	return step == STEP_QUEUES || step == STEP_QUEUES_6;
}

static bool is_refusal(int error)
{
	return error == -ENOENT || error == -EAFNOSUPPORT || error == -EINVAL ||
	       error == -EOPNOTSUPP;
}

/* A dump that was interrupted, once more from the first family on; what else went wrong, in the next
 * round. What the kernel refuses is not lost: it is not there. */
static void begin_again(struct listeners *listeners, int error)
{
	bool is_interrupted = error == -EINTR;

	listeners->is_asked = false;
	if (is_refusal(error))
		listeners->by_family = true; /* from the next round on */
	listeners->lost += is_interrupted || error == -EMSGSIZE || error == -ENOBUFS;
	if (!is_interrupted || ++listeners->attempt >= ATTEMPTS)
		listeners->step = STEP_REST;
	else
		listeners->step = is_of_queues(listeners->step) ? STEP_QUEUES : STEP_CONNECTED;
}

/* What is left of an answer, ours or of a daemon before us, keeps the kernel from answering another. True:
 * nothing is left. */
static bool drain(struct listeners *listeners, size_t *budget)
{
	ssize_t n;

	while (*budget >= DATAGRAM_WORTH) {
		n = diag_link_receive(&listeners->link);
		if (n == -EAGAIN)
			return true;
		*budget -= DATAGRAM_WORTH;
	}
	return false;
}

static int ask(struct listeners *listeners, uint64_t now_ms)
{
	bool of_queues = is_of_queues(listeners->step);
	bool is_first = !is_of_6(listeners->step);
	struct kind *kind = of_queues ? &listeners->queues : &listeners->connected;
	int r;

	if (is_first) {
		sum_table_begin(&kind->table, now_ms);
		kind->is_cut = false;
	}
	if (is_first && of_queues)
		queues_begin(&listeners->followed);
	if (is_first && !of_queues &&
	    socket_edges_begin(&listeners->edges, &listeners->followed) < 0)
		listeners->lost++;
	r = diag_link_ask(&listeners->link, family_of(listeners),
			  of_queues ? 1u << DIAG_LISTEN
				    : 1u << DIAG_ESTABLISHED | 1u << DIAG_CLOSE_WAIT,
			  now_ms);
	if (r < 0)
		return r;
	listeners->is_asked = true;
	return 0;
}

/* A kernel without IPv6 refuses to tell of its sockets: there are none. */
static bool is_absent_family(const struct listeners *listeners, int error)
{
	return is_of_6(listeners->step) && is_refusal(error);
}

/* One datagram of the answer, or the question. False: not in this tick. */
static bool read_step(struct listeners *listeners, uint64_t now_ms, size_t *budget)
{
	ssize_t n;
	int r;

	if (!listeners->is_asked) {
		r = drain(listeners, budget) ? ask(listeners, now_ms) : -EAGAIN;
		if (r < 0 && r != -EAGAIN)
			listeners->step = STEP_REST;
		return r >= 0;
	}
	n = diag_link_receive(&listeners->link);
	if (n == -EAGAIN)
		return false;
	listeners->n_taken = 0;
	r = (int)n;
	if (n >= 0)
		r = diag_read(listeners->link.datagram, (size_t)n, listeners->link.sequence,
			      is_of_queues(listeners->step) ? take_queue : take_connected,
			      listeners);
	n = (ssize_t)listeners->n_taken + 1;
	*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	if (r == DIAG_DONE || is_absent_family(listeners, r))
		go_on(listeners, now_ms);
	else if (r < 0)
		begin_again(listeners, r);
	return true;
}

static bool own_step(struct listeners *listeners, uint64_t now_ms)
{
	struct kind *kind =
		listeners->step == STEP_QUEUES_OWNERS ? &listeners->queues : &listeners->connected;
	bool are_owned_now = are_owned(listeners, &kind->table);

	if (!are_owned_now && !owners_turn(listeners->ground->owners))
		return false;
	if (kind == &listeners->queues)
		queues_keep(&listeners->followed);
	else
		socket_edges_keep(&listeners->edges);
	show_table(listeners, kind);
	listeners->attempt = 0;
	go_on(listeners, now_ms);
	return true;
}

void listeners_turn(struct listeners *listeners, const struct listeners_ground *ground,
		    uint64_t now_ms)
{
	size_t budget = LISTENERS_A_TICK;
	bool goes_on = listeners_are_due(listeners, now_ms);

	listeners->ground = ground;
	if (goes_on && listeners->step == STEP_REST) {
		listeners->round_ms = now_ms;
		listeners->attempt = 0;
		listeners->step = STEP_QUEUES;
	}
	while (goes_on && budget > 0 && listeners->step != STEP_REST) {
		if (listeners->step == STEP_QUEUES_OWNERS ||
		    listeners->step == STEP_CONNECTED_OWNERS)
			goes_on = own_step(listeners, now_ms);
		else
			goes_on = read_step(listeners, now_ms, &budget);
	}
}

/* ---- what is known ------------------------------------------------------------------------ */

static bool is_known(const struct kind *kind, uint32_t unit, uint64_t now_ms)
{
	return kind->at_ms != 0 && now_ms - kind->at_ms < LISTENERS_STALE_MS &&
	       (unit == 0 || (kind->of_units && !kind->is_cut));
}

void listeners_usage(const struct listeners *listeners, uint32_t unit, uint64_t now_ms,
		     struct usage *usage)
{
	const struct socket_row *row = socket_rows_find(&listeners->rows, unit);

	if (!row)
		return;
	if (is_known(&listeners->queues, unit, now_ms))
		socket_row_tell_queues(row, now_ms - listeners->queues.at_ms, usage);
	if (is_known(&listeners->connected, unit, now_ms))
		socket_row_tell_connected(row, now_ms - listeners->connected.at_ms, usage);
}

const struct listeners_edge *listeners_edges(const struct listeners *listeners, size_t *ret_n)
{
	return socket_edges_list(&listeners->edges, ret_n);
}

size_t listeners_unowned(const struct listeners *listeners)
{
	return listeners->n_unowned;
}

uint64_t listeners_lost(const struct listeners *listeners)
{
	return listeners->lost;
}
