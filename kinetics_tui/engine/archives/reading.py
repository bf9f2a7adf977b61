"""One archive on its way: the program that reads it, started, heard and ended."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from kinetics_tui.base.any_text import to_json
from kinetics_tui.base.safe_text import for_log
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.engine.archives.order import ToRead
from kinetics_tui.engine.archives.reader import AnyLine, Ended, Job, Moved, lines
from kinetics_tui.model.events import ArchiveState

READER = (sys.executable, "-m", "kinetics_tui.engine.archives.reader")
MAX_LINE_BYTES = 1 << 20
SILENT_S = 120.0
"""A reader tells of itself twice a second; one of which nothing is heard for so long hangs, and is killed."""
_RATE_OVER_S = 3.0
_LOOK_EVERY_S = 0.05


class Speed:
    """Bytes a second over the last ``over_s`` seconds; ``clock`` gives monotonic seconds."""

    def __init__(self, over_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._over_s = over_s
        self._clock = clock
        self._noted: deque[tuple[float, int]] = deque()

    def note(self, total_bytes: int) -> None:
        """So many bytes have come since the beginning."""
        self._noted.append((self._clock(), total_bytes))

    def begin(self) -> None:
        """Forget what was: nothing comes for a while, which is no one's fault."""
        self._noted.clear()

    @property
    def bytes_per_s(self) -> float | None:
        """None where too little has been noted to say."""
        now = self._clock()
        while len(self._noted) > 1 and self._noted[0][0] < now - self._over_s:
            self._noted.popleft()
        if len(self._noted) < 2:
            return None
        (began, first), (_, last) = self._noted[0], self._noted[-1]
        return max(0.0, (last - first) / max(0.1, now - began))


class Reading:
    """An archive that is being read. ``hear`` is told what its reader says, ``end`` last.

    ``outstanding`` counts the copies that are not settled yet: until then its file stays, so that an engine
    that dies loses none of them.
    """

    def __init__(self, one: ToRead, job: Job, hear: Callable[[Reading, AnyLine], None]) -> None:
        self.archive = one.archive
        self.expected = one.expected
        self.job = job
        self.outstanding = 0
        self.found = 0
        self.ended: Ended | None = None
        self.died = False
        """It ended without saying why."""
        self.lost = False
        """A copy was lost on its way: it is read once more."""
        self.moved = Moved(size_bytes=None, got_bytes=0, passed_bytes=0, wire_bytes=0)
        self.dropped = False
        self._limit = job.max_bytes_per_s
        self._heard_at = time.monotonic()
        self._hear = hear
        self._speed = Speed(_RATE_OVER_S)
        self._process: asyncio.subprocess.Process | None = None
        self._task = asyncio.get_running_loop().create_task(self._listen())

    @property
    def state(self) -> ArchiveState:
        """The archive as views show it."""
        size = self.moved.size_bytes or self.archive.size_bytes
        return ArchiveState(
            name=self.archive.name,
            size_bytes=size,
            got_bytes=self.moved.got_bytes if self.job.part else self.moved.passed_bytes,
            passed_bytes=self.moved.passed_bytes,
            bytes_per_s=self._speed.bytes_per_s or 0.0,
            found=self.found,
            wanted=self.expected.clips,
            known=self.expected.known,
            waits=for_log(self.moved.waits),
        )

    @property
    def come_bytes(self) -> int:
        """Bytes that its reader has had of the line, or of the disk where it lies there."""
        return self.moved.wire_bytes if self.job.part else self.moved.passed_bytes

    def drop(self) -> None:
        """End the reader at once; what it fetched stays on the disk, what it unpacked does not."""
        self.dropped = True
        self._kill()

    def limit(self, max_bytes_per_s: float | None) -> None:
        """Let the reader have so much of the line from now on."""
        process = self._process
        if max_bytes_per_s == self._limit or process is None or process.stdin is None or self.ended:
            return
        self._limit = max_bytes_per_s
        process.stdin.write(to_json(max_bytes_per_s) + b"\n")

    def kill_if_hung(self) -> None:
        """Kill a reader of which nothing was heard for too long; it counts as one that died."""
        if time.monotonic() - self._heard_at > SILENT_S:
            self._kill()

    async def close(self) -> None:
        """Wait until the reader is gone and no copy of it is in hand, and remove what it has unpacked."""
        await asyncio.gather(self._task, return_exceptions=True)
        while self.outstanding:
            await asyncio.sleep(_LOOK_EVERY_S)
        shutil.rmtree(self.job.into, ignore_errors=True)

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _listen(self) -> None:
        ended = None
        why = "its reader died"
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *READER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None,  # into the engine's log
                limit=MAX_LINE_BYTES,
                start_new_session=True,
            )
            assert process.stdin is not None
            assert process.stdout is not None
            if self.dropped:
                process.kill()
            process.stdin.write(to_json(self.job) + b"\n")
            async for text in process.stdout:
                self._heard_at = time.monotonic()
                line = lines.decode(text)
                if isinstance(line, Ended):
                    ended = line
                elif not self.dropped:
                    self._note(line)
            await process.wait()
        except (OSError, ValueError, RecursionError, msgspec.DecodeError) as error:
            why = f"its reader failed ({error})"
            self._kill()
        if not self.dropped:
            self.died = ended is None
            self.ended = ended or Ended(why=why)
            self._hear(self, self.ended)

    def _note(self, line: AnyLine) -> None:
        if isinstance(line, Moved):
            self.moved = line
            self._speed.note(self.come_bytes)
        self._hear(self, line)


class Copy(NamedTuple):
    """The file ``path``, a copy of a clip out of an archive; ``failed``: its clip stands as that."""

    path: Path
    archive: ArchiveRow
    failed: bool
    reading: Reading
