/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's start: arguments, settings, parts, loop. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/log.h"
#include "doctor.h"
#include "manager.h"
#include "options.h"
#include "settings.h"

/* Signals are for the loop alone: blocked before there is a thread that would inherit anything else. */
static int block_hangup(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

/* Each cgroup that is watched by files keeps up to nine of them open. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct options *options)
{
	CLEANUP(sd_event_unrefp) sd_event *event = NULL;
	CLEANUP(manager_freep) struct manager *manager = NULL;
	struct settings settings;
	int r;

	r = settings_load(options, &settings);
	if (r < 0)
		return r;
	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_set_signal_exit(event, true); /* SIGTERM, SIGINT */
	if (r >= 0)
		r = block_hangup();
	if (r < 0)
		return log_error_errno(r, "cannot make the loop");
	r = manager_new(event, options, &settings, &manager);
	if (r < 0)
		return r;

	if (options->speed > 1) /* starting takes its time in the world's own pace */
		clock_speed(options->speed);
	(void)sd_notify(0, "READY=1\nSTATUS=Watching");
	r = sd_event_loop(event);
	(void)sd_notify(0, "STOPPING=1");
	return r;
}

int main(int argc, char **argv)
{
	struct options options;
	int r;

	log_open("selfhealed", 0);
	(void)umask(0027); /* the databases are for the group, not for the world */
	r = options_read(argc, argv, &options);
	if (r != 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	log_open("selfhealed", options.verbose);
	raise_descriptor_limit();
	r = options.doctor ? doctor_run(stdout) : run(&options);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
