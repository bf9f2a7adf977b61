"""Files on offer and the clips that they may be, side by side, in constant memory however much it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import msgspec

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.model.clip import ALL, Clip
from kinetics_tui.model.made import MadeFile
from kinetics_tui.upkeep.adopt.match import Named, is_same_label
from kinetics_tui.upkeep.adopt.result import Fate
from kinetics_tui.upkeep.walk import TemporaryTables

PAGE = 500
_TABLES = """
CREATE TABLE files (path BLOB PRIMARY KEY, youtube_id TEXT, named BLOB, made BLOB) WITHOUT ROWID;
CREATE INDEX files_by_id ON files (youtube_id);
CREATE TABLE clips (
    id INTEGER PRIMARY KEY, youtube_id TEXT, start_ms INTEGER, end_ms INTEGER, account BLOB,
    selected INTEGER, taken INTEGER
);
CREATE INDEX clips_by_id ON clips (youtube_id);
CREATE TABLE taken_files (device INTEGER, inode INTEGER, PRIMARY KEY (device, inode)) WITHOUT ROWID;
"""

_pack = msgspec.msgpack.encode


class Offered(msgspec.Struct, frozen=True):
    """A file on offer; ``path`` as the system has it, ``named`` None where it names no clip.

    ``made`` is what a ledger beside the file says of it, None where none does.
    """

    path: bytes
    named: Named | None
    made: MadeFile | None = None

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


class Offer(TemporaryTables):
    """The files on offer and the clips of a dataset."""

    def __init__(self) -> None:
        super().__init__(_TABLES)

    # -- what there is -----------------------------------------------------------------------------

    def enter_files(self, files: Iterable[tuple[bytes, Named | None]]) -> None:
        """Enter files by their paths and what these tell."""
        with self._filling() as db:
            db.executemany(
                "INSERT OR IGNORE INTO files (path, youtube_id, named) VALUES (?, ?, ?)",
                (
                    (path, named.youtube_id, _pack(named)) if named else (path, None, None)
                    for path, named in files
                ),
            )

    def enter_records(self, accounts: Iterable[Account]) -> None:
        """Believe a ledger beside the files: which clip each of the done ones is, and how it was made."""
        with self._filling() as db:
            for account in accounts:
                if account.made is None:
                    continue
                clip = account.clip
                start_ms, end_ms = _times_ms(clip)
                named = Named(
                    youtube_id=clip.youtube_id,
                    start_ms=start_ms,
                    second_ms=end_ms,
                    split=clip.split,
                    label=clip.label,
                )
                db.execute(
                    "UPDATE files SET youtube_id = ?, named = ?, made = ? WHERE path = ?",
                    (clip.youtube_id, _pack(named), _pack(account.made), os.fsencode(account.path)),
                )

    def __len__(self) -> int:
        """How many files were entered."""
        return int(self._value("SELECT count(*) FROM files"))

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
                    msgspec.msgpack.decode(made, type=MadeFile) if made else None,
                )

    # -- what it may be ----------------------------------------------------------------------------

    def enter_clips(self, accounts: Iterable[Account], unselected: Iterable[int]) -> None:
        """Enter the clips of videos that a file is named after; the rest are nobody's."""
        with self._filling() as db:
            for account in accounts:
                youtube_id = account.clip.youtube_id
                if self._value("SELECT 1 FROM files WHERE youtube_id = ? LIMIT 1", youtube_id):
                    row = account.id, youtube_id, *_times_ms(account.clip), _pack(account)
                    db.execute("INSERT INTO clips VALUES (?, ?, ?, ?, ?, 1, 0)", row)
            db.executemany("UPDATE clips SET selected = 0 WHERE id = ?", ((one,) for one in unselected))

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
        return bool(self._value("SELECT taken FROM clips WHERE id = ?", account.id))

    def is_anothers(self, device: int, inode: int) -> bool:
        """Whether this very file was taken for another clip, under another name."""
        found = self._value("SELECT 1 FROM taken_files WHERE device = ? AND inode = ?", device, inode)
        return found is not None

    def take(self, account: Account, device: int, inode: int) -> None:
        """Note that a clip has its file."""
        self._db.execute("UPDATE clips SET taken = 1 WHERE id = ?", (account.id,))
        self._db.execute("INSERT OR IGNORE INTO taken_files VALUES (?, ?)", (device, inode))


def _times_ms(clip: Clip) -> tuple[int, int]:
    return round(clip.time_start * 1000), round(clip.time_end * 1000)


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
