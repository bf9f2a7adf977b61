"""Values as people write them in the settings file, in variables and in flags: read, checked and shown.

Each kind of value has a reader and a writer here; ``model.options`` says which option is of which kind. The
``[networks]`` table of the settings file, where the user names ways out to the internet, is read here too.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import APPRISE_URL, HIDDEN, apprise_scheme, mask_credentials
from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S
from kinetics_tui.dataset.folder import as_path
from kinetics_tui.model.network import check_name, parse_way
from kinetics_tui.model.options import PACES, SOURCES, NamedWay, Option, PaceLimit, Preset, Source

NONE = "none"
ALL = "all"
LONGEST_S = 366 * DAY_S
_UNIT_S = {"": 1.0, "s": 1.0, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

_T = TypeVar("_T")
_N = TypeVar("_N")
_E = TypeVar("_E", bound=StrEnum)


def parse_duration(value: object) -> float:
    """Seconds from ``5s``, ``15m``, ``1h`` or ``2d``, or from a number. Raises SettingsError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([smhd]?)", str(value).strip())
    seconds = float(found[1]) * _UNIT_S[found[2]] if found else 0.0
    if not found or not seconds or isinstance(value, bool):
        raise SettingsError(f"{value!r} is no duration; write it like 5s, 15m, 1h or 2d.")
    if seconds > LONGEST_S:
        raise SettingsError(f"{value!r} is too long; {LONGEST_S / DAY_S:.0f}d is the most.")
    if isinstance(value, str) and not found[2]:
        units = [found[1] + unit for unit in _UNIT_S if unit]
        raise SettingsError(f"{value!r} has no unit; write {', '.join(units[:-1])} or {units[-1]}.")
    return seconds


def parse_steps(value: object) -> tuple[float, ...]:
    """Several durations: ``15m,1h,3h``, or a list of them. Raises SettingsError."""
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    if not parts:
        raise SettingsError("At least one duration is needed, such as 15m,1h,3h.")
    return tuple(map(parse_duration, parts))


def parse_cooldown(value: object) -> tuple[float, ...]:
    """The waits after one throttle upon another, none shorter than the one before. Raises SettingsError."""
    steps = parse_steps(value)
    for before, step in itertools.pairwise(steps):
        if step < before:
            falls = f"{duration_text(step)} comes after {duration_text(before)}"
            raise SettingsError(f"{falls}; the waits must not fall: {steps_text(sorted(steps))}.")
    return steps


def parse_pace(value: object) -> PaceLimit:
    """A pace from ``guest``, ``account``, ``unlimited`` (None) or clips an hour. Raises SettingsError."""
    text = str(value).strip().lower().replace("_", "")
    if text in PACES:
        return PACES[text]
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not float(text):
        raise SettingsError(f"{value!r} is no pace; give guest, account, unlimited or clips an hour.")
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


def parse_notify(value: object) -> tuple[str, ...]:
    """Apprise's addresses, from a list, or from one string with white space between them.

    Raises SettingsError, which never repeats an address: it is a secret as a whole.
    """
    parts = value if isinstance(value, list | tuple) else value.split() if isinstance(value, str) else [value]
    for number, part in enumerate(parts, 1):
        if not isinstance(part, str) or not APPRISE_URL.fullmatch(part):
            raise SettingsError(f"address {number} is no Apprise address, such as ntfy://your-topic.")
    return tuple(parts)


def _checked_notify(value: object) -> tuple[str, ...]:
    urls = parse_notify(value)
    if urls:
        from kinetics_tui.engine.run.notify import check_urls  # Apprise takes a while to be imported

        check_urls(urls)
    return urls


def notify_text(urls: Iterable[str]) -> str:
    """Apprise's addresses for people's eyes: their schemes, and nothing else of them."""
    return " ".join(f"{apprise_scheme(url)}://{HIDDEN}" for url in urls) or NONE


def parse_sources(value: object) -> tuple[Source, ...]:
    """The sources in their order, from ``archives,youtube`` or a list. Raises SettingsError."""
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    words = tuple(str(part).strip().lower() for part in parts)
    for order in SOURCES:
        if words == order:
            return order
    raise SettingsError(f"{value!r} is not one of {'; '.join(map(','.join, SOURCES))}.")


def parse_places(value: object) -> tuple[str, ...]:
    """Addresses, files and folders, from a list or from one; files with their whole path.

    Raises SettingsError.
    """
    parts = value if isinstance(value, list | tuple) else () if value == "" else (value,)
    if not all(isinstance(part, str) and part for part in parts):
        raise SettingsError("an archive is an address, a file or a folder.")
    if list(parts) == [NONE]:
        return ()
    # The engine and later runs may start from another folder.
    return tuple(part if "://" in part else str(as_path(part).absolute()) for part in parts)


_BYTES = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}


def parse_size(value: object) -> float:
    """Bytes, or bytes a second, from ``200GB`` or ``12MB/s``; a number alone is gigabytes.

    Raises SettingsError.
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([kmgt]b)?(?:/s)?", str(value).strip().lower())
    size = float(found[1]) * _BYTES[found[2] or "gb"] if found else 0.0
    if not size or isinstance(value, bool):
        raise SettingsError(f"{value!r} is no size; write it like 800kB, 12MB, 200GB or 1TB.")
    return size


def size_text(size: float) -> str:
    """A number of bytes as it is written in the settings: ``12MB``."""
    unit = next((unit for unit in ("TB", "GB", "MB") if size >= _BYTES[unit.lower()]), "kB")
    return f"{size / _BYTES[unit.lower()]:g}{unit}"


def whole(low: float, high: float) -> Callable[[object], int]:
    """A reader of whole numbers; like all readers here, it raises SettingsError."""

    def parse(value: object) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise SettingsError(f"{value!r} is not a whole number from {low:g} to {high:g}.")
        return int(text)

    return parse


def parse_count_or_none(value: object) -> int | None:
    """A count, or None for ``none`` and ``all``: no limit. Raises SettingsError."""
    text = str(value)
    word = text.strip().lower()
    if word in (NONE, ALL):
        return None
    if not re.fullmatch(r"[0-9]{1,9}", word) or not int(word):
        raise SettingsError(f"{text!r} is no count; give a whole number from 1, or none.")
    return int(word)


def number(low: float, high: float) -> Callable[[object], float]:
    """A reader of numbers."""

    def parse(value: object) -> float:
        text = "" if isinstance(value, bool) else str(value)
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not low <= float(text) <= high:
            raise SettingsError(f"{value!r} is not a number from {low:g} to {high:g}.")
        return float(text)

    return parse


def or_none(parse: Callable[[object], _T], none: _N) -> Callable[[object], _T | _N]:
    """A reader that takes the word ``none`` too, for ``none``."""
    return lambda value: none if value == NONE else parse(value)


def choice(kind: type[_E]) -> Callable[[object], _E]:
    """A reader of the values of an enumeration."""

    def parse(value: object) -> _E:
        for member in kind:
            if str(value).lower() == member.value:
                return member
        allowed = [member.value for member in kind]
        raise SettingsError(f"{value!r} is not one of {', '.join(allowed)}.")

    return parse


def yes(value: object) -> bool:
    """True or false, or one of the words for them. Raises SettingsError."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise SettingsError(f"{value!r} is neither true nor false.")
    return word in _YES


def plain_text(value: Any) -> str:
    """A number, word, truth or None as the settings file has it."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def duration_text(seconds: float) -> str:
    """A duration as it is written in the settings: ``15m``."""
    for unit in "dhm":
        if seconds % _UNIT_S[unit] == 0:
            return f"{seconds / _UNIT_S[unit]:g}{unit}"
    return f"{seconds:g}s"


def steps_text(steps: Iterable[float]) -> str:
    return ",".join(map(duration_text, steps)) or NONE


def pace_text(pace: PaceLimit) -> str:
    if isinstance(pace, Preset):
        return pace.value
    return "unlimited" if pace is None else f"{pace:g}"


def _networks(value: object) -> object:
    if not isinstance(value, Mapping):
        raise SettingsError("ways out are named in the settings file alone, in a table [networks].")
    return value


def check_networks(
    table: Mapping[str, object], place: Callable[[str], str], settings: Collection[str]
) -> tuple[dict[str, NamedWay], list[str]]:
    """The networks that the table names, and a sentence on each entry that names none.

    ``place`` says where an entry stands, ``settings`` are the names of the settings, which are no
    networks. A sentence names the place, and never repeats a proxy's password. Of networks that are the same
    the one that the others name comes first.
    """
    networks: dict[str, NamedWay] = {}
    faults = []
    for name, way in table.items():
        try:
            _check_name(name, settings, networks)
            networks[name] = _checked_way(way)
        except SettingsError as error:
            faults.append(f"{place(name)}: {error}")
    for name, named in list(networks.items()):
        try:
            networks[name] = named._replace(same=_first_of_same(name, networks))
        except SettingsError as error:
            faults.append(f"{place(name)}: {error}")
            networks[name] = named._replace(same="")
    return dict(sorted(networks.items(), key=lambda item: bool(item[1].same))), faults


def networks_text(networks: Mapping[str, NamedWay]) -> str:
    """The table in one line for people's eyes, without a proxy's user and password."""
    shown = (
        f"{name} {parse_way(named.way).public}" + (f" (same as {named.same})" if named.same else "")
        for name, named in networks.items()
    )
    return ", ".join(shown) or NONE


def _first_of_same(name: str, networks: Mapping[str, NamedWay]) -> str:
    """The name of the network that this one is the same as, over however many others; empty for none."""
    seen = [name]
    while same := networks[seen[-1]].same:
        if same not in networks:
            others = ", ".join(other for other in networks if other != name)
            there_is = f"there is {others}" if others else "there is no other"
            raise SettingsError(f"same names another network of this table, not {same!r}; {there_is}.")
        if same in seen:
            raise SettingsError("networks that are the same name one of them, and that one names none.")
        seen.append(same)
    return seen[-1] if len(seen) > 1 else ""


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


def _checked_way(value: object) -> NamedWay:
    fields: Mapping[str, object] = value if isinstance(value, Mapping) else {"way": value}
    way, same = fields.get("way"), fields.get("same", "")
    if not isinstance(way, str) or not isinstance(same, str) or not fields.keys() <= {"way", "same"}:
        raise SettingsError(
            'a way is written as text, such as "wlan1" or "socks5://127.0.0.1:1080", or with the name of the '
            'network that it is the same as: {way = "tun0", same = "dsl"}.'
        )
    if "@" in way and "://" not in way:
        raise SettingsError('a proxy begins with its kind, as in "socks5://user:password@host:1080".')
    parse_way(way)
    return NamedWay(way.strip(), same.strip())


def parse_listen(value: object) -> str:
    """The address at which hosts call, as it is written: ``192.168.1.5:7300``, or ``:7300`` for any."""
    from kinetics_tui.engine.wire import connect_file  # few runs have hosts

    connect_file.parse_listen(str(value))
    return str(value).strip()


# -- by kind ----------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[Callable[[object], object], Callable[[Any], str]]] = {
    "pace": (parse_pace, pace_text),
    "duration": (parse_duration, duration_text),
    "duration or none": (or_none(parse_duration, None), lambda s: NONE if s is None else duration_text(s)),
    "rising durations": (parse_cooldown, steps_text),
    "durations or none": (or_none(parse_steps, ()), steps_text),
    "count": (parse_count_or_none, plain_text),
    "yt-dlp": (parse_yt_dlp, shlex.join),
    "notify": (or_none(_checked_notify, ()), notify_text),
    "networks": (_networks, networks_text),
    "sources": (parse_sources, ",".join),
    "places": (parse_places, lambda places: ", ".join(map(mask_credentials, places)) or NONE),
    "listen": (or_none(parse_listen, ""), lambda listen: listen or NONE),
    "size or none": (or_none(parse_size, None), lambda size: NONE if size is None else size_text(size)),
}
"""Kinds of values that a type does not tell: how each is read, and how it is written for people's eyes."""


def read_value(option: Option, value: object) -> object:
    """The value of an option from what a person wrote. Raises SettingsError."""
    if option.opt.reads:
        return KINDS[option.opt.reads][0](value)
    if option.may_be_none and value == NONE:
        return None
    if issubclass(option.kind, StrEnum):
        return choice(option.kind)(value)
    if option.kind is bool:
        return yes(value)
    assert option.opt.bounds is not None
    return (whole if option.kind is int else number)(*option.opt.bounds)(value)


def value_text(option: Option, value: object) -> str:
    """The value of an option as the settings file has it; only yt-dlp's options keep their secrets."""
    return KINDS[option.opt.reads][1](value) if option.opt.reads else plain_text(value)


def help_text(option: Option) -> str:
    """The text of an option's flag in the help."""
    return option.words(option.opt.help, value_text(option, option.default))


def comment_text(option: Option) -> str:
    """The comment on an option in the example of the settings file; empty where its name says it all."""
    text = option.opt.comment
    if not text and not option.opt.off:
        text = option.opt.help.removesuffix(".").replace(" ({default})", "")
        text = text[:1].lower() + text[1:]
    return option.words(text, "")
