/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the daemon says: to the journal, with fields for machines, when systemd
 * started it, without ever waiting for it; else to stderr. A message is lower case and says what could not
 * be done, then why, then what to do. Whatever text it carries is escaped here
 * (control characters and broken UTF-8 as \xNN), so callers pass names as they
 * came from the world.
 */
#include <stddef.h>
#include <syslog.h>

/* One name=value pair beside the message, for machines: FIELD in capitals. */
struct log_field {
	const char *name;
	const char *value;
};

/* The most fields that one message carries. */
#define LOG_FIELDS_MAX 8

/* Before the first message: `program` is the prefix on stderr; `verbose` shows
 * debug messages. The journal is used if stderr is connected to it. */
void log_open(const char *program, int verbose);

/* The general form; priority is syslog's. Keeps errno. */
void log_fields(int priority, const struct log_field *fields, size_t n, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append ": <reason>" for a negative errno; returns error, so that giving up is one line. */
int log_errno(int priority, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(...)		      log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)		      log_line(LOG_INFO, __VA_ARGS__)
#define log_notice(...)		      log_line(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...)	      log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...)		      log_line(LOG_ERR, __VA_ARGS__)
#define log_debug_errno(error, ...)   log_errno(LOG_DEBUG, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_errno(LOG_WARNING, error, __VA_ARGS__)
#define log_error_errno(error, ...)   log_errno(LOG_ERR, error, __VA_ARGS__)
