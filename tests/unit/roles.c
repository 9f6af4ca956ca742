/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups for the roles of a test, and the kernel's side that counts them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roles.h"
#include "sense/cgroup.h"
#include "tests/unit/assertion.h"

struct roles roles;
static struct cgroup_roots roots;

static char *path_of(char *buffer, enum role role, const char *below)
{
	(void)snprintf(buffer, ROLES_PATH_SIZE, "%s/selfheal-test-%d-%d%s", roots.unified,
		       (int)getpid(), (int)role, below);
	return buffer;
}

static bool make_folders(void)
{
	for (int role = 0; role < ROLE_N; role++)
		if (mkdir(path_of(roles.folder[role], (enum role)role, ""), 0755) < 0)
			return false;
	return mkdir(path_of(roles.inner, SERVER, "/inner"), 0755) == 0;
}

bool roles_make(const char *test, enum metric metric)
{
	struct usage usage = { 0 };
	bool can = cgroup_roots_read("/proc/self/mountinfo", &roots) >= 0 && roots.unified[0] &&
		   probe_new(PROBE_BY_CGROUP, &roles.probe) >= 0 &&
		   probe_snapshot(roles.probe) >= 0 && probe_usage(roles.probe, 0, 0, &usage) &&
		   (usage.have & METRIC_BIT(metric)) && make_folders();

	if (!can)
		(void)fprintf(stderr, "not run here: unit %s (needs root, BTF and cgroup2)\n",
			      test);
	for (int role = 0; can && role < ROLE_N; role++) {
		struct stat status;

		cr_assert(zero(int, stat(roles.folder[role], &status)));
		cr_assert(zero(int, probe_watch(roles.probe, status.st_ino, UNIT(role))));
	}
	return can;
}

static void end_children(void)
{
	for (size_t i = 0; i < roles.n_children; i++) {
		(void)kill(roles.child[i], SIGKILL);
		(void)waitpid(roles.child[i], NULL, 0);
	}
	roles.n_children = 0;
}

void roles_clean(void)
{
	end_children();
	roles.probe = probe_free(roles.probe);
	/* The kernel lets go of a process a moment after it was waited for. */
	for (int i = 0; i < 100 && roles.inner[0] && rmdir(roles.inner) < 0 && errno == EBUSY; i++)
		(void)usleep(10000);
	for (int role = 0; role < ROLE_N; role++)
		for (int i = 0; i < 100 && roles.folder[role][0] && rmdir(roles.folder[role]) < 0 &&
				errno == EBUSY;
		     i++)
			(void)usleep(10000);
}

void roles_join(const char *path)
{
	char file[ROLES_PATH_SIZE + 16];
	int fd;

	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(3);
	(void)close(fd);
}

double roles_total(enum role role, enum metric metric)
{
	struct usage usage = { 0 };

	cr_assert(zero(int, probe_snapshot(roles.probe)));
	cr_assert(probe_usage(roles.probe, UNIT(role), 0, &usage));
	cr_assert(ne(u64, usage.have & METRIC_BIT(metric), 0), "%s", metric_table[metric].name);
	return usage.total[metric];
}
