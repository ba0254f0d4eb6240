# SPDX-License-Identifier: MIT
"""Files of NetworkManager and systemd-networkd mean what the same wg-quick file means."""

import re

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.test_provision_kit import OTHER_KEY, SERVER_KEY
from wgprov import importers, keys, nmkeyfile, wgconf
from wgprov.errors import InputError

QUICK = f"""\
[Interface]
Address = 10.7.0.2/24, fd00:7::2/64
ListenPort = 51821
MTU = 1380
DNS = 9.9.9.9, 2620:fe::fe
[Peer]
PublicKey = {SERVER_KEY}
PresharedKey = {OTHER_KEY}
AllowedIPs = 10.7.0.0/24, ::/0
Endpoint = [2001:db8::1]:51820
PersistentKeepalive = 25
[Peer]
PublicKey = {OTHER_KEY}
AllowedIPs = 192.168.5.0/24
"""
KEYFILE = f"""\
# as NetworkManager writes it
[connection]
id=office
uuid=5a5f4b3e-3f0e-4c0f-9d1a-111111111111
type=wireguard
interface-name=wg7

[wireguard]
listen-port=51821
mtu=1380
private-key-flags=1

[wireguard-peer.{SERVER_KEY}]
endpoint=[2001:db8::1]:51820
preshared-key={OTHER_KEY}
preshared-key-flags=0
allowed-ips=10.7.0.0/24;::/0;
persistent-keepalive=25

[wireguard-peer.{OTHER_KEY}]
allowed-ips=192.168.5.0/24;

[ipv4]
address1=10.7.0.2/24,10.7.0.1
dns=9.9.9.9;
method=manual

[ipv6]
addr-gen-mode=stable-privacy
address1=fd00:7::2/64
dns=2620:fe::fe;
method=manual

[proxy]
"""
NETDEV = f"""\
[NetDev]
Name=wg7
Kind=wireguard
Description=to the office
MTUBytes=1380

[WireGuard]
ListenPort=51821

[WireGuardPeer]
PublicKey={SERVER_KEY}
PresharedKey={OTHER_KEY}
AllowedIPs=10.7.0.0/24
AllowedIPs=::/0
Endpoint=[2001:db8::1]:51820
PersistentKeepalive=25

; another one
[WireGuardPeer]
PublicKey={OTHER_KEY}
AllowedIPs=192.168.5.0/24
"""
NETWORK = """\
[Match]
Name=wg7

[Network]
Address=10.7.0.2/24
DNS=9.9.9.9 2620:fe::fe

[Address]
Address=fd00:7::2/64
"""


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def same(conf, quick=QUICK, name="wg7"):
    expected = wgconf.parse(quick, name, "wg7.conf")
    assert (conf.config, conf.preshared) == (expected.config, expected.preshared)


@pytest.mark.parametrize("name", ["office.nmconnection", "office"])
def test_networkmanager(tmp_path, name):
    same(importers.load(written(tmp_path, name, KEYFILE)))


def test_networkd(tmp_path):
    written(tmp_path, "99-wg.network", NETWORK)
    same(importers.load(written(tmp_path, "99-wg.netdev", NETDEV)))


def test_a_name_on_the_command_line_wins(tmp_path):
    conf = importers.load(written(tmp_path, "a.nmconnection", KEYFILE), "wg0")
    assert conf.config["name"] == "wg0"


def test_networkmanagers_automatic_mtu(tmp_path):
    text = KEYFILE.replace("mtu=1380", "mtu=0")
    same(
        importers.load(written(tmp_path, "a.nmconnection", text)),
        QUICK.replace("MTU = 1380\n", ""),
    )


def complaint(path):
    with pytest.raises(InputError) as caught:
        importers.load(path)
    message = str(caught.value)
    assert "\n" not in message and message.isprintable()
    return message


@pytest.mark.parametrize(
    "old, new, where, reason",
    [
        ("mtu=1380", "mtu=9000", ":10: mtu: ", "576 to 1440"),
        ("private-key-flags=1", f"private-key={OTHER_KEY}", "private-key: ", "makes its own key"),
        ("mtu=1380", "fwmark=5", "fwmark: ", "packet marks"),
        ("10.7.0.0/24;", "10.7.0.0/44;", ":17: allowed-ips: ", "0 to 32"),
        (f"peer.{SERVER_KEY}", "peer.abc", "wireguard-peer.abc: ", "44 characters"),
        ("[proxy]", "[vpn]", "[vpn]: ", "not a section of a WireGuard connection"),
        ("[proxy]", "[proxy]\nmethod=1", "method: ", "not a field of"),
        ("dns=9.9.9.9;", "gateway=10.7.0.1", "gateway: ", "AllowedIPs only"),
        (
            "address1=10.7.0.2/24,10.7.0.1",
            "address1=10.7.0.2/24\naddress2=10.7.0.2/24",
            "2: ",
            "tw",
        ),
        ("interface-name=wg7", "interface-name=a b", "interface-name gives", "--name"),
        ("[connection]", "id=3\n[connection]", ":2: id=3: ", "before the first"),
    ],
)
def test_networkmanager_complaints(tmp_path, old, new, where, reason):
    assert old in KEYFILE
    message = complaint(written(tmp_path, "a.nmconnection", KEYFILE.replace(old, new)))
    assert message.startswith(str(tmp_path)) and where in message and reason in message


@pytest.mark.parametrize(
    "old, new, where, reason",
    [
        ("ListenPort=51821", "PrivateKeyFile=/etc/k", "a.netdev:8: PrivateKeyFile", "own key"),
        ("PresharedKey=", "PresharedKeyFile=", "a.netdev:12: PresharedKeyFile", "--psk FILE"),
        ("[WireGuard]", "[VLAN]", "a.netdev:7: [VLAN]", "not a section"),
        ("Address=10.7.0.2/24", "Address=10.7.0.2/99", "a.network:5: Address", "0 to 32"),
        ("[Match]", "[Match]\nGateway=1", "a.network:2: Gateway", "not a field of"),
        ("DNS=9", "DHCP=yes\nDNS=9", "a.network:6: DHCP", "no DHCP"),
        ("Name=wg7\n\n[Network]", "Name=wg7\n\n[Route]", "a.network:4: [Route]", "not a section"),
    ],
)
def test_networkd_complaints_name_the_right_file(tmp_path, old, new, where, reason):
    assert old in NETDEV + NETWORK
    written(tmp_path, "a.network", NETWORK.replace(old, new))
    message = complaint(written(tmp_path, "a.netdev", NETDEV.replace(old, new)))
    assert where in message and reason in message


def test_networkd_needs_both(tmp_path):
    assert "a.network, which is not beside" in complaint(written(tmp_path, "a.netdev", NETDEV))
    assert "give its .netdev" in complaint(written(tmp_path, "b.network", NETWORK))


@given(
    st.lists(
        st.sampled_from([*KEYFILE.splitlines(), "=", "[", f"x={OTHER_KEY}", "[wireguard-peer.]"]),
        max_size=30,
    )
)
def test_any_keyfile_is_taken_or_refused_in_one_line(lines):
    try:
        nmkeyfile.KeyFile("k").parse("\n".join(lines), "wg0")
    except InputError as error:
        assert re.match(r"k(:\d+)?: .", str(error)) and str(error).isprintable()
        # A key may be named only as the public key that it is.
        assert OTHER_KEY not in str(error) or f"{OTHER_KEY} is also in" in str(error)


def test_a_secret_is_not_repeated(tmp_path):
    text = KEYFILE.replace("allowed-ips=10.7.0.0/24;::/0;", f"allowed-ips={OTHER_KEY}")
    assert OTHER_KEY not in complaint(written(tmp_path, "a.nmconnection", text))
    assert keys.is_key(OTHER_KEY)


def test_qr_code(tmp_path):
    path = tmp_path / "wg7.png"
    segno.make(QUICK, error="l").save(str(path), scale=4)
    same(importers.load(path))


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"GIF89a", None])
def test_pictures_without_a_code(tmp_path, content):
    path = tmp_path / "wg7.png"
    if content is None:
        Image.new("L", (200, 200), 255).save(path)
        assert "0 QR codes" in complaint(path)
    else:
        path.write_bytes(content)
        assert "cannot read it" in complaint(path)
