"""Files on offer and the clips that they may be, side by side, in constant memory however much it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import msgspec

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.files import Recorded as Made
from kinetics_tui.model.clip import ALL
from kinetics_tui.upkeep.adopt.match import Named, is_same_label
from kinetics_tui.upkeep.adopt.result import Fate

PAGE = 500
_TABLES = """
CREATE TABLE files (path BLOB PRIMARY KEY, youtube_id TEXT, named BLOB, made BLOB) WITHOUT ROWID;
CREATE TABLE clips (
    id INTEGER PRIMARY KEY, youtube_id TEXT, start_ms INTEGER, end_ms INTEGER,
    selected INTEGER DEFAULT 1, taken INTEGER DEFAULT 0, account BLOB
);
CREATE INDEX clips_by_id ON clips (youtube_id);
CREATE TABLE taken_files (device INTEGER, inode INTEGER, PRIMARY KEY (device, inode)) WITHOUT ROWID;
"""


class Offered(msgspec.Struct, frozen=True):
    """A file on offer; ``path`` as the system has it, ``named`` None where it names no clip.

    ``made`` is what a ledger beside the file says of it, None where none does.
    """

    path: bytes
    named: Named | None
    made: Made | None = None

    @property
    def shown(self) -> str:
        return os.fsdecode(self.path)


class Match(msgspec.Struct, frozen=True):
    """The clips that a file may be by its name, more than one where only its length can tell.

    ``fate`` is set where it is none of them, with the reason and with the clip that is meant, if one is.
    """

    accounts: tuple[Account, ...] = ()
    fate: Fate | None = None
    why: str = ""
    clip: str = ""


class Offer:
    """The files on offer and the clips of a dataset; a context manager.

    It is kept in a temporary file of SQLite's own, which is gone when this is closed.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # -- what there is -----------------------------------------------------------------------------

    def enter_files(self, files: Iterable[tuple[bytes, Named | None]]) -> None:
        """Enter files by their paths and what these tell."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO files (path, youtube_id, named) VALUES (?, ?, ?)",
            (
                (path, named.youtube_id if named else None, msgspec.msgpack.encode(named) if named else None)
                for path, named in files
            ),
        )
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX files_by_id ON files (youtube_id)")

    def enter_records(self, accounts: Iterable[Account]) -> None:
        """Believe a ledger beside the files: which clip each of the done ones is, and how it was made."""
        self._db.execute("BEGIN")
        for account in accounts:
            if not (account.done and account.made):
                continue
            clip = account.clip
            named = Named(
                youtube_id=clip.youtube_id,
                start_ms=round(clip.time_start * 1000),
                second_ms=round(clip.time_end * 1000),
                split=clip.split,
                label=clip.label,
            )
            self._db.execute(
                "UPDATE files SET youtube_id = ?, named = ?, made = ? WHERE path = ?",
                (
                    clip.youtube_id,
                    msgspec.msgpack.encode(named),
                    msgspec.msgpack.encode(account.made),
                    os.fsencode(account.path),
                ),
            )
        self._db.execute("COMMIT")

    def __len__(self) -> int:
        """How many files were entered."""
        count: int = self._db.execute("SELECT count(*) FROM files").fetchone()[0]
        return count

    def files(self) -> Iterator[Offered]:
        """The files entered, by path."""
        after = b""
        while rows := self._db.execute(
            "SELECT path, named, made FROM files WHERE path > ? ORDER BY path LIMIT ?", (after, PAGE)
        ).fetchall():
            for path, named, made in rows:
                after = path
                yield Offered(
                    path,
                    msgspec.msgpack.decode(named, type=Named) if named else None,
                    msgspec.msgpack.decode(made, type=Made) if made else None,
                )

    # -- what it may be ----------------------------------------------------------------------------

    def enter_clips(self, accounts: Iterable[Account], unselected: Iterable[int]) -> None:
        """Enter the clips of videos that a file is named after; the rest are nobody's."""
        self._db.execute("BEGIN")
        for account in accounts:
            clip = account.clip
            known = self._db.execute("SELECT 1 FROM files WHERE youtube_id = ? LIMIT 1", (clip.youtube_id,))
            if known.fetchone():
                start_ms, end_ms = round(clip.time_start * 1000), round(clip.time_end * 1000)
                self._db.execute(
                    "INSERT INTO clips (id, youtube_id, start_ms, end_ms, account) VALUES (?, ?, ?, ?, ?)",
                    (account.id, clip.youtube_id, start_ms, end_ms, msgspec.msgpack.encode(account)),
                )
        self._db.executemany("UPDATE clips SET selected = 0 WHERE id = ?", ((one,) for one in unselected))
        self._db.execute("COMMIT")

    def match(self, offered: Offered) -> Match:
        """The clips that a file may be by what its path tells."""
        named = offered.named
        if named is None:
            return Match(fate=Fate.NO_NAME, why="its name has no YouTube id and times")
        rows = self._db.execute(
            "SELECT account, start_ms, end_ms, selected, taken FROM clips WHERE youtube_id = ? ORDER BY id",
            (named.youtube_id,),
        ).fetchall()
        clips = [(msgspec.msgpack.decode(row[0], type=Account), *row[1:]) for row in rows]
        if not clips:
            return Match(fate=Fate.NOT_SELECTED, why=f"the dataset has no clip of {named.youtube_id}")
        if named.timed:
            lengths = offered.made is None
            clips = [row for row in clips if _is_segment(named, row[1], row[2], lengths=lengths)]
            if not clips:
                return Match(fate=Fate.NOT_SELECTED, why="the dataset has other segments of its video alone")
        else:
            match = _by_folders(named, [row[0] for row in clips])
            if match.fate:
                return match
            clips = [row for row in clips if row[0] in match.accounts]
        name = clips[0][0].clip.name if len(clips) == 1 else ""
        selected = [row for row in clips if row[3]]
        if not selected:
            return Match(fate=Fate.NOT_SELECTED, why="the selection leaves its clip out", clip=name)
        left = [account for account, _, _, _, taken in selected if not (taken or account.done)]
        if not left:
            done = any(row[0].done for row in selected)
            why = "" if done else "another file of the clip was taken"
            return Match(fate=Fate.THERE, why=why, clip=name)
        return Match(accounts=tuple(left))

    def is_taken(self, account: Account) -> bool:
        """Whether a file of this clip was taken meanwhile."""
        row = self._db.execute("SELECT taken FROM clips WHERE id = ?", (account.id,)).fetchone()
        return bool(row[0])

    def is_anothers(self, device: int, inode: int) -> bool:
        """Whether this very file was taken for another clip, under another name."""
        row = self._db.execute(
            "SELECT 1 FROM taken_files WHERE device = ? AND inode = ?", (device, inode)
        ).fetchone()
        return row is not None

    def take(self, account: Account, device: int, inode: int) -> None:
        """Note that a clip has its file."""
        self._db.execute("UPDATE clips SET taken = 1 WHERE id = ?", (account.id,))
        self._db.execute("INSERT OR IGNORE INTO taken_files VALUES (?, ?)", (device, inode))


def _is_segment(named: Named, start_ms: int, end_ms: int, *, lengths: bool) -> bool:
    """Whether a name tells this segment, by its end or, if ``lengths``, by its length."""
    ends = (end_ms, end_ms - start_ms) if lengths else (end_ms,)
    return named.start_ms == start_ms and named.second_ms in ends


def _by_folders(named: Named, accounts: list[Account]) -> Match:
    """The one clip of its video that a file without times can be, by its folders."""
    if named.split:
        accounts = [one for one in accounts if one.clip.split in (named.split, ALL)]
        if not accounts:
            why = f"the dataset has no clip of its video in {named.split}"
            return Match(fate=Fate.NOT_SELECTED, why=why)
    if named.label:
        of_label = [
            one for one in accounts if not one.clip.label or is_same_label(named.label, one.clip.label)
        ]
        if not of_label:
            why = f"its folder is not called after its class, {accounts[0].clip.label}"
            return Match(fate=Fate.ANOTHERS, why=why)
        accounts = of_label
    if len(accounts) > 1:
        why = f"its name has no times, and the dataset has {len(accounts)} clips of its video"
        return Match(fate=Fate.AMBIGUOUS, why=why)
    return Match(accounts=tuple(accounts))
