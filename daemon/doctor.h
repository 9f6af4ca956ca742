/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What this host and these rights let us see: probed afresh, with no state read,
 * locked or written, so it may run beside the daemon, before there is one, and as
 * anybody.
 */
#include <stdio.h>

/* Look twice, a second apart, and print what was found of each signal. A negative errno after it was said
 * why nothing could be looked at. */
int doctor_run(FILE *out);
