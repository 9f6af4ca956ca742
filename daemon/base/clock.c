/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, asked of the kernel in one place. */
#include <time.h>

#include "base/clock.h"

/* Where faster time began, and how fast it runs; 1 is the world's own pace. */
static uint64_t boot_began_ms, wall_began_ms;
static unsigned int speed = 1;

static uint64_t read_us(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now); /* cannot fail for these clocks */
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void clock_speed(unsigned int factor)
{
	boot_began_ms = read_us(CLOCK_BOOTTIME) / 1000u;
	wall_began_ms = read_us(CLOCK_REALTIME) / 1000u;
	speed = factor;
}

uint64_t clock_boot_ms(void)
{
	uint64_t now_us = read_us(CLOCK_BOOTTIME);

	if (speed == 1)
		return now_us / 1000u;
	return boot_began_ms + (now_us - boot_began_ms * 1000u) * speed / 1000u;
}

uint64_t clock_wall_ms(void)
{
	if (speed == 1)
		return read_us(CLOCK_REALTIME) / 1000u;
	return wall_began_ms + (clock_boot_ms() - boot_began_ms);
}

uint64_t clock_cpu_us(void)
{
	return read_us(CLOCK_PROCESS_CPUTIME_ID);
}
