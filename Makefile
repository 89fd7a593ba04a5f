# make          builds build/vigia; installs nothing
# make deps     installs what the build needs (Debian packages)
# make demo     installs, builds, records vigia building itself, shows the summary
# make check    installs, builds with sanitizers, runs every test that this machine can
# make help     the rest
.SUFFIXES:

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
BENCH_PAIRS ?=
FUZZ_SECONDS ?= 60

all:
	@sh scripts/build.sh "$(BUILD)"

help:
	@sed -n 's/^# //p' Makefile
	@echo 'make check-quick    unit tests and layers, in the plain build'
	@echo 'make check-vm       tests in virtual machines (cgroup v2, OOM kills, old limits)'
	@echo 'make docs           the tables in docs/ and HACKING.md, from the program'
	@echo 'make goldens        what monitors say of recorded machines: look at git diff after it'
	@echo 'make bench          the numbers of the specification, as ratios (BENCH_PAIRS=3: short)'
	@echo 'make bench-peers    the same work under the tools that Debian packages'
	@echo 'make install        PREFIX=/usr/local DESTDIR='
	@echo 'make install-caps   file capabilities: full recording for ordinary users'
	@echo 'make fuzz           every parser, FUZZ_SECONDS=60 each'
	@echo 'make clean'

deps:
	@sh scripts/install-deps.sh build

demo: deps all
	@sh scripts/demo.sh "$(BUILD)"

check:
	@sh scripts/install-deps.sh build test
	@bash tests/check.sh

check-quick: all
	@bash tests/check.sh quick

check-vm: all
	@if [ -f tests/vm/check-vm.sh ]; then bash tests/vm/check-vm.sh; \
	else echo 'no tests/vm/check-vm.sh in this tree' >&2; exit 1; fi

# What the monitors now say of tests/roots, for `git diff` and a person to look at.
goldens: all
	@bash tests/goldens.sh "$(BUILD)" --write

docs: all
	@sh scripts/run-format.sh --write
	@sh scripts/monitor-docs.sh "$(BUILD)" --write

bench: all
	@sh scripts/install-deps.sh build bench
	@BENCH_PAIRS="$(BENCH_PAIRS)" bash bench/bench.sh

bench-peers: all
	@sh scripts/install-deps.sh build bench peers
	@BENCH_PAIRS="$(BENCH_PAIRS)" bash bench/bench-peers.sh

install: all
	@meson configure "$(BUILD)" --prefix "$(PREFIX)"
	@DESTDIR="$(DESTDIR)" meson install -C "$(BUILD)"

# What capture, PSS and the names of other users' files need; vigia drops them before the
# command runs.
install-caps:
	setcap cap_bpf,cap_perfmon,cap_sys_ptrace=ep "$(DESTDIR)$(PREFIX)/bin/vigia"

fuzz:
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" bash scripts/fuzz.sh

clean:
	rm -rf build build-check build-logs build-gcc build-clang build-fuzz build-bench

.PHONY: all help deps demo check check-quick check-vm goldens docs bench bench-peers install install-caps \
	fuzz clean
