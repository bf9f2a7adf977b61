"""The archives' turn in a run: which is read next, and what becomes of the copies that come out of them.

They are read by programs of their own; a copy of a wanted clip goes through a worker's hand like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import for_log
from kinetics_tui.dataset.folder import scratch_path
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.archives.files import ArchiveFiles, is_remote
from kinetics_tui.engine.archives.order import ToRead, left_bytes, may_hold, to_read
from kinetics_tui.engine.archives.reader import AnyLine, Begun, Ended, Found, Job, Refused, Seen
from kinetics_tui.engine.archives.reading import Copy, Reading, Speed
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.workers.hand import LET_GO_S
from kinetics_tui.model.events import ArchivesChanged, ArchiveState
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Source

CRASHES_A_COPY = 3
"""A copy that takes down so many workers is not whole."""
DEATHS_AN_ARCHIVE = 3
"""An archive whose reader died so many times is given up."""
SETTLED_AT_ONCE = 100
RATE_OVER_S = 30.0
"""What is left is told by the rate over so many seconds: an archive ends now and then, another begins."""
REFUSED_NAMED = 20
"""So many files of an archive that were passed over are named in the log."""

log = logging.getLogger(__name__)


class ArchiveTurn:
    """Reads the archives when it is their turn.

    ``ready`` is called when there is a copy for a worker, ``not_held`` settles a clip that no archive holds.
    """

    def __init__(
        self,
        context: RunContext,
        queue: ClipQueue,
        disk: DiskWatch,
        *,
        not_held: Callable[[ClipRow, Category, str], object],
        ready: Callable[[], object],
    ) -> None:
        self._context = context
        self._queue = queue
        self._disk = disk
        self._not_held = not_held
        self._ready = ready
        self._files = ArchiveFiles(context.dataset)
        self._sources = context.options.sources
        self._begun = False
        self._through = Source.ARCHIVES not in self._sources
        self._copies: deque[tuple[ClipRow, Copy]] = deque()
        self._spare: defaultdict[int, list[tuple[ClipRow, Copy]]] = defaultdict(list)
        """Copies of clips that are in hand, should the one there not be whole."""
        self._readings: list[Reading] = []
        self._tried: set[int] = set()
        self._order: list[ToRead] | None = None
        self._planned: list[ToRead] = []
        self._stood: dict[int, ArchiveState] = {}
        self._speed, self._bytes_per_s, self._come_bytes = Speed(RATE_OVER_S), 0.0, 0
        self._planning: asyncio.Task[list[ToRead]] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._members: defaultdict[int, list[Passed]] = defaultdict(list)
        self._crashes: defaultdict[int, int] = defaultdict(int)
        self._deaths: defaultdict[int, int] = defaultdict(int)
        self._wire_bytes: defaultdict[int, int] = defaultdict(int)
        """That came for archives which are not through."""
        self._refused_of: defaultdict[int, int] = defaultdict(int)
        self._faults: list[tuple[ArchiveRow, str]] = []
        self._settled_id: int | None = None
        self._passed = 0
        self._taken = self._unwanted = self._refused = 0
        self._damaged: set[tuple[int, int]] = set()

    @property
    def active(self) -> bool:
        """It is the archives' turn, and nothing is asked of YouTube."""
        return self._begun and not self._through

    @property
    def to_come(self) -> bool:
        """It was not their turn yet, and clips are left that they may hold."""
        state = self._context.state
        return not self._through and bool(state.left or state.failed)

    @property
    def youtube(self) -> bool:
        """YouTube may be asked for clips now."""
        theirs = self.active or (self._sources[0] is Source.ARCHIVES and not self._through)
        return Source.YOUTUBE in self._sources and not theirs

    # -- now and then ------------------------------------------------------------------------------

    def tick(self, *, held: bool) -> None:
        """See what is to be done next; ``held``: nothing is to be begun, and what is under way ends."""
        if self._through:
            self._begin_again()
        if self._through or not self._may_begin():
            return
        if held or self._disk.problem or (self._readings and self._nothing_wanted()):
            self._drop_all()
        else:
            self._write_members()
            self._plan()
            self._start()
            self._share_line()
            for reading in self._readings:
                reading.kill_if_hung()
            self._settle_readings()
            if self._order == [] and not self._readings:
                self._finish()
        self._tell()

    def _nothing_wanted(self) -> bool:
        """Every clip is done: what is still on its way is worth nothing, unless archives are kept."""
        splits = [split for split in self._context.state.splits.values() if split.enabled]
        wanted = any(split.left or split.failed for split in splits)
        return not (wanted or self._context.options.keep_archives)

    def _may_begin(self) -> bool:
        queue = self._queue
        if not self._begun and (
            self._sources[0] is Source.ARCHIVES or (queue.exhausted and not queue.in_hand)
        ):
            self._begun = True
        return self._begun

    def _begin_again(self) -> None:
        """Clips that failed were made pending again, and YouTube is not asked for them."""
        if self._sources == (Source.ARCHIVES,) and self._context.state.left:
            self._through = False
            self._tried.clear()
            self._faults.clear()
            self._deaths.clear()
            self._order = None

    def _plan(self) -> None:
        if self._planning is not None and self._planning.done():
            planning, self._planning = self._planning, None
            reading = {one.archive.id for one in self._readings}
            self._order = [one for one in planning.result() if one.archive.id not in reading | self._tried]
            self._planned = list(self._order)
        elif self._order is None and self._planning is None:
            self._context.ledger.flush()
            looking = asyncio.to_thread(to_read, self._context.dataset, frozenset(self._tried))
            self._planning = asyncio.get_running_loop().create_task(looking)

    # -- archives begun and ended ------------------------------------------------------------------

    def _start(self) -> None:
        options = self._context.options
        while self._order and len(self._readings) < options.archives_at_once and not self._closing:
            one = self._order[0]
            if (why := self._over_limit(one.archive)) is not None:
                if not why:
                    return  # there will be room when another one is through
                self._order.pop(0)
                self._give_up(one.archive, why)
                continue
            self._order.pop(0)
            archive, files = one.archive, self._files
            files.folder.mkdir(mode=0o700, exist_ok=True)
            path = "" if files.is_to_be_fetched(archive) else str(files.kept(archive))
            rate = options.max_bytes_per_s
            job = Job(
                dataset=str(self._context.dataset),
                address=archive.address,
                path=path,
                part="" if path else str(files.part(archive)),
                into=str(scratch_path(self._context.dataset) / f"archive-{archive.id}"),
                until=one.expected.end if archive.passed else None,
                validator=archive.validator,
                max_bytes_per_s=rate / options.archives_at_once if rate else None,
            )
            self._stood.clear()
            self._readings.append(Reading(one, job, self._hear))

    def _share_line(self) -> None:
        """Divide what archives may take of the line among those that are fetched now."""
        rate = self._context.options.max_bytes_per_s
        fetching = [reading for reading in self._readings if reading.job.part and reading.ended is None]
        for reading in fetching:
            reading.limit(rate / len(fetching) if rate else None)

    def _over_limit(self, archive: ArchiveRow) -> str | None:
        fetching = [reading for reading in self._readings if reading.job.part]
        # What lies on the disk came over the line, though its reader may not have told of it yet.
        untold = (self._files.bytes_here(reading.archive) - reading.moved.got_bytes for reading in fetching)
        told = (reading.moved.wire_bytes for reading in fetching)
        spent = sum(self._wire_bytes.values()) + sum(told) + sum(max(0, size) for size in untold)
        if (
            self._context.options.max_archive_bytes is not None
        ):  # asked again and again while there is no room
            spent += sum(one.wire_bytes for one in self._context.ledger.archives())
        return self._files.over_limit(
            archive,
            [reading.archive for reading in fetching],
            self._context.options,
            spent_bytes=spent,
            free_bytes=self._disk.free_bytes,
        )

    def _settle_readings(self) -> None:
        for reading in [one for one in self._readings if one.ended is not None and not one.outstanding]:
            ended = reading.ended
            assert ended is not None
            self._readings.remove(reading)
            self._wire_bytes[reading.archive.id] += reading.moved.wire_bytes
            self._come_bytes += reading.come_bytes
            self._close(reading)
            archive, self._order = reading.archive, None
            self._write_members()
            if ended.of_disk:
                self._disk.hold(f"Archives cannot be fetched: {ended.why}.", full=ended.full)
                continue
            if reading.died:
                self._deaths[archive.id] += 1
                log.warning("the reader of %s: %s", archive.name, ended.why)
            if reading.lost or (reading.died and self._deaths[archive.id] < DEATHS_AN_ARCHIVE):
                self._planned.append(ToRead(archive, reading.expected))
                continue  # once more, out of what lies on the disk
            whole = not ended.why and not ended.early
            self._context.ledger.settle_archive(
                archive.id, passed=whole, wire_bytes=self._wire_bytes[archive.id], why=for_log(ended.why)
            )
            del self._wire_bytes[archive.id]
            self._unwanted += reading.moved.unwanted
            if ended.why:
                self._give_up(archive, ended.why)
            else:
                self._tried.add(archive.id)
                self._passed += 1
            if reading.job.part and not ended.unreachable:
                keep = whole and self._context.options.keep_archives
                self._files.put_away(archive, keep=keep)

    def _give_up(self, archive: ArchiveRow, why: str) -> None:
        self._tried.add(archive.id)
        self._faults.append((archive, why))
        self._context.log("archive", f"{archive.name} could not be read: {for_log(why)}.")

    def _drop_all(self) -> None:
        """End what is under way; what was fetched stays, and what was unpacked comes out of it once more."""
        for spare in self._spare.values():
            for _, copy in spare:
                self._discard(copy)
        self._spare.clear()
        while self._copies:
            self._let_go(*self._copies.popleft())
        for reading in self._readings:
            self._stood[reading.archive.id] = msgspec.structs.replace(
                reading.state, bytes_per_s=0.0, waits=""
            )
            self._come_bytes += reading.come_bytes
            reading.drop()
            self._wire_bytes[reading.archive.id] += reading.moved.wire_bytes
            self._close(reading)
        self._readings.clear()
        self._order = None
        self._speed.begin()

    def _close(self, reading: Reading) -> None:
        closing = asyncio.get_running_loop().create_task(reading.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End all readers; the run is over."""
        self._drop_all()
        if self._planning is not None:
            self._planning.cancel()
        if self._closing:
            _, hung = await asyncio.wait(self._closing, timeout=LET_GO_S)
            for closing in hung:
                closing.cancel()
        with contextlib.suppress(DatasetError):
            self._write_members()
            for archive_id, wire_bytes in self._wire_bytes.items():
                self._context.ledger.settle_archive(archive_id, passed=False, wire_bytes=wire_bytes, why="")

    # -- what readers say ----------------------------------------------------------------------------

    def _hear(self, reading: Reading, line: AnyLine) -> None:
        archive = reading.archive
        try:
            match line:
                case Found():
                    self._found(reading, line)
                case Seen(members=members):
                    self._members[archive.id] += members
                case Begun(size_bytes=size_bytes, validator=validator):
                    self._members.pop(archive.id, None)
                    if reading.job.part or not is_remote(archive):  # a kept one is as it was when it came
                        self._context.ledger.seen(archive.id, size_bytes, validator)
                case Refused(name=name, why=why):
                    self._refused += 1
                    self._refused_of[archive.id] += 1
                    if self._refused_of[archive.id] <= REFUSED_NAMED:
                        text = f"{archive.name}: {for_log(name)[:100]} is passed over: {why}."
                        self._context.log("archive", text)
                case Ended():
                    self._settle_readings()
                case _:
                    pass
        except DatasetError as error:
            self._disk.hold(str(error))

    def _found(self, reading: Reading, found: Found) -> None:
        wanted = self._context.ledger.wanted_clip(found.clip_id)
        path = Path(found.path)
        if wanted is None:
            path.unlink(missing_ok=True)
            return
        reading.outstanding += 1
        copy = wanted.row, Copy(path, reading.archive, wanted.failed, reading)
        if not self._queue.claim(wanted.row):
            self._spare[wanted.row.id].append(copy)
            return
        reading.found += 1
        self._copies.append(copy)
        self._ready()

    def _write_members(self) -> None:
        members, self._members = self._members, defaultdict(list)
        for archive_id, seen in members.items():
            if seen:
                self._context.ledger.add_members(archive_id, seen)

    # -- what becomes of copies ----------------------------------------------------------------------

    @property
    def has_copies(self) -> bool:
        """True if there may be a copy for a worker's hand."""
        return bool(self._copies)

    def take(self) -> tuple[ClipRow, Copy] | None:
        """The next copy for a worker's hand, None where there is none."""
        while self._copies:
            row, copy = self._copies.popleft()
            if copy.path.exists():
                return row, copy
            copy.reading.lost = True
            self._let_go(row, copy)
        return None

    def back(self, row: ClipRow, copy: Copy) -> None:
        """A copy came back out of a worker's hand as it was."""
        if copy.reading.dropped:
            self._let_go(row, copy)
        else:
            self._copies.appendleft((row, copy))

    def crashed(self, row: ClipRow, copy: Copy, how: str) -> None:
        """A copy took its worker down."""
        self._crashes[row.id] += 1
        if self._crashes[row.id] < CRASHES_A_COPY:
            self.back(row, copy)
        else:
            self.damaged(row, copy, f"Its worker died ({how}).")

    def taken(self, row: ClipRow, copy: Copy) -> None:
        """The clip is made and in its place."""
        self._taken += 1
        self._discard(copy)
        for _, spare in self._spare.pop(row.id, ()):
            self._discard(spare)
        self._crashes.pop(row.id, None)

    def damaged(self, row: ClipRow, copy: Copy, why: str) -> None:
        """The copy is not whole: another archive, or YouTube, gets its turn."""
        self._damaged.add((row.id, copy.archive.id))  # an archive that is begun again has it once more
        self._write_members()
        self._context.ledger.mark_damaged(row.id, copy.archive.id)
        self._context.log("archive", f"{copy.archive.name}: {row.clip.name}: {why}")
        self._crashes.pop(row.id, None)
        self._let_go(row, copy)

    def _let_go(self, row: ClipRow, copy: Copy) -> None:
        self._discard(copy)
        self._queue.release(row)
        if spare := self._spare.get(row.id):
            self._copies.append(spare.pop(0))
            self._copies[-1][1].reading.found += 1
            self._queue.claim(row)
            self._ready()

    def _discard(self, copy: Copy) -> None:
        copy.path.unlink(missing_ok=True)
        copy.reading.outstanding -= 1

    # -- the end ---------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """No archive is left to be read: what none held goes to YouTube, or fails."""
        if self._sources == (Source.ARCHIVES,) and not self._settle_rest():
            return
        self._through = True
        self._settled_id = None
        self._files.sweep(archive for archive, _ in self._faults)
        if not self._passed and not self._faults:
            self._context.log("archive", "No archive is known that may hold a clip that is left.")
        self._queue.restart()

    def _settle_rest(self) -> bool:
        """Settle some clips that no archive held as failed; True where none is left."""
        ledger = self._context.ledger
        rows = ledger.unsettled(self._settled_id or 0, SETTLED_AT_ONCE)
        for row in rows:
            self._settled_id = row.id
            fault = next((why for archive, why in self._faults if may_hold(archive, row.clip)), "")
            if ledger.is_damaged(row.id):
                category, text = Category.DAMAGED_IN_ARCHIVE, "No archive's copy of it is whole."
            elif fault:
                category, text = Category.ARCHIVE_UNREACHABLE, f"An archive could not be read: {fault}."
            else:
                category, text = Category.NOT_IN_ARCHIVES, "No archive that was read holds it."
            self._not_held(row, category, text)
        return not rows

    def _tell(self) -> None:
        state = self._context.state
        # While the next are looked for, those of before are still to come.
        at_work = {one.archive.id: one.state for one in self._readings} or self._stood
        reading = tuple(at_work.values())
        order = [one for one in self._planned if one.archive.id not in {*at_work, *self._tried}]
        expected = [one.expected.clips if one.expected.known else None for one in order]
        expected += [max(0, (one.wanted or 0) - one.found) if one.known else None for one in reading]
        if self._readings:
            self._speed.note(self._come_bytes + sum(one.come_bytes for one in self._readings))
        measured = self._speed.bytes_per_s
        self._bytes_per_s = self._bytes_per_s if measured is None else measured
        event = ArchivesChanged(
            at=self._context.clock(),
            turn=self.active,
            reading=reading,
            passed=self._passed,
            total=self._passed + len(self._faults) + len(reading) + len(order),
            left_bytes=left_bytes(order)
            + sum(max(0, (one.size_bytes or 0) - one.got_bytes) for one in reading),
            bytes_per_s=self._bytes_per_s,
            expected=None if None in expected else sum(clips or 0 for clips in expected),
            then_youtube=Source.YOUTUBE in self._sources[1:],
            taken=self._taken,
            damaged=len(self._damaged),
            unwanted=self._unwanted + sum(one.moved.unwanted for one in self._readings),
            refused=self._refused,
        )
        before = state.archives
        begins = not before.total and bool(event.total)
        if before.turn != event.turn or begins or (event.at - before.at >= 1.0 and _differs(before, event)):
            self._context.publish(event)


def _differs(one: ArchivesChanged, other: ArchivesChanged) -> bool:
    fields = (name for name in ArchivesChanged.__struct_fields__ if name != "at")
    return any(getattr(one, name) != getattr(other, name) for name in fields)
