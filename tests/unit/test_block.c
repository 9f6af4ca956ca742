/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of block devices against what /proc knows of the disks: with the rights of root. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "roles.h"
#include "tests/unit/assertion.h"

#define REQUESTS   37
#define BLOCK_SIZE 4096
#define WAIT_S	   10.0 /* for what takes microseconds on an idle machine */

TestSuite(block, .fini = roles_clean);

/* Requests completed by all disks, flushes excluded. What is in flight may have been told to the probe
 * and not be counted here yet. */
static uint64_t completed_of_all(uint64_t *ret_in_flight)
{
	FILE *in = fopen("/proc/diskstats", "re");
	char line[1024], name[64], device[128];
	uint64_t n = 0;

	cr_assert(in != NULL);
	while (fgets(line, sizeof(line), in)) {
		unsigned long long reads, writes, in_flight, discards = 0;

		if (sscanf(line, "%*u %*u %63s %llu %*u %*u %*u %llu %*u %*u %*u %llu %*u %*u %llu",
			   name, &reads, &writes, &in_flight, &discards) < 4)
			continue;
		/* Not a partition, and nothing that hands its requests to another. */
		(void)snprintf(device, sizeof(device), "/sys/block/%s/device", name);
		if (access(device, F_OK) != 0)
			continue;
		n += reads + writes + discards;
		*ret_in_flight += in_flight;
	}
	(void)fclose(in);
	return n;
}

static struct usage host_now(void)
{
	struct usage usage = { 0 };

	cr_assert(zero(int, probe_snapshot(roles.probe)));
	cr_assert(probe_usage(roles.probe, 0, 0, &usage));
	return usage;
}

/* Past the cache, each block a request; false: there is no disk below. */
static bool write_blocks(size_t n)
{
	_Alignas(BLOCK_SIZE) static char block[BLOCK_SIZE];
	char path[] = "/var/tmp/selfheal-test-XXXXXX";
	int fd = mkostemp(path, O_DIRECT | O_CLOEXEC);
	bool is_done = fd >= 0;

	(void)unlink(path);
	for (size_t i = 0; is_done && i < n; i++)
		is_done = pwrite(fd, block, BLOCK_SIZE, (off_t)(i * BLOCK_SIZE)) == BLOCK_SIZE;
	if (fd >= 0)
		(void)close(fd);
	return is_done;
}

Test(block, block_requests_of_the_host_are_those_of_its_disks)
{
	struct usage before, after;
	uint64_t disks, in_flight = 0, at_end = 0;

	if (!roles_make("block/block_requests", METRIC_IO_REQUESTS))
		return;
	disks = completed_of_all(&at_end);
	if (!write_blocks(1) || completed_of_all(&at_end) == disks) {
		(void)fprintf(stderr, "not run here: unit block/block_requests (needs a disk "
				      "below /var/tmp)\n");
		return;
	}
	before = host_now();
	disks = completed_of_all(&in_flight);
	cr_assert(write_blocks(REQUESTS));
	disks = completed_of_all(&at_end) - disks;
	after = host_now();
	cr_assert(ge(u64, disks, REQUESTS));
	cr_assert(ge(dbl,
		     after.total[METRIC_IO_REQUESTS] - before.total[METRIC_IO_REQUESTS] +
			     (double)in_flight,
		     (double)disks),
		  "what others do is in both");
	cr_assert(ne(u64, after.have & METRIC_BIT(METRIC_IO_LATENCY), 0));
	cr_assert(gt(dbl, after.total[METRIC_IO_LATENCY], 1e-6));
	cr_assert(lt(dbl, after.total[METRIC_IO_LATENCY], WAIT_S));
}
