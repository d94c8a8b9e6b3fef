# SPDX-License-Identifier: GPL-2.0-or-later
# Targets: deps all demo check check-hostile check-kernel test-kernel check-arm64 check-arm64-kernel check-valgrind check-sanitize check-property bench fuzz
#   lint check-lint check-packages install uninstall dist deb rpm clean
# Variables: BUILD=dir  RUN=command (runs what was built for another machine)  BPF=0 (without libbpf)
#   KDUMP=0 (without libkdumpfile)  TOP=0 (without ncurses)  MAN=0 (without man pages)
#   SHARED=1 (gmemctl takes libgmem.so, as a package has it)  V=1 (shows the commands)  SANITIZE=address,undefined  DESTDIR prefix

# The compiler is asked which options it takes when this file is read. So in make deps demo another make
# builds the rest: it begins when all is installed, also with -j.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
others := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: $(MAKECMDGOALS)
deps:
	packaging/deps
	$(if $(others),$(MAKE) --no-print-directory $(others))
$(others): deps
	@:
else

version_of = $(shell awk '$$2 == "GMEM_VERSION_$(1)" { print $$3 }' include/gmem/base.h)
VERSION := $(call version_of,MAJOR).$(call version_of,MINOR).$(call version_of,PATCH)
SOVERSION := 0

prefix ?= /usr/local
exec_prefix ?= $(prefix)
sbindir ?= $(exec_prefix)/sbin
libdir ?= $(exec_prefix)/lib
includedir ?= $(prefix)/include
datarootdir ?= $(prefix)/share
# AppArmor reads no other folder, whatever the prefix is.
apparmordir ?= /etc/apparmor.d
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/gmemctl
datadir ?= $(datarootdir)/gmemctl
unitdir ?= $(prefix)/lib/systemd/system
schemadir ?= $(datadir)/schema
bashcompdir ?= $(datarootdir)/bash-completion/completions
zshcompdir ?= $(datarootdir)/zsh/site-functions
fishcompdir ?= $(datarootdir)/fish/vendor_completions.d
INSTALL ?= install

BUILD ?= build
# Below this folder its name is a relative one, as in the lists of headers that the compiler left there.
override BUILD := $(BUILD:$(CURDIR)/%=%)
BPF ?= 1
KDUMP ?= 1
TOP ?= 1
MAN ?= 1
SHARED ?= 0
SANITIZE ?=

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
OBJCOPY ?= $(shell $(CC) -print-prog-name=objcopy)
PKG_CONFIG ?= pkg-config
SCDOC ?= scdoc
# The macros of .TH switch hyphenation on again, which would break names of files and options.
no_hyphens = sed '/^\.TH /a .nh'
# The date in man pages: of the last commit, or of a release's README.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2> /dev/null || stat -c %Y README.md)
export SOURCE_DATE_EPOCH
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes
# Those of these flags that the compiler and the C library take without a warning.
takes = $(shell echo | $(CC) -O2 -Werror $(1) -E -include features.h - > /dev/null 2>&1 && echo '$(1)')
HARDENING := -fstack-protector-strong $(call takes,-fstack-clash-protection)
ifeq ($(SANITIZE),)
fortify := $(call takes,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
HARDENING += $(or $(fortify),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif

cflags := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DGMEM_VERSION='"$(VERSION)"' -Iinclude $(CPPFLAGS) $(HARDENING) $(CFLAGS)
ldflags := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDFLAGS)
ifneq ($(SANITIZE),)
cflags += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
ldflags += -fsanitize=$(SANITIZE)
endif

lib_sources := $(sort $(shell find libgmem -name '*.c' ! -name '*.bpf.c'))
lib_libs := -lpthread -lz
# For pkg-config --static: libbpf's own file knows what it needs, and in which order.
pc_requires := zlib
ifeq ($(BPF),0)
lib_sources := $(filter-out libgmem/kernel/linux/bpf_%.c %/btf.c %/dump/types.c,$(lib_sources))
else
lib_sources := $(filter-out %/without_bpf.c %/without_types.c,$(lib_sources))
lib_libs += $(shell $(PKG_CONFIG) --libs libbpf 2>/dev/null || echo -lbpf)
pc_requires := libbpf zlib
endif
# libkdumpfile is loaded when a dump is opened, by the name of the one that this is built with.
ifeq ($(KDUMP),0)
lib_sources := $(filter-out %/dump/file.c %/dump/kdump.c,$(lib_sources))
else
lib_sources := $(filter-out %/without_kdump.c,$(lib_sources))
endif
cli_sources := $(sort $(shell find cli -name '*.c'))
cli_libs := -lsmartcols -lcap -lnuma
ifeq ($(TOP),0)
cli_sources := $(filter-out %/top/screen.c,$(cli_sources))
else
cli_sources := $(filter-out %/without_screen.c,$(cli_sources))
cli_libs += $(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null || echo -lncursesw -ltinfo)
endif
# BTF is read, and made up for tests, through libbpf.
without_bpf = $(if $(filter 0,$(BPF)),$(filter-out %/btf.c %/dump.c %/made-dump.c,$(1)),$(1))
unit_sources := $(call without_bpf,$(sort $(wildcard tests/unit/*.c)))
conformance_sources := $(sort $(wildcard tests/conformance/*.c))
# What only tests do to a model.
sim_sources := $(sort $(wildcard tests/sim/*.c))
fuzz_sources := $(call without_bpf,$(sort $(wildcard tests/fuzz/*.c)))
tool_sources := $(call without_bpf,$(sort $(wildcard tests/tools/*.c)))
units := $(sort $(wildcard packaging/systemd/*))
unit_files := $(patsubst packaging/systemd/%,$(BUILD)/systemd/%,$(units:.in=))
preload_sources := $(sort $(wildcard tests/preload/*.c))
headers := $(sort $(wildcard include/gmem/*.h))
schemas := $(patsubst cli/%,$(BUILD)/%,$(sort $(wildcard cli/schema/*.json)))
# The description that the command prints of itself, for man pages and schemas. A release's tarball has it;
# else the command is run, in a cross-build by what RUN names, such as an emulator.
RUN ?=
describe := $(or $(wildcard describe.txt),$(BUILD)/describe.txt)
man_pages := $(patsubst %.scd,$(BUILD)/man/%,$(notdir $(wildcard cli/man/*.scd libgmem/man/*.scd)))
ifeq ($(MAN),0)
man_pages :=
endif

lib_objects := $(lib_sources:%.c=$(BUILD)/obj/%.o)
cli_objects := $(cli_sources:%.c=$(BUILD)/obj/%.o)
unit_programs := $(unit_sources:tests/unit/%.c=$(BUILD)/tests/unit/%)
fuzz_programs := $(fuzz_sources:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)
hostile_sources := $(sort $(wildcard tests/hostile/*.c))
hostile_programs := $(hostile_sources:tests/hostile/%.c=$(BUILD)/tests/hostile/%)
tool_programs := $(tool_sources:tests/tools/%.c=$(BUILD)/tests/tools/%)
test_sim := $(BUILD)/tests/sim.a
lib_inside := $(BUILD)/tests/libgmem.a
conformance_objects := $(conformance_sources:%.c=$(BUILD)/obj/%.o)
conformance_runner := $(BUILD)/tests/conformance-runner
man_sections := 3 5 7 8
soname := libgmem.so.$(SOVERSION)
solib := libgmem.so.$(VERSION)
gmemctl := $(BUILD)/gmemctl
# V=1 shows the commands, for those who audit flags.
V ?= 0
quiet := $(if $(filter 1,$(V)),,@)

.DELETE_ON_ERROR:
.PHONY: all deps-packages demo check check-hostile check-arm64 check-arm64-kernel check-kernel test-kernel check-valgrind check-sanitize check-property \
	bench fuzz fuzz-programs lint check-lint check-packages install uninstall dist deb deb-source rpm clean tests

all: $(gmemctl) $(BUILD)/$(solib) $(BUILD)/libgmem.a $(BUILD)/libgmem.pc $(BUILD)/gmemctl-metrics.apparmor $(unit_files) $(man_pages) $(schemas)

deps-packages:
	packaging/deps build check packages

# Objects depend on the flags that made them: a changed BPF= or SANITIZE= rebuilds.
$(BUILD)/flags: force
	@mkdir -p $(BUILD)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only packaging/platform.c
	@echo 'BPF=$(BPF) KDUMP=$(KDUMP) TOP=$(TOP) $(CC) $(cflags) $(ldflags)' | cmp -s - $@ || echo 'BPF=$(BPF) KDUMP=$(KDUMP) TOP=$(TOP) $(CC) $(cflags) $(ldflags)' > $@
# Files that contain names of folders depend on these names: make install prefix= may follow a make with
# another prefix.
$(BUILD)/places: force
	@mkdir -p $(BUILD)
	@echo '$(prefix) $(sbindir) $(libdir) $(includedir) $(docdir)' | cmp -s - $@ || \
		echo '$(prefix) $(sbindir) $(libdir) $(includedir) $(docdir)' > $@
.PHONY: force
force:

$(BUILD)/obj/libgmem/%.o: libgmem/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(quiet)$(CC) $(cflags) -Ilibgmem -I$(BUILD) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

# The command sees the public headers and its own, and nothing of the library's inside.
$(BUILD)/obj/cli/%.o: cli/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(quiet)$(CC) $(cflags) -Icli -fPIE -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(quiet)$(CC) $(cflags) -Ilibgmem -Icli -Itests -fPIE -MMD -MP -c -o $@ $<

# BPF objects wait for the check that refuses a machine or a C library, so that its message is the only one.
$(patsubst libgmem/kernel/linux/%.c,$(BUILD)/%.o,$(wildcard libgmem/kernel/linux/*.bpf.c)): | $(BUILD)/flags

# The folder below which a compiler looks for headers of C: of gcc its own, which --sysroot changes. Clang has
# only the option, and refuses the question.
sysroot_of = $(or $(patsubst --sysroot=%,%,$(filter --sysroot=%,$(1))),$(if $(findstring clang,$(shell $(1) --version)),,$(shell $(1) -print-sysroot)))

# The BPF program: compiled for the BPF machine, then embedded as a skeleton.
$(BUILD)/%.bpf.o: libgmem/kernel/linux/%.bpf.c libgmem/kernel/linux/reader.h
	@mkdir -p $(BUILD)
	@echo '  BPF     $<'
	$(quiet)$(CLANG) -target bpf -O2 -g -Wall -ffile-prefix-map=$(CURDIR)=. -Ilibgmem -I$(call sysroot_of,$(CC))/usr/include/$(shell $(CC) -print-multiarch) \
		-c -o $@.tmp $<
	$(quiet)$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(quiet)$(BPFTOOL) gen skeleton $< name $* > $@

ifneq ($(BPF),0)
$(BUILD)/obj/libgmem/kernel/linux/bpf_reader.o: $(BUILD)/reader.skel.h
endif

# The name by which a program finds the libkdumpfile that this is built with: what the linker takes from it.
kdump_libs = $(shell $(PKG_CONFIG) --libs libkdumpfile 2> /dev/null || echo -lkdumpfile)
$(BUILD)/kdump_soname.h: $(BUILD)/flags
	$(quiet){ $(CC) -shared -nostdlib $(LDFLAGS) -Wl,--no-as-needed -o $@.so $(kdump_libs) && readelf -d $@.so; } | \
		sed -n 's/.*(NEEDED).*\[\(libkdumpfile\..*\)\]$$/#define KDUMP_SONAME "\1"/p' > $@
	@rm -f $@.so
	@test -s $@ || { echo 'libkdumpfile was not found: make deps installs it, and make KDUMP=0 does without' >&2; exit 1; }

ifneq ($(KDUMP),0)
$(BUILD)/obj/libgmem/kernel/dump/kdump.o: $(BUILD)/kdump_soname.h
endif

# One object, in which hidden names are local, because a program may have functions of the same names.
$(BUILD)/libgmem.a: $(lib_objects)
	@echo '  AR      $@'
	@rm -f $@
	$(quiet)$(CC) $(cflags) $(call takes,-flinker-output=nolto-rel) -r -nostdlib -o $(BUILD)/libgmem.o $^
	$(quiet)$(OBJCOPY) --localize-hidden $(BUILD)/libgmem.o
	$(quiet)$(AR) rcs $@ $(BUILD)/libgmem.o

# The same objects with all names, for tests of the library's inside.
$(lib_inside): $(lib_objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)$(AR) rcs $@ $^

$(BUILD)/$(solib): $(lib_objects) libgmem/libgmem.map
	@echo '  LD      $@'
	$(quiet)$(CC) -shared -Wl,-z,nodelete -Wl,-soname,$(soname) -Wl,--version-script=libgmem/libgmem.map \
		-Wl,--no-undefined $(ldflags) -o $@ $(lib_objects) $(lib_libs)
	@ln -sf $(solib) $(BUILD)/$(soname)
	@ln -sf $(soname) $(BUILD)/libgmem.so

$(BUILD)/libgmem.pc: libgmem/libgmem.pc.in Makefile $(BUILD)/flags $(BUILD)/places
	$(quiet)sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
		-e 's|@requires_private@|$(pc_requires)|' $< > $@

$(BUILD)/gmemctl-metrics.apparmor: packaging/apparmor/gmemctl-metrics.in Makefile $(BUILD)/places
	$(quiet)sed -e 's|@sbindir@|$(sbindir)|' $< > $@

$(BUILD)/systemd/%: packaging/systemd/%.in Makefile $(BUILD)/places
	@mkdir -p $(@D)
	$(quiet)sed -e 's|@sbindir@|$(sbindir)|' $< > $@

$(BUILD)/systemd/%: packaging/systemd/%
	@mkdir -p $(@D)
	$(quiet)cp $< $@

# The command uses the public API only. It links the static library so that it runs in place.
ifeq ($(SHARED),0)
$(gmemctl): $(cli_objects) $(BUILD)/libgmem.a
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $^ $(cli_libs) $(lib_libs)
else
$(gmemctl): $(cli_objects) $(BUILD)/$(solib)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $(cli_objects) -L$(BUILD) -lgmem $(cli_libs)
endif

# Pages of section 3 take what functions do from the headers, and stand under each function's name.
$(BUILD)/man/%.3: libgmem/man/%.3.scd libgmem/man/page.awk $(headers) Makefile
	@mkdir -p $(@D)
	@echo '  MAN     $@'
	$(quiet)awk -f libgmem/man/page.awk $< | $(SCDOC) > $@.raw
	$(quiet)$(no_hyphens) $@.raw > $@
	@rm -f $@.raw
	$(quiet)awk -v LIST=1 -f libgmem/man/page.awk $< | while read -r name; do \
		echo '.so man3/$(@F)' > $(@D)/$$name.3 || exit; done

$(BUILD)/describe.txt: $(gmemctl)
	$(quiet)LD_LIBRARY_PATH=$(BUILD) $(RUN) $(gmemctl) --describe > $@.tmp || { \
		echo "$(gmemctl) cannot be run here: give RUN=COMMAND (an emulator), or describe.txt, which" \
			"a build for this machine leaves in its folder" >&2; exit 1; }
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

$(BUILD)/man/%: cli/man/%.scd cli/man/page.awk $(wildcard cli/schema/*.json) $(describe) Makefile
	@mkdir -p $(@D)
	@echo '  MAN     $@'
	$(quiet)awk -f cli/man/page.awk $(describe) $< > $@.scd
	$(quiet)$(SCDOC) < $@.scd > $@.raw
	$(quiet)$(no_hyphens) $@.raw > $@
	@rm -f $@.scd $@.raw

$(BUILD)/schema/%.json: cli/schema/%.json cli/schema/fill.awk $(describe)
	@mkdir -p $(@D)
	$(quiet)awk -f cli/schema/fill.awk $(describe) $< > $@

$(test_sim): $(sim_sources:%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)$(AR) rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(test_sim) $(lib_inside)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $^ $$($(PKG_CONFIG) --libs check) $(lib_libs)

$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(lib_inside)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $^ $(lib_libs)

# Attacks know nothing of the library.
$(BUILD)/tests/hostile/%: $(BUILD)/obj/tests/hostile/%.o
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $^

# For programs that are not ours, so never sanitized.
$(BUILD)/tests/preload/%.so: tests/preload/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -shared -fPIC -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -Iinclude -Ilibgmem $(CPPFLAGS) \
		$(HARDENING) $(CFLAGS) -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $< -ldl

$(conformance_runner): $(conformance_objects) $(test_sim) $(lib_inside)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -o $@ $^ $(lib_libs)

# The objects that the fuzzers take from programs that have a main() of their own.
$(BUILD)/tests/fuzz/parts.a: $(filter-out %/main.o,$(cli_objects)) \
		$(filter-out %/main.o %/script.o,$(conformance_objects))
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)$(AR) rcs $@ $^

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/tests/fuzz/parts.a $(test_sim) \
		$(lib_inside)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(quiet)$(CC) -pie $(ldflags) -fsanitize=fuzzer -o $@ $^ $(cli_libs) $(lib_libs)

# Keeps every object. This line must be the only one of its kind: beside one with names, make ignores it.
.SECONDARY:

tests: all $(unit_programs) $(tool_programs) $(hostile_programs) $(conformance_runner) \
	$(preload_sources:%.c=$(BUILD)/%.so)

demo: all $(BUILD)/tests/tools/secret-pages
	tests/demo $(BUILD)

check: tests
	tests/run $(BUILD)

# The attacks of tests/hostile, as large as they may be.
check-hostile: tests
	tests/run --hostile $(BUILD)

check-valgrind:
	$(MAKE) BUILD=build/valgrind CFLAGS='-O1 -g' tests
	tests/run --valgrind build/valgrind

check-sanitize:
	$(MAKE) BUILD=build/sanitize SANITIZE=address,undefined CFLAGS='-O1 -g' tests
	tests/run --sanitize build/sanitize

check-arm64:
	tests/arm64 build/arm64

# Debian's stock arm64 kernels in QEMU: on all machines of tests/kernel/plan-arm64.sh, or MACHINES=few.
MACHINES ?= all
check-arm64-kernel:
	tests/arm64 --kernel $(MACHINES) build/arm64

# The kernel of tests/kernel, in the cache, and the tests on it: packaging/deps kernel first.
test-kernel:
	tests/kernel/build

check-kernel: tests
	tests/run --kernel $(BUILD)

# A million random operations: the model must do what libgmem says about the pages.
check-property: tests
	CK_FORK=no GMEM_PROPERTY_OPERATIONS=1000000 $(BUILD)/tests/unit/property

# Fuzzers, FUZZ_SECONDS each: all parsers, and the walkers on corrupted kernel memory. One alone:
# make fuzz FUZZERS=sizes.
FUZZ_SECONDS ?= 600
FUZZERS ?= $(fuzz_sources:tests/fuzz/%.c=%)
fuzz:
	$(MAKE) BUILD=build/fuzz CC=$(CLANG) SANITIZE=address,undefined MAN=0 \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzz-programs
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS) $(FUZZERS)

fuzz-programs: $(fuzz_programs)

bench: tests
	tests/bench/run $(BUILD)

lint: tests
	tests/lint/run $(BUILD)

# Does lint see what it is there for? A mistake of each kind, in a copy of the tree.
check-lint: tests
	tests/lint/seeded $(BUILD)

# A folder may have spaces in its name, so it stands in quotes wherever it is used.
install: all
	$(INSTALL) -d "$(DESTDIR)$(sbindir)" "$(DESTDIR)$(libdir)/pkgconfig" \
		"$(DESTDIR)$(includedir)/gmem" "$(DESTDIR)$(docdir)" "$(DESTDIR)$(bashcompdir)" \
		"$(DESTDIR)$(unitdir)" "$(DESTDIR)$(datadir)/prometheus" "$(DESTDIR)$(datadir)/grafana" \
		"$(DESTDIR)$(zshcompdir)" "$(DESTDIR)$(fishcompdir)" "$(DESTDIR)$(schemadir)" "$(DESTDIR)$(apparmordir)"
	$(INSTALL) -m 755 $(gmemctl) "$(DESTDIR)$(sbindir)/gmemctl"
	$(INSTALL) -m 755 $(BUILD)/$(solib) "$(DESTDIR)$(libdir)/$(solib)"
	ln -sf $(solib) "$(DESTDIR)$(libdir)/$(soname)"
	ln -sf $(soname) "$(DESTDIR)$(libdir)/libgmem.so"
	$(INSTALL) -m 644 $(BUILD)/libgmem.a "$(DESTDIR)$(libdir)/libgmem.a"
	$(INSTALL) -m 644 $(BUILD)/libgmem.pc "$(DESTDIR)$(libdir)/pkgconfig/libgmem.pc"
	$(INSTALL) -m 644 $(headers) "$(DESTDIR)$(includedir)/gmem"
	$(INSTALL) -m 644 README.md CHANGELOG.md "$(DESTDIR)$(docdir)"
	$(INSTALL) -m 644 $(schemas) "$(DESTDIR)$(schemadir)"
	$(INSTALL) -m 644 $(BUILD)/gmemctl-metrics.apparmor "$(DESTDIR)$(apparmordir)/gmemctl-metrics"
	$(INSTALL) -m 644 completions/gmemctl.bash "$(DESTDIR)$(bashcompdir)/gmemctl"
	$(INSTALL) -m 644 completions/_gmemctl "$(DESTDIR)$(zshcompdir)/_gmemctl"
	$(INSTALL) -m 644 completions/gmemctl.fish "$(DESTDIR)$(fishcompdir)/gmemctl.fish"
	$(INSTALL) -m 644 $(unit_files) "$(DESTDIR)$(unitdir)"
	$(INSTALL) -m 644 packaging/prometheus/gmemctl.rules.yml "$(DESTDIR)$(datadir)/prometheus"
	$(INSTALL) -m 644 packaging/grafana/gmemctl.json "$(DESTDIR)$(datadir)/grafana"
ifneq ($(MAN),0)
	for section in $(man_sections); do \
		$(INSTALL) -d "$(DESTDIR)$(mandir)/man$$section" && \
		$(INSTALL) -m 644 $(BUILD)/man/*.$$section "$(DESTDIR)$(mandir)/man$$section" || exit; \
	done
endif

# remove FOLDER,NAMES: these files of that folder, where it is there.
remove = if cd "$(DESTDIR)$(1)" 2> /dev/null; then rm -f $(2); fi

uninstall:
	$(call remove,$(sbindir),gmemctl)
	$(call remove,$(libdir),$(solib) $(soname) libgmem.so libgmem.a pkgconfig/libgmem.pc)
	$(call remove,$(includedir),$(headers:include/%=%))
	$(call remove,$(docdir),README.md CHANGELOG.md)
	$(call remove,$(bashcompdir),gmemctl)
	$(call remove,$(zshcompdir),_gmemctl)
	$(call remove,$(fishcompdir),gmemctl.fish)
	$(call remove,$(apparmordir),gmemctl-metrics)
	$(call remove,$(unitdir),$(notdir $(unit_files)))
	$(call remove,$(datadir),prometheus/gmemctl.rules.yml grafana/gmemctl.json)
	$(call remove,$(schemadir),$(notdir $(schemas)))
	for section in $(man_sections); do \
		$(call remove,$(mandir)/man$$section,gmemctl.$$section gmemctl-*.$$section) || exit; \
	done
	$(call remove,$(mandir)/man3,libgmem.3 gmem_*.3)
	-cd "$(DESTDIR)/" && rmdir ".$(includedir)/gmem" ".$(docdir)" ".$(datadir)/prometheus" \
		".$(datadir)/grafana" ".$(schemadir)" ".$(datadir)"

# Contains what git tracks, in a fixed order, with the time of the commit, so that the same bytes come out
# twice.
tarball := gmemctl-$(VERSION).tar.gz
# It has describe.txt, so that it can be built for another machine.
dist: $(BUILD)/describe.txt
	git archive --format=tar --prefix=gmemctl-$(VERSION)/ --add-file=$(BUILD)/describe.txt --output=$(BUILD)/dist.tar HEAD || { \
		echo 'make dist, deb and rpm archive a commit: run them in a clone of the repository' >&2; exit 1; }
	gzip -n -9 < $(BUILD)/dist.tar > $(tarball)
	@rm $(BUILD)/dist.tar

# Packages are built from the release's tarball, for the distribution that this machine runs. deb-source leaves
# the folder that dpkg-buildpackage builds, also for another machine (-a arm64).
deb-source: dist
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb
	$(INSTALL) -m 644 $(tarball) $(BUILD)/deb/gmemctl_$(VERSION).orig.tar.gz
	tar -xzf $(tarball) -C $(BUILD)/deb
	cp -a $(BUILD)/deb/gmemctl-$(VERSION)/packaging/debian $(BUILD)/deb/gmemctl-$(VERSION)/debian

deb: deb-source
	umask 022 && cd $(BUILD)/deb/gmemctl-$(VERSION) && $(clean_environment) dpkg-buildpackage -us -uc
	@ls $(BUILD)/deb/*.deb

# Without a database of rpm packages (on Debian) what is needed cannot be looked up: --nodeps. RPMFLAGS
# are more options of rpmbuild; tests/packages/arm64 builds for another machine with them.
RPMFLAGS ?=
rpm: dist
	rm -rf $(BUILD)/rpm
	mkdir -p $(BUILD)/rpm/SOURCES
	$(INSTALL) -m 644 $(tarball) $(BUILD)/rpm/SOURCES
	umask 022 && $(clean_environment) rpmbuild -ba $(if $(wildcard /etc/debian_version),--nodeps) \
		--define '_topdir $(abspath $(BUILD)/rpm)' --define '_buildhost localhost' \
		--define 'source_date_epoch_from_changelog 1' \
		--define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' $(RPMFLAGS) packaging/rpm/gmemctl.spec
	@find $(BUILD)/rpm -name '*.rpm'

# The build of a package decides for itself about these variables.
clean_environment := env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u BUILD -u SOURCE_DATE_EPOCH

check-packages: $(BUILD)/gmemctl-metrics.apparmor
	tests/packages/run $(BUILD)
	tests/packages/arm64 $(BUILD)

clean:
	rm -rf $(BUILD)

-include $(lib_objects:.o=.d) $(cli_objects:.o=.d) $(unit_programs:$(BUILD)/tests/unit/%=$(BUILD)/obj/tests/unit/%.d)
-include $(conformance_objects:.o=.d) $(tool_programs:$(BUILD)/tests/tools/%=$(BUILD)/obj/tests/tools/%.d)
-include $(fuzz_sources:%.c=$(BUILD)/obj/%.d) $(sim_sources:%.c=$(BUILD)/obj/%.d)
endif
