/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A healthy service that works hard: half a CPU steadily, and from time to time,
 * as a batch would, a whole one for BURST_US, with memory that comes and goes.
 *
 *	busy PORT
 */
#include "serve.h"

#define BURST_US    UINT64_C(8000000)
#define CYCLE_US    UINT64_C(30000000) /* of which BURST_US at full power */
#define BATCH_BYTES ((size_t)16 << 20)
#define SLICE_US    10000

/* Work until that moment, `share` of the time. */
static void work_until(uint64_t end_us, double share)
{
	while (now_us(CLOCK_MONOTONIC) < end_us) {
		burn_us((uint64_t)(share * SLICE_US));
		if (share < 1)
			nap_ms((long)((1 - share) * SLICE_US / 1000));
	}
}

static void batch(void)
{
	void *memory = take_memory(BATCH_BYTES);

	work_until(now_us(CLOCK_MONOTONIC) + BURST_US, 1);
	free(memory);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: busy PORT");
	serve(argv[1], 2);
	for (;;) {
		work_until(now_us(CLOCK_MONOTONIC) + CYCLE_US - BURST_US, 0.5);
		batch();
	}
}
