"""A view's line to the engine: follow it, tell it what to do, ask what the ledger says.

Questions about the ledger go to a program of its own that only reads it. So a view gets its answer whatever
the engine is busy with, after the engine has ended too, and nobody's loop stands still.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import EngineError, UserError
from kinetics_tui.base.programs import run_program
from kinetics_tui.base.words import clock_text, counted
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import (
    LATE_S,
    MAX_LINE_BYTES,
    NONSENSE,
    READ_BYTES,
    REPLY_WITHIN_S,
    decoder,
    none_runs,
    read_state,
)
from kinetics_tui.engine.client.retry import retry_failed
from kinetics_tui.engine.client.start import start_engine
from kinetics_tui.engine.process.address import WriterLock, socket_paths
from kinetics_tui.model.clip_queries import (
    ClassesQuery,
    ClipHistory,
    DonePage,
    DoneQuery,
    FailedPage,
    FailedQuery,
    HistoryQuery,
    Pictures,
    PicturesQuery,
    Query,
)
from kinetics_tui.model.commands import AnyCommand, Ping, Reply, Retry, Subscribe, SwitchSplit
from kinetics_tui.model.events import ENDED, AnyEvent
from kinetics_tui.model.state import RunState

READER = "kinetics_tui.dataset.ledger.clip_lists"
WITHIN_S = 60.0
STILLS = "kinetics_tui.media.stills"
PICTURES_WITHIN_S = 20.0

_Answer = TypeVar("_Answer")


async def look_up(dataset: Path, query: Query, kind: type[_Answer]) -> _Answer:
    """The answer to a query. Raises EngineError with one sentence where there is none."""
    try:
        async with asyncio.timeout(WITHIN_S):
            ended = await run_program(READER, str(dataset.absolute()), told=to_json(query))
        if ended.code:
            lines = ended.err.decode("utf-8", "replace").strip().splitlines()
            raise EngineError(lines[-1] if lines else "The ledger could not be read.")
        return from_json(ended.out, kind)
    except TimeoutError as error:
        raise EngineError(f"The ledger could not be read within {WITHIN_S:.0f} s.") from error
    except (OSError, msgspec.DecodeError) as error:
        raise EngineError("The ledger could not be read; kinetics-tui check looks at it.") from error


async def read_pictures(dataset: Path, query: PicturesQuery) -> Pictures:
    """Pictures out of a clip, or one sentence why there are none; whatever ails its file or its disk."""
    try:
        async with asyncio.timeout(PICTURES_WITHIN_S):
            ended = await run_program(STILLS, str(dataset.absolute()), told=msgspec.json.encode(query))
        return msgspec.msgpack.decode(ended.out, type=Pictures)
    except TimeoutError:
        return Pictures(
            problem=f"The file was not read within {PICTURES_WITHIN_S:.0f} s; does its disk answer?"
        )
    except OSError as error:
        return Pictures(problem=f"No program to read it can be started: {error.strerror or error}.")
    except msgspec.DecodeError:
        return Pictures(
            problem="The file ends whatever reads it; `kinetics-tui check` finds all that are damaged."
        )


GATHER_S = 0.1
"""A screen is told of what happened in handfuls: to wake up for every event costs more than to paint it."""
RECONNECT_S = 1.0
SILENT_AFTER_S = 5.0
"""An engine that is looked at and says nothing for so long, though it was asked, does not answer."""
LISTEN_S = 1.0
"""An engine that says nothing for so long is asked whether it is there."""

_decoder = decoder()


class EngineClient:
    """One view's line to the engine of a dataset.

    ``state`` is the run as told so far, changed in place; ``version`` grows with every event;
    ``connected`` says whether there is a line to the engine, ``silent_since`` since when nothing comes down
    it though the engine was asked (None: it answers). Use it within one event loop. ``begin`` starts the
    engine where none runs, and may take its time.
    """

    def __init__(self, dataset: Path, begin: Callable[[Path], object] = start_engine) -> None:
        self.dataset = dataset
        self._begin = begin
        self.state = RunState()
        self.connected = False
        self.silent_since: float | None = None
        self.version = 0
        self._heard = False
        self._heard_at = 0.0
        self._writer: asyncio.StreamWriter | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._last_id = 0
        self._resume: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Take the run as it stands, also where no engine runs. Raises ``DatasetError``."""
        self.state.apply_all(read_state(self.dataset).as_events())
        self.version += 1

    async def start(self) -> None:
        """Start the engine unless one runs; who follows is soon connected.

        Raises ``EngineError`` or ``EngineDiedError`` where it cannot run.
        """
        await asyncio.to_thread(self._begin, self.dataset)

    async def follow(self) -> None:
        """Fold events in until cancelled; come back by itself when the line breaks."""
        while True:
            async for _ in self.events(gather_s=GATHER_S):
                pass
            await asyncio.sleep(RECONNECT_S)

    async def events(self, *, gather_s: float = 0.0) -> AsyncIterator[AnyEvent]:
        """Every event, folded into ``state`` already, until the engine hangs up or is not there.

        What comes within ``gather_s`` seconds is taken in one go, unless an answer is waited for.
        """
        try:
            reader, self._writer = await _connect(self.dataset)
        except EngineError:
            self._lost()
            return
        self._heard_at = self._heard_at or time.time()
        listening = asyncio.create_task(self._listen(self._writer))
        try:
            self._writer.write(to_json(Subscribe()) + b"\n")
            rest = b""
            while told := await reader.read(READ_BYTES):
                self._hear()
                *lines, rest = (rest + told).split(b"\n")
                if len(rest) > MAX_LINE_BYTES:
                    break
                for line in lines:
                    message = _decoder.decode(line)
                    if isinstance(message, Reply):
                        self._answered(message)
                        continue
                    self.state.apply(message)
                    self.connected = True
                    self.version += 1
                    yield message
                if gather_s and len(told) < READ_BYTES and not self._replies:  # else it is behind already
                    self._let_gather(gather_s)
        except NONSENSE:
            pass  # a broken line is a lost engine: the caller tries again
        finally:
            listening.cancel()
            self._writer.close()
            self._lost()

    def _hear(self) -> None:
        self._heard, self._heard_at = True, time.time()
        if self.silent_since is not None:
            self.silent_since = None
            self.version += 1

    async def _listen(self, writer: asyncio.StreamWriter) -> None:
        """Ask an engine that says nothing whether it is there, and note since when it does not answer."""
        silent_s = 0.0
        while True:
            began_at = time.monotonic()
            await asyncio.sleep(LISTEN_S)
            if self._heard:
                self._heard, silent_s = False, 0.0
                continue
            if not silent_s:
                writer.write(to_json(Ping()) + b"\n")
            # A view that was stopped itself meanwhile has not listened all the time.
            silent_s += min(time.monotonic() - began_at, 2 * LISTEN_S)
            if silent_s >= SILENT_AFTER_S and self.silent_since is None:
                self.silent_since = self._heard_at
                self.version += 1

    def _let_gather(self, seconds: float) -> None:
        """Leave what comes in to the system's own buffer for so long, or until something is asked."""
        assert self._writer is not None
        line = self._writer.transport
        assert isinstance(line, asyncio.ReadTransport)
        line.pause_reading()
        self._resume = asyncio.get_running_loop().call_later(seconds, line.resume_reading)

    def _take_at_once(self) -> None:
        if self._resume is not None and self._writer is not None:
            self._resume.cancel()
            line = self._writer.transport
            assert isinstance(line, asyncio.ReadTransport)
            line.resume_reading()

    def _lost(self) -> None:
        if self._resume is not None:
            self._resume.cancel()
        self._writer = self._resume = self.silent_since = None
        if self.connected:
            self.connected = False
            self.version += 1
        for future in self._replies.values():
            if not future.done():
                future.set_exception(EngineError("The engine went away before it answered; try attach."))
        self._replies.clear()

    def _answered(self, reply: Reply) -> None:
        future = self._replies.pop(reply.id, None)
        if future is not None and not future.done():
            future.set_result(reply)

    async def send(self, command: AnyCommand) -> Reply:
        """Ask something of the engine and wait for its answer; a refusal is an answer too."""
        if self._writer is None:
            return await self._without_engine(command)
        if self.silent_since is not None:
            since = clock_text(self.silent_since)
            message = f"The engine does not answer since {since}: nothing was changed."
            return Reply(id=command.id, ok=False, message=message)
        self._last_id += 1
        deadline = time.monotonic() + REPLY_WITHIN_S
        command = msgspec.structs.replace(command, id=self._last_id, deadline=deadline)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[command.id] = future
        self._take_at_once()
        try:
            self._writer.write(to_json(command) + b"\n")
            return await asyncio.wait_for(future, REPLY_WITHIN_S + LATE_S)
        except TimeoutError:
            message = f"The engine did not answer within {REPLY_WITHIN_S:.0f} s: nothing was changed."
            return Reply(id=command.id, ok=False, message=message)
        except (OSError, EngineError):
            return Reply(id=command.id, ok=False, message="The engine did not answer; see engine.log.")
        finally:
            self._replies.pop(command.id, None)

    async def _without_engine(self, command: AnyCommand) -> Reply:
        """Do what needs no engine but the ledger alone, while none runs; the rest is refused."""
        if self.state.status not in ENDED:
            return Reply(id=command.id, ok=False, message="The engine does not answer; run starts it again.")
        try:
            message = await asyncio.to_thread(_write_down, self.dataset, command)
            told = await asyncio.to_thread(read_state, self.dataset)
        except UserError as error:
            return Reply(id=command.id, ok=False, message=str(error))
        if self._writer is None:  # else an engine has begun meanwhile, which knows better
            self.state.apply_all(told.as_events())
            self.version += 1
        return Reply(id=command.id, ok=True, message=message)

    async def failed_clips(self, query: FailedQuery) -> FailedPage:
        """A part of the list of failed clips. Raises ``EngineError``; needs no engine, only the ledger."""
        return await look_up(self.dataset, query, FailedPage)

    async def history(self, clip_id: int) -> ClipHistory:
        """Every attempt at a clip, by its number in the ledger. Raises as ``failed_clips`` does."""
        return await look_up(self.dataset, HistoryQuery(clip_id=clip_id), ClipHistory)

    async def done_clips(self, query: DoneQuery) -> DonePage:
        """A part of the list of clips that are done. Raises as ``failed_clips`` does."""
        return await look_up(self.dataset, query, DonePage)

    async def done_classes(self) -> dict[str, int]:
        """The number of clips of each class that are done. Raises as ``failed_clips`` does."""
        return await look_up(self.dataset, ClassesQuery(), dict[str, int])

    async def pictures(self, query: PicturesQuery) -> Pictures:
        """Pictures out of a clip, made by a program of its own."""
        return await read_pictures(self.dataset, query)


def _write_down(dataset: Path, command: AnyCommand) -> str:
    """Carry a command out in the ledger, for the next run; returns what became of it, if that is news."""
    match command:
        case Retry():
            number = sum(retry_failed(dataset, command).values())
            are = "is" if number == 1 else "are"
            return f"{counted(number, 'clip')} {are} pending again, for the next run."
        case SwitchSplit(split=split, enabled=enabled):
            with WriterLock(dataset), Ledger.open(dataset) as ledger:
                ledger.set_split_enabled(split, enabled)
            return ""
    raise EngineError("No engine runs: start the run first, then this can be done.")


async def _connect(dataset: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for path in socket_paths(dataset):
        try:
            return await asyncio.open_unix_connection(path, limit=MAX_LINE_BYTES)
        except OSError:
            continue  # nobody listens there
    raise EngineError(none_runs(dataset))
