# `make` builds build/jeos. `make demo` and `make check` first install the packages they need.
#
#   make            the program                  make check        every test (TESTS="..." for some)
#   make demo       builds and boots an image    make check-full   also sanitizers, fuzzing, analyzers
#   make install    PREFIX, DESTDIR              make bench        jeos beside the tools done by hand
#
# DEVELOPER=1 makes warnings errors; SANITIZE=address,undefined instruments; V=1 shows the commands.
PREFIX = /usr/local
DESTDIR =
FUZZ_SECONDS = 60
BENCH_RUNS = 3

# Debian packages, by what needs them.
DEPENDENCIES_BUILD = gcc libc6-dev make pkg-config scdoc libyaml-dev libsolv-dev libsolvext-dev \
	libcurl4-gnutls-dev libarchive-dev libext2fs-dev comerr-dev libjansson-dev nettle-dev \
	libseccomp-dev libslirp-dev libzstd-dev zlib1g-dev libdeflate-dev liblzma-dev
DEPENDENCIES_RUN = debootstrap gpgv debian-archive-keyring ca-certificates xz-utils zstd uidmap \
	kmod grub-pc-bin dosfstools mtools squashfs-tools qemu-system-x86 ovmf
DEPENDENCIES_TEST = cryptsetup-bin jq libcmocka-dev shunit2 clang-format shellcheck gnupg e2fsprogs \
	gdisk fdisk qemu-utils binutils lz4 systemd-boot-efi busybox-static libcap2-bin libxml2-utils \
	python3-jsonschema yq iproute2 attr qemu-user-static qemu-system-arm qemu-efi-aarch64 \
	qemu-system-ppc qemu-system-mips qemu-system-misc ovmf-ia32 openssl skopeo umoci lxc \
	libvirt-clients uml-utilities user-mode-linux systemd-container runc procps
# What only JEOS_TEST_FULL=1 compiles kernels for, and programs that they start.
DEPENDENCIES_FULL = gcc-i686-linux-gnu gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf \
	gcc-arm-linux-gnueabi gcc-powerpc64le-linux-gnu gcc-s390x-linux-gnu gcc-riscv64-linux-gnu \
	gcc-m68k-linux-gnu libc6-dev-m68k-cross gcc-powerpc-linux-gnu libc6-dev-powerpc-cross
DEPENDENCIES_ANALYZE = clang-tidy cppcheck
DEPENDENCIES_FUZZ = clang libclang-rt-14-dev
DEPENDENCIES_BENCH = mmdebstrap time

MODULES = yaml-0.1 libsolv libsolvext libcurl libarchive ext2fs com_err jansson nettle libseccomp \
	libzstd zlib libdeflate liblzma
CC = gcc
CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wundef
ifdef DEVELOPER
WARNINGS += -Werror -Wformat=2 -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wnull-dereference -Wimplicit-fallthrough
endif
OUT = build$(if $(SANITIZE),/sanitize)
INSTRUMENT = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=undefined)
# Asked when first needed, not while make reads this file: pkg-config may only just be installed.
MODULE_CFLAGS = $(eval MODULE_CFLAGS := $(shell pkg-config --cflags $(MODULES)))$(MODULE_CFLAGS)
MODULE_LIBS = $(eval MODULE_LIBS := $(shell pkg-config --libs $(MODULES)))$(MODULE_LIBS)
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(CFLAGS) $(WARNINGS) $(INSTRUMENT) \
	-I. -Ibuilder -DJEOS_DATA='"$(PREFIX)/share/jeos"' $(MODULE_CFLAGS)
COMPILE = $(CC) $(ALL_CFLAGS) -MMD -MP -c
LINK = $(CC) $(INSTRUMENT) $(LDFLAGS)
LIBS = $(MODULE_LIBS) -lslirp -lpthread

SOURCES = $(wildcard builder/*.c builder/*/*.c image/*.c)
# Text that the program carries in itself: builder/boot/agent.sh becomes embedded_agent_sh[].
EMBEDDED = $(wildcard builder/*/*.sh)
# What it carries to be loaded into other programs: builder/boot/uml/ptrace.c becomes
# embedded_ptrace_so[].
LOADED = $(wildcard builder/boot/uml/*.c)
OBJECTS = $(SOURCES:%.c=$(OUT)/%.o) $(EMBEDDED:%.sh=$(OUT)/%.sh.o) $(LOADED:%.c=$(OUT)/%.so.o)
LIBRARY = $(OUT)/libjeos.a
MANUALS = $(patsubst %.scd,$(OUT)/man/%,$(notdir $(wildcard builder/*.scd builder/*/*.scd)))

test-sources = $(patsubst %.c,$(OUT)/%$(2),$(wildcard tests/$(1)))
UNIT_TESTS = $(call test-sources,unit/test-*.c)
FUZZ_TARGETS = $(call test-sources,fuzz/fuzz-*.c)
TEST_SUPPORT = $(call test-sources,unit/support/*.c,.o)
# Programs that benches and suites run.
HELPERS = $(call test-sources,bench/*.c) $(call test-sources,lib/*.c)
TEST_PROGRAMS = $(UNIT_TESTS) $(FUZZ_TARGETS) $(HELPERS)

silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V),,@$(if $(silent),,echo '  $(1) $(@:$(OUT)/%=%)';))
MAKEFLAGS += --no-print-directory
ALL_CORES = -j$(shell nproc)

all: $(OUT)/jeos
man: $(MANUALS)
tests: $(TEST_PROGRAMS)

$(OUT)/jeos: $(OUT)/builder/main.o $(LIBRARY)
	$(call say,LINK) $(LINK) -o $@ $^ $(LIBS)

$(LIBRARY): $(filter-out $(OUT)/builder/main.o,$(OBJECTS))
	$(call say,LIB ) rm -f $@ && ar rcs $@ $^

# Rewritten when what decides the objects differs from the last time; warnings do not.
$(OUT)/flags: FORCE | $(OUT)
	$(file >$@.new,$(filter-out $(WARNINGS),$(COMPILE)))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(OUT):
	@mkdir -p $@

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,CC  ) $(COMPILE) -o $@ $<

$(OUT)/%.sh.o: %.sh $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,TEXT) { printf 'const char embedded_$(subst -,_,$(basename $(<F)))_sh[] = {'; \
	  od -An -v -tu1 $< | sed 's/  *\([0-9][0-9]*\)/\1,/g'; echo '0};'; } \
	| $(CC) -x c -c -o $@ -

$(OUT)/%.so: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,LOAD) $(CC) -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -fPIC -shared -s -o $@ $<

$(OUT)/%.so.o: $(OUT)/%.so
	$(call say,DATA) { name=embedded_$(subst -,_,$(basename $(<F)))_so; \
	  echo ".section .note.GNU-stack,\"\",@progbits; .section .rodata; .balign 8"; \
	  echo ".global $$name, $${name}_size"; \
	  echo "$$name: .incbin \"$<\""; echo "$${name}_end: .balign 8"; \
	  echo "$${name}_size: .quad $${name}_end - $$name"; } \
	| $(CC) -x assembler -c -o $@ -

$(UNIT_TESTS): $(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(TEST_SUPPORT) $(LIBRARY)
	$(call say,LINK) $(LINK) -o $@ $^ $(LIBS) -lcmocka

# Without FUZZER (libFuzzer's flag) a target runs over its corpus and mutations of it, then ends.
$(FUZZ_TARGETS): $(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o \
		$(OUT)/tests/fuzz/input.o $(OUT)/tests/fuzz/tree.o $(if $(FUZZER),,$(OUT)/tests/fuzz/standalone.o) $(LIBRARY)
	$(call say,LINK) $(LINK) $(FUZZER) -o $@ $^ $(LIBS)

$(HELPERS): %: %.o $(LIBRARY)
	$(call say,LINK) $(LINK) -o $@ $^ $(LIBS)

vpath %.scd builder $(wildcard builder/*)
$(OUT)/man/%: %.scd
	@mkdir -p $(@D)
	$(call say,MAN ) scdoc <$< >$@

install: all man
	install -D $(OUT)/jeos $(DESTDIR)$(PREFIX)/bin/jeos
	for folder in $(wildcard recipes overlays hooks kernel-configs); do \
		mkdir -p $(DESTDIR)$(PREFIX)/share/jeos && \
		cp -R --preserve=mode,links $$folder $(DESTDIR)$(PREFIX)/share/jeos/ || exit 1; \
	done
	for page in $(MANUALS); do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(OUT)/jeos completion >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/jeos

# $(call need,PACKAGES): installs those that are missing; says so; silent when there are none.
need = @missing=$$(for package in $(1); do \
		dpkg-query -Wf '$${db:Status-Status}\n' $$package 2>/dev/null | grep -qx installed || \
		echo $$package; \
	done | xargs); \
	[ -n "$$missing" ] || exit 0; \
	if [ $$(id -u) = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else \
		echo "Missing packages, and neither root nor sudo to install them. As root, run:"; \
		echo "    apt-get install --no-install-recommends $$missing"; exit 1; \
	fi; \
	echo "Installing what is missing: $$missing"; \
	$$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends $$missing || \
	{ echo "That did not work. By hand:"; \
	  echo "    apt-get install --no-install-recommends $$missing"; exit 1; }

# Sets $able to sudo where this user cannot build: in a chroot nobody but root can.
as_able = if $(OUT)/jeos doctor >/dev/null 2>&1 || [ $$(id -u) = 0 ]; then able=; else able=sudo; \
	echo "jeos doctor says that this user cannot build here: going on as root, by sudo."; fi

demo:
	$(call need,$(DEPENDENCIES_BUILD) $(DEPENDENCIES_RUN))
	@$(MAKE) $(ALL_CORES) all
	@$(as_able) && $$able $(OUT)/jeos build recipes/minimal.yaml && \
		$$able $(OUT)/jeos test recipes/minimal.yaml
	@echo 'Every check passed. The image:' && ls -sh out/minimal-*.qcow2

check:
	$(call need,$(DEPENDENCIES_BUILD) $(DEPENDENCIES_RUN) $(DEPENDENCIES_TEST) \
		$(if $(JEOS_TEST_FULL),$(DEPENDENCIES_FULL)))
	@$(MAKE) $(ALL_CORES) all man tests
	@$(as_able) && $$able env OUT=$(OUT) tests/run $(TESTS)

check-full: export JEOS_TEST_FULL = 1
check-full: check
	$(MAKE) SANITIZE=address,undefined TESTS="$(TESTS)" JEOS_TEST_FULL= check
	$(MAKE) fuzz
	$(MAKE) analyze

fuzz:
	$(call need,$(DEPENDENCIES_BUILD) $(DEPENDENCIES_FUZZ))
	@$(MAKE) $(ALL_CORES) CC=clang OUT=build/fuzz FUZZER=-fsanitize=fuzzer \
		INSTRUMENT="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" fuzz-targets
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS)
fuzz-targets: $(FUZZ_TARGETS)

analyze:
	$(call need,$(DEPENDENCIES_BUILD) $(DEPENDENCIES_TEST) $(DEPENDENCIES_FUZZ) $(DEPENDENCIES_ANALYZE))
	printf '%s\n' $(SOURCES) | xargs -P$(shell nproc) -I{} clang-tidy --quiet \
		--warnings-as-errors='*' {} -- $(ALL_CFLAGS) 2>/dev/null
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,performance,portability -I. -Ibuilder \
		--suppress=unknownMacro --suppress=syntaxError:builder/rootfs/strip-rules.c \
		builder image
	shellcheck $$(tests/style --list-scripts)

bench:
	$(call need,$(DEPENDENCIES_BUILD) $(DEPENDENCIES_RUN) $(DEPENDENCIES_TEST) $(DEPENDENCIES_BENCH))
	@$(MAKE) $(ALL_CORES) all tests
	@OUT=$(OUT) RUNS=$(BENCH_RUNS) tests/bench/run $(BENCH)

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(TEST_SUPPORT:.o=.d) $(TEST_PROGRAMS:=.d)

.PHONY: all man tests install demo check check-full fuzz fuzz-targets analyze bench clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
