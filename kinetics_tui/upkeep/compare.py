"""Two datasets side by side: what they have in common, by key and byte for byte, and where they differ."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

import msgspec

from kinetics_tui.annotations.row_rules import CLIP_COLUMNS, clip_row, write_row
from kinetics_tui.dataset.ledger.database import connect, read_meta
from kinetics_tui.dataset.ledger.files import read_holdings
from kinetics_tui.dataset.manifest import Status, read_manifest
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options
from kinetics_tui.upkeep.walk import TemporaryTables

PAGE = 500
_SIDES = ("a", "b")
_TABLE = (
    "CREATE TABLE {} (youtube_id TEXT, start_ms INTEGER, end_ms INTEGER, split TEXT, label TEXT,"
    " sha256 TEXT, size INTEGER, path BLOB, archive TEXT,"
    " PRIMARY KEY (youtube_id, start_ms, end_ms)) WITHOUT ROWID;"
)
_KEY = "youtube_id, start_ms, end_ms"
_JOIN = f"JOIN b USING ({_KEY})"
_BY_CLASS = (
    "SELECT label, sum(in_a), sum(in_b), sum(in_a AND in_b) FROM ("  # noqa: S608 - constants
    f" SELECT a.label, 1 AS in_a, b.label IS NOT NULL AS in_b FROM a LEFT {_JOIN}"
    f" UNION ALL SELECT b.label, 0, 1 FROM b WHERE ({_KEY}) NOT IN (SELECT {_KEY} FROM a)"
    ") GROUP BY label"
)


class ClassCounts(msgspec.Struct, frozen=True):
    """A class with how many clips each side has of it, and both."""

    label: str
    a: int
    b: int
    common: int

    @property
    def apart(self) -> int:
        """Clips that one side alone has."""
        return self.a + self.b - 2 * self.common


class Comparison(msgspec.Struct):
    """Two datasets ``a`` and ``b`` held against each other: clips that are there and whole.

    Of the ``common`` ones, by key, ``same_bytes`` are the same files, ``other_bytes`` are not, and of the
    rest that cannot be told: a file or its digest is not at hand. Of those with other bytes
    ``other_source`` come from an archive on one side, which others cut, and from elsewhere on the other.
    ``relabelled`` have another split or label there. ``classes`` come with those that differ most in front.
    """

    a: str
    b: str
    clips_a: int = 0
    clips_b: int = 0
    common: int = 0
    same_bytes: int = 0
    other_bytes: int = 0
    other_source: int = 0
    relabelled: int = 0
    classes: list[ClassCounts] = []

    @property
    def only_a(self) -> int:
        return self.clips_a - self.common

    @property
    def only_b(self) -> int:
        return self.clips_b - self.common

    @property
    def unknown_bytes(self) -> int:
        return self.common - self.same_bytes - self.other_bytes


class Sides(TemporaryTables):
    """The clips of two datasets.

    Raises DatasetError for what is neither a dataset nor a manifest.
    """

    def __init__(self, a: Path, b: Path) -> None:
        super().__init__("".join(map(_TABLE.format, _SIDES)))
        self.comparison = Comparison(str(a), str(b))
        try:
            with self._filling() as db:
                for side, path in zip(_SIDES, (a, b), strict=True):
                    rows = _of_dataset(path) if path.is_dir() else _of_manifest(path)
                    db.executemany(f"INSERT OR IGNORE INTO {side} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 - ours
        except BaseException:
            self._db.close()
            raise

    def compare(
        self, on_progress: Callable[[int, int], None] = lambda _done, _total: None, workers: int | None = None
    ) -> Comparison:
        """Compare them. Files are read where both sides have one of the same size and no digest of it.

        ``on_progress`` is told how many of the common clips were compared, and how many there are.
        """
        found = self.comparison
        found.clips_a, found.clips_b = (self._value(f"SELECT count(*) FROM {side}") for side in _SIDES)  # noqa: S608 - ours
        found.common = self._value(f"SELECT count(*) FROM a {_JOIN}")  # noqa: S608 - ours
        found.relabelled = self._value(
            f"SELECT count(*) FROM a {_JOIN} WHERE a.split <> b.split OR a.label <> b.label"  # noqa: S608 - ours
        )
        counts = [ClassCounts(*row) for row in self._db.execute(_BY_CLASS)]
        found.classes = sorted(counts, key=lambda one: (-one.apart, one.label))
        pairs = self._db.execute(
            "SELECT a.sha256, a.size, a.path, b.sha256, b.size, b.path, a.archive <> b.archive"  # noqa: S608 - ours
            f" FROM a {_JOIN}"
        )
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
            done = 0
            while page := list(itertools.islice(pairs, PAGE)):
                for same, row in zip(threads.map(_same_bytes, page), page, strict=True):
                    found.same_bytes += same is True
                    found.other_bytes += same is False
                    found.other_source += same is False and row[-1]
                    done += 1
                    on_progress(done, found.common)
        return found

    def write_common(self, text: TextIO) -> None:
        """Write the clips that both have as an annotation file, with the splits and labels of the first."""
        write_row(text, CLIP_COLUMNS)
        for youtube_id, start_ms, end_ms, split, label in self._db.execute(
            f"SELECT {_KEY}, a.split, a.label FROM a {_JOIN} ORDER BY {_KEY}"  # noqa: S608 - ours
        ):
            write_row(text, clip_row(Clip(youtube_id, start_ms / 1000, end_ms / 1000, split, label)))


_Row = tuple[str, int, int, str, str, str, int, bytes | None, str]


def _row(clip: Clip, sha256: str, size_bytes: int, path: Path | None, archive: str) -> _Row:
    times = round(clip.time_start * 1000), round(clip.time_end * 1000)
    file = os.fsencode(path) if path else None
    return clip.youtube_id, *times, clip.split, clip.label, sha256, size_bytes, file, archive


def _of_dataset(dataset: Path) -> Iterator[_Row]:
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        for holding in read_holdings(database, read_meta(database, "options", Options).layout):
            path = dataset / holding.path
            if holding.done and path.is_file():
                with contextlib.suppress(OSError):  # it went away meanwhile
                    archive = holding.made.archive if holding.made else ""
                    yield _row(holding.clip, "", path.stat().st_size, path, archive)


def _of_manifest(path: Path) -> Iterator[_Row]:
    for listed in read_manifest(path):
        if listed.status is Status.HERE:
            yield _row(listed.clip, listed.sha256, listed.size_bytes, None, listed.archive)


def _same_bytes(pair: tuple[Any, ...]) -> bool | None:
    """True if two files are the same byte for byte; None where that cannot be told."""
    sha_a, size_a, path_a, sha_b, size_b, path_b, _ = pair
    if size_a != size_b:
        return False
    try:
        if path_a and path_b and os.path.samefile(path_a, path_b):  # noqa: PTH121 -- names may be of any encoding
            return True
        sha_a, sha_b = sha_a or _digest(path_a), sha_b or _digest(path_b)
    except OSError:
        return None
    return bool(sha_a == sha_b) if sha_a and sha_b else None


def _digest(path: bytes | None) -> str:
    if path is None:
        return ""
    with open(path, "rb") as file:  # noqa: PTH123 -- names may be of any encoding
        return hashlib.file_digest(file, "sha256").hexdigest()
