/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify: are these files right, before the daemon reads them? */
#include "base/cleanup.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/host.h"
#include "cli/inspect.h"
#include "cli/inspect_host.h"
#include "cli/signals.h"

static void verify_file(struct inspection *inspection, const char *path)
{
	struct ini_error error = { "" };

	inspection->n_files++;
	if (inspect_file(path, file_kind_of(path), &error) < 0)
		inspection_problem(inspection, "%s", error.text);
}

/* Of what is had on suspicion alone nobody knows before. */
static uint64_t measured_now(const struct context *context)
{
	CLEANUP(view_clear) struct view view = { 0 };
	struct signal_found found[METRIC_N];
	uint64_t measured = 0;

	if (!context->reader || view_read(context->output, context->reader, &view) < 0 ||
	    !view.has_keeper || signals_read(&view, found) < 0)
		return 0;
	for (uint32_t i = 0; i < METRIC_N; i++)
		if (found[i].n_known > 0 || found[i].n_units == 0 || signal_is_on_suspicion(i))
			measured |= METRIC_BIT(i);
	return measured;
}

static int verify_run(struct context *context, int argc, char **argv)
{
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	struct inspection inspection = { .output = context->output };
	bool is_whole = argc == 1;
	int r = 0;

	for (int i = 1; i < argc; i++)
		verify_file(&inspection, argv[i]);
	if (is_whole && host_open(&bus) >= 0)
		inspection.bus = bus;
	if (is_whole) {
		inspection.measured = measured_now(context);
		r = inspect_host(&inspection);
	}
	if (r < 0)
		return r;
	if (is_whole && !bus)
		log_warning("there is no system bus: unit files were not looked at, nor whether "
			    "there are the units that are named");
	if (inspection.n_problems > 0)
		return EXIT_SICK;
	output_line(context->output, PAINT_NONE, "%zu file%s: no error", inspection.n_files,
		    inspection.n_files == 1 ? "" : "s");
	return EXIT_WELL;
}

const struct command command_verify = {
	.name = "verify",
	.usage = "[FILE...]",
	.summary = "check files of settings before they are used",
	.details =
		"A FILE is selfhealed.conf or a drop-in to it, a rule, a class of units, or a unit "
		"file\nor a drop-in to one; it is read as the daemon reads it, and no more. "
		"Without "
		"FILE all\nthat are installed, those of all services, and whether the names in "
		"them "
		"are known\nand the lines have an effect on this host.\n\n"
		"A line for each problem; exits with 1 if there is any.\n\n"
		"  selfhealctl verify shop.service.d/heal.conf\n",
	.glances = true,
	.run = verify_run,
};
