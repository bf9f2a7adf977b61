"""A word with the engine of a dataset, without an event loop: whether it is there, and what it answers."""

from __future__ import annotations

import contextlib
import functools
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kinetics_tui import __version__
from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.base.errors import EngineError, EngineSilentError
from kinetics_tui.base.safe_text import shell_word
from kinetics_tui.dataset.folder import has_ledger, log_path, nothing_begun
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.process.address import (
    is_locked,
    last_sign_of_life,
    others_engine,
    read_whereabouts,
    socket_paths,
)
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.model.commands import AnyCommand, Ping, Reply, Subscribe
from kinetics_tui.model.events import AnyEvent, DiskMeasured, EngineStatus, StatusChanged
from kinetics_tui.model.reasons import Reason, Why, reason_text
from kinetics_tui.model.state import RunState

MAX_LINE_BYTES = 8 << 20
"""The longest line that is taken from an engine; the longest that one sends is well below a megabyte."""
READ_BYTES = 65536
"""Events come in handfuls; taken one by one each would cost more than what is done with it."""
ANSWER_WITHIN_S = 10.0
"""An engine that says nothing for so long when it is asked does not answer."""
REPLY_WITHIN_S = 15.0
"""A command is given up after so long; an engine that comes to it later refuses it."""
LATE_S = 1.0
"""A reply is waited for so much longer: the engine may have begun just in time."""
GONE_WITHIN_S = 60.0

NONSENSE = (OSError, ValueError, ArithmeticError, RecursionError)
"""Errors of a line that breaks off, is too long, or says what no engine says: figures that are none."""


@functools.cache
def decoder() -> JsonReader[AnyEvent | Reply]:
    """Reads what an engine says. It takes milliseconds to make, and where no engine runs nobody needs it."""
    return JsonReader(AnyEvent | Reply)


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
        raise EngineError(none_runs(dataset))
    if sentence := other_version(dataset):
        raise EngineError(sentence)
    require_answer(dataset)


def none_runs(dataset: Path) -> str:
    """One sentence where no engine of this user's runs on the dataset, and what to do."""
    if others := others_engine(dataset):
        return others
    if not has_ledger(dataset):
        return nothing_begun(dataset)
    return f"No engine runs on {dataset}; kinetics-tui run {shell_word(str(dataset))} starts one."


def require_answer(dataset: Path) -> None:
    """Raise ``EngineSilentError`` where an engine is there and does not answer, of whatever version it is."""
    try:
        with _line_to(dataset) as line:
            line.settimeout(ANSWER_WITHIN_S)
            with contextlib.suppress(BrokenPipeError):
                line.sendall(to_json(Ping()) + b"\n")
            line.recv(READ_BYTES)  # one of an older version does not know the question, and says so
    except (BlockingIOError, TimeoutError) as error:
        raise EngineSilentError(reason_text(silence(dataset))) from error
    except OSError:
        pass  # it hung up, which is an answer


def silence(dataset: Path) -> Reason:
    """The reason of an engine that is there and does not answer: since when, why, and what to do."""
    import psutil  # few ever need it

    engine = read_whereabouts(dataset)
    if engine is None:
        return Reason(Why.SILENT, text="all goes on by itself when it does.")
    since = last_sign_of_life(dataset) if engine.version == __version__ else None
    doing = ""
    with contextlib.suppress(psutil.Error):
        doing = str(psutil.Process(engine.pid).status())
    if doing in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP):
        text = f"it was stopped, and goes on by itself after kill -CONT {engine.pid}."
    elif doing == psutil.STATUS_DISK_SLEEP:
        text = "it waits for its disk, and goes on by itself when that answers."
    else:
        text = f"it may be busy, and goes on by itself; kill -KILL {engine.pid} ends it, and nothing is lost."
    return Reason(Why.SILENT, engine.pid, at=since, text=text)


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
        f"{__version__}: end it with kinetics-tui stop {dataset}, then continue with kinetics-tui run "
        f"{dataset}; nothing is lost."
    )


def wait_until_gone(dataset: Path, within_s: float = GONE_WITHIN_S) -> bool:
    """Wait for an engine to end, so that another may begin; False where it is there after ``within_s`` s."""
    deadline = time.monotonic() + within_s
    while is_running(dataset) or is_locked(dataset):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def ask(dataset: Path, command: AnyCommand) -> Reply:
    """Send one command to a running engine.

    Raises ``EngineError`` where none runs or it refuses; ``EngineSilentError`` where it does not answer, and
    then it does not carry the command out later either.
    """
    require_answer(dataset)  # one of an older version would not look at the deadline
    deadline = time.monotonic() + REPLY_WITHIN_S
    reply, _ = _converse(dataset, msgspec.structs.replace(command, deadline=deadline), deadline + LATE_S)
    if not reply.ok:
        raise EngineError(reply.message)
    return reply


def read_state(dataset: Path) -> RunState:
    """The run as it stands: from the engine, or from the ledger where none runs.

    Raises ``DatasetError`` where the folder has no usable ledger.
    """
    other, silent, others = other_version(dataset), False, ""
    if other:
        try:
            require_answer(dataset)
        except EngineSilentError:
            other, silent = "", True
        except EngineError:
            other = ""  # it has just ended
    else:
        deadline = time.monotonic() + ANSWER_WITHIN_S
        try:
            _, state = _converse(dataset, Subscribe(live=False, deadline=deadline), deadline)
        except EngineSilentError:
            silent = True
        except EngineError:
            others = others_engine(dataset)
        else:
            return state
    state, now, pid = RunState(), time.time(), 0
    if (other or silent or others) and (engine := read_whereabouts(dataset)) is not None:
        pid = engine.pid
    with Ledger.open(dataset, read_only=True) as ledger:
        state.apply_all(opening_events(ledger, dataset.absolute(), now, pid))
    with contextlib.suppress(OSError):
        state.apply(DiskMeasured(at=now, free_bytes=shutil.disk_usage(dataset).free))
    status, reason = EngineStatus.DONE, Reason(Why.SETTLED)
    if other:
        status, reason = EngineStatus.RUNNING, Reason(Why.OTHER_VERSION, text=other)
    elif others:
        status, reason = EngineStatus.RUNNING, Reason(Why.OTHER_USER, text=others)
    elif silent:
        status, reason = EngineStatus.SILENT, silence(dataset)
    elif state.left:
        status, reason = EngineStatus.STOPPED, Reason(Why.LEFT, state.left, shell_word(str(dataset)))
    state.apply(StatusChanged(at=now, status=status, reason=reason))
    return state


def _converse(dataset: Path, command: AnyCommand, deadline: float) -> tuple[Reply, RunState]:
    """Send one command; the reply, and the run as the events before it tell."""
    state = RunState()
    try:
        with _line_to(dataset) as line:
            for told in _answer(line, command, deadline):
                message = decoder().decode(told)
                if isinstance(message, Reply):
                    return message, state
                state.apply(message)
    except (BlockingIOError, TimeoutError) as error:
        raise EngineSilentError(f"{reason_text(silence(dataset))} Nothing was changed.") from error
    except NONSENSE as error:
        raise EngineError(f"The engine did not answer; see {log_path(dataset)}.") from error
    raise EngineError("The engine went away before it answered.")


def _answer(line: socket.socket, command: AnyCommand, deadline: float) -> Iterator[bytes]:
    """The lines that come after a command, line by line. Raises one of ``NONSENSE`` for talk without end."""
    with contextlib.suppress(BrokenPipeError):  # one that hangs up at once has said why
        line.sendall(to_json(command) + b"\n")
    rest, in_time = b"", True
    while in_time:
        # One last look: a program that was stopped itself finds the answer waiting.
        left_s = deadline - time.monotonic()
        in_time = left_s > 0
        line.settimeout(max(left_s, 0.001))
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
    raise EngineError(none_runs(dataset))


def _call(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(REPLY_WITHIN_S)
        line.connect(str(path))
    except BaseException:
        line.close()
        raise
    return line
