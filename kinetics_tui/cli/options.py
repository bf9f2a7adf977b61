"""The flags that several commands take, and what they come to for the parts that do the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.network import NetworkKind, parse_way
from kinetics_tui.settings.values import parse_count_or_none

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Integer(click.IntRange):
    """An integer within bounds, and called so where something else is given."""

    name = "integer"


class Number(click.FloatRange):
    """A number within bounds, and called so where something else is given."""

    name = "number"


def several(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """An option that may be given several times: the list of its values, or None where there are none."""
    return click.option(*names, multiple=True, callback=_list_or_none, **settings)


def _list_or_none(_ctx: click.Context, _option: click.Parameter, values: tuple[Any, ...]) -> list[Any] | None:
    return list(values) or None


dataset = click.argument("dataset", type=Path, help="The dataset folder.")
annotation_files = several(
    "--annotations", metavar="FILE", type=Path, help="Annotation files (CSV, JSON, tar.gz)."
)
release = click.option("--release", metavar="NAME", help="kinetics-400, -600, -700 or -700-2020.")
splits = several("--split", metavar="NAME", help="Splits: train, val, test (all).")
classes = several("--class", "class_", metavar="NAME", help="Classes by name (all).")
class_categories = several("--category", metavar="NAME", help="Categories of classes (all).")
pace = click.option(
    "--pace", metavar="PACE", help="guest (300/h), account (2,000/h), unlimited, or videos an hour."
)
yt_dlp = click.option(
    "--yt-dlp", metavar="OPTIONS", help="yt-dlp's own options in one string, for every request."
)
headless = click.option("--headless", is_flag=True, help="No screen: a line an event, until it ends.")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON for scripts.")
now = click.option("--now", is_flag=True, help="Put the clips in hand back at once.")
files_at_a_time = click.option(
    "--workers", metavar="N", type=Integer(1, 64), help="Files read at a time (one a processor)."
)


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
