"""The table of networks in the settings: what a name may be, and what is shown of a way."""

from __future__ import annotations

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.settings.values import check_networks, networks_text


def check(table: dict[str, object]) -> dict[str, str]:
    networks, faults = check_networks(table, lambda name: f"the file: {name}", {"theme"})
    if faults:
        raise SettingsError(faults[0])
    return networks


def test_names_and_ways_are_kept_as_they_are_written() -> None:
    table: dict[str, object] = {"My phone": "wlan1", "dsl": " 192.168.1.5 "}
    assert check(table) == {"My phone": "wlan1", "dsl": "192.168.1.5"}


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
