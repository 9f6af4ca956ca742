/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The healer's own health. Its time may run faster than ours (selfhealed
 * --speed): then all moments it wrote down are of its own clock, which began
 * together with ours.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cli/output.h"
#include "record/record.h"

/* Without a tick for so long in our time, it does not run. */
#define KEEPER_SILENT_MS (uint64_t)5000

/* What its clock shows at a moment of ours. */
uint64_t keeper_time(const struct keeper *keeper, uint64_t wall_ms);
/* When its last tick was, in our time. */
uint64_t keeper_last_ms(const struct keeper *keeper);
bool keeper_is_running(const struct keeper *keeper, uint64_t wall_ms);
/* Running, and able to record: only then can it heal. */
bool keeper_is_well(const struct keeper *keeper, uint64_t wall_ms);

void keeper_print(const struct output *output, const struct keeper *keeper, uint64_t wall_ms);
