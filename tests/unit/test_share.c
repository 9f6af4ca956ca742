/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which units share a row, and which must not. */
#include <criterion/criterion.h>

#include "record/record.h"
#include "sense/share.h"
#include "tests/unit/assertion.h"

#define HEX32 "0123456789abcdef0123456789abcdef"

Test(share, names_that_programs_make_up_share_a_row)
{
	static const struct {
		const char *name, *row;
	} cases[] = {
		{ "run-u12.service", "run-*.service" },
		{ "run-r" HEX32 ".scope", "run-*.scope" },
		{ "run-p812-i4.service", "run-*.service" },
		{ "run-p812.service", "run-*.service" },
		{ "run-4711.scope", "run-*.scope" },
		{ "session-3.scope", "session-*.scope" },
		{ "session-c1.scope", "session-*.scope" },
		{ "machine-qemu\\x2d1\\x2dvm.scope", "machine-*.scope" },
		{ "docker-" HEX32 HEX32 ".scope", "docker-*.scope" },
		{ "crio-conmon-" HEX32 HEX32 ".scope", "crio-*.scope" },
		{ "libpod-conmon-" HEX32 HEX32 ".scope", "libpod-*.scope" },
		{ "cri-containerd-" HEX32 HEX32 ".scope", "cri-containerd-*.scope" },
		{ "buildkit-" HEX32 ".service", "buildkit-*.service" },
		{ HEX32 HEX32 "-1f2e3d.service", "*.service" },
		{ "dbus-:1.3-org.freedesktop.problems@0.service", "dbus-*.service" },
		{ "sshd@3-10.0.0.1:22-10.0.0.9:4711.service", "sshd@*.service" },
		{ "sshd@0-fe80::1:22-fe80::2:50000.service", "sshd@*.service" },
		{ "systemd-coredump@0-812-0.service", "systemd-coredump@*.service" },
		{ "conn@7-unknown.service", "conn@*.service" },
		{ "selfheal-notify@512.service", "selfheal-notify@*.service" },
	};
	char row[UNIT_NAME_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert(share_row(cases[i].name, row, sizeof(row)), "%s", cases[i].name);
		cr_assert(eq(str, row, (char *)cases[i].row), "%s", cases[i].name);
	}
}

Test(share, names_that_people_gave_have_rows_of_their_own)
{
	static const char *const names[] = {
		"shop.service",
		"run.service",
		"run-.service",
		"run-backup.service",
		"run-race.service", /* r and hex digits, but not 32 of them */
		"run-u.service",
		"run-p.service",
		"run-p1-i.service",
		"run-u12x.service",
		"user@1000.service",
		"session-3.service", /* logind makes scopes */
		"docker.service",
		"docker-registry.service",
		"getty@tty1.service",
		"worker@3.service",
		"worker@3-.service",
		"worker@3-blue.service",
		"worker@-3-4.service",
		"backup@0123456789abcdef0123456789abcdef.service", /* named by somebody */
		"facade-deadbeef.service",
		"run-u12.mount",
		"run-u12",
		"",
	};
	char row[UNIT_NAME_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(not(share_row(names[i], row, sizeof(row))), "%s", names[i]);
}

#define HEX64 HEX32 HEX32
#define UUID  "6f2c7b1e-0c1d-4b8e-9d4f-3a2b1c0d9e8f"

Test(share, cgroups_of_containers_share_a_row)
{
	static const struct {
		const char *path, *row;
	} cases[] = {
		{ "/docker/" HEX64, "/docker/*" },
		{ "/docker/" HEX64 "/system.slice/web.service",
		  "/docker/*/system.slice/web.service" },
		{ "/docker/buildkit/snschvixiy3s74w74fjantrdg", "/docker/buildkit/*" },
		{ "/buildkit/0snschvixiy3s74w74fjantrd/init", "/buildkit/*/init" },
		{ "/podman/libpod-" HEX64, "/podman/libpod-*" },
		{ "/machine.slice/libpod-conmon-" HEX64 ".scope", "/machine.slice/libpod-*.scope" },
		{ "/kubepods/besteffort/pod" UUID "/" HEX64, "/kubepods/besteffort/pod*/*" },
		{ "/kubepods/burstable/pod" HEX32 "/" HEX64, "/kubepods/burstable/pod*/*" },
		{ "/kubepods.slice/kubepods-pod6f2c7b1e_0c1d_4b8e_9d4f_3a2b1c0d9e8f.slice/x",
		  "/kubepods.slice/kubepods-pod*.slice/x" },
		{ "/k8s.io/" HEX64, "/k8s.io/*" },
		{ "/nomad/" UUID ".task.scope", "/nomad/*.scope" },
		{ "/user.slice/user-1000.slice/session-7.scope",
		  "/user.slice/user-1000.slice/session-*.scope" },
		{ "/c12", "/c*" },
		{ "/7", "/*" },
		{ "/7/worker", "/*/worker" },
	};
	char row[UNIT_ALIASES_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert(share_cgroup(cases[i].path, row, sizeof(row)), "%s", cases[i].path);
		cr_assert(eq(str, row, (char *)cases[i].row), "%s", cases[i].path);
	}
}

Test(share, cgroups_that_people_named_have_rows_of_their_own)
{
	static const char *const paths[] = {
		"/",
		"",
		"/docker",
		"/docker/buildkit",
		"/docker/buildkit/mine",
		"/lxc/web",
		"/lxc/101",
		"/lxc.payload.web",
		"/openrc.sshd",
		"/batch/1",
		"/c",
		"/cafe",
		"/c1x",
		"/snschvixiy3s74w74fjantrdg",
		"/deadbeef-cafe",
		"/6f2c7b1e-0c1d-4b8e-9d4f-3a2b1c0d9e8", /* one digit short */
		"/0123456789abcdef0123456789abcde",
		"/kubepods/besteffort/podcast",
	};
	char row[UNIT_ALIASES_SIZE];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_assert(not(share_cgroup(paths[i], row, sizeof(row))), "%s", paths[i]);
}

Test(share, a_path_too_long_for_the_row_shares_none)
{
	char row[sizeof("/docker/*")];

	cr_assert(share_cgroup("/docker/" HEX64, row, sizeof(row)));
	cr_assert(not(share_cgroup("/docker/" HEX64, row, sizeof(row) - 1)));
	cr_assert(not(share_cgroup("/docker/" HEX64 "/x", row, sizeof(row))));
}
