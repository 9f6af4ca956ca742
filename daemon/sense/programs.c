/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads and attaches the kernel's side, and finds words for what it refuses. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bpf/events.h"
#include "record/record.h"
#include "sense/cgroup.h"
#include "sense/closeup.h"
#include "sense/deep.h"
#include "sense/flush.h"
#include "sense/programs.h"

#include "block.skel.h"
#include "cgroups.skel.h"
#include "lifecycle.skel.h"
#include "network.skel.h"
#include "streams.skel.h"
#include "tasks.skel.h"

#define BTF_FILE	"/sys/kernel/btf/vmlinux"
#define FIRST_PID_SPACE 0xEFFFFFFCu /* linux/proc_ns.h: PROC_PID_INIT_INO */

DEFINE_CLEANUP(struct btf *, btf__free)

/* ---- why not -------------------------------------------------------------- */

/* libbpf explains itself by printing, with no place for userdata. The first line tells most. */
static char first_complaint[160];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && first_complaint[0] == '\0') {
		(void)vsnprintf(first_complaint, sizeof(first_complaint), format, arguments);
		first_complaint[strcspn(first_complaint, "\n")] = '\0';
	}
	return 0;
}

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[capability / 32].effective & 1u << capability % 32;
}

static bool has_rights(void)
{
	return has_capability(CAP_SYS_ADMIN) ||
	       (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
}

/* In place of what was said before: a reason against a lower tier counts more. */
static void set_limit(struct programs *programs, int error, const char *what)
{
	const char *reason = strerror(-error);
	bool is_root = geteuid() == 0;
	char *limit = programs->limit;
	size_t size = sizeof(programs->limit);

	if (access(BTF_FILE, R_OK) < 0)
		(void)snprintf(limit, size, "no BTF at %s: needs a kernel with it", BTF_FILE);
	else if (!has_rights())
		(void)snprintf(limit, size,
			       "%s without CAP_BPF and CAP_PERFMON (%s): %s give those two",
			       is_root ? "root, but" : "not root and", reason,
			       is_root ? "let the container's manager" : "run as root or");
	else if (error == -EPERM)
		(void)snprintf(
			limit, size,
			"BPF forbidden (%s) in this container, user namespace or locked-down "
			"kernel: run it on the host",
			reason);
	else
		(void)snprintf(limit, size, "%s refused by this kernel (%s): %s", what, reason,
			       first_complaint);
}

/* ---- loading ------------------------------------------------------------- */

static int load_tasks(struct programs *programs, bool by_process)
{
	struct tasks_bpf *tasks = tasks_bpf__open();
	int r;

	if (!tasks)
		return -errno;
	tasks->rodata->by_process = by_process;
	tasks->rodata->add_ended = by_process || !programs->lifecycle;
	r = bpf_map__reuse_fd(tasks->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = tasks_bpf__load(tasks);
	if (r >= 0)
		r = tasks_bpf__attach(tasks);
	if (r < 0) {
		tasks_bpf__destroy(tasks);
		return r;
	}
	programs->tasks = tasks;
	return 0;
}

/* A cgroup iterator has to be told where to begin, so the skeleton cannot attach it. */
static int attach_cgroups(struct cgroups_bpf *cgroups, int root_fd)
{
	union bpf_iter_link_info from = {
		.cgroup = { .order = BPF_CGROUP_ITER_DESCENDANTS_PRE, .cgroup_fd = (__u32)root_fd },
	};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &from,
			    .link_info_len = sizeof(from));

	cgroups->links.cgroups_walk =
		bpf_program__attach_iter(cgroups->progs.cgroups_walk, &options);
	return cgroups->links.cgroups_walk ? 0 : -errno;
}

static int load_cgroups(struct programs *programs)
{
	struct cgroups_bpf *cgroups = cgroups_bpf__open();
	struct cgroup_roots roots;
	int r;

	if (!cgroups)
		return -errno;
	r = bpf_map__reuse_fd(cgroups->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = cgroups_bpf__load(cgroups);
	if (r >= 0)
		r = cgroup_roots_read("/proc/self/mountinfo", &roots);
	if (r >= 0)
		r = flush_new(roots.unified, &programs->flush);
	if (r >= 0)
		r = attach_cgroups(cgroups, flush_root_fd(programs->flush));
	if (r < 0) {
		cgroups_bpf__destroy(cgroups);
		programs->flush = flush_free(programs->flush);
		return r;
	}
	programs->cgroups = cgroups;
	return 0;
}

/* What a tracepoint is given, as the kernel's BTF has it; NULL: there is no such tracepoint. */
static const struct btf_type *arguments_of(const struct btf *kernel, const char *tracepoint)
{
	const struct btf_type *type;
	char name[64];
	int id;

	(void)snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(kernel, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	type = btf__type_by_id(kernel, btf__type_by_id(kernel, (__u32)id)->type); /* a pointer... */
	type = type && btf_is_ptr(type) ? btf__type_by_id(kernel, type->type) : NULL;
	return type && btf_is_func_proto(type) ? type : NULL; /* ... to a function */
}

/* How many those are, without the tracepoint's own. */
static int n_arguments(const struct btf *kernel, const char *tracepoint)
{
	const struct btf_type *type = arguments_of(kernel, tracepoint);

	return type && btf_vlen(type) > 0 ? btf_vlen(type) - 1 : 0;
}

/* Is the first of them a pointer? -ENOENT: there is no such tracepoint. */
static int is_given_pointer(const struct btf *kernel, const char *tracepoint)
{
	const struct btf_type *type = arguments_of(kernel, tracepoint);
	int id;

	if (!type || btf_vlen(type) < 2)
		return -ENOENT;
	id = btf__resolve_type(kernel, btf_params(type)[1].type);
	return id < 0 ? id : btf_is_ptr(btf__type_by_id(kernel, (__u32)id));
}

static int load_lifecycle(struct programs *programs, const struct btf *kernel)
{
	struct lifecycle_bpf *lifecycle = lifecycle_bpf__open();
	const struct unit_counters none = { 0 };
	const __u32 host = 0;
	int r, kind = is_given_pointer(kernel, "mark_victim");

	if (!lifecycle)
		return -errno;
	lifecycle->rodata->victim_is_number = kind == 0;
	(void)bpf_program__set_autoload(lifecycle->progs.lifecycle_victim, kind == 1);
	(void)bpf_program__set_autoload(lifecycle->progs.lifecycle_victim_number, kind == 0);
	r = bpf_map__reuse_fd(lifecycle->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = lifecycle_bpf__load(lifecycle);
	if (r >= 0)
		r = bpf_map_update_elem(bpf_map__fd(lifecycle->maps.counters), &host, &none,
					BPF_ANY);
	if (r >= 0)
		r = lifecycle_bpf__attach(lifecycle);
	if (r < 0) {
		lifecycle_bpf__destroy(lifecycle);
		return r;
	}
	programs->counts_oom_kills = kind >= 0;
	programs->lifecycle = lifecycle;
	return 0;
}

/* ---- sockets and block I/O ------------------------------------------------- */

static const struct {
	const char *tracepoint;
	uint64_t gives;
} traces[] = {
	{ "inet_sock_set_state", METRIC_BIT(METRIC_ACCEPTS) | METRIC_BIT(METRIC_CONNECTS) },
	{ "tcp_retransmit_skb", METRIC_BIT(METRIC_RETRANSMITS) },
	{ "tcp_send_reset", METRIC_BIT(METRIC_RESETS_SENT) },
	{ "tcp_receive_reset", METRIC_BIT(METRIC_RESETS_RECEIVED) },
	{ "udp_fail_queue_rcv_skb", METRIC_BIT(METRIC_UDP_DROPS) },
	{ "block_rq_complete", METRIC_BIT(METRIC_IO_REQUESTS) | METRIC_BIT(METRIC_IO_LATENCY) },
};

/* Leave out the programs whose tracepoint is not there. What the others give. */
static uint64_t choose_traces(struct bpf_object *object, const struct btf *kernel)
{
	struct bpf_program *program;
	uint64_t gives = 0;

	bpf_object__for_each_program(program, object)
	{
		const char *tracepoint = strchr(bpf_program__section_name(program), '/') + 1;
		bool is_there = arguments_of(kernel, tracepoint) != NULL;

		(void)bpf_program__set_autoload(program, is_there);
		for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++)
			if (is_there && strcmp(traces[i].tracepoint, tracepoint) == 0)
				gives |= traces[i].gives;
	}
	return gives;
}

static int load_network(struct programs *programs, const struct btf *kernel)
{
	struct network_bpf *network = network_bpf__open();
	uint64_t gives;
	int r;

	if (!network)
		return -errno;
	network->rodata->retransmit_may_fail = n_arguments(kernel, "tcp_retransmit_skb") > 2;
	gives = choose_traces(network->obj, kernel);
	r = bpf_map__reuse_fd(network->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = bpf_map__reuse_fd(network->maps.traffic, programs->traffic_fd);
	if (r >= 0)
		r = network_bpf__load(network);
	if (r >= 0)
		r = network_bpf__attach(network);
	if (r < 0) {
		network_bpf__destroy(network);
		return r;
	}
	programs->traffic |= gives;
	programs->network = network;
	return 0;
}

static int load_block(struct programs *programs, const struct btf *kernel)
{
	struct block_bpf *block = block_bpf__open();
	uint64_t gives;
	int r;

	if (!block)
		return -errno;
	gives = choose_traces(block->obj, kernel);
	r = bpf_map__reuse_fd(block->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = bpf_map__reuse_fd(block->maps.traffic, programs->traffic_fd);
	if (r >= 0)
		r = block_bpf__load(block);
	if (r >= 0)
		r = block_bpf__attach(block);
	if (r < 0) {
		block_bpf__destroy(block);
		return r;
	}
	programs->traffic |= gives;
	programs->block = block;
	return 0;
}

static int make_traffic(struct programs *programs)
{
	const struct unit_traffic none = { 0 };
	const __u32 host = 0;

	programs->traffic_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "traffic", sizeof(__u32),
					      sizeof(struct unit_traffic), WATCHED_MAX + 1, NULL);
	if (programs->traffic_fd < 0)
		return programs->traffic_fd;
	return bpf_map_update_elem(programs->traffic_fd, &host, &none, BPF_ANY);
}

static void load_traffic(struct programs *programs, const struct btf *kernel)
{
	int r;

	r = make_traffic(programs);
	if (r < 0) {
		set_limit(programs, r, "the map of sockets and block I/O");
		return;
	}
	first_complaint[0] = '\0';
	r = load_block(programs, kernel);
	if (r < 0)
		set_limit(programs, r, "the tracepoint of block I/O");
	first_complaint[0] = '\0';
	r = load_network(programs, kernel);
	if (r < 0)
		set_limit(programs, r, "tracepoints of sockets");
}

/* ---- open files --------------------------------------------------------------- */

static int load_streams(struct programs *programs)
{
	struct streams_bpf *streams = streams_bpf__open();
	int r;

	if (!streams)
		return -errno;
	r = bpf_map__reuse_fd(streams->maps.watched, programs->watched_fd);
	if (r >= 0)
		r = streams_bpf__load(streams);
	if (r >= 0)
		r = streams_bpf__attach(streams);
	if (r < 0) {
		streams_bpf__destroy(streams);
		return r;
	}
	programs->streams = streams;
	return 0;
}

/* ---- deep probes -------------------------------------------------------------- */

void programs_try_deep(struct programs *programs)
{
	int r;

	if (!programs->deep)
		return;
	first_complaint[0] = '\0';
	r = deep_try(programs->deep);
	if (r >= 0)
		return;
	if (!programs->limit[0]) /* what keeps from a lower tier is more */
		(void)snprintf(programs->limit, sizeof(programs->limit),
			       "deep probes cannot be attached without rights here (%s)",
			       strerror(-r));
	programs->deep = deep_free(programs->deep);
}

static void load_deep(struct programs *programs, bool by_process, const struct btf *kernel)
{
	int r;

	if (by_process) {
		(void)snprintf(programs->limit, sizeof(programs->limit),
			       "deep probes need a cgroup of its own for each unit");
		return;
	}
	first_complaint[0] = '\0';
	r = deep_new(programs->watched_fd, kernel, &programs->deep);
	if (r >= 0)
		r = deep_try(programs->deep);
	if (r < 0) {
		set_limit(programs, r, "deep probes");
		programs->deep = deep_free(programs->deep);
	}
}

/* Without it there is less to tell of a unit that is healed, which what is told then says. */
static void load_closeup(struct programs *programs)
{
	int r;

	first_complaint[0] = '\0';
	r = closeup_new(&programs->closeup);
	if (r < 0 && !programs->limit[0])
		set_limit(programs, r, "the walk of kernel stacks");
}

/* ---- all of it --------------------------------------------------------------- */

/* The process view joins ids with those of /proc, which are others in a namespace of one's own. */
static bool is_in_first_pid_space(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == FIRST_PID_SPACE;
}

static void load_walks(struct programs *programs, bool by_process, const struct btf *kernel)
{
	int r;

	if (by_process && !is_in_first_pid_space()) {
		(void)snprintf(programs->limit, sizeof(programs->limit),
			       "in a process id namespace of its own, which iterators do not "
			       "speak: run it on the host");
		return;
	}
	first_complaint[0] = '\0';
	r = load_tasks(programs, by_process);
	if (r < 0)
		set_limit(programs, r, "task iterators");
	if (!by_process && btf__find_by_name_kind(kernel, "bpf_iter_cgroup", BTF_KIND_FUNC) >= 0)
		(void)load_cgroups(programs); /* where it is refused, files tell the same */
}

static void load_all(struct programs *programs, bool by_process)
{
	CLEANUP(btf__freep) struct btf *kernel = btf__load_vmlinux_btf();
	int r;

	if (!kernel) {
		set_limit(programs, -errno, "BTF");
		return;
	}
	first_complaint[0] = '\0';
	programs->watched_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "watched", sizeof(__u64),
					      sizeof(__u32), WATCHED_MAX, NULL);
	if (programs->watched_fd < 0) {
		set_limit(programs, programs->watched_fd, "BPF maps");
		return;
	}
	first_complaint[0] = '\0';
	r = by_process ? 0 : load_streams(programs);
	if (r < 0)
		set_limit(programs, r, "the iterator of open files, for unix sockets,");
	load_deep(programs, by_process, kernel);
	load_traffic(programs, kernel);
	first_complaint[0] = '\0';
	/* Before the tasks' program, which is told if threads are counted as they end. */
	r = load_lifecycle(programs, kernel);
	if (r < 0)
		set_limit(programs, r, "tracepoints");
	load_walks(programs, by_process, kernel);
	if (!by_process)
		load_closeup(programs);
}

void programs_load(struct programs *programs, bool by_process)
{
	*programs = (struct programs) { .watched_fd = -1, .traffic_fd = -1 };
	(void)libbpf_set_print(keep_complaint);
	load_all(programs, by_process);
}

void programs_clear(struct programs *programs)
{
	streams_bpf__destroy(programs->streams);
	closeup_free(programs->closeup);
	deep_free(programs->deep);
	network_bpf__destroy(programs->network);
	block_bpf__destroy(programs->block);
	lifecycle_bpf__destroy(programs->lifecycle);
	cgroups_bpf__destroy(programs->cgroups);
	tasks_bpf__destroy(programs->tasks);
	flush_free(programs->flush);
	cleanup_close(&programs->traffic_fd);
	cleanup_close(&programs->watched_fd);
	*programs = (struct programs) { .watched_fd = -1, .traffic_fd = -1 };
}
