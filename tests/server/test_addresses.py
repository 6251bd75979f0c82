"""Which addresses a webhook may lead to: by our own list, on every Python."""

from types import SimpleNamespace

import psutil
import pytest

from viralclip.server import webhook_http as posting
from viralclip.server.addresses import is_public

INNER_V4 = [
    "0.0.0.0",  # noqa: S104 - it is only judged
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]
INNER_V6 = [
    "::",
    "::1",
    "::7f00:1",
    "::8.8.8.8",
    "::ffff:0:7f00:1",
    "::ffff:0:808:808",
    "100::1",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize(
    "address",
    [
        *INNER_V4,
        *INNER_V6,
        *(f"::ffff:{address}" for address in INNER_V4),
        *(f"64:ff9b::{address}" for address in INNER_V4),
        "fe80::1%lo",
        "::1%lo",
    ],
)
def test_what_lies_inside_is_not_public_in_whatever_clothes(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_anybody_may_reach_is_public_up_to_the_borders(address):
    assert is_public(address)


def test_an_address_of_this_machine_is_none_for_a_webhook_however_public(monkeypatch):
    assert posting._is_public("8.8.8.8")
    own = SimpleNamespace(address="8.8.8.8")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": [own]})

    assert not posting._is_public("8.8.8.8")
    assert not posting._is_public("::ffff:8.8.8.8")
