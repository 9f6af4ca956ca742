/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of the properties we read, and a way for each of their types. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "record/names.h"
#include "record/unitfile.h"
#include "sense/facts_properties.h"
#include "sense/identity.h"

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void take_active(struct facts *facts, const char *word)
{
	if (unit_active_from_word(word, &facts->active) < 0)
		facts->active = UNIT_ACTIVE_UNKNOWN; /* a word of a later systemd */
}

static void take_sub_state(struct facts *facts, const char *word)
{
	static const char *const words[] = { "auto-restart", "auto-restart-queued", NULL };

	facts->auto_restart = is_one_of(word, words);
}

static void take_load_state(struct facts *facts, const char *word)
{
	facts->load_masked = strcmp(word, "masked") == 0;
}

static void take_file_state(struct facts *facts, const char *word)
{
	static const char *const words[] = { "masked", "masked-runtime", NULL };

	facts->file_masked = is_one_of(word, words);
}

static void take_type(struct facts *facts, const char *word)
{
	static const char *const words[] = { "simple",	"exec", "notify", "notify-reload",
					     "forking", "dbus", NULL };

	facts->long_running = is_one_of(word, words);
}

static void take_result(struct facts *facts, const char *word)
{
	facts->well_ended = strcmp(word, "success") == 0;
	facts->oom_killed = strcmp(word, "oom-kill") == 0;
	facts->start_limit_named = strcmp(word, "start-limit-hit") == 0;
}

static void take_cgroup(struct facts *facts, const char *path)
{
	/* A path that does not fit, or would lead out of the hierarchy, is not known. */
	if (path[0] != '/' || strstr(path, "/..") ||
	    text_format(facts->cgroup, sizeof(facts->cgroup), "%s", path) < 0)
		facts->cgroup[0] = '\0';
}

/* systemd has just read that file itself, so that it is in memory and no disk is waited for. */
static void read_policy(struct facts *facts, const char *path, struct terms *ret, bool *ret_broken)
{
	struct ini_error error;

	if (unitfile_load(path, ret, &error) >= 0)
		return;
	*ret_broken = true;
	if (!facts->told_broken)
		log_warning("%s; until that is mended %s is only observed", error.text,
			    facts->name);
	facts->told_broken = true;
}

static void keep_path(char **place, const char *path)
{
	if (*place && strcmp(*place, path) == 0)
		return;
	free(*place);
	*place = path[0] ? strdup(path) : NULL;
}

static void take_fragment(struct facts *facts, const char *path)
{
	facts->own = (struct terms) { 0 };
	facts->own_broken = false;
	facts->fragment = path[0] ? identity_of_file(IDENTITY_NONE, path) : 0;
	keep_path(&facts->fragment_path, path);
	if (path[0])
		read_policy(facts, path, &facts->own, &facts->own_broken);
}

/* How it may be healed makes no other unit of it: what was learnt stays. */
static void take_drop_in(struct facts *facts, const char *path)
{
	if (!unitfile_is_policy_alone(path))
		facts->drop_ins = identity_of_file(facts->drop_ins, path);
	read_policy(facts, path, &facts->dropped_in, &facts->dropped_in_broken);
}

static void take_trigger(struct facts *facts, const char *name)
{
	facts->timer_started |= ends_with(name, ".timer");
	needs_add(&facts->needs, EDGE_TRIGGERED_BY, name);
}

/* One name more in a list of UNIT_ALIASES_SIZE bytes; false: it does not fit, or is none. */
static bool list_name(char *list, const char *name)
{
	size_t length = strlen(list);
	char *end = list + length;

	if (text_is_unit_name(name) &&
	    text_format(end, UNIT_ALIASES_SIZE - length, "%s%s", length ? " " : "", name) >= 0)
		return true;
	*end = '\0';
	return false;
}

static void take_name(struct facts *facts, const char *name)
{
	if (strcmp(name, facts->name) != 0 && !list_name(facts->aliases, name))
		facts->names_cut = true;
}

static void take_dependent(struct facts *facts, const char *name)
{
	if (!list_name(facts->dependents, name))
		facts->dependents_cut = true;
}

static void take_requires(struct facts *facts, const char *name)
{
	needs_add(&facts->needs, EDGE_REQUIRES, name);
}

static void take_wants(struct facts *facts, const char *name)
{
	needs_add(&facts->needs, EDGE_WANTS, name);
}

static void take_binds_to(struct facts *facts, const char *name)
{
	needs_add(&facts->needs, EDGE_BINDS_TO, name);
}

static void take_part_of(struct facts *facts, const char *name)
{
	needs_add(&facts->needs, EDGE_PART_OF, name);
}

static void take_after(struct facts *facts, const char *name)
{
	needs_add(&facts->needs, EDGE_AFTER, name);
}

/* How a property is read: which of these is used follows from its D-Bus type. */
struct property {
	const char *name;
	const char *type;
	void (*take)(struct facts *facts, const char *text); /* "s", each of "as" */
	size_t offset;					     /* of a plain value */
};

#define TEXT(name, take)                                                                           \
	{                                                                                          \
		name, "s", take, 0                                                                 \
	}
#define LIST(name, take)                                                                           \
	{                                                                                          \
		name, "as", take, 0                                                                \
	}
#define BOOL(name, field)                                                                          \
	{                                                                                          \
		name, "b", NULL, offsetof(struct facts, field)                                     \
	}
#define U32(name, field)                                                                           \
	{                                                                                          \
		name, "u", NULL, offsetof(struct facts, field)                                     \
	}
#define U64(name, field)                                                                           \
	{                                                                                          \
		name, "t", NULL, offsetof(struct facts, field)                                     \
	}

static const struct property property_table[] = {
	TEXT("ActiveState", take_active),
	TEXT("SubState", take_sub_state),
	TEXT("LoadState", take_load_state),
	TEXT("UnitFileState", take_file_state),
	TEXT("Type", take_type),
	TEXT("Result", take_result),
	TEXT("ControlGroup", take_cgroup),
	TEXT("FragmentPath", take_fragment),
	LIST("DropInPaths", take_drop_in),
	LIST("TriggeredBy", take_trigger),
	LIST("Names", take_name),
	LIST("RequiredBy", take_dependent),
	LIST("BoundBy", take_dependent),
	LIST("ConsistsOf", take_dependent),
	LIST("PropagatesStopTo", take_dependent),
	LIST("Requires", take_requires),
	LIST("Requisite", take_requires),
	LIST("Wants", take_wants),
	LIST("BindsTo", take_binds_to),
	LIST("PartOf", take_part_of),
	LIST("After", take_after),
	BOOL("Transient", transient),
	BOOL("RefuseManualStart", refuses_start),
	BOOL("RefuseManualStop", refuses_stop),
	BOOL("CanReload", can_reload),
	U32("MainPID", main_pid),
	U32("NRestarts", n_restarts),
	U64("ControlGroupId", cgroup_id),
	U64("StateChangeTimestamp", changed_wall_us),
	U64("ActiveEnterTimestamp", active_enter_wall_us),
	U64("InactiveExitTimestamp", inactive_exit_wall_us),
	U64("MemoryMax", memory_most_bytes),
	U64("EffectiveMemoryMax", effective_memory_most_bytes), /* since systemd 256 */
	U64("TasksMax", tasks_most),
	U64("EffectiveTasksMax", effective_tasks_most),
	U64("LimitNOFILESoft", descriptors_most),
	{ "InvocationID", "ay", NULL, 0 },
	{ "Job", "(uo)", NULL, 0 },
	{ "ExecStart", "a(sasbttttuii)", NULL, 0 },
};

static const struct property *property_find(const char *name)
{
	for (size_t i = 0; i < sizeof(property_table) / sizeof(property_table[0]); i++)
		if (strcmp(property_table[i].name, name) == 0)
			return &property_table[i];
	return NULL;
}

static int read_text(sd_bus_message *m, const struct property *property, struct facts *facts)
{
	const char *text;
	int r;

	r = sd_bus_message_read_basic(m, 's', &text);
	if (r < 0)
		return r;
	property->take(facts, text);
	return 0;
}

static int read_list(sd_bus_message *m, const struct property *property, struct facts *facts)
{
	const char *text;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "s");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read_basic(m, 's', &text)) > 0)
		property->take(facts, text);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_plain(sd_bus_message *m, const struct property *property, struct facts *facts)
{
	uint8_t *field = (uint8_t *)facts + property->offset;
	int truth, r;

	if (property->type[0] != 'b')
		return sd_bus_message_read_basic(m, property->type[0], field);
	r = sd_bus_message_read_basic(m, 'b', &truth);
	if (r >= 0)
		*(bool *)field = truth != 0;
	return r;
}

static int read_invocation(sd_bus_message *m, struct facts *facts)
{
	const void *bytes;
	size_t size;
	int r;

	r = sd_bus_message_read_array(m, 'y', &bytes, &size);
	if (r < 0)
		return r;
	memset(facts->invocation, 0, sizeof(facts->invocation));
	if (size == sizeof(facts->invocation))
		memcpy(facts->invocation, bytes, size);
	return 0;
}

static int read_job(sd_bus_message *m, struct facts *facts)
{
	const char *path;
	uint32_t id;
	int r;

	r = sd_bus_message_read(m, "(uo)", &id, &path);
	if (r >= 0)
		facts->job_pending = id != 0;
	return r;
}

/* The program of its first command. */
static int read_command(sd_bus_message *m, struct facts *facts)
{
	const char *path;
	int r;

	facts->program = 0;
	keep_path(&facts->program_path, "");
	r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'r', "sasbttttuii")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &path);
		if (r < 0)
			return r;
		if (!facts->program) {
			facts->program = identity_of_file(IDENTITY_NONE, path);
			keep_path(&facts->program_path, path);
		}
		r = sd_bus_message_skip(m, "asbttttuii");
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const struct property *property, struct facts *facts)
{
	switch (property->type[0]) {
	case 's':
		return read_text(m, property, facts);
	case '(':
		return read_job(m, facts);
	case 'a':
		if (property->type[1] == 's')
			return read_list(m, property, facts);
		if (property->type[1] == 'y')
			return read_invocation(m, facts);
		return read_command(m, facts);
	default:
		return read_plain(m, property, facts);
	}
}

/* What lists add up is begun anew. */
static void forget(struct facts *facts, const struct property *property)
{
	if (property->take == take_drop_in) {
		facts->drop_ins = 0;
		facts->dropped_in = (struct terms) { 0 };
		facts->dropped_in_broken = false;
	}
	if (property->take == take_trigger)
		facts->timer_started = false;
	if (property->take == take_name) {
		facts->aliases[0] = '\0';
		facts->names_cut = false;
	}
}

/* One entry: name and variant. A property we do not read, or of another type than we know, is
 * skipped: absent, not guessed. */
static int read_entry(sd_bus_message *m, struct facts *facts)
{
	const struct property *property;
	const char *name, *type;
	int r;

	r = sd_bus_message_read_basic(m, 's', &name);
	if (r < 0)
		return r;
	property = property_find(name);
	r = sd_bus_message_peek_type(m, NULL, &type);
	if (r < 0)
		return r;
	if (!property || strcmp(property->type, type) != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_enter_container(m, 'v', type);
	if (r < 0)
		return r;
	forget(facts, property);
	r = read_value(m, property, facts);
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(m);
}

int facts_properties_read(struct facts *facts, sd_bus_message *m)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_entry(m, facts);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
