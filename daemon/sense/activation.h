/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which service stands behind a listening socket that systemd itself opened: the
 * socket, and each connection that comes by it, carries the cgroup of the .socket unit,
 * or, where systemd has no use for one, that of PID 1. Only the unit's Triggers= tells
 * whose it is. Asked over the bus when such a socket is met, and never waited for.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "sense/diag.h"
#include "sense/cgroup.h"

#define ACTIVATION_UNITS    256	 /* .socket units that are read */
#define ACTIVATION_ENDS	    1024 /* addresses they listen at */
#define ACTIVATION_EVERY_MS (uint64_t)60000
#define ACTIVATION_HASTE_MS (uint64_t)5000 /* when one is met that is not known */

struct activation;

/* The bus is used as in units.h; the roots are borrowed. -ENOMEM only. */
int activation_new(sd_bus *bus, const struct cgroup_roots *roots, struct activation **ret);
struct activation *activation_free(struct activation *activation);
DEFINE_CLEANUP(struct activation *, activation_free)

/* There are so many listening sockets whose owner is not known: ask, if it is time to. */
void activation_turn(struct activation *activation, size_t n_unknown, uint64_t now_ms);

/* Give each service its unit: 0 is none. They are kept until this is called again. */
void activation_number(struct activation *activation,
		       uint32_t (*unit_of)(const char *name, void *userdata), void *userdata);
/* Each cgroup of a .socket unit whose service has a row. */
void activation_cgroups(const struct activation *activation,
			void (*visit)(uint64_t cgroup_id, uint32_t unit, void *userdata),
			void *userdata);
/* The unit behind the socket of PID 1's that listens, or was accepted, at that address; 0: not known.
 * With Accept=yes it is systemd itself who accepts, so there is none. */
uint32_t activation_find(const struct activation *activation, const struct diag_end *local);

/* Each address at which a service is woken that has a row. */
void activation_ports(const struct activation *activation,
		      void (*visit)(uint16_t port, uint32_t unit, void *userdata), void *userdata);

/* "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80" as systemd prints them. -EINVAL: no such address. */
int activation_parse_end(const char *text, struct diag_end *ret);
