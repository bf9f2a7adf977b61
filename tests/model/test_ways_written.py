"""Ways out as people write them."""

from __future__ import annotations

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.network import Family, NetworkKind, Way, check_name, parse_way, public_proxy


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("default", Way()),
        (" DEFAULT-IPV6 ", Way(family=Family.IPV6)),
        ("wlan0", Way(kind=NetworkKind.INTERFACE, target="wlan0")),
        ("192.168.1.5", Way(kind=NetworkKind.SOURCE_ADDRESS, target="192.168.1.5", family=Family.IPV4)),
        ("2001:db8::05", Way(kind=NetworkKind.SOURCE_ADDRESS, target="2001:db8::5", family=Family.IPV6)),
        ("socks5://me:pw@h:1080", Way(kind=NetworkKind.PROXY, target="socks5://me:pw@h:1080")),
    ],
)
def test_a_way_is_known_by_how_it_is_written(text: str, way: Way) -> None:
    assert parse_way(text) == way


@pytest.mark.parametrize(
    "text",
    ["", "0.0.0.0", "::", "224.0.0.1", "ftp://h:1", "http://", "http://h:99999", "no such; thing", "-x"],
)
def test_what_is_no_way_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_way(text)


@pytest.mark.parametrize(
    "text",
    ["me:secret@h:1080", "ftp://me:secret@h:1", "http://me:secret@h:0", "socks5://me:secret@h:1/\x1b[2J"],
)
def test_a_refusal_never_repeats_a_password(text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_way(text)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("text", ["default", "default-ipv6", "10.0.0.2", "wlan0", "http://me:pw@h:3128"])
def test_the_public_form_can_be_read_back_but_for_the_password(text: str) -> None:
    way = parse_way(text)
    assert "pw" not in way.public
    assert parse_way(way.public).kind is way.kind


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://10.0.0.1:8080/", "http://10.0.0.1:8080"),
        ("10.0.0.1:8080", "http://10.0.0.1:8080"),
        ("https://u:p@h", "https://h"),
        ("https://u:p@p@h", "https://h"),
        ("https://u:12/p@h:80", "https://h:80"),
        ("socks5://u:p@[2001:db8::1]:1080", "socks5://[2001:db8::1]:1080"),
    ],
)
def test_proxies_as_people_write_them(proxy: str, shown: str) -> None:
    assert public_proxy(proxy) == shown


@pytest.mark.parametrize("name", ["default", "x" * 41, "a\nb", "\x1b[2J"])
def test_a_name_that_would_confuse_is_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        check_name(name)


def test_a_name_is_kept_without_blanks_around_it() -> None:
    assert check_name(" my phone ") == "my phone"
