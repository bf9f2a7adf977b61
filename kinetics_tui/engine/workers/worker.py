"""The worker: a process with one clip in hand.

It is told what to do over a socket pair of its own and shares nothing else with anyone: no lock, no
queue, no ledger. When the engine's end of the pair closes, it ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.engine.workers.messages import (
    Assign,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    FromWorker,
    Progress,
    Ready,
    Taken,
    ToWorker,
)
from kinetics_tui.media.extract import extract
from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.media.make.clip_maker import ClipMaker
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import Extras, Options

PROGRESS_EVERY_S = 0.25

_decoder = JsonReader[ToWorker](ToWorker)


def worker_main(line: socket.socket, options: Options, dataset: Path, scratch: Path) -> None:
    """Run one worker until its engine is gone. ``scratch`` is this worker's alone."""
    # The terminal's keys and hang-ups are not ours to answer: the engine decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Worker(line, options, dataset, scratch).serve()


class Worker:
    """The two threads of a worker: one makes clips, one listens for the engine."""

    def __init__(self, line: socket.socket, options: Options, dataset: Path, scratch: Path) -> None:
        self._line = line
        self._options = options
        self._dataset = dataset
        self._scratch = scratch
        self._maker = ClipMaker(options)
        self._todo: Assign | None = None
        self._wake = threading.Event()
        self._cancel = threading.Event()
        self._in_hand: int | None = None
        self._phase = Phase.IDLE
        self._progress_at = 0.0
        self._wire_bytes = 0
        self._phase_at = 0.0
        self._spent_s: dict[Phase, float] = {}

    def serve(self) -> None:
        """Make clips as they are handed in; returns never."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(Ready())
        while True:
            self._wake.wait()
            self._wake.clear()
            todo, self._todo = self._todo, None
            if todo is not None:
                self._send(self._work_on(todo))

    # -- the listening thread ---------------------------------------------------------------------

    def _lines(self) -> Iterator[bytes]:
        with suppress(OSError):
            for line in self._line.makefile("rb"):
                if line.endswith(b"\n"):  # else an engine that died left it half written
                    yield line

    def _listen(self) -> None:
        for line in self._lines():
            match _decoder.decode(line):
                case Assign() as assign:
                    self._cancel.clear()
                    self._todo = assign
                    self._wake.set()
                case Cancel(network_only=network_only):
                    if not (network_only and self._phase in (Phase.TRIM, Phase.VERIFY)):
                        self._cancel.set()
                        self._maker.abort()
        # The engine is gone: so are its plans for this clip.
        shutil.rmtree(self._scratch, ignore_errors=True)
        os._exit(0)

    # -- the working thread -----------------------------------------------------------------------

    def _send(self, message: FromWorker) -> None:
        with suppress(OSError):  # the listening thread sees the same end of the line, and leaves
            self._line.sendall(to_json(message) + b"\n")

    def _report(self, phase: Phase, fraction: float, wire_bytes: int, bytes_per_s: float) -> None:
        now = time.monotonic()
        self._wire_bytes = wire_bytes
        if phase is not self._phase:
            self._enter(phase, now)
        elif now - self._progress_at < PROGRESS_EVERY_S:
            return
        self._progress_at = now
        assert self._in_hand is not None
        self._send(
            Progress(
                clip_id=self._in_hand,
                phase=phase,
                fraction=fraction,
                wire_bytes=wire_bytes,
                bytes_per_s=bytes_per_s,
            )
        )

    def _enter(self, phase: Phase, now: float) -> None:
        self._spent_s[self._phase] = self._spent_s.get(self._phase, 0.0) + now - self._phase_at
        self._phase = phase
        self._phase_at = now

    def _work_on(self, todo: Assign) -> FromWorker:
        self._in_hand = todo.clip_id
        self._wire_bytes = 0
        self._spent_s = {}
        started = self._phase_at = time.monotonic()
        try:
            if todo.extract is not None:
                return self._extract(todo, todo.extract, started)
            if todo.made is not None:
                return self._arrive(todo, todo.made)
            return self._take(todo) if todo.copy else self._make(todo)
        except ClipCancelled:
            return Cancelled(clip_id=todo.clip_id)
        except ClipFailure as failure:
            return self._failed(todo, started, failure)
        finally:
            self._in_hand = None
            self._phase = Phase.IDLE

    def _failed(self, todo: Assign, started: float, failure: ClipFailure) -> Failed:
        now = time.monotonic()
        self._enter(Phase.IDLE, now)
        spent = Spent(
            resolve_s=self._spent_s.get(Phase.RESOLVE, 0.0),
            download_s=self._spent_s.get(Phase.DOWNLOAD, 0.0),
            trim_s=self._spent_s.get(Phase.TRIM, 0.0) + self._spent_s.get(Phase.VERIFY, 0.0),
            total_s=now - started,
            wire_bytes=self._wire_bytes,
            requests=self._maker.requests,
        )
        return Failed(
            clip_id=todo.clip_id,
            category=failure.category,
            text=failure.message,
            spent=spent,
            retry_after_s=failure.retry_after_s,
        )

    def _extract(self, todo: Assign, extras: Extras, started: float) -> Taken:
        def follow(fraction: float) -> None:
            if self._cancel.is_set():
                raise ClipCancelled
            if time.monotonic() - started > self._options.clip_deadline_s:
                raise ClipFailure(Category.TIMEOUT, "Making frames and sound takes too long.")
            self._report(Phase.EXTRACT, fraction, 0, 0.0)

        follow(0.0)
        made = extract(self._dataset, todo.path, extras, self._scratch, follow)
        return Taken(clip_id=todo.clip_id, frames=made.frames, sound=made.sound)

    def _take(self, todo: Assign) -> Finished:
        made, spent = self._maker.take(
            todo.clip,
            Path(todo.copy),
            todo.archive,
            self._dataset / todo.path,
            self._scratch,
            on_progress=self._report,
            cancelled=self._cancel.is_set,
        )
        return Finished(clip_id=todo.clip_id, made=made, spent=spent)

    def _arrive(self, todo: Assign, said: MadeFile) -> Finished:
        path = self._dataset / todo.path
        made, spent = self._maker.put_arrived(todo.clip, Path(todo.arrived), todo.sha256, said, path)
        return Finished(clip_id=todo.clip_id, made=made, spent=spent)

    def _make(self, todo: Assign) -> Finished:
        made, spent = self._maker.make(
            todo.clip,
            self._dataset / todo.path,
            self._scratch,
            on_progress=self._report,
            cancelled=self._cancel.is_set,
            deadline_s=self._options.clip_deadline_s,
            route=todo.route,
            first=todo.first,
        )
        return Finished(clip_id=todo.clip_id, made=made, spent=spent, seen_as=self._maker.seen_as)
