/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Error lines that units write to the journal (priority err, crit, alert or emerg),
 * counted from now on by a thread of its own: the journal is on a disk, and the disk
 * may be the patient.
 *
 * The index of the journal leads the thread from error to error, so that all other
 * lines cost nothing; it looks at most once a second. Of each look at most
 * ERRORS_PASS_US of CPU time are for lines with their units; in a storm the rest is
 * passed over, counted for as long again, and beyond that only known to be there. So
 * a storm of any size costs at most some 4 % of a CPU.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define ERRORS_EVERY_MS 1000
#define ERRORS_LOOK_MS	5000  /* also where nothing was written */
#define ERRORS_STALE_MS 15000 /* no look has ended for so long: the thread hangs at the disk */
#define ERRORS_AGAIN_MS 30000 /* where there is no journal, or no right to it */
#define ERRORS_PASS_US	20000
#define ERRORS_UNITS	256 /* with errors, in one look; lines of more are lost */

struct errors;

/* Of the journal in this folder; NULL: the host's. Waits 1 s at most for its first look. A negative errno if
 * there can be no thread. */
int errors_new(const char *folder, struct errors **ret);
/* Waits 2 s at most: a thread that hangs at the disk is left to itself. */
struct errors *errors_free(struct errors *errors);
DEFINE_CLEANUP(struct errors *, errors_free)

/* Is the journal being read? Else there is no count, which is not 0. */
bool errors_are_known(const struct errors *errors, uint64_t now_ms);
/* Hand over what was counted since the last call, and never wait for it. unit is "" for lines of no unit
 * (the kernel's, for instance). Our own are left out, for we would report on ourselves. */
void errors_drain(struct errors *errors, void (*take)(const char *unit, uint64_t n, void *userdata),
		  void *userdata);
/* Lines, at least, that were not counted. */
uint64_t errors_lost(const struct errors *errors);

/* ---- pure ---------------------------------------------------------------------- */

/* The fields of one line, as the journal has them; NULL: it has none such. */
struct error_line {
	const char *unit;  /* _SYSTEMD_UNIT: who wrote it, which journald vouches for */
	const char *pid;   /* _PID: the same */
	const char *about; /* UNIT: what it says it is about; of PID 1 alone that is believed */
};
/* Whose error it is; "": of no unit; NULL: our own. own_pid is ours, own_unit the unit we are in. */
const char *error_line_owner(const struct error_line *line, const char *own_unit,
			     const char *own_pid);
