/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ticks of a sampler of its own, and what they show. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "doctor.h"
#include "record/signal.h"
#include "sense/cgroup.h"
#include "sense/keyfile.h"
#include "sense/sampler.h"
#include "store/writer_numbers.h"

#define CELL_SIZE 128
#define NOTE_SIZE 512

struct found {
	struct signal_found signal[METRIC_N];
	struct signal_place place;
	const char *limit;
	char bus[256]; /* why systemd was not asked; "" */
	size_t n_units, n_unwatched;
};

/* Names have numbers for as long as we look; nobody else will know them. */
static uint32_t number_of(const char *name, void *userdata)
{
	struct numbers *numbers = userdata;
	uint32_t number = numbers_find(numbers, name);

	if (number)
		return number;
	number = numbers->next;
	return numbers_add(numbers, number, name) < 0 ? 0 : number;
}

/* The first look finds the units, whose threads are then looked at as those of suspects are; what changes
 * needs two looks more. */
static int look(struct sampler *sampler, struct harvest *ret)
{
	const struct timespec pause = { .tv_sec = 1 };
	int r;

	r = sampler_take(sampler, clock_boot_ms(), clock_wall_ms(), ret);
	for (size_t i = 0; r >= 0 && i < ret->n; i++)
		sampler_suspect(sampler, i, true);
	sampler_hurry(sampler, true);
	for (int i = 0; r >= 0 && i < 2; i++) {
		(void)nanosleep(&pause, NULL);
		r = sampler_take(sampler, clock_boot_ms(), clock_wall_ms(), ret);
	}
	sampler_hurry(sampler, false); /* what is told is how often they are walked without us */
	return r;
}

static void take_in(struct sampler *sampler, const struct harvest *harvest, struct found *found)
{
	for (size_t i = 0; i < harvest->n; i++)
		signals_count(found->signal, &harvest->status[i], &harvest->samples[i]);
	signals_trace(found->signal, sampler_signals(sampler));
	found->n_units = harvest->n - 1; /* without the host */
	found->n_unwatched = sampler_unwatched(sampler);
	found->limit = probe_limit(sampler_probe(sampler));
	found->place = (struct signal_place) {
		.tier = (uint32_t)probe_tier(sampler_probe(sampler)),
		.source = sampler_source(sampler),
		.walk_every_ms = probe_walk_every_ms(sampler_probe(sampler)),
	};
}

/* ---- on paper ---------------------------------------------------------------- */

static void print_line(FILE *out, const char *label, const char *text)
{
	char harmless[NOTE_SIZE];

	(void)fprintf(out, "%-12s%s\n", label, text_escape(harmless, sizeof(harmless), text));
}

/* Which a unit's cgroup can have is said at the root. */
static void read_controllers(const char *root, char *ret, size_t size)
{
	CLEANUP(cleanup_close) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || keyfile_read(fd, "cgroup.controllers", ret, size) < 0)
		(void)snprintf(ret, size, "unknown");
	ret[strcspn(ret, "\n")] = '\0';
	if (!ret[0])
		(void)snprintf(ret, size, "none");
}

static void print_cgroups(FILE *out)
{
	struct cgroup_roots roots = { 0 };
	char controllers[256], text[NOTE_SIZE * 2];

	if (cgroup_roots_read("/proc/self/mountinfo", &roots) < 0) {
		print_line(out, "Cgroups:", "not known: /proc/self/mountinfo cannot be read");
		return;
	}
	read_controllers(roots.unified, controllers, sizeof(controllers));
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", roots.unified[0] ? "v2 at " : "no v2",
		       roots.unified, roots.unified[0] ? ", its controllers: " : "",
		       roots.unified[0] ? controllers : "",
		       roots.memory[0] ? "; memory is counted by v1" : "");
	print_line(out, "Cgroups:", text);
}

static void print_head(FILE *out, const struct found *found)
{
	struct utsname kernel = { .release = "?" };
	char text[NOTE_SIZE];

	(void)uname(&kernel);
	(void)snprintf(text, sizeof(text), "uid %u, Linux %s", (unsigned int)geteuid(),
		       kernel.release);
	print_line(out, "Probed as:", text);
	(void)snprintf(text, sizeof(text), "%" PRIu32 "%s%s", found->place.tier,
		       *found->limit ? "; not higher: " : ", the highest", found->limit);
	print_line(out, "Tier:", text);
	(void)snprintf(text, sizeof(text), "%zu, listed by %s%s%s", found->n_units,
		       found->place.source, found->bus[0] ? "; " : "", found->bus);
	print_line(out, "Units:", text);
	if (found->n_unwatched > 0) {
		(void)snprintf(text, sizeof(text), "%zu more, beyond the bounds",
			       found->n_unwatched);
		print_line(out, "Unwatched:", text);
	}
	print_cgroups(out);
	print_line(out, "Pressure:",
		   access("/proc/pressure/memory", R_OK) == 0
			   ? "/proc/pressure is there"
			   : "none: the kernel needs CONFIG_PSI and psi=1");
}

static void print_signal(FILE *out, const struct found *found, enum metric metric)
{
	const struct signal_found *signal = &found->signal[metric];
	char sources[CELL_SIZE], note[NOTE_SIZE], units[32], cadence[32];

	(void)snprintf(units, sizeof(units), "%" PRIu32 "/%" PRIu32, signal->n_known,
		       signal->n_units);
	(void)signal_note(note, sizeof(note), metric, signal, &found->place);
	(void)fprintf(out, "%-21s%-24s%4" PRIu32 " %9s  %-12s%12s%s%s\n", metric_table[metric].name,
		      signal_sources(sources, sizeof(sources), signal), signal_tier(metric), units,
		      signal_host(signal),
		      signal_cadence(cadence, sizeof(cadence), metric, &found->place),
		      *note ? "  " : "", note);
}

static void print(FILE *out, const struct found *found)
{
	print_head(out, found);
	(void)fprintf(out, "\n%-21s%-24s%4s %9s  %-12s%12s  %s\n", "SIGNAL", "SOURCE", "TIER",
		      "UNITS", "HOST", "PER", "NOTE");
	for (size_t i = 0; i < METRIC_N; i++)
		print_signal(out, found, (enum metric)i);
}

/* ---- the look ------------------------------------------------------------------ */

static int open_bus(sd_bus **ret, char *why, size_t size)
{
	int r;

	if (sd_booted() <= 0) {
		(void)snprintf(why, size, "systemd does not run here");
		return -ENOENT;
	}
	r = sd_bus_open_system(ret);
	if (r < 0)
		(void)snprintf(why, size, "systemd cannot be asked over the system bus: %s",
			       strerror(-r));
	return r;
}

int doctor_run(FILE *out)
{
	CLEANUP(cleanup_free) struct numbers *numbers = calloc(1, sizeof(*numbers));
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;
	struct found found = { 0 };
	struct harvest harvest;
	int r;

	if (!numbers)
		return log_error_errno(-ENOMEM, "cannot look");
	numbers->next = 1;
	(void)open_bus(&bus, found.bus, sizeof(found.bus));
	r = sampler_new(bus, number_of, numbers, &sampler);
	if (r >= 0)
		r = look(sampler, &harvest);
	if (r >= 0) {
		take_in(sampler, &harvest, &found);
		print(out, &found);
	}
	numbers_clear(numbers);
	return r < 0 ? log_error_errno(r, "cannot look at this host") : 0;
}
