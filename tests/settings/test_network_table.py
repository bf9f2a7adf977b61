"""The table of networks in the settings: what a name may be, and what is shown of a way."""

from __future__ import annotations

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.options import NamedWay
from kinetics_tui.settings.values import check_networks, networks_text


def check(table: dict[str, object]) -> dict[str, NamedWay]:
    networks, faults = check_networks(table, lambda name: f"the file: {name}", {"theme"})
    if faults:
        raise SettingsError(faults[0])
    return networks


def test_names_and_ways_are_kept_as_they_are_written() -> None:
    table: dict[str, object] = {"My phone": "wlan1", "dsl": " 192.168.1.5 "}
    assert check(table) == {"My phone": NamedWay("wlan1"), "dsl": NamedWay("192.168.1.5")}


@pytest.mark.parametrize("name", ["", " a", "a ", "x" * 41, "a\tb", "default", "DEFAULT-IPv6", "theme"])
def test_what_cannot_be_a_name_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(SettingsError, match=r"^the file: "):
        check({name: "wlan1"})


def test_a_name_stands_once_whatever_its_case() -> None:
    with pytest.raises(SettingsError, match=r"^the file: DSL: there is a network dsl already"):
        check({"dsl": "eth0", "DSL": "eth1"})


def test_a_way_is_shown_without_its_password() -> None:
    networks = check({"office": "socks5://me:secret@10.0.0.1:1080", "phone": "wlan1", "home": "default"})
    assert networks_text(networks) == "office socks5://10.0.0.1:1080, phone wlan1, home default"
    assert networks_text({}) == "none"


def test_networks_that_are_the_same_name_the_first_of_them_which_comes_first() -> None:
    networks = check(
        {"vpn": {"way": "tun0", "same": "phone"}, "phone": {"way": "wlan1", "same": "dsl"}, "dsl": "eth0"}
    )
    assert networks["vpn"] == NamedWay("tun0", same="dsl")
    assert list(networks) == ["dsl", "vpn", "phone"]
    assert networks_text(networks) == "dsl eth0, vpn tun0 (same as dsl), phone wlan1 (same as dsl)"


@pytest.mark.parametrize(
    "phone",
    [
        {"way": "wlan1", "same": "cable"},
        {"way": "wlan1", "same": "phone"},
        {"way": "wlan1", "same": "vpn"},
        {"way": "wlan1", "same": 3},
        {"way": "wlan1", "sane": "dsl"},
        {"same": "dsl"},
    ],
)
def test_what_cannot_be_the_same_is_refused_with_its_place(phone: object) -> None:
    with pytest.raises(SettingsError, match=r"^the file: "):
        check({"dsl": "eth0", "vpn": {"way": "tun0", "same": "phone"}, "phone": phone})
