/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What selfhealed was started with: its arguments, and the folders that follow from them. */
#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *config;  /* --config; NULL: the installed places */
	const char *rules;   /* --rules; NULL: the installed places */
	char state_dir[256]; /* holds selfheal.db */
	char live_dir[256];  /* holds live.db and the control socket */
	bool simulate;
	bool verbose;
	bool doctor;	       /* only look what can be seen here, and say it */
	uint32_t speed;	       /* 1: real time */
	char inject_fault[32]; /* "": none */
	char inject_unit[256];
	uint64_t inject_after_ms;
};

/* Fills ret; returns 0 to go on, 1 when all was said (--help, --version), -EINVAL after saying what
 * was wrong. The strings of argv and of the environment are borrowed. */
int options_read(int argc, char **argv, struct options *ret);
