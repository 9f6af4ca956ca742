/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The only calls of clock_gettime(). Everybody else gets time as an argument,
 * so that a day can be simulated in a second.
 */
#include <stdint.h>

#define SECONDS(n) ((uint64_t)(n)*1000u)
#define MINUTES(n) ((uint64_t)(n)*60000u)
#define HOURS(n)   ((uint64_t)(n)*3600000u)
#define DAYS(n)	   ((uint64_t)(n)*86400000u)

/* Run our time this many times faster than the world's, from now on; for
 * simulated services only. Called once, before the loop. */
void clock_speed(unsigned int factor);

uint64_t clock_boot_ms(void); /* ms since boot, running on in suspend */
uint64_t clock_wall_ms(void); /* ms since 1970 */
uint64_t clock_cpu_us(void);  /* CPU time this process has used, us */
