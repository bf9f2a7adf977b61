"""The files on offer taken one after the other: read, judged, placed, entered in the ledger."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.clip_names import is_clip_file, is_to_be_copied, named
from kinetics_tui.dataset.folder import STATE_FOLDER, ledger_path, state_folder
from kinetics_tui.dataset.ledger.attempts import write_attempts
from kinetics_tui.dataset.ledger.database import Database, connect, read_meta, version_in_head
from kinetics_tui.dataset.ledger.files import Account, read_accounts
from kinetics_tui.dataset.ledger.rows import Attempt
from kinetics_tui.dataset.ledger.schema import VERSION
from kinetics_tui.engine.archives.members import is_archive
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.adopt.candidates import Match, Offer, Offered
from kinetics_tui.upkeep.adopt.match import Fit, fit
from kinetics_tui.upkeep.adopt.place import Look, look_at, place, place_made
from kinetics_tui.upkeep.adopt.result import Adopted, Adoption, Fate, LinkMode
from kinetics_tui.upkeep.check.check import Asked, keep_quiet
from kinetics_tui.upkeep.check.file_verdict import attempt_of
from kinetics_tui.upkeep.check.findings import LedgerState
from kinetics_tui.upkeep.check.inventory import OURS
from kinetics_tui.upkeep.check.ledger_health import ledger_state
from kinetics_tui.upkeep.verify_pool import Readers
from kinetics_tui.upkeep.verify_program import Job, Reading, ReadingKind
from kinetics_tui.upkeep.walk import files_below

_FATES = {ReadingKind.UNPLAYABLE: Fate.UNPLAYABLE, ReadingKind.NO_MP4: Fate.NO_MP4}
BATCH = 50
"""So many clips are entered in the ledger at a time; a file in its place that is not yet is found again."""


class Adopting(Asked, frozen=True, kw_only=True):
    """An adoption of clips from the folder ``source`` as it is asked for.

    ``quick`` reads every file and decodes none; ``tolerance_s`` is for files cut by others, see ``fit``.
    ``on_settled`` is told of each file.
    """

    source: Path
    link: LinkMode = LinkMode.HARD
    dry_run: bool = False
    tolerance_s: float = 0.0
    on_progress: Callable[[Adoption], None] = keep_quiet
    on_settled: Callable[[Adopted], None] = keep_quiet


class _Held(msgspec.Struct, frozen=True):
    """A file that is being read: the clips that it may be, and how it looked before.

    ``in_place``: it is what lies in the place of its clip, which the ledger does not know of. ``made`` is the
    MP4 file into which its content is copied, where it is none itself.
    """

    offered: Offered
    match: Match
    seen: Look
    in_place: bool = False
    made: Path | None = None


@dataclass(eq=False)
class Taking:
    """One adoption under way; ``dataset`` is an absolute path.

    ``inside`` is the archive out of which the files were unpacked, as it is shown before their names.
    ``archives`` are those found beside the files.
    """

    dataset: Path
    how: Adopting
    adoption: Adoption
    offer: Offer
    database: Database
    scratch: Path
    inside: str = ""
    archives: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._source = self.how.source.absolute()
        self._scratch = self.scratch.absolute()
        self._numbers = itertools.count()
        self._options = read_meta(self.database, "options", Options)
        self._attempts: list[Attempt] = []

    def run(self) -> None:
        self._list()
        try:
            if not self.how.stopped():
                self._read_all()
        finally:
            self._flush()
        self.adoption.interrupted = self.adoption.settled < self.adoption.files

    def wants(self, path: str) -> bool:
        """True if a file in an archive may be a clip that is still to be had; settles it where it is none."""
        match = self.offer.match(Offered(os.fsencode(path), named(path)))
        if match.fate is not None:
            self.adoption.files += 1
            self._settle(path, match.fate, match.why, match.clip)
        return match.fate is None

    # -- what is on offer ----------------------------------------------------------------------------

    def _list(self) -> None:
        adoption, offer = self.adoption, self.offer
        top = self._source.resolve().name
        offer.enter_files((path, named(os.fsdecode(path), top)) for path in self._clip_files())
        adoption.files += len(offer)
        if self._has_whole_ledger():
            with contextlib.closing(connect(self._source, read_only=True)) as theirs:
                layout = read_meta(theirs, "options", Options).layout
                accounts = read_accounts(theirs, layout)
                offer.enter_records(itertools.takewhile(lambda _account: not self.stopped(), accounts))

    def _clip_files(self) -> Iterator[bytes]:
        state = os.fsencode(STATE_FOLDER)
        ours = OURS if state_folder(self._source).is_dir() else ()
        for path in files_below(self._source, self.stopped, leave_out=ours, on_unreadable=self._unreadable):
            if is_archive(os.fsdecode(path)):
                self.archives.append(self._source / os.fsdecode(path))
            elif not is_clip_file(os.fsdecode(path)):
                self.adoption.others += 1
            elif state not in path.split(b"/"):
                yield path

    def _unreadable(self, folder: bytes, error: OSError) -> None:
        self.adoption.files += 1
        self._settle(os.fsdecode(folder), Fate.UNREADABLE, f"{error.strerror}: its files are not known")

    def _has_whole_ledger(self) -> bool:
        """True if the files are a dataset's of ours. An older ledger does not count: it would be changed."""
        try:
            current = version_in_head(ledger_path(self._source)) == VERSION
            return current and ledger_state(self._source)[0] is LedgerState.WHOLE
        except (DatasetError, OSError):
            return False

    def stopped(self) -> bool:
        """True if it is to end early; tells how far it is."""
        self.how.on_progress(self.adoption)
        return self.how.stopped()

    # -- one file after the other --------------------------------------------------------------------

    def _read_all(self) -> None:
        with Readers[_Held](self._source, self.how.workers) as readers:
            for read in readers.read_all(self._to_read(), self._job):
                for held, reading in read:
                    self._read(held, reading)
                    if held.made is not None:
                        held.made.unlink(missing_ok=True)
                if self.stopped():
                    break

    def _to_read(self) -> Iterator[_Held]:
        for offered in self.offer.files():
            if self.stopped():
                return
            match = self.offer.match(offered)
            if match.fate is not None:
                self._settle(offered.shown, match.fate, match.why, match.clip)
            elif (held := self._hold(offered, match)) is not None:
                yield held

    def _hold(self, offered: Offered, match: Match) -> _Held | None:
        try:
            offered.path.decode()
            seen = look_at(self._source / offered.shown)
        except UnicodeDecodeError:
            self._settle(offered.shown, Fate.UNREADABLE, "its folder's name is not UTF-8")
            return None
        except OSError as error:
            self._settle(offered.shown, Fate.UNREADABLE, error.strerror or str(error))
            return None
        if seen is None:
            self._settle(offered.shown, Fate.NO_FILE, "it is a link or a device, not a file itself")
            return None
        there = [one for one in match.accounts if os.path.lexists(self.dataset / one.path)]
        if not there:
            made = self._scratch / f"{next(self._numbers)}.mp4" if is_to_be_copied(offered.shown) else None
            return _Held(offered, match, seen, made=made)
        # By an adoption that was cut off before the ledger knew, or by somebody's hand: told by itself.
        return _Held(offered, Match(accounts=(there[0],)), seen, in_place=True)

    def _job(self, held: _Held) -> Job:
        path = f"./{held.offered.shown}"
        if held.in_place:
            path = str(self.dataset / held.match.accounts[0].path)
        into = str(held.made) if held.made else ""
        return Job(path, decode=not self.how.quick, stranger=True, into=into)

    def _read(self, held: _Held, reading: Reading) -> None:
        path, accounts, facts = held.offered.shown, held.match.accounts, reading.facts
        name = accounts[0].clip.name if len(accounts) == 1 else ""
        left = [account for account in accounts if not self.offer.is_taken(account)]
        if not left:
            self._settle(path, Fate.THERE, "another file of the clip was taken", name)
            return
        if facts is None:
            self._refuse(held, _FATES.get(reading.kind, Fate.UNREADABLE), reading.why, name)
            return
        made, tolerance_s = held.offered.made, self.how.tolerance_s
        fits = [
            (account, fit(account, facts, self._options, made=made, tolerance_s=tolerance_s))
            for account in left
        ]
        good = [(account, one) for account, one in fits if one.fate is None]
        if len(good) > 1:
            why = "its name and its length fit several clips: " + ", ".join(one.clip.name for one, _ in good)
            self._settle(path, Fate.AMBIGUOUS, why)
        elif not good:
            self._refuse(held, fits[0][1].fate or Fate.UNPLAYABLE, fits[0][1].why, name)
        else:
            self._take(held, *good[0], reading)

    def _take(self, held: _Held, account: Account, one: Fit, reading: Reading) -> None:
        path, seen, how, name = held.offered.shown, held.seen, self.how, account.clip.name
        facts = reading.facts
        assert facts is not None
        if not held.in_place and self.offer.is_anothers(seen.device, seen.inode):
            self._settle(path, Fate.ANOTHERS, "under another name the same file was taken", name)
            return
        if not (how.dry_run or held.in_place):
            target = self.dataset / account.path
            try:
                if held.made is not None:
                    place_made(held.made, target, self._source / path, seen)
                else:
                    place(self._source / path, target, seen, how.link, self.scratch)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DatasetError(
                        f"The disk is full: {self.adoption.counts[Fate.TAKEN]:,} clips were taken; make "
                        "room, then adopt again."
                    ) from error
                self._settle(path, Fate.NOT_PLACED, _why_not_placed(error), name)
                return
        self.offer.take(account, seen.device, seen.inode)
        adoption = self.adoption
        adoption.taken_bytes += reading.size_bytes
        adoption.rewritten += held.made is not None
        adoption.found += held.in_place
        adoption.short += one.short
        adoption.inexact += not one.exact and self._options.trim is Trim.EXACT
        if not how.dry_run:
            made = facts.made_file(reading.size_bytes, short=one.short, exact=one.exact)
            self._attempts.append(attempt_of(account, made, time.time(), f"Adopted: {self.inside}{path}"))
            if len(self._attempts) >= BATCH:
                self._flush()
        how_taken = (
            "it lay in its place" if held.in_place else "copied into an .mp4 file" if held.made else ""
        )
        self._settle(path, Fate.TAKEN, how_taken, name)

    def _refuse(self, held: _Held, fate: Fate, why: str, name: str) -> None:
        if held.in_place:
            fate = Fate.NOT_PLACED
            why = f"what lies in its place is not right ({why}); kinetics-tui check --repair sets it aside"
        self._settle(held.offered.shown, fate, why, name)

    def _settle(self, path: str, fate: Fate, why: str, clip: str = "") -> None:
        adopted = Adopted(f"{self.inside}{path}", fate, why, clip)
        self.adoption.note(adopted)
        self.how.on_settled(adopted)

    def _flush(self) -> None:
        attempts, self._attempts = self._attempts, []
        if attempts:
            with self.database.transaction() as connection:
                write_attempts(connection, ((attempt, None) for attempt in attempts))


def _why_not_placed(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return "it is on another file system: --link copy takes it"
    if error.errno in (errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
        return f"it cannot be linked ({error.strerror}): --link copy takes it"
    return error.strerror or str(error)
