# SPDX-License-Identifier: MIT
"""What `pio run` does: hand over to the project's Makefile, which knows how to build everything."""

import os
import shutil
import subprocess
import sys

from SCons.Script import COMMAND_LINE_TARGETS, Alias, AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
name = env.subst("$PIOENV")
project = env.subst("$PROJECT_DIR")
# A folder of its own, the same in platformio.ini: `make -C tests/native` may run at the same time.
OUT = "OUT=../../.cache/build/native/pio"
program = os.path.join(".cache", "build", "firmware", name, "firmware.elf")

# First of the tools of each family of chips that is there; gdb-multiarch knows them all.
TOOLCHAINS = {
    "esp32": ("xtensa-esp32-elf-", "xtensa-esp-elf-"),
    "esp32s2": ("xtensa-esp32s2-elf-", "xtensa-esp-elf-"),
    "esp32s3": ("xtensa-esp32s3-elf-", "xtensa-esp-elf-"),
    "esp32c3": ("riscv32-esp-elf-",),
    "esp32c6": ("riscv32-esp-elf-",),
}
ARM = ("arm-none-eabi-",)
# Sections of GNU size's output, by where they take room.
IN_FLASH = r"boot2|vectors|isr_vector|text|rodata|data|ARM\S*|binary_info|flash\.\S+|iram\S*"
IN_RAM = r"data|bss|noinit|heap|stack|ram_vector_table|uninitialized_data|scratch_\w+|dram\S*"

# What `pio check` and editors are told of; the build itself has its own lists.
INCLUDES = ("crypto/include", "session/include", "netif/include", "binding", "ports/qemu_mps2")
MICROPYTHON = os.path.join(project, ".cache", "src", "micropython")


def run(*command):
    """Exit status of a command in the project's folder; its output goes straight through."""
    return subprocess.run(command, cwd=project, stdin=subprocess.DEVNULL).returncode


def build_firmware(target, source, env):
    return run("make", "--no-print-directory", name)


def build_tests(target, source, env):
    return run("make", "--silent", "-C", "tests/native", OUT, "build")


def tool(script, *arguments):
    """An action: a script of ours in the venv, which has wgprov. (They are not beside platform.py,
    which would hide Python's own module of that name from them.)"""
    path = os.path.join("firmware", "platform", "tools", script)
    python = os.path.join(".cache", "venv", "bin", "python")

    def act(target, source, env):
        there = os.path.exists(os.path.join(project, python))
        return run(python if there else sys.executable, path, *arguments)

    return act


def prefix(mcu):
    """Of the chip's compiler and its tools."""
    choice = TOOLCHAINS.get(mcu, ARM)
    return next((word for word in choice if shutil.which(word + "gcc")), choice[0])


def configure_tools(board):
    """Names for the checks, the sizes and the debugger."""
    tools = prefix(board.get("build.mcu"))
    path = os.path.join(project, program)
    env.Replace(
        CC=tools + "gcc",
        CXX=tools + "g++",
        GDB="gdb-multiarch" if shutil.which("gdb-multiarch") else tools + "gdb",
        PROGNAME="firmware",
        PROGPATH=path,
        SIZETOOL=tools + "size",
        SIZEPROGREGEXP=rf"^\.(?:{IN_FLASH})\s+(\d+).*",
        SIZEDATAREGEXP=rf"^\.(?:{IN_RAM})\s+(\d+).*",
        SIZECHECKCMD=tools + "size -A -d $SOURCES",
        SIZEPRINTCMD=tools + "size -B -d $SOURCES",
        UPLOAD_PROTOCOL=env.get("UPLOAD_PROTOCOL") or board.get("upload.protocol"),
    )
    env.Append(CCFLAGS=["-std=c11", "-ffreestanding", "-mcpu=" + board.get("build.cpu")])


def add_includes():
    folders = [os.path.join(project, "firmware", name) for name in INCLUDES]
    theirs = (".", "lib/lwip/src/include")
    folders += [os.path.join(MICROPYTHON, name) for name in theirs]
    env.Append(CPPPATH=[*folders, os.path.dirname(os.path.join(project, program))])


def upload_action(protocol):
    if protocol == "qemu":
        return tool("emulator.py", "start", name)
    return tool("upload.py", name, env.BoardConfig().id, protocol, env.subst("$UPLOAD_PORT"))


def configure_board():
    """Targets of a board: firmware, size, upload; of an emulated one, stop."""
    board = env.BoardConfig()
    configure_tools(board)
    protocol = env["UPLOAD_PROTOCOL"]
    if "nobuild" in COMMAND_LINE_TARGETS:
        firmware = env.File("$PROGPATH")
    else:
        firmware = env.Command("$PROGPATH", None, env.Action(build_firmware, "Building by make"))
        AlwaysBuild(firmware)
        env.Precious(firmware)
    check = Alias("checkprogsize", firmware, env.VerboseAction(env.CheckUploadSize, "Sizes"))
    AlwaysBuild(check)
    show = env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")
    env.AddPlatformTarget("size", firmware, show, "Program Size", "Of each section, in bytes")
    needed = None if "nobuild" in COMMAND_LINE_TARGETS else firmware
    text = "Boot in QEMU" if protocol == "qemu" else "Upload"
    env.AddPlatformTarget("upload", needed, env.Action(upload_action(protocol), None), text)
    if protocol == "qemu":
        stop = env.Action(tool("emulator.py", "stop", name), None)
        env.AddPlatformTarget("stop", None, stop, "Stop QEMU")
    Default(firmware)
    Alias("nobuild")  # a word among the targets, no work


add_includes()
if "BOARD" in env:
    configure_board()
else:
    env.Append(CCFLAGS=["-std=c11"])
    tests = Alias("native-tests", None, env.Action(build_tests, "Building the C tests"))
    Default(AlwaysBuild(tests))
