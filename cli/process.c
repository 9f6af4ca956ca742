/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /proc/PID/status and that of its threads. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/process.h"

#define NAMED_MAX 6 /* more of them are only counted */

DEFINE_CLEANUP(FILE *, fclose)
DEFINE_CLEANUP(DIR *, closedir)

/* In the order of linux/capability.h. */
static const char *const capability_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};
#define CAPABILITIES_N (sizeof(capability_names) / sizeof(capability_names[0]))

static void take_groups(const char *text, struct process_rights *rights)
{
	char *end;
	unsigned long group;

	for (; rights->n_groups < PROCESS_GROUPS_MAX; text = end) {
		group = strtoul(text, &end, 10);
		if (end == text)
			return;
		rights->groups[rights->n_groups++] = (uint32_t)group;
	}
}

/* One file status, of which a line is of interest or not. */
static int read_status(const char *path, struct process_rights *rights, bool is_thread)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	uint64_t capabilities;
	bool has_uid = false, has_capabilities = false;
	char line[1024];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %" SCNx64, &capabilities) == 1) {
			rights->capabilities |= capabilities;
			has_capabilities = true;
		}
		if (is_thread)
			continue;
		(void)sscanf(line, "Name: %31[^\n]", rights->name);
		has_uid = sscanf(line, "Uid: %*u %" SCNu32, &rights->uid) == 1 || has_uid;
		if (strncmp(line, "Groups:", 7) == 0)
			take_groups(line + 7, rights);
	}
	return has_capabilities && (is_thread || has_uid) ? 0 : -EBADMSG;
}

/* Capabilities are kept by thread: one that has given them up says nothing of the others. */
static int read_threads(const char *folder, struct process_rights *rights)
{
	CLEANUP(closedirp) DIR *threads = opendir(folder);
	char path[512];

	if (!threads)
		return -errno;
	for (struct dirent *entry; (entry = readdir(threads));) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    text_format(path, sizeof(path), "%s/%s/status", folder, entry->d_name) < 0)
			continue;
		(void)read_status(path, rights, true); /* or it has just ended */
	}
	return 0;
}

int process_read(const char *proc, uint32_t pid, struct process_rights *ret)
{
	struct process_rights rights = { 0 };
	char path[256];
	int r;

	r = text_format(path, sizeof(path), "%s/%" PRIu32 "/status", proc, pid);
	if (r >= 0)
		r = read_status(path, &rights, false);
	if (r >= 0)
		r = text_format(path, sizeof(path), "%s/%" PRIu32 "/task", proc, pid);
	if (r >= 0)
		r = read_threads(path, &rights);
	if (r >= 0)
		*ret = rights;
	return r;
}

bool process_is_in(const struct process_rights *rights, uint32_t group)
{
	for (size_t i = 0; i < rights->n_groups; i++)
		if (rights->groups[i] == group)
			return true;
	return false;
}

char *process_capabilities(char *buffer, size_t size, uint64_t capabilities)
{
	uint64_t all = (UINT64_C(1) << CAPABILITIES_N) - 1;
	int n = __builtin_popcountll(capabilities);
	size_t at = 0;

	if (n > NAMED_MAX && (capabilities & all) != all) {
		(void)snprintf(buffer, size, "%d capabilities", n);
		return buffer;
	}
	if ((capabilities & all) == all || capabilities == 0) {
		(void)snprintf(buffer, size, "%s", capabilities ? "all" : "none");
		return buffer;
	}
	buffer[0] = '\0';
	for (size_t i = 0; i < 64 && at < size; i++) {
		if (!(capabilities >> i & 1))
			continue;
		if (i < CAPABILITIES_N)
			at += (size_t)snprintf(buffer + at, size - at, "%sCAP_%s", at ? ", " : "",
					       capability_names[i]);
		else
			at += (size_t)snprintf(buffer + at, size - at, "%scapability %zu",
					       at ? ", " : "", i);
	}
	return buffer;
}
