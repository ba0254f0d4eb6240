# SPDX-License-Identifier: MIT
# `make demo` and `make test` need nothing but git, make and Python 3.10: setup brings the rest.
# Every path is relative, because make cannot quote a space in the path of the checkout.

PYTHON ?= python3
ENV ?= qemu_an386
ENVS := qemu_an385 qemu_an386 qemu_an500 qemu_an505 qemu_m0plus
# Boards that people buy. Their sources are fetched when one of them is built.
BOARDS := rpi_pico rpi_pico_w rpi_pico2 rpi_pico2_riscv rpi_pico2_w w5500_evb_pico nucleo_f767zi
# These need ESP-IDF, which only a person can install.
ESP32S := esp32 esp32s2 esp32s3 esp32c3 esp32c6
ARGS ?=

VENV := .cache/venv/bin
BOOT := $(PYTHON) -m host_tools.bootstrap
export PYTHONDONTWRITEBYTECODE = 1
export PYTHONUNBUFFERED = 1
export HYPOTHESIS_STORAGE_DIRECTORY = .cache/hypothesis

# What a recipe runs and what calls make itself starts afresh.
ALONE := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL

# As many jobs as cores, unless -j was given; the makes below share them.
ifeq (,$(filter -j%,$(MAKEFLAGS)))
MAKEFLAGS += -j$(shell nproc)
endif

.PHONY: help setup firmware firmware-all $(ENVS) $(ESP32S) $(BOARDS) boards hostlib peer umqtt demo test test-long test-boards soak fuzz-python bench bench-net docs man wheel fuzz analyze prove xtensa test-xtensa lint format clean distclean
.DEFAULT_GOAL := help

help:
	@echo 'make demo           build everything, boot an emulated board, show the tunnel working'
	@echo '                    (BOARD=rpi_pico: on the Raspberry Pi Pico, by its real UF2)'
	@echo 'make test           checks and tests (ARGS="-k name" is handed to pytest)'
	@echo 'make test-long      what takes too long for that; CI runs both'
	@echo 'make test-boards    every board that is emulated here, 20 minutes'
	@echo 'make soak           ten minutes of traffic in real time, on a clean and on a bad network'
	@echo 'make fuzz-python    atheris on the protocol and every parser (FUZZ_SECONDS=60)'
	@echo 'make setup          system packages, Python environment, third-party sources'
	@echo 'make firmware       firmware for ENV=$(ENV) (one of: $(ENVS))'
	@echo 'make firmware-all   firmware for all of them'
	@echo 'make BOARD          firmware for a board to buy (one of: $(BOARDS))'
	@echo 'make boards         everything that can be built here, into dist/ with a manifest'
	@echo 'make hostlib        the C code as a library for CPython'
	@echo 'make peer           the reference server (wireguard-go)'
	@echo 'make natmods        _wireguard.mpy for stock firmware, one for each architecture'
	@echo 'make bench          what each crypto core costs on each processor, counted in emulators'
	@echo 'make bench-net      instructions for each packet, with the tunnel and without'
	@echo 'make xtensa         a compiler for Xtensa, for bench and for: make test-xtensa'
	@echo 'make fuzz           libFuzzer on the C code, FUZZ_SECONDS=$(FUZZ_SECONDS) a target'
	@echo 'make analyze        gcc -fanalyzer, cppcheck and clang-tidy on the C code'
	@echo 'make prove          CBMC: the replay window and the receive path, with their bounds'
	@echo 'make docs           the documentation site, into .cache/build/site'
	@echo 'make wheel          wgprov, with its man pages, and the stubs as wheels (make man: these alone)'
	@echo 'make lint           ruff, mypy --strict, clang-format'
	@echo 'make format         rewrite the sources in the house style'
	@echo 'make clean          remove what was built;  make distclean  the whole .cache folder'

.PHONY: sources
sources:
	@$(BOOT) sources

# After sources, so that both do not ask for the same; beside what needs no Python package.
setup: sources
	@$(BOOT) setup

firmware: $(ENV)

firmware-all: $(ENVS)

# Those that `make test` boots: tests/hil/envs.py.
.PHONY: firmware-quick
firmware-quick: $(sort qemu_an386 qemu_m0plus $(ENV))

# The boards share mpy-cross, so it is built once, before any of them.
.PHONY: mpy-cross
mpy-cross: sources
	@+$(BOOT) run 'mpy-cross' -- \
	    flock .cache/mpy-cross.lock $(MAKE) -C .cache/src/micropython/mpy-cross

$(ENVS): mpy-cross
	@+$(BOOT) run 'firmware $@' -- \
	    $(MAKE) -C firmware/ports/qemu_mps2 BOARD=$(shell echo $@ | tr a-z A-Z)

# Stops at once, with one line, where a source or a compiler is not to be had.
$(BOARDS):
	@$(PYTHON) -m host_tools.boards check $@
	@+$(MAKE) --no-print-directory mpy-cross
	@+$(PYTHON) -m host_tools.boards build $@

# All that can be built here, into dist/ with a manifest; what cannot is named, with the reason.
comma := ,
space := $(subst ,, )
boards: setup
	@$(ALONE) $(PYTHON) -m host_tools.boards all \
	    $(subst $(space),$(comma),$(ENVS)) $(subst $(space),$(comma),$(NATMODS))

# First of all looks for ESP-IDF, and says how to get it.
$(ESP32S):
	@$(PYTHON) -m host_tools.boards.esp32 find $@
	@+$(MAKE) --no-print-directory mpy-cross
	@+$(PYTHON) -m host_tools.boards.esp32 build $@

hostlib: sources
	@+$(BOOT) run 'host library' -- $(MAKE) -C firmware/binding/cpython

peer: setup
	@$(BOOT) peer

# NetworkManager's reader of its own files, for the tests of what wgprov exports.
.PHONY: nmcli
nmcli: setup
	@$(BOOT) nmcli

# What the examples import: only their test needs it.
umqtt: setup
	@$(BOOT) umqtt

# Native modules for stock firmware. Xtensa's two need the compiler that `make xtensa` makes.
NATMODS := x64 armv6m armv7m armv7emsp armv7emdp rv32imc xtensa xtensawin
.PHONY: natmods natmods-quick natmods-boards $(NATMODS:%=natmod_%)
natmods: $(NATMODS:%=natmod_%)
$(NATMODS:%=natmod_%): natmod_%: setup
	@+need=true; case $* in \
	xtensawin) need='test -x .cache/xtensa/bin/xtensa-gcc';; \
	xtensa) need="command -v .cache/xtensa/usr/bin/xtensa-lx106-elf-gcc xtensa-lx106-elf-gcc";; \
	esac; $$need >/dev/null || \
	    { echo '  native module $*: left out, its compiler comes by: make xtensa'; exit 0; }; \
	$(BOOT) run 'native module $*' -- $(MAKE) -C firmware/binding/natmod ARCH=$*

# A folder for mip; with MIP_URL=https://… for boards that fetch it from there. See docs/NATMOD.md.
.PHONY: mip
mip: natmods
	@$(VENV)/python firmware/binding/natmod/mip.py .cache/build/natmod/mip $(MIP_URL)

# What the tests run them in: MicroPythons without WireGuard.
natmods-quick: natmod_x64 natmod_armv6m mpy-cross
	@+$(BOOT) run 'stock MicroPython for the tests' -- $(MAKE) -C tests/natmod quick
natmods-boards: xtensa mpy-cross
	@$(BOOT) tools natmods
	@+$(MAKE) --no-print-directory natmods
	@+$(BOOT) run 'stock MicroPythons for the tests' -- $(MAKE) -C tests/natmod all

# BOARD: one of the emulated boards, rpi_pico among them; as ENV, which it follows by default.
BOARD ?= $(ENV)
EMULATED := $(ENVS) rpi_pico
demo: $(if $(filter $(BOARD),$(EMULATED)),,no-such-board) setup $(BOARD) hostlib peer
	@$(ALONE) $(VENV)/python host_tools/demo/run.py --env $(BOARD) $(ARGS)

.PHONY: no-such-board
no-such-board:
	$(error BOARD=$(BOARD) is not emulated here: one of $(EMULATED))

# The compiler for Xtensa is no part of setup: it is needed here and by test-xtensa only.
xtensa: setup
	@$(BOOT) xtensa

# Every suite on the emulated core, with MULUH and without; ten minutes on an idle machine.
test-xtensa: xtensa
	@$(ALONE) $(MAKE) --no-print-directory -C tests/native TARGET=xtensa OPT=-O2 TIMEOUT_S=1800 check
	@$(ALONE) $(MAKE) --no-print-directory -C tests/native TARGET=xtensa_short OPT=-O2 \
	    TIMEOUT_S=1800 check
	@$(ALONE) WG_TEST_XTENSA=1 $(VENV)/python -m pytest tests/unit/test_bench_secrets.py -k xtensa

bench: setup
	@$(BOOT) xtensa || echo '  bench: the figures for Xtensa are those of bench/baseline.json'
	@$(VENV)/python bench/run.py $(ARGS)

bench-net: setup $(ENV)
	@$(VENV)/python bench/net.py --env $(ENV) $(ARGS)

# Their tools are no part of setup.
FUZZ_SECONDS ?= 60
fuzz: setup
	@$(BOOT) tools fuzz
	@$(MAKE) --no-print-directory -C tests/fuzz run FUZZ_SECONDS=$(FUZZ_SECONDS)

analyze: setup $(ENV)
	@$(BOOT) tools analyze
	@$(MAKE) --no-print-directory -C tests/analysis

# CBMC comes by firmware/cbmc.lock, if it is not on PATH; five minutes of CPU time, fifteen at most.
prove: setup
	@$(BOOT) cbmc
	@$(ALONE) $(VENV)/python tests/prove/run.py

# A link that leads nowhere fails it. To read it: python3 -m http.server -d .cache/build/site
docs: setup
	@NO_MKDOCS_2_WARNING=1 $(BOOT) run 'documentation site' -- $(VENV)/python -m mkdocs build

man: setup
	@$(VENV)/python -m host_tools.release.manpages .cache/build/man

wheel: setup
	@$(VENV)/python -m host_tools.release.wheel .cache/build/wheel

lint: setup
	@$(VENV)/ruff check --quiet .
	@$(VENV)/mypy --no-error-summary
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | \
	    xargs -0r $(VENV)/clang-format --dry-run --Werror
	@echo '  lint: clean'

format: setup
	@$(VENV)/ruff check --quiet --fix . ; $(VENV)/ruff format --quiet .
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | \
	    xargs -0r $(VENV)/clang-format -i

# pytest last and alone, so that its closing line is the last one. Each test file stays on one worker.
# Three at least, also on two cores: much of the time is waiting. Order: tests/conftest.py.
BY_FILE := --dist loadfile --no-loadscope-reorder
WORKERS ?= -n 3 $(BY_FILE)
test: lint firmware-quick hostlib peer umqtt natmods-quick nmcli
	@$(ALONE) $(VENV)/python -m pytest $(WORKERS) $(ARGS)

# What would make `make test` longer than ten minutes, the other emulated boards among it. CI runs both.
test-long: firmware-all hostlib peer
	@$(ALONE) WG_TEST_LONG=1 $(VENV)/python -m pytest $(WORKERS) -m long $(ARGS)

# The long half: every board that is emulated here. At most 20 minutes on two cores. Two at a time:
# the emulated Pico takes a whole core, and with less its handshakes outlast the server's patience.
test-boards: WORKERS = -n 2 $(BY_FILE)
test-boards: setup xtensa natmods-boards rpi_pico firmware-all hostlib peer
	@$(BOOT) tools fleet
	@$(ALONE) WG_TEST_BOARDS=1 $(VENV)/python -m pytest $(WORKERS) -m boards $(ARGS)

# Both tests side by side; WG_SOAK_S=3600 makes it an hour.
soak: setup $(ENV) peer
	@$(ALONE) WG_TEST_SOAK=1 $(VENV)/python -m pytest -n 2 -m soak -rP \
	    tests/hostile/test_soak.py tests/unit/test_tunnel_long.py $(ARGS)

# The fuzzer's wheel is no part of setup, and stays in a folder of its own.
fuzz-python: setup hostlib
	@test -d .cache/fuzz/atheris || $(VENV)/python -m pip install -q --require-hashes --no-deps \
	    --target .cache/fuzz/atheris -r requirements-fuzz.txt
	@$(ALONE) PYTHONPATH=.cache/fuzz/atheris $(VENV)/python tests/fuzz/py_run.py $(FUZZ_SECONDS) $(ARGS)

# A board that `pio run -t upload` left running is ended first.
clean:
	@for file in .cache/run/*.pid; do test ! -f "$$file" || \
	    $(VENV)/python firmware/platform/tools/emulator.py stop "$$(basename "$$file" .pid)"; done
	rm -rf .cache/build .cache/src/micropython/mpy-cross/build .cache/logs .cache/pio .cache/pytest .cache/ruff .cache/mypy .cache/hypothesis
	@find . -path ./.cache -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	@test ! -d .cache || chmod -R u+w .cache
	rm -rf .cache dist dist.new host_tools/*.egg-info
