/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What holds for a unit by the files as they are now, and where each line of it
 * stands: the host's options, what is said of its classes, and what it says of
 * itself, laid over one another by the daemon's own functions.
 */
#include "cli/host.h"
#include "cli/origin.h"
#include "record/classes.h"
#include "record/config.h"

enum layer { LAYER_HOST, LAYER_CLASS, LAYER_UNIT };

#define EFFECTIVE_CLASSES_SIZE 512
struct effective {
	struct config config;
	struct unit_status status;	      /* with the terms of its classes and its own */
	struct origins host;		      /* of the options that a unit may have too */
	char statistics[ORIGIN_SIZE];	      /* the same of UnitStatisticsBudget= */
	struct origins unit;		      /* of status.terms */
	enum layer mode_by;		      /* whose Mode= it is, ceilings aside */
	char classes[EFFECTIVE_CLASSES_SIZE]; /* a space between them; "" */
	bool is_cut;			      /* its lists are longer than is kept */
	struct ini_error broken;	      /* "": all files of the unit can be read */
	char broken_at[HOST_PATH_SIZE + 16];  /* where that is; "" */
};

/* -EINVAL and others, with error set: the host's own files cannot be read, so that what holds is not known
 * here. */
int effective_read(const struct host_service *service, struct effective *ret,
		   struct ini_error *error);

/* One line of it; -ENOENT behind the last. from has a newline after each place; "": the default. What
 * is not limited or not said has words in value, and is_said is then false. */
struct effective_line {
	const char *key;
	char value[TERMS_TEXT_SIZE];
	bool is_said;
	const char *from;
};
int effective_line(const struct effective *effective, size_t index, struct effective_line *ret);
