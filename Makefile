# jeos: `make` builds build/jeos; `make demo` and `make check` also install what they need.
PREFIX ?= /usr/local
DESTDIR ?=
CC = gcc
MODULES = yaml-0.1 libsolv libsolvext libcurl libarchive ext2fs com_err jansson nettle libseccomp \
	libzstd zlib

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wundef
ifdef DEVELOPER
WARNINGS += -Werror -Wformat=2 -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wnull-dereference -Wimplicit-fallthrough
endif
OUT = build$(if $(SANITIZE),/sanitize)
ifdef SANITIZE
INSTRUMENT = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
endif
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(CFLAGS) $(WARNINGS) $(INSTRUMENT) \
	-I. -Ibuilder -DJEOS_DATA='"$(PREFIX)/share/jeos"' $(shell pkg-config --cflags $(MODULES))
LIBS = $(shell pkg-config --libs $(MODULES)) -lpthread

SOURCES = $(wildcard builder/*.c builder/*/*.c image/*.c)
# Text that the program carries in itself: builder/boot/agent.sh becomes embedded_agent_sh[].
EMBEDDED = $(wildcard builder/*/*.sh)
OBJECTS = $(SOURCES:%.c=$(OUT)/%.o) $(EMBEDDED:%.sh=$(OUT)/%.sh.o)
LIBRARY = $(OUT)/libjeos.a

all: $(OUT)/jeos

$(OUT)/jeos: $(OUT)/builder/main.o $(LIBRARY)
	$(CC) $(INSTRUMENT) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIBRARY): $(filter-out $(OUT)/builder/main.o,$(OBJECTS))
	rm -f $@ && ar rcs $@ $^

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/%.sh.o: %.sh Makefile
	@mkdir -p $(@D)
	{ printf 'const char embedded_$(subst -,_,$(basename $(<F)))_sh[] = {'; \
	  od -An -v -tu1 $< | sed 's/  *\([0-9][0-9]*\)/\1,/g'; echo '0};'; } \
	| $(CC) -x c -c -o $@ -

-include $(OBJECTS:.o=.d)

clean:
	rm -rf build

.PHONY: all clean
.DELETE_ON_ERROR:
