/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands between a sick unit and an action. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "judge/policy.h"

/* A restart of any of these takes the host, its users or its other services along. By name and by
 * every alias; globs. */
static const char *const untouchable[] = {
	/* PID 1's own, and what the machine boots and logs in with */
	"systemd-*",
	"init.scope",
	"emergency.service",
	"rescue.service",
	"getty@*",
	"serial-getty@*",
	"console-getty.service",
	"container-getty@*",
	"user@*",
	"user-runtime-dir@*",
	"autovt@*",
	"cloud-*",
	"plymouth*",
	"*.mount",
	"kmod-*",
	"modprobe@*",
	"initrd-*",
	/* the bus, the journal, rights, ourselves */
	"dbus*.service",
	"messagebus.service",
	"polkit*.service",
	"rsyslog.service",
	"syslog.service",
	"syslog-ng.service",
	"auditd.service",
	"selfheal*",
	"sssd*.service",
	"nscd.service",
	"nslcd.service",
	"accounts-daemon.service",
	"elogind.service",
	/* display managers */
	"display-manager.service",
	"gdm*.service",
	"sddm.service",
	"lightdm.service",
	"lxdm.service",
	"xdm.service",
	"greetd.service",
	"ly.service",
	/* network, names, ssh */
	"NetworkManager*",
	"networking.service",
	"network.service",
	"wpa_supplicant*",
	"iwd.service",
	"dhcpcd*",
	"dhclient*",
	"ifup@*",
	"connman*",
	"netplan-*",
	"wg-quick@*",
	"openvpn*",
	"strongswan*",
	"ipsec.service",
	"tailscaled.service",
	"firewalld.service",
	"nftables.service",
	"iptables.service",
	"ufw.service",
	"named.service",
	"bind9.service",
	"unbound.service",
	"dnsmasq.service",
	"pdns*",
	"openvswitch*",
	"ovs*",
	"ovn*",
	"dropbear*",
	"resolvconf.service",
	"chrony*.service",
	"ntp*.service",
	"ssh.service",
	"sshd*",
	"ssh@*",
	"keepalived.service",
	"frr.service",
	"bird*.service",
	/* container runtimes and virtual machines */
	"docker*",
	"containerd*",
	"crio*",
	"podman*",
	"libvirt*",
	"virt*d.service",
	"lxc*",
	"lxd*",
	"incus*",
	"machines.target",
	"qemu-guest-agent.service",
	"open-vm-tools.service",
	/* storage */
	"lvm2-*",
	"dm-event*",
	"multipathd.service",
	"iscsid.service",
	"open-iscsi.service",
	"mdmonitor*",
	"mdadm*",
	"zfs-*",
	"zed.service",
	"nfs-*",
	"rpc*.service",
	"ceph*",
	"gluster*",
	"drbd*",
	"udisks2.service",
	"cryptsetup*",
	"nvmf-*",
	"autofs.service",
	"smb*.service",
	/* cluster agents */
	"kubelet.service",
	"k3s*",
	"rke2*",
	"nomad.service",
	"consul.service",
	"pacemaker.service",
	"corosync.service",
	"pcsd.service",
	"pacemaker_remote.service",
	"sbd.service",
	"watchdog.service",
	"wd_keepalive.service",
	"kube-*",
	"cri-docker*",
	"teleport*",
	"amazon-ssm-agent.service",
	"walinuxagent.service",
	"google-guest-agent.service",
	"etcd*.service",
	"patroni*.service",
	"swarm*",
	"puppet*.service",
	"salt-minion.service",
	"chef-client.service",
};

bool policy_is_untouchable(const char *name)
{
	for (size_t i = 0; i < sizeof(untouchable) / sizeof(untouchable[0]); i++)
		if (text_glob(untouchable[i], name))
			return true;
	return false;
}

static bool lists_untouchable(const char *rest)
{
	char name[UNIT_NAME_SIZE];

	while (*rest) {
		size_t length = strcspn(rest, " ");

		(void)snprintf(name, sizeof(name), "%.*s", (int)length, rest);
		if (policy_is_untouchable(name))
			return true;
		rest += length + (rest[length] == ' ');
	}
	return false;
}

/* It, or what systemd would restart along with it. */
static bool any_name_is_untouchable(const struct unit_status *status)
{
	return (status->flags & UNIT_NAMES_CUT) || policy_is_untouchable(status->name) ||
	       lists_untouchable(status->aliases) || lists_untouchable(status->dependents);
}

void policy_init(struct policy *policy, const struct config *config)
{
	memset(policy, 0, sizeof(*policy));
	policy->config = *config;
}

void policy_limits(struct policy *policy, const struct config *config)
{
	policy->config = *config;
}

struct ledger_entry policy_entry(const struct decision *decision, bool on_fact)
{
	return (struct ledger_entry) {
		.unit = decision->unit,
		.synthetic = (decision->flags & SAMPLE_SYNTHETIC) != 0,
		.by_statistics = !on_fact && !(decision->flags & SAMPLE_BY_HAND),
		.when_ms = decision->when_ms,
		.wall_ms = decision->wall_ms,
	};
}

void policy_note(struct policy *policy, const struct ledger_entry *entry)
{
	if (policy->n_entries == POLICY_LEDGER_MAX) {
		policy->n_entries--; /* the oldest is beyond any window a budget can ask for */
		memmove(policy->entry, policy->entry + 1,
			policy->n_entries * sizeof(policy->entry[0]));
	}
	policy->entry[policy->n_entries++] = *entry;
}

void policy_unnote(struct policy *policy, uint32_t unit)
{
	for (size_t i = policy->n_entries; i > 0; i--) {
		if (policy->entry[i - 1].unit != unit)
			continue;
		memmove(policy->entry + i - 1, policy->entry + i,
			(policy->n_entries - i) * sizeof(policy->entry[0]));
		policy->n_entries--;
		return;
	}
}

/* Who asks for a heal has agreed to it, and wants it whatever the trouble is. */
static bool is_by_hand(const struct verdict *verdict)
{
	return (verdict->flags & SAMPLE_BY_HAND) != 0;
}

/* Age of an attempt, by the clock that says less; one that seems to lie in the future is brand new. */
static uint64_t entry_age_ms(const struct ledger_entry *entry, const struct verdict *now)
{
	uint64_t wall_ms = now->wall_ms > entry->wall_ms ? now->wall_ms - entry->wall_ms : 0;
	uint64_t boot_ms = now->when_ms > entry->when_ms ? now->when_ms - entry->when_ms : 0;

	return entry->when_ms == 0 || wall_ms < boot_ms ? wall_ms : boot_ms;
}

/* What a budget is for: which attempts count. */
struct account {
	const struct budget *budget;
	uint32_t unit; /* 0: all of the host */
	bool of_statistics;
};

static bool counts(const struct account *account, const struct ledger_entry *entry, bool synthetic)
{
	return entry->synthetic == synthetic &&
	       (account->unit == 0 || entry->unit == account->unit) &&
	       (!account->of_statistics || entry->by_statistics);
}

static uint32_t count_within(const struct policy *policy, const struct verdict *verdict,
			     const struct account *account, uint64_t window_ms)
{
	bool synthetic = (verdict->flags & SAMPLE_SYNTHETIC) != 0;
	uint32_t n = 0;

	for (size_t i = 0; i < policy->n_entries; i++) {
		const struct ledger_entry *entry = &policy->entry[i];

		if (counts(account, entry, synthetic) && entry_age_ms(entry, verdict) < window_ms)
			n++;
	}
	return n;
}

/* What is left of a budget in its tightest window. */
static uint32_t left_of(const struct policy *policy, const struct verdict *verdict,
			const struct account *account)
{
	const struct budget *budget = account->budget;
	uint32_t in_hour = count_within(policy, verdict, account, HOURS(1));
	uint32_t in_day = count_within(policy, verdict, account, DAYS(1));
	uint32_t hour = budget->per_hour > in_hour ? budget->per_hour - in_hour : 0;
	uint32_t day = budget->per_day > in_day ? budget->per_day - in_day : 0;

	return hour < day ? hour : day;
}

/* What only statistics want has to fit a smaller budget too, so that a judge who is wrong does bounded harm. unit 0:
 * what is left to the host. */
static uint32_t left_to(const struct policy *policy, const struct verdict *verdict, uint32_t unit)
{
	const struct config *config = &policy->config;
	const struct account all = { unit ? &config->unit_budget : &config->host_budget, unit,
				     false };
	const struct account doubted = { unit ? &config->unit_statistics_budget
					      : &config->host_statistics_budget,
					 unit, true };
	uint32_t left = left_of(policy, verdict, &all), left_doubted;

	if (verdict->on_fact || is_by_hand(verdict))
		return left;
	left_doubted = left_of(policy, verdict, &doubted);
	return left < left_doubted ? left : left_doubted;
}

/* How much of the cool-down after this unit's last attempt is left. */
static uint64_t cooling_ms(const struct policy *policy, const struct verdict *verdict)
{
	for (size_t i = policy->n_entries; i > 0; i--) {
		const struct ledger_entry *entry = &policy->entry[i - 1];
		uint64_t age_ms = entry_age_ms(entry, verdict);

		if (entry->unit == verdict->unit)
			return age_ms < policy->config.cooldown_ms
				       ? policy->config.cooldown_ms - age_ms
				       : 0;
	}
	return 0;
}

enum why policy_by_nature(const struct unit_status *status)
{
	switch (status->kind) {
	case UNIT_KIND_SERVICE:
		break;
	case UNIT_KIND_SCOPE:
		return WHY_NOT_LONG_RUNNING;
	case UNIT_KIND_SHARED:
		return WHY_TRANSIENT;
	default:
		return WHY_NO_MANAGER;
	}
	if (any_name_is_untouchable(status))
		return WHY_UNTOUCHABLE;
	if (status->flags & UNIT_TRANSIENT)
		return WHY_TRANSIENT;
	if (status->flags & UNIT_TIMER_STARTED)
		return WHY_TIMER_STARTED;
	if (status->flags & UNIT_PER_CONNECTION)
		return WHY_PER_CONNECTION;
	if (!(status->flags & UNIT_LONG_RUNNING))
		return WHY_NOT_LONG_RUNNING;
	if (status->flags & (UNIT_REFUSES_ORDERS | UNIT_MASKED))
		return WHY_REFUSES_ORDERS;
	return WHY_ALLOWED;
}

/* Is it in a state in which anybody may touch it? */
static enum why by_state(const struct unit_status *status, const struct policy_case *circumstance)
{
	if (status->flags & UNIT_STOPPED_BY_HAND)
		return WHY_STOPPED_BY_HAND;
	if (status->flags & UNIT_DOWN_BEFORE)
		return WHY_DOWN_BEFORE;
	if (status->flags & UNIT_JOB_PENDING)
		return WHY_JOB_PENDING;
	if (status->flags & UNIT_AUTO_RESTART)
		return WHY_CHANGING_STATE;
	switch (status->active) {
	case UNIT_ACTIVE_ACTIVE:
	case UNIT_ACTIVE_FAILED:
		break;
	case UNIT_ACTIVE_INACTIVE:
		return WHY_STOPPED_BY_HAND;
	case UNIT_ACTIVE_GONE:
		return WHY_GONE;
	case UNIT_ACTIVE_UNKNOWN:
		return WHY_NO_MANAGER;
	default:
		return WHY_CHANGING_STATE;
	}
	return circumstance->was_well ? WHY_ALLOWED : WHY_NEVER_WELL;
}

static enum why by_mode(const struct policy *policy, const struct verdict *verdict,
			const struct unit_status *status, const struct policy_case *circumstance)
{
	if (status->flags & UNIT_POLICY_BROKEN)
		return WHY_POLICY_BROKEN;
	switch (config_mode(&policy->config, status)) {
	case MODE_MOCK:
	case MODE_ENFORCE:
		return WHY_ALLOWED;
	case MODE_APPROVE:
		return circumstance->is_approved || is_by_hand(verdict) ? WHY_ALLOWED
									: WHY_NOT_APPROVED;
	default:
		return WHY_OBSERVING;
	}
}

/* A simulated service boots with nobody, and whoever orders a heal has seen the host. */
static bool is_booting(const struct config *config, const struct verdict *verdict)
{
	return verdict->when_ms < config->boot_blackout_ms && !is_by_hand(verdict) &&
	       !(verdict->flags & SAMPLE_SYNTHETIC);
}

static enum why by_limits(const struct policy *policy, const struct verdict *verdict,
			  const struct unit_status *status, const struct policy_case *circumstance)
{
	const struct config *config = &policy->config;
	enum why mode = by_mode(policy, verdict, status, circumstance);

	if (!is_by_hand(verdict) && !(config->heal_on & (1u << verdict->class)))
		return WHY_NOT_IN_HEAL_ON;
	if (mode != WHY_ALLOWED)
		return mode;
	if (is_booting(config, verdict))
		return WHY_BOOTING;
	if (hold_binds(policy->hold, status))
		return WHY_PAUSED;
	if (cooling_ms(policy, verdict) > 0)
		return WHY_COOLING_DOWN;
	if (left_to(policy, verdict, verdict->unit) == 0)
		return WHY_UNIT_BUDGET_SPENT;
	if (left_to(policy, verdict, 0) == 0)
		return WHY_HOST_BUDGET_SPENT;
	if (verdict->wall_ms < policy->distrust_until_ms)
		return WHY_LEDGER_LOST;
	if (!circumstance->can_record)
		return WHY_CANNOT_RECORD;
	return WHY_ALLOWED;
}

static enum why first_no(const struct policy *policy, const struct verdict *verdict,
			 const struct unit_status *status, const struct policy_case *circumstance)
{
	enum why why;

	if (verdict->wants == ACTION_NONE)
		return WHY_NOTHING_WANTED;
	why = policy_by_nature(status);
	if (why == WHY_ALLOWED && circumstance->attempt_running)
		why = WHY_ATTEMPT_RUNNING; /* whatever state it is in then is our own doing */
	if (why == WHY_ALLOWED)
		why = by_state(status, circumstance);
	if (why == WHY_ALLOWED && verdict->when_ms < circumstance->theirs_until_ms)
		why = WHY_OTHER_HEALER;
	if (why == WHY_ALLOWED)
		why = by_limits(policy, verdict, status, circumstance);
	return why;
}

/* A simulated service is healed by the simulator and by nobody else. */
static enum way way_for(const struct policy *policy, const struct verdict *verdict,
			const struct unit_status *status)
{
	if (verdict->flags & SAMPLE_SYNTHETIC)
		return WAY_SIMULATOR;
	return config_mode(&policy->config, status) == MODE_MOCK ? WAY_MOCK : WAY_SYSTEMD;
}

struct decision policy_decide(const struct policy *policy, const struct verdict *verdict,
			      const struct unit_status *status,
			      const struct policy_case *circumstance)
{
	enum way way = way_for(policy, verdict, status);
	struct decision decision = {
		.unit = verdict->unit,
		.flags = verdict->flags & (SAMPLE_SYNTHETIC | SAMPLE_BY_HAND),
		.when_ms = verdict->when_ms,
		.wall_ms = verdict->wall_ms,
		.action = verdict->wants,
		.class = verdict->class,
		.lead = verdict->lead,
		.lead_value = verdict->lead_value,
		.lead_expected = verdict->lead_expected,
		.score = verdict->score,
		.budget_left = left_to(policy, verdict, verdict->unit),
	};

	memcpy(decision.rule, verdict->rule, sizeof(decision.rule));
	memcpy(decision.invocation, status->invocation, sizeof(decision.invocation));
	decision.why = first_no(policy, verdict, status, circumstance);
	if (decision.why == WHY_ALLOWED && !policy->can_act[way])
		decision.why = WHY_NO_MANAGER;
	if (decision.why == WHY_OTHER_HEALER)
		decision.until_ms = circumstance->theirs_until_ms;
	if (decision.why == WHY_BOOTING)
		decision.until_ms = policy->config.boot_blackout_ms;
	if (decision.why == WHY_COOLING_DOWN)
		decision.until_ms = verdict->when_ms + cooling_ms(policy, verdict);
	if (decision.why == WHY_ALLOWED) {
		decision.way = way;
		decision.budget_left--;
	}
	return decision;
}
