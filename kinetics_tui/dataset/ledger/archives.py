"""Archives in the ledger's tables: which there are, which clips were seen in them, and which are wanted."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.model.options import LayoutName

if TYPE_CHECKING:
    from kinetics_tui.dataset.clip_names import Named

# As a wanted clip counts every one that is not done: one that YouTube has lost, too.
_WANTED = "selected = 1 AND splits.enabled = 1 AND status != 'done'"


class ArchiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """An archive, a file of a user's own among them, or a folder of loose clips.

    ``address`` is where it is, with the credentials that it may take, ``name`` what it is called on screen.
    ``replaces``: its clips are better than those of others. ``split`` and ``label``, or the names from
    ``first_name`` to ``last_name`` of the clips' files, say which clips it is taken to hold; empty: unknown.
    ``passed``: all of it was read once, and its members are known, or an index says so (``indexed``); ``why``
    is why it could not be read.
    """

    address: str
    name: str
    replaces: bool = False
    split: str = ""
    label: str = ""
    first_name: str = ""
    last_name: str = ""
    size_bytes: int | None = None
    validator: str = ""
    passed: bool = False
    wire_bytes: int = 0
    why: str = ""
    indexed: bool = False
    id: int = 0


class Passed(NamedTuple):
    """A clip that was seen in an archive, wanted or not."""

    youtube_id: str
    start_ms: int
    end_ms: int
    offset: int
    size_bytes: int


class Wanted(NamedTuple):
    """A clip that is wanted of archives; ``failed`` where it is settled as that."""

    row: ClipRow
    failed: bool


_FOLDER = "rtrim(address, replace(address, '/', ''))"
"""Of an address, that of the list of archives that it is in."""

_FIELDS = ArchiveRow.__struct_fields__
_WRITTEN = tuple(name for name in _FIELDS if name != "id")
_ASKED = ("name", "replaces", "split", "label", "first_name", "last_name")
_ADD = (
    f"INSERT INTO archives ({', '.join(_WRITTEN)}) VALUES ({', '.join(f':{name}' for name in _WRITTEN)})"  # noqa: S608 - our own field names
    f" ON CONFLICT (address) DO UPDATE SET listed = 1, {', '.join(f'{n} = excluded.{n}' for n in _ASKED)}"
)

_ADD_MEMBER = (
    "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE"
    " SET offset = excluded.offset, size_bytes = excluded.size_bytes"
)


def read_archives(database: Database) -> list[ArchiveRow]:
    """The archives that are read for this dataset now."""
    return _archives(database, "WHERE listed = 1")


def _archives(database: Database, which: str) -> list[ArchiveRow]:
    rows = database.read(f"SELECT {', '.join(_FIELDS)} FROM archives {which} ORDER BY id")  # noqa: S608
    return [msgspec.convert(dict(zip(_FIELDS, row, strict=True)), ArchiveRow, strict=False) for row in rows]


def set_archives(connection: sqlite3.Connection, archives: Iterable[ArchiveRow]) -> None:
    """Have these archives read from now on, and keep what was seen of them unless they have changed."""
    connection.execute("UPDATE archives SET listed = 0")
    for archive in archives:
        connection.execute(_ADD, msgspec.to_builtins(archive))
        (number,) = connection.execute(
            "SELECT id FROM archives WHERE address = ?", (archive.address,)
        ).fetchone()
        seen(connection, number, archive.size_bytes, archive.validator)
    for (number,) in connection.execute(
        "SELECT id FROM archives WHERE listed = 1 AND passed = 1 AND last_name != ''"
    ).fetchall():
        _forget_wrong_guess(connection, number)


def seen(connection: sqlite3.Connection, archive_id: int, size_bytes: int | None, validator: str) -> None:
    """Note what an archive's server, or the disk, says of it; what was seen in another one is forgotten."""
    before = connection.execute(
        "SELECT size_bytes, validator, passed FROM archives WHERE id = ?", (archive_id,)
    ).fetchone()
    changed = before is not None and any(
        old and new and old != new for old, new in ((before[0], size_bytes), (before[1], validator))
    )
    if changed:
        connection.execute("DELETE FROM members WHERE archive_id = ?", (archive_id,))
        connection.execute("UPDATE archives SET passed = 0, indexed = 0 WHERE id = ?", (archive_id,))
    connection.execute(
        "UPDATE archives SET size_bytes = coalesce(?, size_bytes), validator = ? WHERE id = ?",
        (size_bytes, validator or (before[1] if before else ""), archive_id),
    )


def settle_archive(
    connection: sqlite3.Connection, archive_id: int, *, passed: bool, wire_bytes: int, why: str
) -> None:
    """An archive was read, to its end if ``passed``; ``wire_bytes`` more were fetched of it."""
    connection.execute(
        "UPDATE archives SET passed = max(passed, :passed), indexed = indexed AND NOT :passed,"
        " wire_bytes = wire_bytes + :wire_bytes, why = :why WHERE id = :id",
        {"passed": passed, "wire_bytes": wire_bytes, "why": why, "id": archive_id},
    )
    if passed:
        _forget_wrong_guess(connection, archive_id)


def _forget_wrong_guess(connection: sqlite3.Connection, archive_id: int) -> None:
    """Where most that is in an archive is not of the run of names that it was taken for, nobody knows any
    more what is in it and in the others of its list.
    """
    split, folder, first, last = connection.execute(
        f"SELECT split, {_FOLDER}, substr(first_name, 1, 11), substr(last_name, 1, 11)"  # noqa: S608 - a constant
        " FROM archives WHERE id = ?",
        (archive_id,),
    ).fetchone()
    if not last:
        return
    count, within = connection.execute(
        "SELECT count(*), sum(youtube_id BETWEEN ? AND ?) FROM members WHERE archive_id = ?",
        (first, last, archive_id),
    ).fetchone()
    if count and 2 * within < count:
        connection.execute(
            f"UPDATE archives SET first_name = '', last_name = '' WHERE split = ? AND {_FOLDER} = ?",  # noqa: S608
            (split, folder),
        )


def add_members(connection: sqlite3.Connection, archive_id: int, members: Iterable[Passed]) -> None:
    """Note clips that were seen in an archive."""
    connection.executemany(
        _ADD_MEMBER,
        (
            (one.youtube_id, one.start_ms, one.end_ms, archive_id, one.offset, one.size_bytes)
            for one in members
        ),
    )


def mark_damaged(connection: sqlite3.Connection, clip_id: int, archive_id: int) -> None:
    """An archive's copy of a clip is not whole: nothing is read for it there again."""
    connection.execute(
        "UPDATE members SET damaged = 1 WHERE archive_id = ? AND (youtube_id, start_ms, end_ms) ="
        " (SELECT youtube_id, start_ms, end_ms FROM clips WHERE id = ?)",
        (archive_id, clip_id),
    )


def is_damaged(database: Database, clip_id: int) -> bool:
    """True if some archive holds the clip, and no copy of it is whole."""
    rows = database.read(
        "SELECT min(damaged) FROM clips JOIN members USING (youtube_id, start_ms, end_ms) WHERE clips.id = ?",
        (clip_id,),
    )
    return bool(rows and rows[0][0])


def where_is(database: Database, youtube_id: str, start_ms: int, end_ms: int) -> list[str]:
    """The addresses of the archives in which a clip was seen."""
    rows = database.read(
        "SELECT address FROM members JOIN archives ON archives.id = archive_id"
        " WHERE youtube_id = ? AND start_ms = ? AND end_ms = ?",
        (youtube_id, start_ms, end_ms),
    )
    return [address for (address,) in rows]


def wanted_of_video(database: Database, layout: LayoutName, named: Named) -> list[Wanted]:
    """The wanted clips that a file of this name may be; one without times may be any of its video."""
    found = []
    for row in database.read(
        f"SELECT clips.id, attempts, crashes, timed, {CLIP_COLUMNS}, status"  # noqa: S608 - constants
        f" FROM clips {CLIP_JOINS} WHERE youtube_id = ? AND {_WANTED}",
        (named.youtube_id,),
    ):
        wanted = _wanted(layout, row)
        if not named.timed or named.is_segment(wanted.row.clip):
            found.append(wanted)
    return found


def wanted_clip(database: Database, layout: LayoutName, clip_id: int) -> Wanted | None:
    """A clip that is wanted still, by its number."""
    rows = database.read(
        f"SELECT clips.id, attempts, crashes, timed, {CLIP_COLUMNS}, status"  # noqa: S608 - constants
        f" FROM clips {CLIP_JOINS} WHERE clips.id = ? AND {_WANTED}",
        (clip_id,),
    )
    return _wanted(layout, rows[0]) if rows else None


def unsettled(database: Database, layout: LayoutName, after_id: int, limit: int) -> list[ClipRow]:
    """Clips of enabled splits that are neither done nor failed, by id."""
    rows = database.read(
        f"SELECT clips.id, attempts, crashes, timed, {CLIP_COLUMNS}, status"  # noqa: S608 - constants
        f" FROM clips {CLIP_JOINS} WHERE {_WANTED} AND status != 'failed' AND clips.id > ?"
        " ORDER BY clips.id LIMIT ?",
        (after_id, limit),
    )
    return [_wanted(layout, row).row for row in rows]


def _wanted(layout: LayoutName, row: Sequence[Any]) -> Wanted:
    number, attempts, crashes, timed, *columns, status = row
    clip = read_clip(*columns)
    path = clip_path(layout, clip, Naming(timed)).as_posix()
    return Wanted(ClipRow(number, clip, path, attempts, crashes), status == "failed")


# -- how many are where -----------------------------------------------------------------------------------


class Expected(NamedTuple):
    """The wanted clips that an archive holds, or is taken to hold; ``clips`` None: that is not known.

    ``known``: they were seen there. ``end`` is where the last of them ends in the unpacked archive.
    """

    clips: int | None
    known: bool = False
    end: int | None = None


def expected(database: Database, archives: Sequence[ArchiveRow]) -> dict[int, Expected]:
    """What to expect of each archive, by its number."""
    seen_in = {
        number: Expected(count, known=True, end=end)
        for number, count, end in database.iterate(
            "SELECT archive_id, count(*), max(members.offset + members.size_bytes)"  # noqa: S608 - constants
            " FROM clips JOIN splits ON splits.id = split_id"
            " CROSS JOIN members USING (youtube_id, start_ms, end_ms)"
            f" WHERE {_WANTED} AND damaged = 0 GROUP BY archive_id"
        )
    }
    by_label = {
        (split, label): count
        for split, label, count in database.iterate(
            "SELECT splits.name, labels.name, count(*)"  # noqa: S608 - constants
            f" FROM clips {CLIP_JOINS} WHERE {_WANTED} GROUP BY split_id, label_id"
        )
    }
    return {
        archive.id: seen_in.get(archive.id, Expected(0, known=True))
        if archive.passed
        else _guessed(database, archive, by_label)
        for archive in archives
    }


def _guessed(database: Database, archive: ArchiveRow, by_label: dict[tuple[str, str], int]) -> Expected:
    if archive.label:
        label = archive.label
        return Expected(
            sum(
                count
                for (split, name), count in by_label.items()
                if name == label and archive.split in ("", split)
            )
        )
    if archive.last_name:
        rows = database.read(
            f"SELECT count(*) FROM clips JOIN splits ON splits.id = split_id WHERE {_WANTED}"  # noqa: S608
            " AND splits.name = ? AND youtube_id BETWEEN ? AND ?",
            (archive.split, archive.first_name[:11], archive.last_name[:11]),
        )
        return Expected(rows[0][0])
    return Expected(None if any(archive.split in ("", split) for split, _ in by_label) else 0)


class Coverage(NamedTuple):
    """The ``wanted`` clips that were ``seen`` in an archive, and of the rest those that ``may`` be in one."""

    wanted: int
    seen: int
    may: int


def coverage(database: Database, archives: Sequence[ArchiveRow]) -> Coverage:
    """How many wanted clips these archives hold, which are all that are read now; each counts once."""
    guessed = [one for one in archives if not one.passed]
    unknown = any(not one.label and not one.last_name for one in guessed)
    labels = {(one.split, one.label) for one in guessed if one.label}
    runs = _joined_runs(one for one in guessed if not one.label)
    wanted = seen = may = 0
    for split, label, youtube_id, is_seen in database.iterate(
        "SELECT splits.name, labels.name, youtube_id, EXISTS"  # noqa: S608 - constants
        " (SELECT 1 FROM members JOIN archives ON archives.id = archive_id"
        " WHERE members.youtube_id = clips.youtube_id AND members.start_ms = clips.start_ms"
        " AND members.end_ms = clips.end_ms AND damaged = 0 AND listed = 1)"
        f" FROM clips {CLIP_JOINS} WHERE {_WANTED}"
    ):
        wanted += 1
        seen += is_seen
        may += not is_seen and (
            unknown
            or not labels.isdisjoint((("", label), (split, label)))
            or any(first <= youtube_id <= last for first, last in runs[split])
        )
    return Coverage(wanted, seen, may)


def _joined_runs(archives: Iterable[ArchiveRow]) -> defaultdict[str, list[tuple[str, str]]]:
    """The runs of ids in archives by split, as few as there are: one joined with those that it overlaps."""
    joined: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in sorted(archives, key=lambda one: one.first_name):
        runs, first, last = joined[one.split], one.first_name[:11], one.last_name[:11]
        if runs and first <= runs[-1][1]:
            first, last = runs[-1][0], max(last, runs.pop()[1])
        runs.append((first, last))
    return joined


def member_counts(database: Database) -> dict[int, int]:
    """The clips that were seen in each archive, by its number."""
    return dict(database.iterate("SELECT archive_id, count(*) FROM members GROUP BY archive_id"))


# -- an index of them -------------------------------------------------------------------------------------


def all_archives(database: Database) -> list[ArchiveRow]:
    """The archives that are read now, and those that were before."""
    return _archives(database, "")


def read_members(database: Database) -> Iterator[tuple[int, Passed]]:
    """Every clip that was seen in an archive, with the number of the archive, by clip."""
    for number, *member in database.iterate(
        "SELECT archive_id, youtube_id, start_ms, end_ms, offset, size_bytes FROM members"
        " ORDER BY youtube_id, start_ms, end_ms, archive_id"
    ):
        yield number, Passed(*member)


def add_index(
    connection: sqlite3.Connection,
    members: Iterable[tuple[int, Passed]],
    passed: Mapping[int, tuple[int | None, str]],
) -> None:
    """Note clips that others saw in archives, by the number of the archive.

    ``passed`` are the archives all of whose clips these are, with the size and the version that they were
    of; it may be filled while ``members`` come.
    """
    connection.executemany(
        _ADD_MEMBER,
        (
            (one.youtube_id, one.start_ms, one.end_ms, number, one.offset, one.size_bytes)
            for number, one in members
        ),
    )
    connection.executemany(
        "UPDATE archives SET passed = 1, indexed = 1, size_bytes = coalesce(size_bytes, ?),"
        " validator = CASE validator WHEN '' THEN ? ELSE validator END WHERE id = ?",
        ((size_bytes, validator, number) for number, (size_bytes, validator) in passed.items()),
    )


def forget_indexes(connection: sqlite3.Connection) -> int:
    """Have archives that are known by an index alone be read as if there was none; how many these are."""
    connection.execute("DELETE FROM members WHERE archive_id IN (SELECT id FROM archives WHERE indexed = 1)")
    return connection.execute("UPDATE archives SET passed = 0, indexed = 0 WHERE indexed = 1").rowcount
