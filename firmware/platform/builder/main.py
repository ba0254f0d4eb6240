# SPDX-License-Identifier: MIT
"""What `pio run` does: hand over to the project's Makefile, which knows how to build everything."""

import os
import subprocess
import sys

from SCons.Script import Alias, AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
name = env.subst("$PIOENV")
project = env.subst("$PROJECT_DIR")
# A folder of its own, the same in platformio.ini: `make -C tests/native` may run at the same time.
OUT = "OUT=../../.cache/build/native/pio"
program = os.path.join(".cache", "build", "firmware", name, "firmware.elf")


def run(*command):
    """Exit status of a command in the project's folder; its output goes straight through."""
    return subprocess.run(command, cwd=project, stdin=subprocess.DEVNULL).returncode


def build_firmware(target, source, env):
    return run("make", "firmware", f"ENV={name}")


def build_tests(target, source, env):
    return run("make", "--silent", "-C", "tests/native", OUT, "build")


def emulator(verb):
    """An action that boots or stops the emulated board. It runs in the venv, which has wgprov."""
    tool = os.path.join("firmware", "platform", "emulator.py")
    python = os.path.join(".cache", "venv", "bin", "python")

    def act(target, source, env):
        return run(python if os.path.exists(python) else sys.executable, tool, verb, name)

    return act


def configure_board():
    """Targets of an emulated board: firmware, size, upload, stop."""
    limits = env.BoardConfig().get("upload")
    env.Replace(
        PROGNAME="firmware",
        PROGPATH=os.path.join(project, program),
        SIZETOOL="arm-none-eabi-size",
        SIZEPROGREGEXP=r"^(?:\.text|\.isr_vector|\.data|\.rodata|\.ARM\S*)\s+(\d+).*",
        SIZEDATAREGEXP=r"^(?:\.data|\.bss|\.noinit|\.heap|\.stack)\s+(\d+).*",
        SIZECHECKCMD="arm-none-eabi-size -A -d $SOURCES",
        UPLOAD_PROTOCOL=limits["protocol"],
    )
    firmware = env.Command("$PROGPATH", None, env.Action(build_firmware, "Building by make"))
    AlwaysBuild(firmware)
    env.Precious(firmware)
    AlwaysBuild(
        Alias("checkprogsize", firmware, env.VerboseAction(env.CheckUploadSize, "Checking size"))
    )
    env.AddPlatformTarget("upload", firmware, env.Action(emulator("start"), None), "Boot in QEMU")
    env.AddPlatformTarget("stop", None, env.Action(emulator("stop"), None), "Stop QEMU")
    Default(firmware)


if "BOARD" in env:
    configure_board()
else:
    tests = Alias("native-tests", None, env.Action(build_tests, "Building the C tests"))
    Default(AlwaysBuild(tests))
