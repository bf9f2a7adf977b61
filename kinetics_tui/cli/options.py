"""Flags made of the options that ``model.options`` declares, those that several commands share, and what
they come to for the parts that do the work.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.cli.completion import NAMES, for_option
from kinetics_tui.cli.help_text import Option as SectionOption
from kinetics_tui.model.network import NetworkKind, parse_way
from kinetics_tui.model.options import WORKERS, AppOptions, Extras, Option, Options, Selection, options_in
from kinetics_tui.settings.values import help_text, parse_duration

_SELECTION = options_in(Selection)
_SECTIONS: dict[type[msgspec.Struct], str] = {
    Selection: "Which clips",
    Options: "How they are fetched and made",
    Extras: "What is made of the clips",
    AppOptions: "How it is shown",
}
"""The headings in the help, by what the options below are declared in."""
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Integer(click.IntRange):
    """A whole number within bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Raises click's error for what is none, in the words of the settings."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            bounds = f" from {self.min}" + (f" to {self.max}" if self.max is not None else "")
            self.fail(f"{value!r} is not a whole number{bounds}", param, ctx)


class Number(click.FloatRange):
    """A number within bounds, and called so where something else is given."""

    name = "number"


class Duration(click.ParamType[float]):
    """A length of time with its unit, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Raises click's error for what is none, in the words of the settings."""
        try:
            return parse_duration(value)
        except SettingsError as error:
            self.fail(str(error).rstrip("."), param, ctx)


def several(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """An option that may be given several times: the list of its values, or None where there are none."""
    return click.option(*names, multiple=True, callback=_list_or_none, **settings)


def _list_or_none(_ctx: click.Context, _option: click.Parameter, values: tuple[Any, ...]) -> list[Any] | None:
    return list(values) or None


def integer(
    flag: str, default: int, text: str, low: int | None = None, high: int | None = None
) -> Callable[[_Command], _Command]:
    """An option that is an integer within bounds, and shows its default."""
    kind = Integer(low, high) if low is not None else int
    return click.option(flag, metavar="N", type=kind, default=default, show_default=True, help=text)


def flags_of(struct: type[msgspec.Struct], *names: str, **helps: str) -> Callable[[_Command], _Command]:
    """Flags of the options that a struct declares: of all that have one, or of those that are named.

    ``helps`` names options too, with what their flags are for in this command. Values arrive by the names
    of the options, as they were written; None where a flag is not given.
    """
    options = options_in(struct)
    section = "" if names and struct is Options else _SECTIONS.get(struct, "")
    chosen = [*names, *helps] or [name for name, option in options.items() if option.opt.help]

    def add(command: _Command) -> _Command:
        for name in reversed(chosen):
            option = options[name]
            text = helps.get(name) or help_text(option)
            command = _flag(option, text, {"cls": SectionOption, "section": section})(command)
        return command

    return add


def _flag(option: Option, text: str, shown: dict[str, Any]) -> Callable[[_Command], _Command]:
    opt = option.opt
    if opt.off:
        return click.option(f"{option.flag}/--{option.name}", opt.off, default=None, help=text, **shown)
    if option.kind is bool:
        return click.option(
            f"{option.flag}/--no-{option.flag[2:]}", option.name, default=None, help=text, **shown
        )
    as_typed = bool(opt.reads or opt.bounds)  # to be read where the other settings are
    make = several if opt.several or (option.kind == tuple[str, ...] and not as_typed) else click.option
    kind = int if option.kind is int and not as_typed else None
    shown["shell_complete"] = for_option(option)
    return make(*option.flags, option.name, type=kind, metavar=opt.metavar, help=text, **shown)


class View(Enum):
    """The ways to show a run."""

    APP = "app"
    LINES = "lines"
    JSON = "json"


_view_option = functools.partial(click.option, cls=SectionOption, section=_SECTIONS[AppOptions])


def view_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags ``--headless`` and ``--json``, the second of which means both; they arrive as ``view``.

    ``--progress`` arrives as it was written, None where it is not given. Raises SettingsError for what is no
    time.
    """

    @_view_option("--headless", is_flag=True, help="No screen: a line an event, until it ends.")
    @_view_option("--json", "as_json", is_flag=True, help="No screen: an event a line, as JSON for scripts.")
    @flags_of(AppOptions, "progress")
    @functools.wraps(command)
    def shown(*, headless: bool, as_json: bool, progress: str | None, **flags: Any) -> Any:
        view = View.JSON if as_json else View.LINES if headless else View.APP
        if progress is not None:
            from kinetics_tui.settings.settings import read_flags

            read_flags(options_in(AppOptions), {"progress": progress})
        return command(view=view, progress=progress, **flags)

    return shown


folder = NAMES["dir"]
"""Completes folders."""
dataset = click.argument("dataset", type=Path, shell_complete=folder, help="The dataset folder.")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON for scripts.")
now = click.option("--now", is_flag=True, help="Put the clips in hand back at once.")
files_at_a_time = click.option(
    "--workers", metavar="N", type=Integer(*WORKERS), help="Files read at a time (one a processor)."
)


def given(**flags: object) -> dict[str, object]:
    """The flags that were given, without those of a selection."""
    return {name: value for name, value in _given(flags) if name not in Selection.__struct_fields__}


def selection(**flags: object) -> dict[str, object]:
    """The fields of ``Selection`` that were given among flags. Raises ``UserError`` for what is none."""
    from kinetics_tui.settings.settings import read_flags  # status reads no settings

    asked: dict[str, Any] = {
        name: value for name, value in _given(flags) if name in Selection.__struct_fields__
    }
    if "annotations" in asked:
        # The engine and later runs may start from another folder.
        asked["annotations"] = [str(Path(file).absolute()) for file in asked["annotations"]]
        asked.setdefault("release", "")
    elif "release" in asked:
        from kinetics_tui.annotations.releases import find_release

        asked["release"] = find_release(asked["release"]).name
        asked["annotations"] = []
    for name, value in asked.items():
        if _SELECTION[name].opt.reads:
            asked |= read_flags(_SELECTION, {name: value})
        elif isinstance(value, list):
            # ``all`` alone takes an earlier choice back.
            asked[name] = () if value == ["all"] else tuple(value)
    return asked


def selected(**flags: object) -> Selection:
    """The selection that flags ask for; ``Selection()`` where none was given. Raises ``UserError``."""
    return Selection(**selection(**flags))  # type: ignore[arg-type]  # read by kind


def _given(flags: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(name, value) for name, value in flags.items() if value not in (None, [])]


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
