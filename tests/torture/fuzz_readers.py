"""Fuzz targets: annotation files, the settings file, variables and flags."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.annotations.row_rules import SPLIT_WORDS
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.errors import AnnotationError, SettingsError, UserError
from kinetics_tui.base.safe_text import for_terminal
from kinetics_tui.cli import app
from kinetics_tui.cli import options as flags
from kinetics_tui.cli.command_line import completed
from kinetics_tui.engine.client.retry import find_categories
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName, Selection
from kinetics_tui.settings.settings import CONFIG_VARIABLE, PREFIX, SETTINGS, load_settings
from kinetics_tui.settings.values import value_text
from tests.torture.fuzz_storage import check_path
from tests.torture.hostile import (
    Dice,
    archive_bytes,
    csv_bytes,
    damaged,
    encodable,
    encoded,
    json_bytes,
    number,
    text,
)

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
LONGEST_SENTENCE = 1000


def read_csv_file(dice: Dice, folder: Path) -> None:
    _read(folder / dice.choice(("val.csv", "a.csv", "a.json")), csv_bytes(dice))


def read_json_file(dice: Dice, folder: Path) -> None:
    _read(folder / dice.choice(("test.json", "a.csv")), json_bytes(dice))


def read_archive(dice: Dice, folder: Path) -> None:
    _read(folder / "a.tar.gz", archive_bytes(dice))


def _read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        found = read_annotations([path])
    except AnnotationError as error:
        _check_sentence(str(error), path.name)
    else:
        _check_annotations(found)
    finally:
        path.unlink()
    assert not any(path.parent.iterdir()), "something was written beside the file"


def _check_sentence(said: str, *names: str) -> None:
    assert said.isprintable(), f"not fit to print: {said!r}"
    assert len(said) < LONGEST_SENTENCE, f"no sentence: {said!r}"
    assert said.endswith((".", "?")), f"no sentence: {said!r}"
    for name in names:
        assert name in said, f"names no file: {said!r}"


def _check_annotations(found: Annotations) -> None:
    assert len({clip.key for clip in found.clips}) == len(found.clips)
    for clip in found.clips:
        assert _ID.fullmatch(clip.youtube_id), clip
        assert math.isfinite(clip.time_start + clip.time_end), clip
        assert 0 <= clip.time_start < clip.time_end < 1_000_000, clip
        assert clip.split in SPLIT_WORDS.values(), clip
        for layout in LayoutName:
            check_path(layout, clip)
    for row in (*found.bad_rows, *found.duplicate_rows):
        assert row.why.isprintable(), row
        assert len(row.why) < LONGEST_SENTENCE, row


# -- settings ---------------------------------------------------------------------------------------------


def read_settings(dice: Dice, folder: Path) -> None:
    """The file, variables and flags of the settings, each with names and values of every kind."""
    path = folder / "config.toml"
    path.write_bytes(_toml(dice))
    environ = {PREFIX + _name(dice).upper(): text(dice) for _ in range(dice.choice((0, 0, 1, 2)))}
    environ.pop(CONFIG_VARIABLE, None)
    given: dict[str, object] = {_name(dice): text(dice) for _ in range(dice.choice((0, 0, 1)))}
    try:
        settings = load_settings(given, environ, path)
    except SettingsError as error:
        said = for_terminal(str(error))
        assert said.endswith((".", "?", "...")), f"no sentence: {said!r}"
    else:
        for name, setting in SETTINGS.items():
            value_text(setting, settings.value(name))
    finally:
        path.unlink()


def _name(dice: Dice) -> str:
    names = [
        name for name in SETTINGS if name != "notify"
    ]  # Apprise would be asked, which has a say of its own
    return dice.choice(names) if dice.random() < 0.9 else encodable(dice, 2).replace("\0", "") or "x"


def _toml(dice: Dice) -> bytes:
    lines = []
    for _ in range(dice.choice((0, 1, 2, 4))):
        values = (
            "1",
            "-1",
            "1e999",
            "nan",
            "true",
            "[]",
            '["a", 1]',
            "{}",
            '""',
            "1979-05-27T07:32:00Z",
            "0x" + "f" * 50,
        )
        value = dice.choice(values) if dice.random() < 0.4 else _quoted(encodable(dice))
        key = _name(dice)
        lines.append(f"{key if key.isidentifier() and key.isascii() else _quoted(key)} = {value}")
    if dice.random() < 0.3:
        lines += ["[networks]", *(f"{_quoted(encodable(dice, 2))} = {_quoted(_way(dice))}" for _ in range(2))]
    if dice.random() < 0.02:
        lines.append("workers = " + dice.choice(("[", "{a=")) * dice.choice((50, 5000)))
    return damaged(dice, encoded(dice, "\n".join(lines)))


def _quoted(value: str) -> str:
    body = "".join(
        c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in value if ord(c) < 0x10000
    )
    return f'"{body}"'


def _way(dice: Dice) -> str:
    ways = (
        "wlan0",
        "default",
        "::1",
        "0.0.0.0",
        "socks5://u:secret@h:1",
        "http://[",
        "ftp://x",
        "http://h:99999",
        "1.2",
    )
    return dice.choice(ways) + (encodable(dice, 2) if dice.random() < 0.5 else "")


# -- flags ------------------------------------------------------------------------------------------------

_SOME = Annotations(
    [Clip("AAAAAAAAAAA", 1, 11, "val", "archery"), Clip("BBBBBBBBBBB", 1, 11, "train", "caf\u00e9")],
    [],
    [],
    (),
)


def take_flags(dice: Dice, folder: Path) -> None:
    """What is typed after the command: names of splits, classes and categories, numbers, ways."""
    words = [dice.choice(("val", "archery", "all", "", "1", "sports")) if dice.random() < 0.4 else text(dice)]
    words += [text(dice) for _ in range(dice.randrange(3))]
    line = [dice.choice(("run", "status", *words)), *words, "--split", *words]
    _in_a_sentence(lambda: completed(app, line))
    _in_a_sentence(lambda: _select(dice, words))
    _in_a_sentence(lambda: find_categories(words))
    given = dict.fromkeys(dice.sample(("network", "source_address", "proxy"), 1), words[0])
    if "secret" not in words[0]:
        given = {name: _way(dice) if dice.random() < 0.5 else word for name, word in given.items()}
    way = {"network": None, "source_address": None, "proxy": None, **given}
    _in_a_sentence(lambda: flags.way(**way), secret="secret")


def _select(dice: Dice, words: list[str]) -> None:
    asked = flags.selection(
        annotations=None,
        release=dice.choice((None, "kinetics-400", words[0])),
        splits=dice.choice((None, words)),
        classes=dice.choice((None, words)),
        categories=dice.choice((None, words)),
        per_class=dice.choice((None, words[0], str(number(dice)))),
        limit=dice.choice((None, words[0], str(number(dice)))),
        seed=dice.choice((None, 10**400, -1)),
    )
    asked.setdefault("release", "")
    select(_SOME, Selection(**asked))  # type: ignore[arg-type]  # as the command line makes it


def _in_a_sentence(action: Callable[[], object], secret: str = "") -> None:
    """Whatever is asked works, or is refused in a sentence."""
    try:
        action()
    except UserError as error:
        said = for_terminal(str(error))
        assert said.endswith((".", "?", "...")), f"no sentence: {said!r}"
        assert not secret or secret not in said, f"a secret is told: {said!r}"
