"""A word with the engine of a dataset, without an event loop: whether it is there, and what it answers."""

from __future__ import annotations

import contextlib
import functools
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kinetics_tui import __version__
from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.initial_events import opening_events
from kinetics_tui.engine.process.address import read_whereabouts, socket_paths
from kinetics_tui.model.commands import AnyCommand, Reply, Subscribe
from kinetics_tui.model.events import AnyEvent, EngineStatus, StatusChanged
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.model.state import RunState

MAX_LINE_BYTES = 8 << 20
"""The longest line that is taken from an engine; the longest that one sends is well below a megabyte."""
READ_BYTES = 65536
"""Events come in handfuls; taken one by one each would cost more than what is done with it."""
REPLY_WITHIN_S = 15.0
GONE_WITHIN_S = 60.0

NONSENSE = (OSError, ValueError, ArithmeticError, RecursionError)
"""Errors of a line that breaks off, is too long, or says what no engine says: figures that are none."""


@functools.cache
def decoder() -> msgspec.json.Decoder[AnyEvent | Reply]:
    """Reads what an engine says. It takes milliseconds to make, and where no engine runs nobody needs it."""
    return msgspec.json.Decoder(AnyEvent | Reply)


def is_running(dataset: Path) -> bool:
    """True if an engine of this dataset answers its socket."""
    try:
        _line_to(dataset).close()
    except (BlockingIOError, TimeoutError):
        return True  # somebody listens there who has no time
    except EngineError:
        return False
    return True


def require_running(dataset: Path) -> None:
    """Raise ``EngineError`` where no engine runs on the dataset, or one that this program cannot follow."""
    if not is_running(dataset):
        raise EngineError(f"No engine runs on {dataset}: start it with kinetics-tui run {dataset}.")
    if sentence := other_version(dataset):
        raise EngineError(sentence)


def other_version(dataset: Path) -> str:
    """One sentence on a running engine of another version of this program; empty where there is none.

    Such an engine obeys commands, but its events are not those of this version.
    """
    engine = read_whereabouts(dataset)
    if engine is None or engine.version == __version__ or not is_running(dataset):
        return ""
    version = engine.version or "before 0.2.0"
    return (
        f"The engine of {dataset} (pid {engine.pid}) is of version {version} and this program of "
        f"{__version__}: end it with kinetics-tui stop {dataset}, then run goes on; nothing is lost."
    )


def wait_until_gone(dataset: Path, within_s: float = GONE_WITHIN_S) -> bool:
    """Wait for an engine to end; False where it is still there after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while is_running(dataset):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def ask(dataset: Path, command: AnyCommand) -> Reply:
    """Send one command to a running engine.

    Raises ``EngineError`` where none runs or it refuses.
    """
    reply, _ = _converse(dataset, command)
    if not reply.ok:
        raise EngineError(reply.message)
    return reply


def read_state(dataset: Path) -> RunState:
    """The run as it stands: from the engine, or from the ledger where none runs.

    Raises ``DatasetError`` where the folder has no usable ledger.
    """
    other = other_version(dataset)
    if not other:
        with contextlib.suppress(EngineError):
            _, state = _converse(dataset, Subscribe(live=False))
            return state
    state, now, pid = RunState(), time.time(), 0
    if other and (engine := read_whereabouts(dataset)) is not None:
        pid = engine.pid
    with Ledger.open(dataset, read_only=True) as ledger:
        state.apply_all(opening_events(ledger, dataset.absolute(), now, pid))
    status, reason = EngineStatus.DONE, Reason(Why.SETTLED)
    if other:
        status, reason = EngineStatus.RUNNING, Reason(Why.OTHER_VERSION, text=other)
    elif state.left:
        status, reason = EngineStatus.STOPPED, Reason(Why.LEFT, state.left, str(dataset))
    state.apply(StatusChanged(at=now, status=status, reason=reason))
    return state


def _converse(dataset: Path, command: AnyCommand) -> tuple[Reply, RunState]:
    """Send one command; the reply, and the run as the events before it tell."""
    state = RunState()
    try:
        with _line_to(dataset) as line:
            for told in _answer(line, command):
                message = decoder().decode(told)
                if isinstance(message, Reply):
                    return message, state
                state.apply(message)
    except NONSENSE as error:
        raise EngineError(f"The engine did not answer; see {log_path(dataset)}.") from error
    raise EngineError("The engine went away before it answered.")


def _answer(line: socket.socket, command: AnyCommand) -> Iterator[bytes]:
    """The lines that come after a command, line by line. Raises one of ``NONSENSE`` for talk without end."""
    deadline = time.monotonic() + REPLY_WITHIN_S
    with contextlib.suppress(BrokenPipeError):  # one that hangs up at once has said why
        line.sendall(msgspec.json.encode(command) + b"\n")
    rest = b""
    while (left_s := deadline - time.monotonic()) > 0:
        line.settimeout(left_s)
        told = line.recv(READ_BYTES)
        if not told:
            return
        *lines, rest = (rest + told).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("a line without end")
        yield from lines
    raise TimeoutError


def _line_to(dataset: Path) -> socket.socket:
    for path in socket_paths(dataset):
        try:
            return _call(path)
        except (BlockingIOError, TimeoutError):
            raise  # somebody listens there who has no time
        except OSError:
            continue  # nobody listens there
    raise EngineError(f"No engine runs on {dataset}: start it with kinetics-tui run {dataset}.")


def _call(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(REPLY_WITHIN_S)
        line.connect(str(path))
    except BaseException:
        line.close()
        raise
    return line
