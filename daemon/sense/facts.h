/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What systemd has said of one unit: its D-Bus properties, and what only the
 * order of its words tells (that somebody stopped it, that its start limit was
 * hit). No bus is asked here; messages come in, a unit_status goes out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "record/record.h"
#include "record/terms.h"
#include "sense/needs.h"

struct facts {
	const char *name; /* whose; the owner of the facts sets it, and keeps it */

	/* As systemd says. */
	enum unit_active active;
	bool auto_restart;	       /* SubState=auto-restart: Restart= waits to act */
	bool load_masked, file_masked; /* LoadState, UnitFileState */
	bool long_running;	       /* Type= */
	bool transient, timer_started, job_pending;
	bool refuses_start, refuses_stop, can_reload;
	bool names_cut;	     /* an alias did not fit, or is no unit name */
	bool dependents_cut; /* the same of what is restarted with it */
	bool well_ended, oom_killed, start_limit_named; /* Result= */
	uint32_t main_pid, n_restarts;
	uint64_t cgroup_id;
	uint64_t changed_wall_us, active_enter_wall_us, inactive_exit_wall_us; /* 0: never */
	uint32_t startup_ms; /* the longest start that was seen */
	/* MemoryMax=, TasksMax= and LimitNOFILE= of the unit, and of it with its slices: UINT64_MAX for none, 0 not
	 * told. */
	uint64_t memory_most_bytes, effective_memory_most_bytes;
	uint64_t tasks_most, effective_tasks_most, descriptors_most;
	uint64_t fragment, drop_ins, program; /* identities of files, or IDENTITY_NONE */
	char *fragment_path, *program_path;   /* owned; NULL: none, or no memory for it */
	struct terms own, dropped_in; /* [X-SelfHeal] of the unit file, and of all drop-ins */
	bool own_broken, dropped_in_broken;
	bool told_broken; /* that was logged */
	uint8_t invocation[INVOCATION_SIZE];
	char aliases[UNIT_ALIASES_SIZE];
	char dependents[UNIT_ALIASES_SIZE];
	char cgroup[UNIT_ALIASES_SIZE];
	struct needs needs;

	/* As the order of its words tells. */
	bool was_read;	      /* all properties were read at least once */
	bool needs_changed;   /* the needs are others since its reader reset this */
	bool was_running;     /* seen, or said, to have been active, or failed, in our time */
	bool stopped_by_hand; /* a job left it not running */
	bool down_before;     /* it was failed when all was read for the first time */
	bool start_limit_hit;
	uint64_t order;		      /* of our own that is under way, by its decision; 0: none */
	bool awaits_ours;	      /* no job has ended since it went out */
	bool passed_over;	      /* the one that did may have been ours, or somebody's stop */
	uint32_t n_restarts_at_start; /* NRestarts when this invocation was first seen */

	/* As looking at its files tells. What it runs stays what systemd started: the identity. */
	uint64_t files_read;	   /* their identity when systemd told them last, */
	uint64_t files_seen;	   /* and when they were looked at last */
	uint64_t files_changed_ms; /* 0: never */
};

void facts_clear(struct facts *facts);

/* Take in the a{sv} that the message stands at, as PropertiesChanged has it: what it does not carry
 * stays. 1: its state, process or invocation is another one now, so that what the signals lack must
 * be read again; 0: not. -EBADMSG, -ENOMEM. */
int facts_read(struct facts *facts, sd_bus_message *m);
/* The same for an answer of GetAll, which carries everything. */
int facts_read_whole(struct facts *facts, sd_bus_message *m);
/* A job of the unit ended with that result; all that it changed has been read before. */
void facts_job_ended(struct facts *facts, const char *result);
/* An order of our own goes out now, by that decision: its job is nobody's stop. */
void facts_order_begins(struct facts *facts, uint64_t decision);
/* It is over; of one that never went out nothing follows. Unless it was done, a job that was taken for its own
 * was somebody else's. */
void facts_order_ended(struct facts *facts, uint64_t decision, bool is_done);
/* Only its state is known: GONE when systemd dropped it, UNKNOWN when nobody can be asked. */
void facts_set_active(struct facts *facts, enum unit_active active);

/* After they were read: are its files others than when they were seen last? Then they changed now. */
void facts_follow_files(struct facts *facts, uint64_t boot_ms);
/* The same by looking at the unit file and the program: nothing tells systemd that a program was
 * replaced, nor us that a unit file was edited and not read again yet. (NeedDaemonReload= would, but is
 * also set by who changes properties.) The identity stays, for the old program runs on. True: they changed. */
bool facts_look_at_files(struct facts *facts, uint64_t boot_ms);

/* Is it to be shown: is all of it known, and has it been active, or failed, in our time? */
bool facts_are_worth_a_row(const struct facts *facts);
/* Fill all but unit, kind and name, and lay what the unit says of its healing upon ret->terms. The moments are now. */
void facts_status(const struct facts *facts, uint64_t boot_ms, uint64_t wall_ms,
		  struct unit_status *ret);
