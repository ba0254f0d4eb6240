# SPDX-License-Identifier: MIT
"""Keys on the host."""

import base64
import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_provision_kit import SERVER_KEY
from wgprov import keys
from wgprov.errors import InputError
from wireguard import config

BAD = {
    "": "44 characters",
    "short": "44 characters",
    SERVER_KEY[:-1]: "44 characters",
    SERVER_KEY + "\n": "44 characters",
    SERVER_KEY[:20] + "!" + SERVER_KEY[21:]: "not base64",
    SERVER_KEY[:20] + "é" + SERVER_KEY[21:]: "not base64",
    SERVER_KEY[:-1] + "A": "base64 of 32 bytes",
    SERVER_KEY[:-2] + "==": "base64 of 32 bytes",
    SERVER_KEY[:-2] + "B=": "base64 of 32 bytes",
    "A" * 43 + "=": "all zero",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_key_says_why_and_not_what(text):
    with pytest.raises(keys.KeyFormatError) as caught:
        keys.decode(text)
    assert BAD[text] in str(caught.value) or "not base64" in str(caught.value)
    assert not text or text not in str(caught.value)
    assert not keys.is_key(text)


@given(st.binary(min_size=32, max_size=32).filter(any))
def test_every_key_comes_back(raw):
    assert keys.decode(keys.encode(raw)) == raw
    assert keys.is_key(keys.encode(raw))


@given(st.text("ABCwxyz0189+/=", min_size=42, max_size=45) | st.text())
def test_host_and_board_take_the_same_keys(text):
    try:
        board = config.key(text)
    except config.Bad:
        board = None
    assert (board is not None) == keys.is_key(text)


def test_is_key_of_other_types():
    assert not any(keys.is_key(value) for value in (None, 5, b"x" * 44, [], {}))


def test_generated_keys_differ():
    assert len({bytes(keys.generate_psk()) for _ in range(50)}) == 50


@given(st.binary(min_size=32, max_size=32))
def test_secret_line(raw):
    line = keys.secret_line(bytearray(raw))
    text, check = bytes(line).decode().rstrip("\n").split(" ")
    assert base64.b64decode(text) == raw
    assert check == hashlib.blake2s(raw).hexdigest()[:8]


def test_key_file(tmp_path):
    path = tmp_path / "psk"
    path.write_text(SERVER_KEY + "\n")
    assert keys.encode(keys.read_key_file(path)) == SERVER_KEY
    os.chmod(path, 0o600)
    assert not keys.readable_by_others(path)
    os.chmod(path, 0o640)
    assert keys.readable_by_others(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 1000, SERVER_KEY.encode() * 2])
def test_bad_key_file(tmp_path, content):
    path = tmp_path / "psk"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        keys.read_key_file(path)
    assert str(path) in str(caught.value) and SERVER_KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_key_file(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        keys.read_key_file(tmp_path / "none")
    with pytest.raises(InputError, match="directory"):
        keys.read_key_file(tmp_path)
