"""A view's side of the engine: find it, start it, follow it, tell it what to do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.address import FAILED, READY, socket_paths
from kinetics_tui.engine.files import allow_files
from kinetics_tui.engine.lookup import look_up
from kinetics_tui.engine.opening import opening_events
from kinetics_tui.model.commands import AnyCommand, Reply, Subscribe
from kinetics_tui.model.errors import EngineDiedError, EngineError
from kinetics_tui.model.events import AnyEvent, EngineStatus, StatusChanged
from kinetics_tui.model.failed import ClipHistory, FailedPage, FailedQuery, HistoryQuery
from kinetics_tui.model.state import RunState
from kinetics_tui.programs import python_program

MAX_LINE_BYTES = 8 << 20
"""The longest line that is taken from an engine; the longest that one sends is well below a megabyte."""
READ_BYTES = 65536
"""Events come in handfuls; taken one by one each would cost more than what is done with it."""
GATHER_S = 0.04
"""A screen is told of what happened in handfuls: to wake up for every event costs more than to paint it."""
RECONNECT_S = 1.0
REPLY_WITHIN_S = 15.0
START_WITHIN_S = 60.0

NONSENSE = (OSError, ValueError, ArithmeticError, RecursionError)
"""What comes of a line that breaks off or is too long, or says what no engine says: figures that are none."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent | Reply] = msgspec.json.Decoder(AnyEvent | Reply)


class EngineClient:
    """One view's line to the engine of a dataset.

    ``state`` is the run as told so far, changed in place; ``version`` grows with every event;
    ``connected`` says whether the engine answers. Use it within one event loop.
    """

    def __init__(self, dataset: Path) -> None:
        self.dataset = dataset
        self.state = RunState()
        self.connected = False
        self.version = 0
        self._writer: asyncio.StreamWriter | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._last_id = 0

    async def follow(self) -> None:
        """Fold events in until cancelled; come back by itself when the line breaks."""
        while True:
            async for _ in self.events(gather_s=GATHER_S):
                pass
            await asyncio.sleep(RECONNECT_S)

    async def events(self, *, gather_s: float = 0.0) -> AsyncIterator[AnyEvent]:
        """Every event, folded into ``state`` already, until the engine hangs up or is not there.

        What comes within ``gather_s`` seconds is taken in one go.
        """
        try:
            reader, self._writer = await _connect(self.dataset)
        except EngineError:
            self._lost()
            return
        try:
            self._writer.write(_encoder.encode(Subscribe()) + b"\n")
            rest = b""
            while told := await reader.read(READ_BYTES):
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
                if gather_s and len(told) < READ_BYTES:  # else it is behind already
                    await _let_gather(self._writer.transport, gather_s)
        except NONSENSE:
            pass  # a broken line is a lost engine: the caller tries again
        finally:
            self._writer.close()
            self._lost()

    def _lost(self) -> None:
        self._writer = None
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
            return Reply(id=command.id, ok=False, message="The engine does not answer; run starts it again.")
        self._last_id += 1
        command = msgspec.structs.replace(command, id=self._last_id)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[command.id] = future
        try:
            self._writer.write(_encoder.encode(command) + b"\n")
            return await asyncio.wait_for(future, REPLY_WITHIN_S)
        except (OSError, TimeoutError, EngineError):
            return Reply(id=command.id, ok=False, message="The engine did not answer; see engine.log.")
        finally:
            self._replies.pop(command.id, None)

    async def failed_clips(self, query: FailedQuery) -> FailedPage:
        """A part of the list of failed clips. Raises ``EngineError``; needs no engine, only the ledger."""
        return await look_up(self.dataset, query, FailedPage)

    async def history(self, clip_id: int) -> ClipHistory:
        """What was tried with a clip, by its number in the ledger. Raises as ``failed_clips`` does."""
        return await look_up(self.dataset, HistoryQuery(clip_id=clip_id), ClipHistory)


async def _let_gather(line: asyncio.BaseTransport, seconds: float) -> None:
    """Leave what comes in to the system's own buffer for so long."""
    assert isinstance(line, asyncio.ReadTransport)
    line.pause_reading()
    await asyncio.sleep(seconds)
    line.resume_reading()


async def _connect(dataset: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for path in socket_paths(dataset):
        try:
            return await asyncio.open_unix_connection(path, limit=MAX_LINE_BYTES)
        except OSError:
            continue  # nobody listens there
    raise EngineError(f"No engine runs on {dataset}: start it with kinetics-tui run {dataset}.")


def is_running(dataset: Path) -> bool:
    """Whether an engine of this dataset answers its socket."""
    return any(_answers(path) for path in socket_paths(dataset))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(REPLY_WITHIN_S)
        try:
            probe.connect(str(path))
        except (BlockingIOError, TimeoutError):
            return True  # somebody listens there who has no time
        except OSError:
            return False
    return True


def start_engine(dataset: Path) -> None:
    """Start an engine of its own session on a dataset; returns when it serves its socket.

    Raises ``EngineError`` with the engine's own sentence where it cannot run.
    """
    allow_files(workers=0)
    ready, theirs = os.pipe()
    try:
        with log_path(dataset).open("ab") as log:
            command, environment = python_program(
                "kinetics_tui.engine", str(dataset.absolute()), "--ready-fd", str(theirs)
            )
            subprocess.Popen(
                command,
                env=environment,
                cwd="/",  # the engine outlives the user's stay in a folder, and keeps no mount busy
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(theirs,),
            )
    except OSError as error:
        os.close(ready)
        why = error.strerror or error
        raise EngineError(
            f"The engine cannot be started ({why}): end other programs, or raise ulimit -u."
        ) from error
    finally:
        os.close(theirs)
    with os.fdopen(ready, "rb") as pipe:
        if not select.select([pipe], [], [], START_WITHIN_S)[0]:
            raise EngineError(f"The engine does not come up; see {log_path(dataset)}.")
        said = pipe.read().decode("utf-8", "replace").strip()
    if not said or said == FAILED:
        raise EngineDiedError(f"The engine failed as it started; see {log_path(dataset)}.")
    if said != READY:
        raise EngineError(said)


async def ask(dataset: Path, command: AnyCommand) -> Reply:
    """Send one command to a running engine.

    Raises ``EngineError`` where none runs or it refuses.
    """
    reply, _ = await _converse(dataset, command)
    if not reply.ok:
        raise EngineError(reply.message)
    return reply


async def _ask_state(dataset: Path) -> RunState:
    _, state = await _converse(dataset, Subscribe(live=False))
    return state


async def _converse(dataset: Path, command: AnyCommand) -> tuple[Reply, RunState]:
    """Send one command; the reply, and the run as the events before it tell."""
    reader, writer = await _connect(dataset)
    state = RunState()
    try:
        async with asyncio.timeout(REPLY_WITHIN_S):
            writer.write(_encoder.encode(command) + b"\n")
            while line := await reader.readline():
                message = _decoder.decode(line)
                if isinstance(message, Reply):
                    return message, state
                state.apply(message)
    except NONSENSE as error:
        raise EngineError(f"The engine did not answer; see {log_path(dataset)}.") from error
    finally:
        writer.close()
    raise EngineError("The engine went away before it answered.")


def read_state(dataset: Path) -> RunState:
    """The run as it stands: from the engine, or from the ledger where none runs.

    Raises ``DatasetError`` where the folder has no usable ledger.
    """
    with contextlib.suppress(EngineError):
        return asyncio.run(_ask_state(dataset))
    state = RunState()
    now = time.time()
    with Ledger.open(dataset, read_only=True) as ledger:
        state.apply_all(opening_events(ledger, dataset.absolute(), now, pid=0))
    if state.left:
        reason = f"{state.left:,} clips are left; kinetics-tui run {dataset} goes on with them."
        state.apply(StatusChanged(at=now, status=EngineStatus.STOPPED, reason=reason))
    else:
        state.apply(StatusChanged(at=now, status=EngineStatus.DONE, reason="Every clip is settled."))
    return state


def require_running(dataset: Path) -> None:
    """Raise ``EngineError`` where no engine runs on the dataset."""
    if not is_running(dataset):
        raise EngineError(f"No engine runs on {dataset}: start it with kinetics-tui run {dataset}.")


def wait_until_gone(dataset: Path, within_s: float = START_WITHIN_S) -> bool:
    """Wait for an engine to end; False where it is still there after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while is_running(dataset):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
