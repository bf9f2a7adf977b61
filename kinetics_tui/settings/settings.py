"""Settings: defaults, the settings file, ``KINETICS_TUI_*`` variables, flags; the later wins.

Which settings there are is declared in ``model.options``.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import platformdirs

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.options import AppOptions, Option, Options, options_in
from kinetics_tui.settings.values import check_networks, comment_text, read_value, value_text, yes

PREFIX = "KINETICS_TUI_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
DEFAULT = "default"
FILE_NAME = "config.toml"

SETTINGS: dict[str, Option] = options_in(AppOptions, Options)
"""Every setting by its name in the file; variables and flags are spelled after it."""

NETWORKS = "networks"
_NETWORKS_TOML = """
[networks]                  # what you call ways out: an interface, an address of this machine, or a proxy
# phone = "wlan1"
# dsl = "192.168.1.5"
# office = "socks5://user:password@10.0.0.1:1080"
# vpn = {way = "tun0", same = "dsl"}   # YouTube sees both at one address: they are one network
"""
_COMMENT_COLUMN = _NETWORKS_TOML.index("#") - 1


def example_toml(settings: Mapping[str, Option]) -> str:
    """A settings file with every setting at its default, each with what it is for."""
    text = "# Every key may be left out; what stands here are the defaults.\n"
    group = 0
    for name, option in settings.items():
        if name == NETWORKS:
            continue
        opt, default = option.opt, option.default
        shown = value_text(option, default) if opt.example is None else opt.example
        if opt.reads or not isinstance(default, bool | int | float):
            shown = f'"{shown}"'
        line = f"{name} = {shown}"
        if comment := comment_text(option):
            line = f"{line:{max(_COMMENT_COLUMN, len(line) + 3)}}# {comment}"
        text += "\n" * (opt.group != group) + f"{line}\n"
        group = opt.group
    return text + _NETWORKS_TOML


EXAMPLE_TOML = example_toml(SETTINGS)


class Settings(AppOptions, frozen=True, kw_only=True):
    """The values in force, and where each setting came from.

    ``sources`` maps names of settings to ``default``, ``config.toml``, a variable or a flag;
    ``options`` are those that a new dataset begins with.
    """

    options: Options = Options()
    sources: dict[str, str] = msgspec.field(default_factory=dict)
    config_path: Path = Path(FILE_NAME)

    def value(self, name: str) -> object:
        """The value in force for a setting by its name in the file."""
        field = SETTINGS[name].field
        return getattr(self.options if field in Options.__struct_fields__ else self, field)

    @property
    def given_options(self) -> dict[str, object]:
        """Fields of Options that win over what a dataset keeps: those that a variable or a flag sets.

        Who is to be called is the user's matter rather than the dataset's: there the file wins as well.
        """
        return {
            setting.field: self.value(name)
            for name, setting in SETTINGS.items()
            if setting.field in Options.__struct_fields__
            and self.sources[name] not in ((DEFAULT,) if name == "notify" else (DEFAULT, FILE_NAME))
        }


def default_config_path() -> Path:
    """The settings file of this user."""
    return Path(platformdirs.user_config_dir(PROGRAM, appauthor=False)) / FILE_NAME


def load_settings(
    flags: Mapping[str, object], environ: Mapping[str, str] | None = None, config_path: Path | None = None
) -> Settings:
    """The settings that ``read_settings`` reads.

    Raises SettingsError with the first fault, naming the file with its line, the variable or the flag.
    """
    settings, faults = read_settings(flags, environ, config_path)
    if faults:
        more = len(faults) - 1
        rest = f" {PROGRAM} doctor names {more} more fault{'s' * (more > 1)}." if more else ""
        raise SettingsError(faults[0] + rest)
    return settings


def read_settings(
    flags: Mapping[str, object], environ: Mapping[str, str] | None = None, config_path: Path | None = None
) -> tuple[Settings, list[str]]:
    """Lay the settings over one another; also a sentence on every fault, which is passed over.

    ``flags`` are those of the command line by name, None for those not given. Without ``config_path``
    the file is the one that ``KINETICS_TUI_CONFIG`` names, else the user's own, which may be missing.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(CONFIG_VARIABLE)
    path = config_path or (Path(named) if named else default_config_path())
    faults: list[str] = []
    if named and config_path is None and not path.exists():
        faults.append(f"{CONFIG_VARIABLE} names {path}, which does not exist; mend or unset it.")
    values: dict[str, Any] = {}
    sources = dict.fromkeys(SETTINGS, DEFAULT)
    layers = (_from_file(path, faults), _from_variables(environ), _from_flags(flags))
    for given in itertools.chain.from_iterable(layers):
        try:
            name, value = _checked(given, SETTINGS)
        except SettingsError as error:
            faults.append(str(error))
            continue
        values[SETTINGS[name].field] = value
        sources[name] = given.source
    options = {field: values.pop(field) for field in Options.__struct_fields__ if field in values}
    return Settings(options=Options(**options), sources=sources, config_path=path, **values), faults


def read_flags(options: Mapping[str, Option], flags: Mapping[str, object]) -> dict[str, object]:
    """Fields of a struct as flags give them, by their names. Raises SettingsError naming the flag."""
    read = (_checked(given, options) for given in _from_flags(flags))
    return {options[name].field: value for name, value in read}


# -- where it is written --------------------------------------------------------------------------------


class _Given(NamedTuple):
    """A value and its place: ``where`` for the user to find it, ``source`` for doctor."""

    name: str
    value: object
    where: str
    source: str


def _from_file(path: Path, faults: list[str]) -> Iterable[_Given]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except FileNotFoundError:
        return
    except OSError as error:
        faults.append(f"The settings file {path} cannot be read ({error.strerror}).")
        return
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.append(f"{path}, line {line}: not UTF-8; save the file as UTF-8.")
        return
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path} is not TOML: {error}; mend that line.")
        return
    except RecursionError:
        faults.append(f"{path} has lists or tables far too deep in one another; write it again.")
        return
    rows = text.splitlines()
    for key, value in table.items():
        line = _line_of(key, rows)
        if key == NETWORKS and isinstance(value, dict):
            place = functools.partial(_place_of_network, path, rows, line)
            value, of_networks = check_networks(value, place, SETTINGS)
            faults += of_networks
        yield _Given(key, value, f"{path}, line {line}: {key}", FILE_NAME)


def _line_of(key: str, rows: Sequence[str], first: int = 1, otherwise: int = 1) -> int:
    """The line from ``first`` on that begins with a key, ``otherwise`` where none does."""
    below = enumerate(rows[first - 1 :], first)
    return next((number for number, row in below if _begins_with(row, key)), otherwise)


def _place_of_network(path: Path, rows: Sequence[str], first: int, name: str) -> str:
    prefix = re.compile(r"\s*networks\s*\.\s*")
    line = _line_of(name, [prefix.sub("", row) for row in rows], first, first)
    shown = "" if "://" in name or not name.isprintable() else f".{name}"
    return f"{path}, line {line}: networks{shown}"


def _begins_with(row: str, key: str) -> bool:
    return re.match(rf"\s*\[*\s*[\"']?{re.escape(key)}(?![\w-])", row) is not None


def _from_variables(environ: Mapping[str, str]) -> Iterable[_Given]:
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and environ[variable]:
            yield _Given(variable.removeprefix(PREFIX).lower(), environ[variable], variable, variable)


def _from_flags(flags: Mapping[str, object]) -> Iterable[_Given]:
    for name, value in flags.items():
        if value is not None:
            flag = "--" + name.replace("_", "-")
            yield _Given(name, value, flag, flag)


def _checked(given: _Given, options: Mapping[str, Option]) -> tuple[str, object]:
    opposites = {option.opt.off: name for name, option in options.items() if option.opt.off}
    names = [*options, *opposites]
    if given.name not in names:
        remedy = _meant(given.name, names) or f"; there are {', '.join(names)}."
        raise SettingsError(f"{given.where} is no setting{remedy}")
    try:
        if given.name in opposites:
            return opposites[given.name], not yes(given.value)
        return given.name, read_value(options[given.name], given.value)
    except SettingsError as error:
        raise SettingsError(f"{given.where}: {error}") from None


def _meant(text: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(text.lower(), allowed, n=1)
    return f"; did you mean {near[0]}?" if near else ""
