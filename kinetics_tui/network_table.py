"""The ``[networks]`` table of the settings file: what the user calls ways out to the internet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.network import check_name, parse_way
from kinetics_tui.values import NONE


def check_networks(
    table: Mapping[str, object], place: Callable[[str], str], settings: Collection[str]
) -> dict[str, str]:
    """The table's names, each with its way as ``parse_way`` reads it.

    ``place`` says where an entry stands, ``settings`` are the names of the settings, which are no
    networks. Raises SettingsError naming the place, and never repeating a proxy's password.
    """
    networks: dict[str, str] = {}
    for name, way in table.items():
        try:
            _check_name(name, settings, networks)
            networks[name] = _checked_way(way)
        except SettingsError as error:
            raise SettingsError(f"{place(name)}: {error}") from None
    return networks


def networks_text(networks: Mapping[str, str]) -> str:
    """The table in one line for people's eyes, without a proxy's user and password."""
    return ", ".join(f"{name} {parse_way(way).public}" for name, way in networks.items()) or NONE


def _check_name(name: str, settings: Collection[str], before: Collection[str]) -> None:
    if "://" in name:  # a way in the place of its name; it may carry a password
        raise SettingsError('the name stands first, then the way: phone = "wlan1".')
    if not name or check_name(name) != name:
        raise SettingsError("a network needs a name without blanks around it.")
    if name in settings:
        raise SettingsError(f"{name} is a setting; it stands above [networks] in the file.")
    for other in before:
        if other.lower() == name.lower():
            raise SettingsError(f"there is a network {other} already; choose another name.")


def _checked_way(way: object) -> str:
    if not isinstance(way, str):
        raise SettingsError('a way is written as text, such as "wlan1" or "socks5://127.0.0.1:1080".')
    if "@" in way and "://" not in way:
        raise SettingsError('a proxy begins with its kind, as in "socks5://user:password@host:1080".')
    parse_way(way)
    return way.strip()
