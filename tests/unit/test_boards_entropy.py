# SPDX-License-Identifier: MIT
"""firmware/ports/rp2: health tests, conditioning and state of the random source, with planted
noise. The chips' own sources (noise_rosc.c, noise_trng.c) need the chips: the ring oscillator's is
read in the RP2040's emulator by tests/hil."""

from __future__ import annotations

import ctypes
import hashlib
import math
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "firmware" / "ports" / "rp2"
CRYPTO = ROOT / "firmware" / "crypto"
WINDOW = 1024
FIRST_WORDS, LATER_WORDS = 128, 32

Begin = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_uint)
Word = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.POINTER(ctypes.c_uint32))


class Limits(ctypes.Structure):
    _fields_ = [("repeats", ctypes.c_uint16), ("same", ctypes.c_uint16)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The port's portable half with the planted source, as a library."""
    library = tmp_path_factory.mktemp("entropy") / "lib_entropy.so"
    sources = [PORT / "health.c", PORT / "entropy.c", ROOT / "tests" / "unit" / "entropy_noise.c"]
    sources += [CRYPTO / "blake2s.c", CRYPTO / "util.c", CRYPTO / "cores/blake2s/generic32.c"]
    command = ["gcc", "-std=c11", "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
    command += ["-Wconversion", "-DWG_CORE_blake2s=generic32", f"-I{PORT}"]
    command += [f"-I{CRYPTO / 'include'}", *map(str, sources), "-o", str(library)]
    subprocess.run(command, check=True, timeout=120)
    return library


class Source:
    """A fresh copy of the library: the state is the one after a reset."""

    def __init__(self, library: Path, folder: Path) -> None:
        copy = folder / f"{random.getrandbits(64):x}.so"
        copy.write_bytes(library.read_bytes())
        self.library = ctypes.CDLL(str(copy))
        self.library.wg_entropy_fill.restype = ctypes.c_bool
        self.attempts: list[int] = []
        self.words = 0

    def plant(self, word: Callable[[int], int | None], runs: bool = True) -> None:
        """word(attempt) -> 32 bits, or None for an error of the hardware."""

        def begin(attempt: int) -> bool:
            self.attempts.append(attempt)
            return runs

        def give(out: ctypes._Pointer) -> bool:
            self.words += 1
            value = word(self.attempts[-1])
            if value is None:
                return False
            out[0] = value
            return True

        self._kept = (Begin(begin), Word(give))
        for name, function in zip(("planted_begin", "planted_word"), self._kept, strict=True):
            ctypes.c_void_p.in_dll(self.library, name).value = ctypes.cast(
                function, ctypes.c_void_p
            ).value

    def fill(self, size: int) -> bytes | None:
        """Random bytes, or None when refused; then nothing may have been written."""
        out = ctypes.create_string_buffer(b"\xa5" * size, size)
        self.attempts, self.words = [], 0
        if self.library.wg_entropy_fill(out, ctypes.c_size_t(size)):
            return out.raw
        assert out.raw == b"\xa5" * size
        return None

    def number(self, name: str) -> int:
        return ctypes.c_int.in_dll(self.library, name).value


@pytest.fixture
def source(built: Path, tmp_path: Path) -> Iterator[Source]:
    yield Source(built, tmp_path)


# --- the health tests ---------------------------------------------------------------------------


def cutoffs(entropy: float) -> tuple[int, int]:
    """SP 800-90B 4.4.1 and 4.4.2 for a false alarm once in 2^30, to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        p, total = Decimal(2) ** -Decimal(str(entropy)), Decimal(0)
        for k in range(WINDOW + 1):
            total += math.comb(WINDOW, k) * p**k * (1 - p) ** (WINDOW - k)
            if total >= 1 - Decimal(2) ** -30:
                return 1 + math.ceil(30 / entropy), 1 + k
    raise AssertionError("unreachable")


@pytest.mark.parametrize(("name", "entropy"), [("eighth", 1 / 8), ("half", 1 / 2)])
def test_cutoffs_are_those_of_the_claimed_entropy(
    source: Source, name: str, entropy: float
) -> None:
    limits = Limits.in_dll(source.library, f"wg_health_{name}")
    assert (limits.repeats, limits.same) == cutoffs(entropy)


@pytest.mark.parametrize("file", ["noise_rosc.c", "noise_trng.c"])
def test_first_request_takes_a_whole_window_and_512_bits(file: str) -> None:
    text = (PORT / file).read_text(encoding="utf-8")
    entropy = {"eighth": 1 / 8, "half": 1 / 2}[re.search(r"&wg_health_(\w+)", text)[1]]
    first, later = (int(re.search(rf"\.{n}_words = (\d+)", text)[1]) for n in ("first", "later"))
    assert first * 32 >= WINDOW and first * 32 * entropy >= 512
    assert later * 32 >= WINDOW and later * 32 * entropy >= 128


class Health(ctypes.Structure):
    """Larger than wg_health, which only C looks into."""

    _fields_ = [("space", ctypes.c_uint8 * 64)]


def first_failure(library: ctypes.CDLL, bits: str) -> int | None:
    """After how many words of these bits the test fails."""
    health = Health()
    library.wg_health_word.restype = ctypes.c_bool
    library.wg_health_init(ctypes.byref(health), ctypes.byref(Limits.in_dll(library, LIMITS)))
    for at in range(0, len(bits), 32):
        word = int(bits[at : at + 32][::-1], 2)
        if not library.wg_health_word(ctypes.byref(health), ctypes.c_uint32(word)):
            return at // 32 + 1
    return None


LIMITS = "wg_health_eighth"
FLIP = "01" * 16


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (FLIP + "0" * 239 + "1" * 17 + FLIP * 40, None),  # 239 and no more
        ("1" * 240 + "0" * 16 + FLIP * 40, None),
        ("1" * 241 + "0" * 15, 8),
        (FLIP + "1" * 256, 9),  # its 1 begins the run
        ("0" + "1" * 240 + "0" * 15, None),
        ("0" + "1" * 241 + "0" * 14, 8),
    ],
)
def test_repetition_count(source: Source, bits: str, words: int | None) -> None:
    assert first_failure(source.library, bits) == words


@pytest.mark.parametrize(("others", "words"), [(37, None), (36, 32)])
def test_adaptive_proportion(source: Source, others: int, words: int | None) -> None:
    """A window with 988 bits like its first fails, and one with 987 does not."""
    bits = ["1"] * WINDOW
    for i in range(others):
        bits[20 + i * 27] = "0"  # no run of 241
    assert first_failure(source.library, "".join(bits)) == words


def test_proportion_is_counted_anew_in_each_window(source: Source) -> None:
    """Of the 1024 bits in the middle 952 are ones; of each window 732 are."""
    half = ("1" * 200 + "0" * 12) * 2 + "1" * 76 + "0" * 12
    assert len(half) == WINDOW / 2
    turn = FLIP[::-1] * 16
    assert first_failure(source.library, turn + half + half + turn) is None


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("stuck", [0, 0xFFFFFFFF])
def test_a_stuck_source_is_refused_at_each_pace(source: Source, stuck: int) -> None:
    source.plant(lambda attempt: stuck)
    assert source.fill(32) is None
    assert source.attempts == [0, 1, 2]
    assert source.words == 3 * 8, "241 bits each"


def test_a_source_that_gets_stuck_later_is_refused(source: Source) -> None:
    generator = random.Random(1)
    source.plant(lambda attempt: generator.getrandbits(32) if source.words < 100 else 0)
    assert source.fill(32) is None


def test_a_source_with_too_little_entropy_is_refused(source: Source) -> None:
    """One zero among 96 ones, too often for the other test: what a window's proportion finds."""
    source.plant(lambda attempt: 0xFFFFFFFF if source.words % 3 else 0xFFFFFEFF)
    assert source.fill(32) is None
    assert source.words == 3 * 32, "a window each"


def test_an_error_of_the_hardware_is_refused(source: Source) -> None:
    source.plant(lambda attempt: None)
    assert source.fill(32) is None
    assert (source.attempts, source.words) == ([0, 1, 2], 3)


def test_a_source_that_does_not_run_is_refused_unread(source: Source) -> None:
    source.plant(lambda attempt: 0, runs=False)
    assert source.fill(32) is None
    assert source.words == 0


def test_another_pace_may_do(source: Source) -> None:
    generator = random.Random(3)
    source.plant(lambda attempt: generator.getrandbits(32) if attempt == 2 else 0)
    assert source.fill(32) is not None
    assert source.attempts == [0, 1, 2]


def test_a_refusal_does_not_last(source: Source) -> None:
    generator = random.Random(4)
    source.plant(lambda attempt: 0)
    assert source.fill(32) is None
    source.plant(lambda attempt: generator.getrandbits(32))
    assert source.fill(32) is not None
    assert source.words == FIRST_WORDS, "nothing was counted for the refused request"


# --- what is given ------------------------------------------------------------------------------


def test_a_good_source_is_not_refused(source: Source) -> None:
    """A thousand requests, 1.1 million raw bits."""
    generator = random.Random(5)
    source.plant(lambda attempt: generator.getrandbits(32))
    given = {source.fill(32) for _ in range(1000)}
    assert None not in given and len(given) == 1000
    assert source.attempts == [0]


def test_how_much_noise_each_request_takes(source: Source) -> None:
    generator = random.Random(6)
    source.plant(lambda attempt: generator.getrandbits(32))
    taken = []
    for size in (32, 1, 300):
        assert len(source.fill(size) or b"") == size
        taken.append(source.words)
    assert taken == [FIRST_WORDS, LATER_WORDS, LATER_WORDS]
    assert (source.number("planted_locks"), source.number("planted_lock_depth")) == (3, 0)


def test_each_bit_of_noise_counts(built: Path, tmp_path: Path) -> None:
    """Equal noise gives equal bytes; one bit of difference anywhere gives others."""

    def after(flip: int | None) -> bytes:
        source, generator = Source(built, tmp_path), random.Random(7)

        def word(attempt: int) -> int:
            bits = generator.getrandbits(32)
            return bits ^ (1 << 9) if flip == source.words else bits

        source.plant(word)
        return (source.fill(32) or b"") + (source.fill(32) or b"")

    assert after(None) == after(None)
    assert after(1)[:32] != after(None)[:32] and after(1)[32:] != after(None)[32:]
    assert after(FIRST_WORDS)[:32] != after(None)[:32]


def test_the_construction(source: Source) -> None:
    """Against hashlib: the state is a hash of the noise and of itself, what is given comes from it
    by other numbers than the state after it does."""
    generator, noise = random.Random(9), bytearray()

    def word(attempt: int) -> int:
        bits = generator.getrandbits(32)
        noise.extend(bits.to_bytes(4, "little"))
        return bits

    source.plant(word)
    state = bytes(32)
    for size in (40, 16):
        noise.clear()
        given = source.fill(size)
        fresh = hashlib.blake2s(noise + bytes([7] * 16)).digest()
        state = hashlib.blake2s(fresh, key=state).digest()
        blocks = [hashlib.blake2s(bytes([n, 0, 0, 0]), key=state).digest() for n in range(3)]
        assert given == (blocks[1] + blocks[2])[:size]
        state = blocks[0]


def test_requests_do_not_repeat_where_the_noise_does(source: Source) -> None:
    """The state goes on, so that noise which repeats (and passes) gives no bytes twice."""
    source.plant(lambda attempt: 0x2B7A5C31)
    given = [source.fill(64) for _ in range(50)]
    assert len({block[i : i + 32] for block in given for i in (0, 32)}) == 100


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 65, 1000])
def test_any_length(source: Source, size: int) -> None:
    generator = random.Random(8)
    source.plant(lambda attempt: generator.getrandbits(32))
    given = source.fill(size)
    assert given is not None and len(given) == size
    assert size < 32 or len(set(given)) > 10
