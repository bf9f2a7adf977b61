"""Flags of the command line as the parts that do the work want them."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.network import NetworkKind, parse_way
from kinetics_tui.values import parse_count_or_none


def given(**values: object) -> dict[str, object]:
    """The flags that were given."""
    return {name: value for name, value in values.items() if value not in (None, [])}


def selection(annotations: list[Path] | None, **values: object) -> dict[str, object]:
    """The fields of ``Selection`` that were given. Raises ``UserError`` for what is none."""
    asked = given(**values)
    if annotations:
        # The engine and later runs may start from another folder.
        asked["annotations"] = tuple(str(path.absolute()) for path in annotations)
        asked.setdefault("release", "")
    elif "release" in asked:
        from kinetics_tui.annotations.releases import find_release

        asked["release"] = find_release(str(asked["release"])).name
        asked["annotations"] = ()
    for name in ("per_class", "limit"):
        if name in asked:
            asked[name] = parse_count_or_none(str(asked[name]))
    return {name: _names(value) if isinstance(value, list) else value for name, value in asked.items()}


def way(network: str | None, source_address: str | None, proxy: str | None) -> str:
    """The one way that was given, as text: a network's name, an address of this machine or a proxy.

    Raises SettingsError, which never repeats a proxy's password.
    """
    asked = [text for text in (network, source_address, proxy) if text is not None]
    if len(asked) != 1:
        raise SettingsError("Name one network to switch to: NAME, --source-address A or --proxy URL.")
    if source_address is not None and _kind(source_address) is not NetworkKind.SOURCE_ADDRESS:
        raise SettingsError("--source-address takes an IP address of this machine, such as 192.168.1.5.")
    if proxy is not None and _kind(proxy) is not NetworkKind.PROXY:
        raise SettingsError("--proxy takes the URL of a proxy, such as socks5://127.0.0.1:1080.")
    return asked[0]


def _kind(text: str) -> NetworkKind | None:
    try:
        return parse_way(text).kind
    except SettingsError:
        return None


def _names(values: list[str]) -> tuple[str, ...]:
    """Names as given; ``all`` alone takes an earlier choice back."""
    return () if values == ["all"] else tuple(values)
