# SPDX-License-Identifier: GPL-2.0-or-later
# Builds, runs and tests selfhealed and selfhealctl; everything made lands in $(BUILD).
#
# all     the two programs (default): $(BUILD)/selfhealed, $(BUILD)/selfhealctl
# run     set up what is missing, build, watch this host and two simulated services
# demo    a simulated fault found, healed and verified; SPEED=N: N times faster
# install to have it for good: prefix=/usr/local, DESTDIR=; then systemctl start selfhealed
# uninstall takes it away again; what it remembers and your settings stay
# check   all tests that this place can run: unit, demo, e2e
# unit    the unit tests and the simulated days, under sanitizers
# days    healthy, bursty days and faults in them through the judge, against bars: minutes;
#         DAYS="--kinds web --seeds 1 --why": only these, with a line for each notice in health
# e2e     stories in a private real systemd (root); CASES="leak-is-healed ...": only these
# loads   this host at work (compile, archive, database, all at once), where nothing may be called sick
#         (root); some 22 minutes; PHASE=N: N seconds for each of five phases instead of 180; TRUST=N: TrustSec=
# bench   what it costs beside the alternatives, against the bars (root); QUICK=1: a smoke test;
#         JUDGE=1: only the judge's rows (no root); LABELLED=DIR: with labelled series (minutes)
# fresh   run and check in a debootstrapped Debian 12 (root, network)
# kernels the product on other kernels, emulated (root, network); KERNELS="6.1 6.12": only these
# vm      stories that need the controllers of cgroup2, in an emulated Debian 12 (root, network): half an hour;
#         CASES="memory ...": only these
# lint    warnings, format, static analysis, layers, scripts and manuals
# clean   remove $(BUILD)
#
# NO_INSTALL=1 names missing packages and stops; V=1 shows the commands.
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)

WERROR ?= -Werror
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla $(WERROR)
CFLAGS ?= -O2 -g
INCLUDES := -Idaemon -I. -isystem $(BUILD)/bpf
LANGUAGE := -std=gnu17 -D_GNU_SOURCE $(INCLUDES)
ALL_CFLAGS := $(LANGUAGE) $(WARNINGS) $(CFLAGS) -ffp-contract=off -fPIE -MD -MP
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
DAEMON_LIBS := -lbpf -lelf -lz -lsystemd -lsqlite3 -lm -lpthread
CLIENT_LIBS := -lsqlite3 -lsystemd -lsmartcols -lz -lm

BPF_SOURCES := $(wildcard bpf/*.bpf.c)
SKELETONS := $(BPF_SOURCES:bpf/%.bpf.c=$(BUILD)/bpf/%.skel.h)
CORE_SOURCES := $(wildcard daemon/base/*.c daemon/record/*.c daemon/judge/*.c) \
	$(addprefix daemon/store/,chunk.c column.c minute.c schema.c statement.c) $(wildcard daemon/store/reader*.c)
DAEMON_SOURCES := $(filter-out $(CORE_SOURCES),$(wildcard daemon/*.c daemon/*/*.c))
CLIENT_SOURCES := $(wildcard cli/*.c)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
SIM_SOURCES := $(wildcard tests/sim/*.c)
DAYS_SOURCES := $(wildcard tests/days/*.c)
# The services and faults of those days, without the program.
DAYS_NOUNS := $(addprefix tests/days/,faults.c jobs.c kinds.c luck.c reading.c service.c)
# Without main.c, and the commands which need the one of the client.
TESTABLE_SOURCES := $(filter-out %/main.c cli/cmd_%.c,$(CORE_SOURCES) $(DAEMON_SOURCES) $(CLIENT_SOURCES))
PATIENT_SOURCES := $(wildcard tests/e2e/patients/*.c)
BENCH_SOURCES := $(wildcard tests/bench/*.c)
ALL_SOURCES := $(CORE_SOURCES) $(DAEMON_SOURCES) $(CLIENT_SOURCES) $(UNIT_SOURCES) \
	$(SIM_SOURCES) $(DAYS_SOURCES) $(PATIENT_SOURCES) $(BENCH_SOURCES)
ALL_HEADERS := $(wildcard bpf/*.h daemon/*.h daemon/*/*.h cli/*.h tests/*/*.h)

# The schemas are embedded as they are (.incbin), so they have one owner each.
EMBEDDED := daemon/store/schema_text.S
EMBEDDED_OBJECTS := $(EMBEDDED:%.S=$(BUILD)/obj/%.o)

CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/obj/%.o) $(EMBEDDED_OBJECTS)
DAEMON_OBJECTS := $(DAEMON_SOURCES:%.c=$(BUILD)/obj/%.o)
CLIENT_OBJECTS := $(CLIENT_SOURCES:%.c=$(BUILD)/obj/%.o)
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/asan/%.o,$(TESTABLE_SOURCES) $(DAYS_NOUNS) \
	$(UNIT_SOURCES)) \
	$(EMBEDDED_OBJECTS)
SIM_OBJECTS := $(patsubst %.c,$(BUILD)/asan/%.o,$(CORE_SOURCES) daemon/sense/simulator.c \
	$(SIM_SOURCES)) $(EMBEDDED_OBJECTS)
DAYS_OBJECTS := $(DAYS_SOURCES:%.c=$(BUILD)/obj/%.o)
PATIENTS := $(PATIENT_SOURCES:tests/e2e/patients/%.c=$(BUILD)/patients/%)
BENCHES := $(patsubst tests/bench/bench_%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
# What they share, with the invented services and the client's reader of CSV.
BENCH_NOUNS := $(patsubst %.c,$(BUILD)/obj/%.o, \
	$(filter-out tests/bench/bench_%,$(BENCH_SOURCES)) $(DAYS_NOUNS) \
	$(addprefix cli/,csv.c fields.c lines.c))

ifneq ($(V),1)
.SILENT:
endif

# ---- programs ------------------------------------------------------------------

all: $(BUILD)/selfhealed $(BUILD)/selfhealctl

# The Makefile too: a file that changes sides has no newer object.
$(BUILD)/libcore.a: $(CORE_OBJECTS) Makefile
	rm -f $@
	$(AR) rcs $@ $(CORE_OBJECTS)
$(BUILD)/selfhealed: $(DAEMON_OBJECTS) $(BUILD)/libcore.a
	echo "  link    $@"
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)
$(BUILD)/selfhealctl: $(CLIENT_OBJECTS) $(BUILD)/libcore.a
	echo "  link    $@"
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(CLIENT_LIBS)
$(BUILD)/unit: $(UNIT_OBJECTS)
	echo "  link    $@"
	$(CC) $(SANITIZE) -o $@ $^ $(DAEMON_LIBS) -lsmartcols -lcriterion
$(BUILD)/sim: $(SIM_OBJECTS)
	echo "  link    $@"
	$(CC) $(SANITIZE) -o $@ $^ $(CLIENT_LIBS)
# As it ships, for it takes minutes: what is measured is the judge's word, not its memory.
$(BUILD)/days: $(DAYS_OBJECTS) $(BUILD)/libcore.a
	echo "  link    $@"
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(CLIENT_LIBS)

$(BUILD)/obj/daemon/store/%.o: daemon/store/%.S daemon/store/schema.sql daemon/store/live.sql
	mkdir -p $(@D)
	$(CC) -I. -c -o $@ $<
$(BUILD)/obj/%.o: %.c | $(SKELETONS)
	echo "  cc      $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
# Criterion's own macros do not pass -Wconversion.
$(BUILD)/asan/tests/%.o: tests/%.c | $(SKELETONS)
	echo "  cc asan $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-conversion $(SANITIZE) -c -o $@ $<
$(BUILD)/asan/%.o: %.c | $(SKELETONS)
	echo "  cc asan $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SANITIZE) -c -o $@ $<
$(BUILD)/patients/%: tests/e2e/patients/%.c
	echo "  cc      $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -MT $@ -pie -o $@ $< -lpthread

# With the objects that ship, so that those are measured.
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/bench_%.o $(BENCH_NOUNS) \
		$(filter-out %/main.o,$(DAEMON_OBJECTS)) $(BUILD)/libcore.a
	echo "  link    $@"
	mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	echo "  bpf     $<"
	mkdir -p $(@D)
	$(CLANG) -O2 -g -target bpf -mcpu=v3 -Wall -Werror -Ibpf -I. -c -o $@ $<
$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	{ echo '/* NOLINTBEGIN */'; $(BPFTOOL) gen skeleton $< name $*_bpf; \
		echo '/* NOLINTEND */'; } > $@

# ---- set-up --------------------------------------------------------------------

# Again after the list changed, or after any package came or went.
SETUP_INPUTS := packaging/setup packaging/debian/control $(wildcard /var/lib/dpkg/status)
$(BUILD)/setup: $(SETUP_INPUTS) | is-ours
	packaging/setup
	mkdir -p $(@D)
	touch $@
$(BUILD)/setup-with-tests: $(SETUP_INPUTS) | is-ours
	packaging/setup --with-tests
	mkdir -p $(@D)
	touch $@
$(BUILD)/setup-with-kernels: $(SETUP_INPUTS) | is-ours
	packaging/setup --with-kernels
	mkdir -p $(@D)
	touch $@

# Somebody else may have built here, root for instance.
is-ours:
	mkdir -p $(BUILD) 2>/dev/null && test -w $(BUILD) || { \
		echo "cannot write to $(BUILD); name a folder of your own: make BUILD=DIR ..." >&2; exit 1; }

# make again: only now is it known where the tools are. As many jobs as CPUs,
# unless somebody said how many.
BUILD_NOW = $(MAKE) --no-print-directory \
	$(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# ---- to look at ----------------------------------------------------------------

# As a job of its own in the foreground of the terminal: Ctrl-C is then for it alone, and make sees it
# end well. Who kills make ends it too.
IN_FRONT := bash -c 'set -m; setpriv --pdeathsig TERM "$$@"; exit $$?' in-front
run: $(BUILD)/setup
	$(BUILD_NOW) all
	$(IN_FRONT) $(BUILD)/selfhealed --simulate --inject memory-leak:sim-web.service:20s \
		--state-dir $(BUILD)/state-$$(id -u) --rules packaging/conf/rules.d

demo: $(BUILD)/setup
	$(BUILD_NOW) all
	packaging/demo --build $(BUILD) $(if $(SPEED),--speed $(SPEED))

# The demo, and its control: with healing held to observe it must fail.
demo-control: $(BUILD)/setup
	$(BUILD_NOW) all
	tests/demo --build $(BUILD)

# ---- to have it for good ---------------------------------------------------------

prefix ?= /usr/local
sysconfdir ?= /etc
SBIN := $(DESTDIR)$(prefix)/sbin
BIN := $(DESTDIR)$(prefix)/bin
LIB := $(DESTDIR)$(prefix)/lib
SHARE := $(DESTDIR)$(prefix)/share
EXAMPLES := $(SHARE)/doc/selfheal/examples
# systemd, sysusers and the catalog look below /usr/local too. The bus looks in /usr/share and /etc
# only, polkit's actions and a vendor's rules are read from /usr/share only.
BUS_POLICY := $(DESTDIR)$(if $(filter /usr,$(prefix)),/usr/share,$(sysconfdir))/dbus-1/system.d
POLKIT := $(DESTDIR)/usr/share/polkit-1/actions
POLKIT_RULES := $(DESTDIR)/usr/share/polkit-1/rules.d
UNITS := selfhealed.service selfhealed.socket selfheal.slice selfheal-notify@.service

install: $(BUILD)/setup
	$(BUILD_NOW) all
	install -d $(SBIN) $(BIN) $(LIB)/systemd/system $(LIB)/systemd/catalog $(LIB)/sysusers.d \
		$(LIB)/selfheal/rules.d $(BUS_POLICY) $(POLKIT) $(SHARE)/man/man1 $(SHARE)/man/man5 \
		$(SHARE)/man/man8 $(SHARE)/bash-completion/completions $(EXAMPLES)
	test -d $(POLKIT_RULES) || install -d $(POLKIT_RULES) # polkit may keep its own closed
	install -m 755 $(BUILD)/selfhealed $(SBIN)
	install -m 755 $(BUILD)/selfhealctl $(BIN)
	install -m 644 $(UNITS:%=packaging/%) $(LIB)/systemd/system
	sed -i 's,/usr/sbin/selfhealed,$(prefix)/sbin/selfhealed,' $(LIB)/systemd/system/selfhealed.service
	sed -i 's,/usr/bin/selfhealctl,$(prefix)/bin/selfhealctl,' \
		$(LIB)/systemd/system/selfheal-notify@.service
	install -m 644 packaging/sysusers.d/selfheal.conf $(LIB)/sysusers.d
	install -m 644 packaging/catalog/selfheal.catalog $(LIB)/systemd/catalog
	install -m 644 packaging/conf/selfhealed.conf $(LIB)/selfheal
	install -m 644 packaging/conf/rules.d/*.rule $(LIB)/selfheal/rules.d
	install -m 644 packaging/dbus/io.selfheal.Manager1.conf $(BUS_POLICY)
	install -m 644 packaging/polkit/io.selfheal.policy $(POLKIT)
	install -m 644 packaging/polkit/05-selfheal-notify.rules $(POLKIT_RULES)
	install -m 644 packaging/conf/notify.d/*.conf $(EXAMPLES)
	install -m 644 selfhealctl.1 $(SHARE)/man/man1
	install -m 644 packaging/man/*.5 $(SHARE)/man/man5
	install -m 644 packaging/man/*.8 $(SHARE)/man/man8
	install -m 644 packaging/completion/selfhealctl.bash \
		$(SHARE)/bash-completion/completions/selfhealctl
	$(if $(DESTDIR),,packaging/after-install)

# What was learnt, what an administrator wrote and the user stay; the leave to act goes.
uninstall:
	$(if $(DESTDIR),,packaging/before-uninstall)
	rm -f $(SBIN)/selfhealed $(BIN)/selfhealctl $(UNITS:%=$(LIB)/systemd/system/%) \
		$(LIB)/sysusers.d/selfheal.conf $(LIB)/systemd/catalog/selfheal.catalog \
		$(BUS_POLICY)/io.selfheal.Manager1.conf $(POLKIT)/io.selfheal.policy \
		$(POLKIT_RULES)/05-selfheal-notify.rules $(SHARE)/man/man1/selfhealctl.1 $(SHARE)/man/man5/selfheal*.5 \
		$(SHARE)/man/man8/selfhealed.8 $(SHARE)/bash-completion/completions/selfhealctl \
		$(DESTDIR)$(sysconfdir)/polkit-1/rules.d/10-selfheal.rules
	rm -rf $(LIB)/selfheal $(SHARE)/doc/selfheal
	$(if $(DESTDIR),,packaging/after-install)

# ---- tests ---------------------------------------------------------------------

SUITES := unit demo-control e2e
check: $(BUILD)/setup-with-tests
	tests/check --build $(BUILD) $(SUITES)

unit: $(BUILD)/setup-with-tests
	$(BUILD_NOW) $(BUILD)/unit $(BUILD)/sim
	tests/sanitized $(BUILD)/unit
	tests/sanitized $(BUILD)/sim $(wildcard tests/sim/*.day)

days: $(BUILD)/setup
	$(BUILD_NOW) $(BUILD)/days
	$(BUILD)/days $(DAYS)

e2e: $(BUILD)/setup-with-tests
	$(BUILD_NOW) all $(PATIENTS)
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(BUILD))/root prefix=/usr
	tests/e2e/run --build $(BUILD) $(CASES)

loads: $(BUILD)/setup-with-tests
	$(BUILD_NOW) all $(PATIENTS)
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(BUILD))/root prefix=/usr
	tests/loads/run --build $(BUILD) $(if $(PHASE),--phase $(PHASE)) \
		$(if $(TRUST),--trust $(TRUST))

bench: $(BUILD)/setup-with-tests
	$(BUILD_NOW) all $(BENCHES)
	tests/bench/run --build $(BUILD) $(if $(QUICK),--quick) $(if $(SOAK),--soak $(SOAK)) \
		$(if $(LABELLED),--labelled $(LABELLED)) $(if $(JUDGE),--judge)

fresh: $(BUILD)/setup-with-tests
	tests/fresh $(BUILD)/fresh

kernels: $(BUILD)/setup-with-kernels
	$(BUILD_NOW) all $(PATIENTS) $(BUILD)/unit
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(BUILD))/root prefix=/usr
	tests/kernels/run --build $(BUILD) $(if $(filter 1,$(V)),-v) $(KERNELS)

vm: $(BUILD)/setup-with-kernels
	$(BUILD_NOW) all $(PATIENTS)
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(BUILD))/root prefix=/usr
	tests/vm/run --build $(BUILD) $(if $(filter 1,$(V)),-v) $(CASES)

lint: $(BUILD)/setup-with-tests
	tests/lint/run --build $(BUILD)

# Used by tests/lint/run: one stamp a file, so that only what changed is read again.
TIDY := $(filter-out tests/unit/%,$(ALL_SOURCES))
lint-gcc: all $(PATIENTS) $(BENCHES) $(BUILD)/days $(if $(UNIT_SOURCES),$(BUILD)/unit) \
	$(if $(SIM_SOURCES),$(BUILD)/sim)
lint-clang: $(ALL_SOURCES:%=$(BUILD)/lint/%.clang)
lint-tidy: $(TIDY:%=$(BUILD)/lint/%.tidy)
$(BUILD)/lint/%.clang: % $(ALL_HEADERS) | $(SKELETONS)
	mkdir -p $(@D)
	$(CLANG) -fsyntax-only $(LANGUAGE) $(WARNINGS) $(if $(filter tests/%,$<),-Wno-conversion) $<
	touch $@
$(BUILD)/lint/%.tidy: % $(ALL_HEADERS) .clang-tidy | $(SKELETONS)
	mkdir -p $(@D)
	clang-tidy --quiet $< -- $(LANGUAGE) 2>$@.said || { cat $@.said; exit 1; }
	touch $@

help:
	awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' $(firstword $(MAKEFILE_LIST))

clean:
	rm -rf $(BUILD)

.PHONY: all is-ours install uninstall run demo demo-control check unit days e2e loads bench fresh kernels vm lint lint-gcc lint-clang lint-tidy help clean
.DELETE_ON_ERROR:
# Named in pattern rules alone, these would be deleted as intermediate.
.SECONDARY: $(SKELETONS) $(SKELETONS:.skel.h=.bpf.o) $(BENCH_SOURCES:%.c=$(BUILD)/obj/%.o)
-include $(patsubst %.o,%.d,$(CORE_OBJECTS) $(DAEMON_OBJECTS) $(CLIENT_OBJECTS) $(UNIT_OBJECTS) \
	$(SIM_OBJECTS) $(DAYS_OBJECTS)) $(PATIENTS:=.d) $(BENCH_SOURCES:%.c=$(BUILD)/obj/%.d)
