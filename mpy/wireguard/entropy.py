# SPDX-License-Identifier: MIT
"""Random bytes for keys: where they come from, and no key when they do not come."""

import _wireguard
import wireguard.config as _config

PROBE_BYTES = 16
_EIO = 5  # what the C side raises when the source does not work


def source():
    """The name of the source: "os.urandom", or a chip's own."""
    named = getattr(_wireguard, "entropy", None)  # the native module has the port's only
    return named() if named else "os.urandom"


def private_key():
    """A new PrivateKey. config.Bad when the generator gives nothing or always the same."""
    return _checked(_wireguard.PrivateKey.generate)


def random_bytes(count):
    """`count` random bytes, or config.Bad as above."""
    return _checked(lambda: _wireguard.random(count))


def _checked(make):
    try:
        draws = [_wireguard.random(PROBE_BYTES) for _ in range(2)]
        if draws[0] == draws[1] or len(set(draws[0])) == 1:
            raise OSError(_EIO, "EIO")
        return make()
    except (OSError, AttributeError, ImportError) as error:
        if isinstance(error, OSError) and error.errno != _EIO:
            raise  # no room for a key, for one
        raise _config.Bad("key", "none made: no random bytes from " + source()) from None
