"""Files on offer and the clips that they may be, in constant memory however many there are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import msgspec

from kinetics_tui.dataset.clip_names import Named, is_same_label, times_ms
from kinetics_tui.dataset.ledger.database import Database, read_meta
from kinetics_tui.dataset.ledger.files import Account, accounts_of_video
from kinetics_tui.model.clip import ALL, Clip
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options
from kinetics_tui.upkeep.adopt.result import Fate
from kinetics_tui.upkeep.walk import TemporaryTables

_TABLES = """
CREATE TABLE files (path BLOB PRIMARY KEY, named BLOB, made BLOB) WITHOUT ROWID;
CREATE TABLE taken (clip_id INTEGER PRIMARY KEY, device INTEGER, inode INTEGER);
CREATE INDEX taken_files ON taken (device, inode);
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
    """The files on offer to a dataset, and those of them that were taken."""

    def __init__(self, database: Database) -> None:
        super().__init__(_TABLES)
        self._database = database
        self._layout = read_meta(database, "options", Options).layout

    # -- what there is -----------------------------------------------------------------------------

    def enter_files(self, files: Iterable[tuple[bytes, Named | None]]) -> None:
        """Enter files by their paths and what these tell."""
        with self._filling() as db:
            rows = ((path, _pack(named) if named else None) for path, named in files)
            db.executemany("INSERT OR IGNORE INTO files (path, named) VALUES (?, ?)", rows)

    def enter_records(self, accounts: Iterable[Account]) -> None:
        """Believe a ledger beside the files: which clip each of the done ones is, and how it was made."""
        with self._filling() as db:
            for account in accounts:
                if account.made is not None:
                    row = _pack(_named(account.clip)), _pack(account.made), os.fsencode(account.path)
                    db.execute("UPDATE files SET named = ?, made = ? WHERE path = ?", row)

    def forget_files(self) -> None:
        """Forget the files entered, and know still which clips were taken."""
        self._db.execute("DELETE FROM files")

    def __len__(self) -> int:
        """The number of files entered."""
        return int(self._value("SELECT count(*) FROM files"))

    def files(self) -> Iterator[Offered]:
        """The files entered, by path."""
        for path, named, made in self._db.execute("SELECT path, named, made FROM files ORDER BY path"):
            yield Offered(
                path,
                msgspec.msgpack.decode(named, type=Named) if named else None,
                msgspec.msgpack.decode(made, type=MadeFile) if made else None,
            )

    # -- what it may be ----------------------------------------------------------------------------

    def match(self, offered: Offered) -> Match:
        """The clips that a file may be by what its path tells."""
        named = offered.named
        if named is None:
            return Match(fate=Fate.NO_NAME, why="its name has no YouTube id and times")
        clips = accounts_of_video(self._database, self._layout, named.youtube_id)
        if not clips:
            return Match(fate=Fate.NOT_SELECTED, why=f"the dataset has no clip of {named.youtube_id}")
        if named.timed:
            lengths = offered.made is None
            clips = [one for one in clips if named.is_segment(one.clip, lengths=lengths)]
            if not clips:
                return Match(fate=Fate.NOT_SELECTED, why="the dataset has other segments of its video alone")
        else:
            match = _by_folders(named, clips)
            if match.fate:
                return match
            clips = list(match.accounts)
        name = clips[0].clip.name if len(clips) == 1 else ""
        selected = [one for one in clips if one.selected]
        if not selected:
            return Match(fate=Fate.NOT_SELECTED, why="the selection leaves its clip out", clip=name)
        others = [one for one in selected if not self.is_taken(one)]
        left = [one for one in others if not one.done]
        if not left:
            why = "" if others else "another file of the clip was taken"
            return Match(fate=Fate.THERE, why=why, clip=name)
        return Match(accounts=tuple(left))

    def is_taken(self, account: Account) -> bool:
        """True if a file of this clip was taken meanwhile."""
        return self._value("SELECT 1 FROM taken WHERE clip_id = ?", account.id) is not None

    def is_anothers(self, device: int, inode: int) -> bool:
        """True if this very file was taken for another clip, under another name."""
        found = self._value("SELECT 1 FROM taken WHERE device = ? AND inode = ?", device, inode)
        return found is not None

    def take(self, account: Account, device: int, inode: int) -> None:
        """Note that a clip has its file."""
        self._db.execute("INSERT INTO taken VALUES (?, ?, ?)", (account.id, device, inode))


def _named(clip: Clip) -> Named:
    """A clip as the path of its file would tell all of it."""
    start_ms, end_ms = times_ms(clip)
    return Named(
        youtube_id=clip.youtube_id, start_ms=start_ms, second_ms=end_ms, split=clip.split, label=clip.label
    )


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
