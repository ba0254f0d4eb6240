# SPDX-License-Identifier: MIT
"""The processors that are counted, and how to build for and emulate each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRYPTO = ROOT / "firmware" / "crypto"
BUILD = ROOT / ".cache" / "build" / "bench"


@dataclass(frozen=True)
class Target:
    """One processor. `arch` names its list of cores in firmware/crypto/arch; `cores` has that name
    where it is a mixture of files with several ones."""

    name: str
    arch: str
    prefix: str
    flags: tuple[str, ...]
    qemu: tuple[str, ...]
    model: str
    code_base: int
    ram_base: int
    sources: tuple[str, ...]
    linker_script: str
    cores: tuple[str, ...] = ("generic32",)
    link: tuple[str, ...] = field(default=())
    requests: int = 0
    uncounted: tuple[str, ...] = ()

    @property
    def requests_address(self) -> int:
        """Where the guest looks for its requests; see guest/driver.c."""
        return self.requests or self.ram_base + 0x100000


def _cortex(name: str, arch: str, cpu: str, machine: str, cores: tuple[str, ...], base: int = 0):
    return Target(
        name=name,
        arch=arch,
        prefix="arm-none-eabi-",
        flags=(f"-mcpu={cpu}", "-mthumb"),
        qemu=("qemu-system-arm", "-M", machine, "-semihosting-config", "enable=on,target=native"),
        model=name,
        code_base=base,
        ram_base=0x38000000 if base else 0x20000000,
        sources=("tests/native/baremetal/startup.c", "bench/guest/call_arm.S"),
        linker_script="tests/native/baremetal/mps2.ld",
        cores=cores,
        link=("-nostartfiles", "--specs=nano.specs"),
    )


RV32 = Target(
    name="rv32",
    arch="generic",
    prefix="riscv64-unknown-elf-",
    flags=("-march=rv32imc", "-mabi=ilp32", "-mcmodel=medany"),
    qemu=("qemu-system-riscv32", "-M", "virt", "-bios", "none")
    + ("-semihosting-config", "enable=on,target=native"),
    model="count",
    code_base=0x80000000,
    ram_base=0x80400000,
    sources=("tests/native/baremetal/riscv.c", "tests/native/baremetal/riscv_start.S")
    + ("tests/native/baremetal/memory.c", "bench/guest/call_riscv.S"),
    linker_script="tests/native/baremetal/virt.ld",
    link=("-nostdlib",),
)

# QEMU's core has no MULUH, which an exception does; that is left out, but the MULUH counted.
XTENSA = Target(
    name="xtensa",
    arch="xtensa",
    prefix=".cache/xtensa/bin/xtensa-",
    flags=(
        *(ROOT / "tests/native/baremetal/xtensa.flags").read_text().split(),
        "-DWG_UNEVEN_TIME_ACCEPTED",  # the generic cores are counted, to compare with
    ),
    qemu=("qemu-system-xtensa", "-M", "sim", "-cpu", "de233_fpu", "-semihosting"),
    model="count",
    code_base=0x00100000,
    ram_base=0x01000000,
    sources=("tests/native/baremetal/xtensa.c", "tests/native/baremetal/memory.c")
    + ("tests/native/baremetal/xtensa_vectors.S", "bench/guest/call_xtensa.S"),
    linker_script="tests/native/baremetal/xtensa.ld",
    cores=("generic32", "xtensa"),
    link=("-nostdlib",),
    uncounted=("machine_exception_start", "machine_exception_end"),
)

TARGETS = {
    target.name: target
    for target in (
        _cortex("m0plus", "armv6m", "cortex-m0plus", "mps2-an385", ("generic32", "armv6m")),
        _cortex("m3", "armv7m", "cortex-m3", "mps2-an385", ("generic32", "armv7m")),
        _cortex("m4", "armv7em", "cortex-m4", "mps2-an386", ("generic32", "armv7em")),
        _cortex("m33", "armv8m", "cortex-m33", "mps2-an505", ("generic32", "armv7em"), 0x10000000),
        RV32,
        XTENSA,
    )
}

# Those whose compiler is there: all, but that of Xtensa is made by `make xtensa` only.
PRESENT = {
    name: target
    for name, target in TARGETS.items()
    if target is not XTENSA or (ROOT / f"{target.prefix}gcc").exists()
}
