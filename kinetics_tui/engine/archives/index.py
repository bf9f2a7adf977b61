"""An index of archives: the clips that were ever seen in them, as CSV for others to load.

=============  ==================================================================================
archive        its address, without user, password and query; of a file on this machine its name
archive_bytes  its size; empty: not known
validator      what its server calls this version of it
members        the rows of this archive, where they are all of its clips; else empty
youtube_id     a clip; empty where an archive holds none
time_start,    in seconds
time_end
offset,        where it stands in the unpacked archive, and how many bytes it has
size_bytes
=============  ==================================================================================

Rows come in the order of clips. A name that ends in ``.gz`` has the file packed.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import urllib.parse
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TextIO

import msgspec

from kinetics_tui.annotations.row_rules import TIME_LIMIT_S, is_youtube_id, shown
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import storable
from kinetics_tui.base.whole_file import whole_file
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import seconds_text

COLUMNS = (
    *("archive", "archive_bytes", "validator", "members"),
    *("youtube_id", "time_start", "time_end", "offset", "size_bytes"),
)
PACKED = ".gz"
MAX_LINE_CHARS = 10_000
MOST_ARCHIVES = 100_000
_MOST = 2**62
_LEVEL = 6


class Written(NamedTuple):
    """The clips and archives in an index."""

    members: int
    archives: int


class Loaded(msgspec.Struct):
    """The rows of an index that was loaded.

    ``members`` of them are of ``archives`` of this dataset, ``whole`` of which are known to their ends now.
    ``unknown`` archives are none of this dataset's, of ``changed`` ones there is another version now, and
    ``known`` ones were read to their ends here.
    """

    members: int = 0
    archives: int = 0
    whole: int = 0
    unknown: int = 0
    changed: int = 0
    known: int = 0


# -- written ------------------------------------------------------------------------------------------------


def write_index(ledger: Ledger, path: Path) -> Written:
    """Write all that was ever seen in archives into a file, whole or not at all. Raises OSError."""
    counts = ledger.member_counts()
    heads = {
        one.id: [_shared(one), one.size_bytes, one.validator, counts.get(one.id, 0) if one.passed else None]
        for one in ledger.all_archives()
        if _is_remote(one) or one.size_bytes is not None  # a folder of loose clips is of no use to others
    }
    written = 0
    with whole_file(path) as making, _writing(making, packed=path.name.endswith(PACKED)) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([*heads[number], "", "", "", "", ""] for number in heads if not counts.get(number))
        for number, one in ledger.members():
            if (head := heads.get(number)) is not None:
                times = seconds_text(one.start_ms / 1000), seconds_text(one.end_ms / 1000)
                writer.writerow([*head, one.youtube_id, *times, one.offset, one.size_bytes])
                written += 1
    return Written(written, len(heads))


@contextlib.contextmanager
def _writing(path: Path, *, packed: bool) -> Iterator[TextIO]:
    with path.open("wb") as file:
        if not packed:
            with io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
                yield text
            return
        with (
            gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packing,
            io.TextIOWrapper(packing, encoding="utf-8", newline="") as text,
        ):
            yield text


def _is_remote(archive: ArchiveRow) -> bool:
    return "://" in archive.address


def _shared(archive: ArchiveRow) -> str:
    """The address of an archive without secrets: a query may be a signature."""
    if not _is_remote(archive):
        return archive.name
    return _without_secrets(archive.address)


def _without_secrets(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


# -- loaded -------------------------------------------------------------------------------------------------


def load_index(ledger: Ledger, path: Path) -> Loaded:
    """Note all that an index says of the archives of a dataset.

    Archives are matched by address, else by the name of the file and its size. In constant memory.
    Raises DatasetError, which names the line, for what is no index; nothing is changed then.
    """
    with _opened(path) as lines:
        reading = _Reading(path, lines, ledger.archives())
        ledger.add_index(reading.members(), reading.passed)
    return reading.loaded


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with (
        _readable(path),
        path.open("rb") as file,
        gzip.GzipFile(fileobj=file) if path.name.endswith(PACKED) else file as content,
        io.TextIOWrapper(content, encoding="utf-8", newline="") as text,
    ):
        yield text


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{path} is cut off or no packed file ({error}); fetch it again.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text in UTF-8; give a file of --write-index.") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); give another --index.") from error


class _Head(NamedTuple):
    """The cells of a row that tell of its archive."""

    archive: str
    size: str
    validator: str
    members: str


class _Reading:
    """The reading of one index."""

    def __init__(self, path: Path, lines: TextIO, archives: Sequence[ArchiveRow]) -> None:
        self._path = path
        self._lines = lines
        self._line = 0
        self._ids: dict[_Head, int | None] = {}
        self._rows: Counter[_Head] = Counter()
        self._known = {one.id for one in archives if one.passed and not one.indexed}
        by_address = Counter(_without_secrets(one.address) for one in archives if _is_remote(one))
        self._by_address = {
            address: one
            for one in archives
            if _is_remote(one) and by_address[address := _without_secrets(one.address)] == 1
        }
        by_name = Counter(_name_and_size(one.name, one.size_bytes) for one in archives)
        self._by_name = {
            found: one
            for one in archives
            if by_name[found := _name_and_size(one.name, one.size_bytes)] == 1 and one.size_bytes is not None
        }
        self.passed: dict[int, tuple[int | None, str]] = {}
        self.loaded = Loaded()

    def members(self) -> Iterator[tuple[int, Passed]]:
        """The clips in archives of the dataset that were not read to their ends here."""
        try:
            yield from self._members()
        except (csv.Error, ValueError) as error:
            raise DatasetError(
                f"{self._path} line {max(1, self._line)}: {error}; fetch it again, or write it with "
                "kinetics-tui archives DATASET --write-index FILE. Nothing was changed."
            ) from error

    def _members(self) -> Iterator[tuple[int, Passed]]:
        rows = csv.reader(self._checked_lines(), strict=True)
        if next(rows, None) != list(COLUMNS):
            raise ValueError(f"the columns are not {', '.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(COLUMNS):
                raise ValueError(f"{len(row)} cells, not {len(COLUMNS)}")
            head = _Head(*row[:4])
            if head not in self._ids:
                self._ids[head] = self._found(head)
            if row[4]:
                self._rows[head] += 1
                member = _member(row[4:])
                if (number := self._ids[head]) is not None:
                    self.loaded.members += 1
                    yield number, member
        for head, number in self._ids.items():
            if head.members and self._rows[head] != int(head.members):
                count = f"{self._rows[head]:,} rows of {int(head.members):,}"
                raise ValueError(f"{shown(head.archive)} has {count}")
            if number is not None and head.members:
                self.loaded.whole += 1

    def _checked_lines(self) -> Iterator[str]:
        while True:
            with _readable(self._path):
                line = self._lines.readline(MAX_LINE_CHARS + 1)
            if not line:
                return
            self._line += 1
            if len(line) > MAX_LINE_CHARS:
                raise ValueError(f"the line has more than {MAX_LINE_CHARS:,} characters")
            yield line

    def _found(self, head: _Head) -> int | None:
        """The number of an archive whose rows are of use here; None: pass them over."""
        if not head.archive:
            raise ValueError("the archive has no name")
        size = _number(head.size, "archive_bytes") if head.size else None
        if head.members:
            _number(head.members, "members")
        if len(self._ids) >= MOST_ARCHIVES:
            raise ValueError(f"there are more than {MOST_ARCHIVES:,} archives")
        one = self._by_address.get(head.archive)
        by_address = one is not None
        if one is None:
            one = self._by_name.get(_name_and_size(head.archive, size))
        if one is None:
            self.loaded.unknown += 1
            return None
        told = ((one.size_bytes, size), (one.validator, head.validator)) if by_address else ()
        if any(ours and theirs and ours != theirs for ours, theirs in told):
            self.loaded.changed += 1
            return None
        if one.id in self._known:
            self.loaded.known += 1
            return None
        self.loaded.archives += 1
        if head.members:
            self.passed[one.id] = (size, storable(head.validator)) if by_address else (None, "")
        return one.id


def _name_and_size(name: str, size_bytes: int | None) -> tuple[str, int | None]:
    """What tells an archive apart where somebody has a copy of it: the last part of its address, its size."""
    return urllib.parse.unquote(PurePosixPath(name).name), size_bytes


def _member(cells: Sequence[str]) -> Passed:
    youtube_id, start, end, offset, size = cells
    if not is_youtube_id(youtube_id):
        raise ValueError(f"{shown(youtube_id)} is no YouTube id")
    return Passed(youtube_id, _ms(start), _ms(end), _number(offset, "offset"), _number(size, "size_bytes"))


def _ms(text: str) -> int:
    time_s = float(text)
    if not 0 <= time_s < 2 * TIME_LIMIT_S:
        raise ValueError(f"the time {shown(text)} is out of all bounds")
    return round(time_s * 1000)


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > _MOST:
        raise ValueError(f"{what} is {shown(text)}, which is no whole number")
    return int(text)
