# crema: a library and a command that run Caffe nets.
#
#   make            build/crema, the libraries, headers to embed
#   make demo       installs what is missing, builds, reads ten digits with two nets
#   make test       installs what is missing, builds twice (the second with sanitizers), runs all tests
#   make install    into PREFIX (default /usr/local), with pkg-config files; DESTDIR is honoured
#   make uninstall  removes what install put there
#   make deps       installs the Debian or Ubuntu packages that the build needs, if any are missing
#   make readme     writes the table of layers in README.md anew, from the code
#   make bench      crema's convolutions and nets beside other runtimes; needs ../shared for these
#   make bench-deps installs those runtimes into build/bench-venv, and python3-venv if that is missing
#   make format     clang-format over src and tests
#   make clean
#
# Variables: CC, PREFIX, B (build folder, default build), SAN=1 (ASan and UBSan; use with another B).

B ?= build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^\#define CREMA_VERSION "\(.*\)"/\1/p' src/crema.h)
SOVERSION := 0

# Debian keeps every variant of OpenBLAS in a folder of its own and lets the system choose one; ours is fixed:
# the OpenMP one, which is safe from several threads and, told so per call, serial in each (src/kernels/blas.c).
BLAS_PKG := $(firstword $(wildcard $(addprefix /usr/lib/$(shell $(CC) -print-multiarch 2>/dev/null)/openblas-,\
                                   openmp/pkgconfig serial/pkgconfig)))
PKG := PKG_CONFIG_PATH=$(BLAS_PKG):$$PKG_CONFIG_PATH pkg-config
LIB_PACKAGES := libprotobuf-c yaml-0.1 openblas
TOOLS_PACKAGES := libturbojpeg libpng cairo hdf5

# Text that is cut to its buffer is cut on purpose; clang does not know that warning.
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion -Werror \
        -Wno-format-truncation -Wno-unknown-warning-option
CFLAGS ?= -O3 -g
BASE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -ffp-contract=off -Isrc -I$(B)/proto -I.
LDFLAGS ?=
ifdef SAN
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
BASE_CFLAGS += -DCR_TEST_ALLOC
LDFLAGS += -fsanitize=address,undefined
endif

# The run path keeps the system's choice of another variant from replacing ours.
BLAS_DIR := $(shell $(PKG) --variable=libdir openblas 2>/dev/null)
PKG_CFLAGS := $(shell $(PKG) --cflags $(LIB_PACKAGES) $(TOOLS_PACKAGES) 2>/dev/null)
LIBS := $(shell $(PKG) --libs $(LIB_PACKAGES) 2>/dev/null) -Wl,-rpath,$(BLAS_DIR) -lpthread -lm
TOOLS_LIBS := $(shell $(PKG) --libs $(TOOLS_PACKAGES) 2>/dev/null) -ldl

SRC := $(wildcard src/*/*.c)
CLI_SRC := $(wildcard src/cli/*.c)
# What libcrema-tools adds: summaries, pictures, .npy, HDF5, drawings, the checker, conversions.
TOOLS_SRC := $(wildcard src/inspect/*.c src/check/*.c src/convert/*.c src/write/*.c src/read/image*.c \
             src/read/npy*.c src/read/hdf5.c src/read/weights_file.c src/api/tools*.c)
LIB_SRC := $(filter-out $(CLI_SRC) $(TOOLS_SRC),$(SRC))

# The ISA levels: src/kernels/isa/*.c is compiled once for each (src/kernels/kernels.h).
ISA_LEVELS := $(if $(findstring aarch64,$(shell $(CC) -dumpmachine)),neon,v4 v3 v2)
ISA_FLAGS_v4 := -march=x86-64-v4 -mprefer-vector-width=512
ISA_FLAGS_v3 := -march=x86-64-v3
ISA_FLAGS_v2 := -march=x86-64-v2
ISA_SRC := $(wildcard src/kernels/isa/*.c)
ISA_OBJ := $(foreach l,$(ISA_LEVELS),$(patsubst src/kernels/isa/%.c,$(B)/obj/kernels/$(l)/%.o,$(ISA_SRC)))

obj = $(patsubst src/%.c,$(B)/obj/%.o,$(1))
PROTO_OBJ := $(B)/proto/crema.pb-c.o
ONNX_OBJ := $(B)/proto/onnx_subset.pb-c.o
LIB_OBJ := $(call obj,$(LIB_SRC)) $(ISA_OBJ) $(PROTO_OBJ)
TOOLS_OBJ := $(call obj,$(TOOLS_SRC)) $(ONNX_OBJ)
CLI_OBJ := $(call obj,$(CLI_SRC))

TEST_SRC := $(wildcard tests/*/test_*.c)
TEST_SUPPORT_OBJ := $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/support/*.c))
TEST_CFLAGS = $(BASE_CFLAGS) -Wall -Wextra -Wno-format-truncation -Werror $(CFLAGS) $(PKG_CFLAGS) $(shell $(PKG) --cflags check)
TEST_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(TEST_SRC))

.PHONY: all deps demo test unit bench bench-deps bench-conv bench-programs readme format format-check clean install uninstall
.SECONDARY:
.DELETE_ON_ERROR:

all: $(B)/libcrema.a $(B)/libcrema-tools.a $(B)/libcrema.so.$(SOVERSION) $(B)/libcrema-tools.so.$(SOVERSION) \
     $(if $(CLI_SRC),$(B)/crema)

$(B)/proto/%.pb-c.c: proto/%.proto
	@mkdir -p $(@D)
	@protoc-c --c_out=$(B)/proto -Iproto -I$(shell $(PKG) --variable=includedir libprotobuf-c) $<
$(B)/proto/%.pb-c.h: $(B)/proto/%.pb-c.c ;
PROTO_H := $(PROTO_OBJ:.o=.h) $(ONNX_OBJ:.o=.h)

# Generated code: not held to our warnings.
$(PROTO_OBJ) $(ONNX_OBJ): %.o: %.c
	@echo "  CC $<"
	@$(CC) $(BASE_CFLAGS) $(CFLAGS) $(PKG_CFLAGS) -c -o $@ $<

$(B)/obj/%.o: src/%.c | $(PROTO_H)
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(BASE_CFLAGS) $(WARN) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

# isa_rule LEVEL. No vector crosses a file border, so the ABI of vectors (-Wpsabi) does not matter.
define isa_rule
$(B)/obj/kernels/$(1)/%.o: src/kernels/isa/%.c
	@mkdir -p $$(@D)
	@echo "  CC $$< ($(1))"
	@$$(CC) $$(BASE_CFLAGS) $$(WARN) -Wno-psabi $$(CFLAGS) -ffp-contract=fast $$(ISA_FLAGS_$(1)) -DCR_ISA_LEVEL=$(1) \
	    -MMD -MP -c -o $$@ $$<
endef
$(foreach l,$(ISA_LEVELS),$(eval $(call isa_rule,$(l))))

$(B)/libcrema.a: $(LIB_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^
$(B)/libcrema-tools.a: $(TOOLS_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/libcrema.so.$(SOVERSION): $(LIB_OBJ)
	@echo "  LD $@"
	@$(CC) -shared -Wl,-soname,$(@F) -Wl,-z,defs $(LDFLAGS) -o $@ $^ $(LIBS)
	@ln -sf $(@F) $(B)/libcrema.so
# The tools use crema_* from libcrema.so, and private copies of the internal code that they share with it.
$(B)/libcrema-tools.so.$(SOVERSION): $(TOOLS_OBJ) $(B)/libcrema.so.$(SOVERSION) $(B)/libcrema.a
	@echo "  LD $@"
	@$(CC) -shared -Wl,-soname,$(@F) -Wl,-z,defs -Wl,-rpath,'$$ORIGIN' $(LDFLAGS) -o $@ $(TOOLS_OBJ) $(B)/libcrema.so.$(SOVERSION) \
	    -Wl,--exclude-libs,ALL $(B)/libcrema.a $(LIBS) $(TOOLS_LIBS)
	@ln -sf $(@F) $(B)/libcrema-tools.so

# All of the command but its main(), for tests of its parts.
$(B)/cli.a: $(filter-out %/main.o,$(CLI_OBJ))
	@rm -f $@
	@$(AR) rcs $@ $^
# Plugins find crema_* in the command itself.
$(B)/crema: $(B)/obj/cli/main.o $(B)/cli.a $(B)/libcrema-tools.a $(B)/libcrema.a
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -rdynamic -o $@ $^ $(LIBS) $(TOOLS_LIBS)

# Unit tests: one program a file, linked with the command's parts, the static libraries and what tests/support
# has for all.
$(B)/tests/support/%.o: tests/support/%.c | $(PROTO_H)
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/support.a: $(TEST_SUPPORT_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^
$(B)/tests/%: tests/%.c $(B)/support.a $(B)/cli.a $(B)/libcrema-tools.a $(B)/libcrema.a
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(TEST_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(B)/support.a $(B)/cli.a $(B)/libcrema-tools.a \
	    $(B)/libcrema.a $(LIBS) $(TOOLS_LIBS) $(shell $(PKG) --libs check)

# Plugins for the tests, against the public header. A program that loads one shows its own crema_* to it.
PLUGINS := $(patsubst tests/%.c,$(B)/tests/%.so,$(wildcard tests/plugin/*.c))
$(B)/tests/plugin/%.so: tests/plugin/%.c src/crema.h
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -Isrc -o $@ $< -lm
$(B)/tests/api/test_tools_plugin: LDFLAGS += -rdynamic
$(B)/tests/api/test_tools_plugin $(B)/tests/cli/test_plugin: | $(PLUGINS)

# The benchmark's programs: convolutions, kernels, padding modes, the machine's limits, one net on demand.
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/%,$(wildcard tests/bench/bench_*.c))
bench-conv: $(B)/bench_conv
bench-programs: $(BENCH_BIN)
$(B)/bench_%: tests/bench/bench_%.c tests/bench/timing.c tests/bench/timing.h $(B)/libcrema-tools.a $(B)/libcrema.a
	@echo "  CC $<"
	@$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $< tests/bench/timing.c $(B)/libcrema-tools.a $(B)/libcrema.a $(LIBS) \
	    $(TOOLS_LIBS)
bench-deps:
	@.ci/deps.sh bench
	@tests/bench/deps.sh $(B)/bench-venv
bench: bench-deps
	@$(MAKE) --no-print-directory $(JOBS) all bench-programs
	@tests/bench/run.sh $(B)

# All unit tests of one build; those of the command run it.
unit: $(TEST_BIN) $(PLUGINS) $(if $(CLI_SRC),$(B)/crema)
	@CREMA_BIN=$(abspath $(B)/crema) tests/run.sh $(TEST_BIN)

# Installing packages may change what pkg-config says above: the build is a make of its own.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
deps:
	@.ci/deps.sh
demo: deps
	@$(MAKE) --no-print-directory $(JOBS) all
	@data/demo.sh $(B)/crema
test:
	@.ci/deps.sh test
	@MAKE="$(MAKE)" tests/all.sh $(B)

readme: all
	@tests/readme.sh $(B)/crema --write

FORMATTED := $(SRC) $(ISA_SRC) $(wildcard src/*.h src/*/*.h tests/*.h tests/*/*.h tests/*/*.c)
format:
	@clang-format -i $(FORMATTED)
format-check:
	@clang-format --dry-run -Werror $(FORMATTED)

# install_lib NAME: the shared library under its full version, the links that the linker and the loader look
# for, the static one, and the pkg-config file.
LIBDIR := $(DESTDIR)$(PREFIX)/lib
define install_lib
	install -m 755 $(B)/$(1).so.$(SOVERSION) $(LIBDIR)/$(1).so.$(VERSION)
	ln -sf $(1).so.$(VERSION) $(LIBDIR)/$(1).so.$(SOVERSION)
	ln -sf $(1).so.$(SOVERSION) $(LIBDIR)/$(1).so
	install -m 644 $(B)/$(1).a $(LIBDIR)/$(1).a
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LIBS@|$(LIBS)|; s|@TOOLS_LIBS@|$(TOOLS_LIBS)|' \
	    src/$(1:lib%=%).pc.in >$(LIBDIR)/pkgconfig/$(1:lib%=%).pc
endef
install: all
	install -d $(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/crema $(DESTDIR)$(PREFIX)/bin/crema
	install -m 644 src/crema.h src/crema_tools.h $(DESTDIR)$(PREFIX)/include
	$(call install_lib,libcrema)
	$(call install_lib,libcrema-tools)
	$(if $(DESTDIR),,-ldconfig 2>/dev/null)
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/crema $(DESTDIR)$(PREFIX)/include/crema.h \
	    $(DESTDIR)$(PREFIX)/include/crema_tools.h $(LIBDIR)/libcrema.* $(LIBDIR)/libcrema-tools.* \
	    $(LIBDIR)/pkgconfig/crema.pc $(LIBDIR)/pkgconfig/crema-tools.pc

clean:
	rm -rf $(B)

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(TOOLS_OBJ) $(CLI_OBJ) $(TEST_SUPPORT_OBJ)) $(TEST_BIN:%=%.d)
