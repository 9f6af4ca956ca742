/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom nobody heals: a list, and every way to be on it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/untouchable.h"

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

bool untouchable_by_name(const char *name)
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
		if (untouchable_by_name(name))
			return true;
		rest += length + (rest[length] == ' ');
	}
	return false;
}

/* It, or what systemd would restart along with it. */
bool untouchable_by_status(const struct unit_status *status)
{
	return (status->flags & UNIT_NAMES_CUT) || untouchable_by_name(status->name) ||
	       lists_untouchable(status->aliases) || lists_untouchable(status->dependents);
}
