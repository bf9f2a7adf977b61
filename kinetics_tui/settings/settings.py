"""Settings: defaults, the settings file, ``KINETICS_TUI_*`` variables, flags; the later wins."""

from __future__ import annotations

import difflib
import functools
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import platformdirs

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.options import LayoutName, Options, Trim
from kinetics_tui.settings.values import (
    check_networks,
    choice,
    duration_text,
    networks_text,
    notify_text,
    number,
    or_none,
    pace_text,
    parse_duration,
    parse_notify,
    parse_pace,
    parse_steps,
    parse_yt_dlp,
    plain_text,
    steps_text,
    whole,
    yes,
)

APP = "kinetics-tui"
PREFIX = "KINETICS_TUI_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
DEFAULT = "default"
FILE_NAME = "config.toml"

EXAMPLE_TOML = """\
# Every key may be left out; what stands here are the defaults.
workers = 16                # worker processes, 1 to 64
height = 360                # largest source height asked for, in pixels
trim = "exact"              # exact: starts on the annotated frame; copy: on the keyframe before, no encoding
layout = "activitynet"      # activitynet, showmax or torchvision
audio = true
short_side = "none"         # scale clips down to this short side, in pixels
pace = "guest"              # videos an hour: guest (300), account (2,000), unlimited or a number
learn_pace = true           # hold a network to the lower pace that its throttles taught
cooldown = "15m,1h,3h,6h,12h,24h,48h,5d"   # waits after one throttle upon another
retry = "30s,5m,1h"         # waits after each transient failure of a clip; none: no second try
deadline = "15m"            # a clip that takes longer is given up for now
yt_dlp = ""                 # yt-dlp's own options, such as "--proxy socks5://127.0.0.1:1080"

theme = "auto"              # auto, dark, or ansi for terminals of 16 colours
refresh = 4                 # repaints a second, 1 to 5
mouse = true                # false: less traffic on a slow line

bell = false                # ring when throttled, probe refused, cooldown over, disk full, held, through
desktop = false             # the same as a notice of your own desktop, where the terminal passes it on
notify = ""                 # the same by Apprise, with no terminal open: ["ntfy://topic", "mailto://..."]

[networks]                  # what you call ways out: an interface, an address of this machine, or a proxy
# phone = "wlan1"
# dsl = "192.168.1.5"
# office = "socks5://user:password@10.0.0.1:1080"
"""


class Theme(StrEnum):
    """The colours of the app; ``auto`` goes by the terminal."""

    AUTO = "auto"
    DARK = "dark"
    ANSI = "ansi"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force, and where each setting came from.

    ``sources`` maps names of settings to ``default``, ``config.toml``, a variable or a flag;
    ``options`` are those that a new dataset begins with; ``networks`` maps what the user calls ways out
    to the ways, as ``model.network.parse_way`` reads them.
    """

    options: Options = Options()
    theme: Theme = Theme.AUTO
    refresh_hz: float = 4.0
    mouse: bool = True
    bell: bool = False
    desktop: bool = False
    networks: dict[str, str] = {}
    sources: dict[str, str] = {}
    config_path: Path = Path(FILE_NAME)

    def value(self, name: str) -> object:
        """What is in force for a setting by its name in the file."""
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
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / FILE_NAME


def default_cache_dir() -> Path:
    """Where fetched annotations are kept."""
    return Path(platformdirs.user_cache_dir(APP, appauthor=False))


def load_settings(
    flags: Mapping[str, object], environ: Mapping[str, str] | None = None, config_path: Path | None = None
) -> Settings:
    """Lay the settings over one another.

    ``flags`` are those of the command line by name, None for those not given. Without ``config_path``
    the file is the one that ``KINETICS_TUI_CONFIG`` names, else the user's own, which may be missing.
    Raises SettingsError naming the file with its line, the variable or the flag.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(CONFIG_VARIABLE)
    path = config_path or (Path(named) if named else default_config_path())
    if named and config_path is None and not path.exists():
        raise SettingsError(f"{CONFIG_VARIABLE} names {path}, which does not exist; mend or unset it.")
    values: dict[str, Any] = {}
    sources = dict.fromkeys(SETTINGS, DEFAULT)
    for given in (*_from_file(path), *_from_variables(environ), *_from_flags(flags)):
        name, value = _checked(given)
        values[SETTINGS[name].field] = value
        sources[name] = given.source
    options = {field: values.pop(field) for field in Options.__struct_fields__ if field in values}
    return Settings(options=Options(**options), sources=sources, config_path=path, **values)


class Setting(NamedTuple):
    """One thing to set: the field of Options or Settings that it fills, how it is read and written."""

    field: str
    parse: Callable[[object], object]
    show: Callable[[Any], str] = plain_text


def _notify(value: object) -> tuple[str, ...]:
    urls = parse_notify(value)
    if urls:
        from kinetics_tui.engine.run.notify import check_urls  # Apprise takes a while to be imported

        check_urls(urls)
    return urls


def _networks(value: object) -> object:
    if not isinstance(value, Mapping):
        raise SettingsError("ways out are named in the settings file alone, in a table [networks].")
    return value


SETTINGS: dict[str, Setting] = {
    "workers": Setting("workers", whole(1, 64)),
    "height": Setting("height_px", whole(144, 4320)),
    "trim": Setting("trim", choice(Trim)),
    "layout": Setting("layout", choice(LayoutName)),
    "audio": Setting("audio", yes),
    "short_side": Setting("short_side_px", or_none(whole(16, 4320), None)),
    "pace": Setting("pace_per_hour", parse_pace, pace_text),
    "learn_pace": Setting("learn_pace", yes),
    "cooldown": Setting("cooldown_steps_s", parse_steps, steps_text),
    "retry": Setting("retry_steps_s", or_none(parse_steps, ()), steps_text),
    "deadline": Setting("clip_deadline_s", parse_duration, duration_text),
    "yt_dlp": Setting("yt_dlp", parse_yt_dlp, shlex.join),
    "theme": Setting("theme", choice(Theme)),
    "refresh": Setting("refresh_hz", number(1, 5)),
    "mouse": Setting("mouse", yes),
    "bell": Setting("bell", yes),
    "desktop": Setting("desktop", yes),
    "notify": Setting("notify", or_none(_notify, ()), notify_text),
    "networks": Setting("networks", _networks, networks_text),
}
"""Every setting by its name in the file; variables and flags are spelled after it."""

_NO_AUDIO = "no_audio"


# -- where it is written --------------------------------------------------------------------------------


class _Given(NamedTuple):
    """A value and its place: ``where`` for the user to find it, ``source`` for doctor."""

    name: str
    value: object
    where: str
    source: str


def _from_file(path: Path) -> Iterable[_Given]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}: not UTF-8; save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}; mend that line.") from error
    except RecursionError:
        raise SettingsError(
            f"{path} has lists or tables far too deep in one another; write it anew."
        ) from None
    rows = text.splitlines()
    for key, value in table.items():
        line = _line_of(key, rows)
        if key == "networks" and isinstance(value, dict):
            place = functools.partial(_place_of_network, path, rows, line)
            value = check_networks(value, place, SETTINGS)
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


def _checked(given: _Given) -> tuple[str, object]:
    names = [*SETTINGS, _NO_AUDIO]
    if given.name not in names:
        remedy = _meant(given.name, names) or f"; there are {', '.join(names)}."
        raise SettingsError(f"{given.where} is no setting{remedy}")
    try:
        if given.name == _NO_AUDIO:
            return "audio", not yes(given.value)
        return given.name, SETTINGS[given.name].parse(given.value)
    except SettingsError as error:
        raise SettingsError(f"{given.where}: {error}") from None


def _meant(text: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(text.lower(), allowed, n=1)
    return f"; did you mean {near[0]}?" if near else ""
