"""Settings: defaults, the settings file, ``KINETICS_TUI_*`` variables, flags; the later wins."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import platformdirs

from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.options import (
    ACCOUNT_PER_HOUR,
    DAY_S,
    GUEST_PER_HOUR,
    HOUR_S,
    MINUTE_S,
    LayoutName,
    Options,
    Trim,
)

APP = "kinetics-tui"
PREFIX = "KINETICS_TUI_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
DEFAULT = "default"
FILE_NAME = "config.toml"

NONE = "none"
LONGEST_S = 366 * DAY_S
_UNIT_S = {"": 1.0, "s": 1.0, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
_PACES = {"guest": GUEST_PER_HOUR, "account": ACCOUNT_PER_HOUR, "unlimited": None}
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

_T = TypeVar("_T")
_N = TypeVar("_N")
_E = TypeVar("_E", bound=StrEnum)

EXAMPLE_TOML = """\
# Every key may be left out; what stands here are the defaults.
workers = 16                # worker processes, 1 to 64
height = 360                # largest source height asked for, in pixels
trim = "exact"              # exact: starts on the annotated frame; copy: on the keyframe before, no encoding
layout = "activitynet"      # activitynet, showmax or torchvision
audio = true
short_side = "none"         # scale clips down to this short side, in pixels
pace = "guest"              # videos an hour: guest (300), account (2,000), unlimited or a number
cooldown = "15m,1h,3h,6h,12h,24h,48h,5d"   # waits after one throttle upon another
retry = "30s,5m,1h"         # waits after each transient failure of a clip; none: no second try
deadline = "15m"            # a clip that takes longer is given up for now
yt_dlp = ""                 # yt-dlp's own options, such as "--proxy socks5://127.0.0.1:1080"

theme = "auto"              # auto, dark, or ansi for terminals of 16 colours
refresh = 4                 # repaints a second, 1 to 5
mouse = true                # false: less traffic on a slow line
bell = false                # ring at a throttle and at the end
"""


class Theme(StrEnum):
    """The colours of the app; ``auto`` goes by the terminal."""

    AUTO = "auto"
    DARK = "dark"
    ANSI = "ansi"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force, and where each setting came from.

    ``sources`` maps names of settings to ``default``, ``config.toml``, a variable or a flag;
    ``options`` are those that a new dataset begins with.
    """

    options: Options = Options()
    theme: Theme = Theme.AUTO
    refresh_hz: float = 4.0
    mouse: bool = True
    bell: bool = False
    sources: dict[str, str] = {}
    config_path: Path = Path(FILE_NAME)

    @property
    def given_options(self) -> dict[str, object]:
        """Fields of Options that a variable or a flag sets: they win over what a dataset keeps."""
        return {
            setting.field: getattr(self.options, setting.field)
            for name, setting in SETTINGS.items()
            if setting.field in Options.__struct_fields__ and self.sources[name] not in (DEFAULT, FILE_NAME)
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


# -- what is written in a file, a variable or a flag -------------------------------------------------------


def parse_duration(value: object) -> float:
    """Seconds from ``90``, ``5s``, ``15m``, ``1h`` or ``2d``. Raises SettingsError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([smhd]?)", str(value).strip())
    seconds = float(found[1]) * _UNIT_S[found[2]] if found else 0.0
    if not 0 < seconds <= LONGEST_S or isinstance(value, bool):
        raise SettingsError(f"{value!r} is no duration; write it like 5s, 15m, 1h or 2d.")
    return seconds


def parse_steps(value: object) -> tuple[float, ...]:
    """Several durations: ``15m,1h,3h``, or a list of them. Raises SettingsError."""
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    if not parts:
        raise SettingsError("At least one duration is needed, such as 15m,1h,3h.")
    return tuple(map(parse_duration, parts))


def parse_pace(value: object) -> float | None:
    """Videos an hour from ``guest``, ``account``, ``unlimited`` (None) or a number. Raises SettingsError."""
    text = str(value).strip().lower().replace("_", "")
    if text in _PACES:
        return _PACES[text]
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not float(text):
        raise SettingsError(f"{value!r} is no pace; give guest, account, unlimited or videos an hour.")
    return float(text)


def parse_yt_dlp(value: object) -> tuple[str, ...]:
    """yt-dlp's options as separate arguments, from one string in a shell's quoting or from a list.

    Raises SettingsError, which never repeats the text: it may carry passwords.
    """
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if not isinstance(value, str):
        raise SettingsError("yt-dlp's options must be one string or a list of strings.")
    try:
        return tuple(shlex.split(value))
    except ValueError:
        raise SettingsError("yt-dlp's options have a quotation mark or backslash too few.") from None


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if (
            isinstance(value, bool)
            or not re.fullmatch(r"\d{1,9}", str(value))
            or not low <= int(str(value)) <= high
        ):
            raise SettingsError(f"{value!r} is not a whole number from {low} to {high}.")
        return int(str(value))

    return parse


def _number(low: float, high: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", str(value)):
            raise SettingsError(f"{value!r} is not a number from {low:g} to {high:g}.")
        if not low <= float(str(value)) <= high:
            raise SettingsError(f"{value!r} is not a number from {low:g} to {high:g}.")
        return float(str(value))

    return parse


def _or_none(parse: Callable[[object], _T], none: _N) -> Callable[[object], _T | _N]:
    return lambda value: none if value == NONE else parse(value)


def _choice(kind: type[_E]) -> Callable[[object], _E]:
    def parse(value: object) -> _E:
        for member in kind:
            if str(value).lower() == member.value:
                return member
        allowed = [member.value for member in kind]
        raise SettingsError(f"{value!r} is not one of {', '.join(allowed)}.")

    return parse


def _yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise SettingsError(f"{value!r} is neither true nor false.")
    return word in _YES


class Setting(NamedTuple):
    """One thing to set: the field of Options or Settings that it fills, and how it is read."""

    field: str
    parse: Callable[[object], object]


SETTINGS: dict[str, Setting] = {
    "workers": Setting("workers", _whole(1, 64)),
    "height": Setting("height_px", _whole(144, 4320)),
    "trim": Setting("trim", _choice(Trim)),
    "layout": Setting("layout", _choice(LayoutName)),
    "audio": Setting("audio", _yes),
    "short_side": Setting("short_side_px", _or_none(_whole(16, 4320), None)),
    "pace": Setting("pace_per_hour", parse_pace),
    "cooldown": Setting("cooldown_steps_s", parse_steps),
    "retry": Setting("retry_steps_s", _or_none(parse_steps, ())),
    "deadline": Setting("clip_deadline_s", parse_duration),
    "yt_dlp": Setting("yt_dlp", parse_yt_dlp),
    "theme": Setting("theme", _choice(Theme)),
    "refresh": Setting("refresh_hz", _number(1, 5)),
    "mouse": Setting("mouse", _yes),
    "bell": Setting("bell", _yes),
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
    for key, value in table.items():
        line = next((n for n, row in enumerate(text.splitlines(), 1) if _begins_with(row, key)), 1)
        yield _Given(key, value, f"{path}, line {line}: {key}", FILE_NAME)


def _begins_with(row: str, key: str) -> bool:
    return re.match(rf"\s*\[*\s*[\"']?{re.escape(key)}\b", row) is not None


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
            return "audio", not _yes(given.value)
        return given.name, SETTINGS[given.name].parse(given.value)
    except SettingsError as error:
        raise SettingsError(f"{given.where}: {error}") from None


def _meant(text: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(text.lower(), allowed, n=1)
    return f"; did you mean {near[0]}?" if near else ""
