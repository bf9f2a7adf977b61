"""What a host has made: sent, and kept until the engine has it in its books."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinetics_tui.engine.wire.line import Line, LineLost
from kinetics_tui.engine.wire.messages import Result, ToHost
from kinetics_tui.engine.workers.messages import Cancelled, Failed, Finished


@dataclass(eq=False)
class Delivery:
    """The result of a clip, of the worker at ``place``."""

    place: int
    said: Finished | Failed | Cancelled
    path: Path | None = None
    size_bytes: int = 0
    sha256: str = "0" * 64
    line: Line[ToHost] | None = None
    """The line that it was sent by, or is."""


class Deliveries:
    """Results by their leases. Their files are ``LEASE.mp4`` in ``folder``, which may be set until the first.

    ``line`` gives the line to the engine while there is one, ``begin`` has something done beside all else.
    ``in_place``: the engine takes files from the folder, and none goes over the line.
    """

    def __init__(
        self,
        folder: Path,
        line: Callable[[], Line[ToHost] | None],
        begin: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self.folder = folder
        self.in_place = False
        self.done = 0
        """Clips that are in the engine's books."""
        self._line = line
        self._begin = begin
        self._kept: dict[int, Delivery] = {}

    def __iter__(self) -> Iterator[tuple[int, Delivery]]:
        """The leases of all that is kept, with what came of their clips."""
        return iter(list(self._kept.items()))

    def add(self, place: int, lease: int, said: Finished | Failed | Cancelled) -> None:
        """Keep a result, and send it."""
        self._kept[lease] = Delivery(place, said)
        self._begin(self._send(lease))

    def send_again(self, leases: Collection[int]) -> None:
        """Send the results of these leases, as the line is there again; all others are void."""
        for lease in list(self._kept):
            if lease not in leases:
                self.forget(lease)
        for lease in self._kept:
            self._begin(self._send(lease))

    def forget(self, lease: int, *, done: bool = False) -> None:
        """Keep a result no longer: it is void, or ``done``."""
        one = self._kept.pop(lease, None)
        if one is not None and isinstance(one.said, Finished):
            self.done += done
            with contextlib.suppress(OSError):
                self._path(lease).unlink(missing_ok=True)

    async def _send(self, lease: int) -> None:
        """Send a result; where the line is cut meanwhile, it is sent again when the engine is back."""
        one, line = self._kept.get(lease), self._line()
        if one is None or line is None or one.line is line:
            return
        one.line = line
        if isinstance(one.said, Finished) and one.path is None:
            path = self._path(lease)
            try:
                one.size_bytes, one.sha256 = await asyncio.to_thread(_measure, path)
            except OSError:
                one.said = Cancelled(clip_id=one.said.clip_id)
            else:
                one.path = path
        with contextlib.suppress(LineLost, OSError):
            line.send(
                Result(
                    place=one.place,
                    lease=lease,
                    said=one.said,
                    size_bytes=one.size_bytes,
                    sha256=one.sha256,
                    in_place=self.in_place,
                )
            )
            if one.path is not None and not self.in_place:
                await line.send_file(lease, one.path)

    def _path(self, lease: int) -> Path:
        return self.folder / f"{lease}.mp4"


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest
