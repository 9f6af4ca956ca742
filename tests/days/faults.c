/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each fault does, by its age. */
#include <math.h>
#include <string.h>

#include "tests/days/faults.h"

/* A leak ends where the host would: at eight times what the service usually has. */
#define LEAK_MOST 8.0
#define REQUESTS_MANY                                                                              \
	10.0 /* a second, at the busiest, from which on a share of them says something */
#define BAR_SHARE (35.0 / 36.0)

const struct fault_info fault_table[FAULT_N] = {
	[FAULT_LEAK_QUICK] = { "leak-quick", BAR_SHARE, 25 },
	[FAULT_LEAK_SLOW] = { "leak-slow", BAR_SHARE, 300 },
	[FAULT_SPIN] = { "spin", BAR_SHARE, 30 },
	[FAULT_FD_LEAK] = { "fd-leak", BAR_SHARE, 60 },
	[FAULT_THREAD_LEAK] = { "thread-leak", BAR_SHARE, 45 },
	[FAULT_LATENCY] = { "latency", BAR_SHARE, 30 },
	[FAULT_HANG] = { "hang", BAR_SHARE, 12 },
	[FAULT_ERRORS] = { "errors", BAR_SHARE, 15 },
	[FAULT_LEAK_LIMIT] = { "leak-limit", BAR_SHARE, 300 },
	[FAULT_MANY_SMALL] = { "many-small", 0.5, 120 },
	[FAULT_CONTROL] = { "control", 0, 0 },
};

bool fault_is_visible(enum fault fault, const struct kind *kind)
{
	if (fault == FAULT_HANG)
		return kind->backlog_most > 0;
	if (fault == FAULT_LATENCY || fault == FAULT_ERRORS)
		return kind->requests >= REQUESTS_MANY;
	return true;
}

double fault_bar_s(enum fault fault, const struct kind *kind)
{
	if (fault == FAULT_SPIN && strcmp(kind->name, "database") == 0)
		return 60;
	return fault_table[fault].bar_s;
}

bool fault_has_bar(enum fault fault, const struct kind *kind)
{
	return fault != FAULT_CONTROL && kind->requests > 0;
}

void fault_after(enum fault fault, double age_s, struct trouble *ret)
{
	*ret = (struct trouble) { 0 };
	switch (fault) {
	case FAULT_LEAK_QUICK:
		ret->leaked_share = fmin(0.05 * age_s, LEAK_MOST);
		break;
	case FAULT_LEAK_SLOW:
		ret->leaked_share = fmin(0.001 * age_s, LEAK_MOST);
		break;
	case FAULT_LEAK_LIMIT:
		ret->leaked_share = fmin(0.001 * age_s, LEAK_MOST);
		ret->room_share = 0.5;
		break;
	case FAULT_SPIN:
		ret->spinning = 1;
		break;
	case FAULT_FD_LEAK:
		ret->leaked_descriptors = 2 * age_s;
		break;
	case FAULT_THREAD_LEAK:
		ret->leaked_threads = age_s;
		break;
	case FAULT_LATENCY:
		ret->slower = 2;
		break;
	case FAULT_HANG:
		ret->hung_s = age_s;
		break;
	case FAULT_ERRORS:
		ret->failing_share = 0.2;
		break;
	case FAULT_MANY_SMALL:
		ret->small = 2;
		break;
	default:
		break;
	}
}
