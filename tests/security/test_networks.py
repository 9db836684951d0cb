"""From which network a request comes; what a visitor writes into a header is not believed."""

from ipaddress import ip_network

import pytest

from service.security.networks import UNKNOWN, source_network
from service.settings import SettingWrong, load

PROXY = "10.0.0.7"
PROXIES = (ip_network("10.0.0.0/24"), ip_network("fd00::/48"))


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.250", "203.0.113.0/24"),
        ("203.0.114.9", "203.0.114.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("fe80::1%eth0", UNKNOWN),
        ("", UNKNOWN),
        (None, UNKNOWN),
        ("unix:", UNKNOWN),
    ],
)
def test_a_network_is_a_24_or_a_48(peer: str | None, network: str) -> None:
    assert source_network(peer, [], ()) == network


def test_a_forwarded_address_counts_only_from_a_named_proxy() -> None:
    said = ["198.51.100.4"]

    assert source_network(PROXY, said, PROXIES) == "198.51.100.0/24"
    assert source_network(PROXY, said, ()) == "10.0.0.0/24"
    assert source_network("203.0.113.9", said, PROXIES) == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("lines", "network"),
    [
        # What stands before the part our proxy wrote is the visitor's own invention.
        (["192.0.2.1, 198.51.100.4"], "198.51.100.0/24"),
        (["192.0.2.1", "198.51.100.4"], "198.51.100.0/24"),
        # Our own proxies in a row are walked through, whatever came before them is not.
        (["192.0.2.1, 198.51.100.4, 10.0.0.8"], "198.51.100.0/24"),
        (["198.51.100.4,fd00::3"], "198.51.100.0/24"),
        # What is no address stops the walk at the last that is certain.
        (["198.51.100.4, unknown"], "10.0.0.0/24"),
        (["198.51.100.4:4711"], "10.0.0.0/24"),
        (["[2001:db8::1]"], "10.0.0.0/24"),
        (["198.51.100.04"], "10.0.0.0/24"),
        (["198.51.100.4, "], "10.0.0.0/24"),
        ([""], "10.0.0.0/24"),
        ([], "10.0.0.0/24"),
    ],
)
def test_only_what_our_proxies_wrote_is_believed(lines: list[str], network: str) -> None:
    assert source_network(PROXY, lines, PROXIES) == network


ENVIRONMENT = {
    "RESGUARDO_DATABASE_URL": "postgresql://service@localhost/house",
    "RESGUARDO_KEYS": "keys",
    "RESGUARDO_CONSOLE_ORIGIN": "https://console.example",
    "RESGUARDO_SMTP_URL": "smtp://localhost:25",
}


def test_proxies_are_named_in_a_setting() -> None:
    listed = {"RESGUARDO_TRUSTED_PROXIES": "10.0.0.0/24, fd00::/48"}

    assert load(ENVIRONMENT | listed).trusted_proxies == PROXIES
    assert load(ENVIRONMENT).trusted_proxies == ()
    for wrong in ("everyone", "10.0.0.7/24", "10.0.0.7 10.0.0.8"):
        with pytest.raises(SettingWrong, match="RESGUARDO_TRUSTED_PROXIES"):
            load(ENVIRONMENT | {"RESGUARDO_TRUSTED_PROXIES": wrong})
