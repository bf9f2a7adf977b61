"""Fuzz targets: where clips lie, what the ledger keeps, and what is printed."""

from __future__ import annotations

import csv
import json
import os
import shutil
import unicodedata
from pathlib import Path, PurePosixPath

from kinetics_tui.annotations.row_rules import shown
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import for_screen, for_terminal, json_line, lines_for_terminal, shell_word
from kinetics_tui.dataset.folder import FAILED_FILE, STATS_FILE
from kinetics_tui.dataset.layout import Naming, clip_path, same_to_some
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Options, Selection
from kinetics_tui.tui.parts.lines import Line, fit, paragraph
from tests.torture.hostile import Dice, encodable, text, youtube_id

MOST_PART_BYTES = 255
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"})
_DEVICES |= {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
_REFUSED = frozenset('/\\:*?"<>|')


def check_path(layout: LayoutName, clip: Clip, naming: Naming = Naming.PLAIN) -> str:
    """The path of a clip's file: below the dataset folder, and fit for every file system."""
    path = clip_path(layout, clip, naming)
    assert not path.is_absolute(), path
    assert len(path.parts) in (2, 3), path
    assert path.suffix == ".mp4", path
    assert path.parts[0].lower() not in (".kinetics-tui", STATS_FILE, FAILED_FILE), path
    for part in path.parts:
        assert part not in (".", ".."), path
        assert len(part.encode()) <= MOST_PART_BYTES, path
        assert part[-1] not in ". ", path
        assert part[0] not in ". ", path
        assert not _REFUSED & set(part), path
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in part), path
        assert part.partition(".")[0].rstrip().casefold() not in _DEVICES, path
    return str(path)


def _clip(dice: Dice) -> Clip:
    start = dice.choice((0, 1, 1.5, 999_999, 17))
    video = youtube_id(dice) if dice.random() < 0.7 else text(dice, 3)
    split = dice.choice(("train", "val", "test", "all", text(dice, 2)))
    return Clip(video, start, start + dice.choice((10, 0.001)), split, text(dice, 3))


def lay_out(dice: Dice, folder: Path) -> None:
    """Two clips: each has its place, and neither the other's."""
    layout = dice.choice(list(LayoutName))
    one, other = _clip(dice), _clip(dice)
    paths = [check_path(layout, clip, dice.choice((Naming.TIMED, Naming.MARKED))) for clip in (one, other)]
    # That ids differ in more than capitals is for the ledger to see to.
    if one.key != other.key and one.youtube_id.lower() != other.youtube_id.lower():
        folded = [same_to_some(clip_path(layout, clip, Naming.TIMED)) for clip in (one, other)]
        assert folded[0] != folded[1], (one, other)
        assert not folded[0].startswith(folded[1] + "/"), (one, other)
    assert paths[0] != paths[1] or one.key == other.key or one.youtube_id.lower() == other.youtube_id.lower()


def keep_clips(dice: Dice, folder: Path) -> None:
    """A ledger of a few clips: each has a file of its own on every file system, and a row in the records."""
    dataset = folder / "set"
    layout = dice.choice(list(LayoutName))
    clips = [_clip(dice) for _ in range(dice.randint(1, 30))]
    if dice.random() < 0.1:
        odd_s = dice.choice((float("nan"), float("inf"), 1e300, -1.0, 0.0005, 1e9))
        clips.append(Clip("AAAAAAAAAAA", odd_s, 10.0, "val", text(dice)))
    half = len(clips) // 2
    try:
        with Ledger.create(
            dataset,
            title=text(dice),
            release="",
            selection=Selection(),
            options=Options(layout=layout),
            clips=clips[:half],
        ) as ledger:
            ledger.set_selection(Selection(classes=(encodable(dice),)), clips)
            rows = [row for split in ledger.split_counts() for row in ledger.next_pending(split.name, 0, 100)]
            paths = [check_path(layout, row.clip) and row.path for row in rows]
            assert len({same_to_some(PurePosixPath(path)) for path in paths}) == len(rows), paths
            for row in rows:
                ledger.record(_failure(dice, row.id))
            ledger.flush()
            write_records(dataset)
        _check_records(dataset, len(rows))
    except DatasetError as error:
        if "impossible time" not in str(error):
            raise
    finally:
        shutil.rmtree(dataset, ignore_errors=True)


def _failure(dice: Dice, clip_id: int) -> Attempt:
    return Attempt(
        clip_id=clip_id,
        at=1.7e9,
        network=encodable(dice),
        outcome=Outcome.FAILED,
        category=dice.choice(list(Category)),
        message=text(dice),
    )


def _check_records(dataset: Path, rows: int) -> None:
    for name, count in ((STATS_FILE, rows + 1), (FAILED_FILE, rows)):
        with (dataset / name).open(newline="", encoding="utf-8") as file:
            read = list(csv.reader(file))
        assert len(read) == count, name
        for cell in (cell for row in read for cell in row):
            assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in cell), cell


def print_texts(dice: Dice, folder: Path) -> None:
    """Whatever a text is, nothing of it is obeyed by a terminal."""
    hostile = text(dice, 12)
    for printed in (
        for_terminal(hostile),
        for_screen(hostile),
        shown(hostile),
        fit(for_screen(hostile), 20),
        *paragraph(hostile, 30),
    ):
        assert printed.isprintable(), printed
    assert all(line.isprintable() for line in lines_for_terminal(hostile).split("\n"))
    assert Line(hostile).cell(hostile, 10).text.isprintable()
    sound = hostile.encode("utf-8", "replace").decode()
    assert shell_word(os.fsdecode(sound.encode() + dice.choice((b"", b"\xff")))).isprintable()
    line = json_line([sound])
    assert line.isascii(), line
    assert line.isprintable(), line
    assert json.loads(line) == [sound]
