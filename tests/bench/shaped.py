"""The loopback YouTube behind a shaped line, in a process of its own: it takes no turn of the measurer's."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import msgspec

from kinetics_tui.demo.site import Line
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.bench.footage import Shown

LINE_BYTES_PER_S = 60e6 / 8
LATENCY_S = 0.04
"""A line of 60 Mb/s in all and 40 ms a request."""


class Served(msgspec.Struct, frozen=True):
    """What the server has done so far: requests, bytes of media sent, and its CPU-seconds.

    ``asked_by`` counts the requests for a video's player by the address that they came from.
    """

    requests: int
    sent_bytes: int
    cpu_s: float
    asked_by: dict[str, int]

    def since(self, before: Served) -> Served:
        """What came after ``before``."""
        return Served(
            self.requests - before.requests,
            self.sent_bytes - before.sent_bytes,
            self.cpu_s - before.cpu_s,
            dict(Counter(self.asked_by) - Counter(before.asked_by)),
        )


class Shaped:
    """A running loopback YouTube.

    ``yt_dlp_args`` are yt-dlp's own options that lead to it, ``direct_args`` those that use no proxy.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        args: tuple[tuple[str, ...], tuple[str, ...]] = pipe.recv()
        self.yt_dlp_args, self.direct_args = args

    def served(self) -> Served:
        """What it has done so far."""
        self._pipe.send(None)
        done: Served = self._pipe.recv()
        return done


@contextmanager
def shaped_youtube(length_s: int, *, shaped: bool = True) -> Iterator[Shaped]:
    """Serve videos of ``length_s`` seconds, on the shaped line or on one without limits."""
    # Forked, it would share the measurer's sockets; spawned, it shares nothing.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, length_s, shaped), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Shaped(ours)
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, length_s: int, shaped: bool) -> None:
    line = Line(LINE_BYTES_PER_S, LATENCY_S) if shaped else Line()
    with LoopbackYouTube(Shown(length_s), line=line) as youtube:
        pipe.send((youtube.yt_dlp_args(), youtube.direct_args()))
        while True:
            try:
                pipe.recv()
            except EOFError:
                return
            seen = youtube.requests
            sent_bytes = sum(one.sent_bytes for one in seen if one.kind == "media")
            asked_by = Counter(one.client_address for one in seen if one.kind == "player")
            pipe.send(Served(len(seen), sent_bytes, time.process_time(), dict(asked_by)))
