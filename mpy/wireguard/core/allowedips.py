# SPDX-License-Identifier: MIT
"""AllowedIPs as text. The table itself is C's: firmware/session/wg_allowedips.c.

Strict, because a routing rule that is read in two ways is a hole: decimal without leading zeros,
one "::" at most, no zone. Errors are ValueError with one line that a person can use.
"""


def parse_cidr(text):
    """Return (address bytes, prefix length) for "10.7.0.0/24", "fd00::/8" or a bare address.

    Host bits are cleared, as `wg` does.
    """
    address, slash, prefix = text.partition("/")
    packed = parse_address(address)
    bits = 8 * len(packed)
    if slash:
        bits = _number(prefix, bits, text, "prefix length")
    return _masked(packed, bits), bits


def parse_address(text):
    """Return the 4 or 16 bytes of an address."""
    if ":" in text:
        return _parse_ipv6(text)
    return _parse_ipv4(text, text)


def format_address(packed):
    """Return the text of 4 or 16 bytes: dotted, or RFC 5952 for IPv6."""
    if len(packed) == 4:
        return ".".join([str(byte) for byte in packed])
    groups = [packed[i] << 8 | packed[i + 1] for i in range(0, 16, 2)]
    start, count = _longest_zeros(groups)
    if count < 2:
        return _hex(groups)
    return _hex(groups[:start]) + "::" + _hex(groups[start + count :])


def format_cidr(packed, bits):
    """Return "address/bits"."""
    return format_address(packed) + "/" + str(bits)


def _number(digits, most, text, what):
    plain = 0 < len(digits) <= 3 and all([c in "0123456789" for c in digits])
    if not plain or (digits[0] == "0" and digits != "0") or int(digits) > most:
        raise ValueError("bad " + what + " in " + repr(text))
    return int(digits)


def _parse_ipv4(part, text):
    numbers = part.split(".")
    if len(numbers) != 4:
        raise ValueError("not an IP address: " + repr(text))
    return bytes([_number(n, 255, text, "number") for n in numbers])


def _parse_ipv6(text):
    head, gap, tail = text.partition("::")
    front = _groups(head, text, not gap)
    back = _groups(tail, text, True)
    missing = 16 - len(front) - len(back)
    # "::" stands for at least one group of zeros.
    if missing != 0 and not gap or gap and missing < 2:
        raise ValueError("not an IPv6 address: " + repr(text))
    return front + bytes(missing) + back


def _groups(part, text, may_end_in_ipv4):
    if not part:
        return b""
    packed = b""
    groups = part.split(":")
    for i, group in enumerate(groups):
        if may_end_in_ipv4 and i == len(groups) - 1 and "." in group:
            packed += _parse_ipv4(group, text)
        else:
            packed += _group(group, text)
    return packed


def _group(group, text):
    if not 1 <= len(group) <= 4 or not all([c in "0123456789abcdefABCDEF" for c in group]):
        raise ValueError("not an IPv6 address: " + repr(text))
    return int(group, 16).to_bytes(2, "big")


def _masked(packed, bits):
    masked = bytearray(packed)
    for i in range(len(masked)):
        keep = min(8, max(0, bits - 8 * i))
        masked[i] &= 0xFF00 >> keep & 0xFF
    return bytes(masked)


def _longest_zeros(groups):
    best = (0, 0)
    start = 0
    for i in range(len(groups) + 1):
        if i == len(groups) or groups[i]:
            if i - start > best[1]:
                best = (start, i - start)
            start = i + 1
    return best


def _hex(groups):
    return ":".join(["%x" % group for group in groups])
