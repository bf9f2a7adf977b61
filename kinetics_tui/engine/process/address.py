"""Where an engine is found: its lock, and the address of its socket.

The lock (``engine.lock``, held with ``flock``) makes one engine the only writer of a dataset. The
socket sits in the dataset's own state folder, which only its user can open; where that path is too
long for a socket, in a folder of the same kind below the system's temporary one. It is not put into
``XDG_RUNTIME_DIR``: that folder is removed when the last login ends, and the engine outlives it. Beside
that last socket is the engine's folder for what its libraries must keep outside of the dataset.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import IO

import msgspec

from kinetics_tui.base.errors import EngineError
from kinetics_tui.base.whole_file import write_whole
from kinetics_tui.dataset.folder import (
    STATE_FOLDER,
    as_user,
    cannot_use,
    lock,
    lock_path,
    state_folder,
    user_name,
)

READY = "ready"
"""The word of an engine to the program that started it once its socket is served."""
FAILED = "failed"
"""Its word where it cannot run through a fault of its own; anything else is the user's to mend."""
SOCKET_NAME = "engine.sock"
SOCKET_PATH_BYTES = 100
"""The shortest limit in use is macOS's 104 bytes with the NUL; Linux has 108."""

LONGEST_INSIDE = "pymp-12345678/listener-12345678"
"""The names that multiprocessing gives its own folder and socket."""


class Whereabouts(msgspec.Struct, frozen=True):
    """The note that a running engine leaves in ``engine.json`` for those who ask whether it lives."""

    pid: int
    started_at: float
    version: str = ""
    """Of the program that it is; empty: one before 0.2.0, which did not say."""


def socket_paths(dataset: Path) -> list[Path]:
    """Where the engine of a dataset may listen, the first choice first.

    Beside the ledger, if that folder is the user's alone and its path short enough for a socket; else
    in a private folder below the system's temporary one.
    """
    dataset = dataset.resolve()
    beside = state_folder(dataset) / SOCKET_NAME
    private = _away(dataset).with_suffix(".sock")
    short = len(os.fsencode(beside)) <= SOCKET_PATH_BYTES
    return [beside, private] if short and _is_private(beside.parent) else [private]


def _away(dataset: Path) -> Path:
    """The one name of a dataset in its user's private folder below the system's temporary one."""
    digest = hashlib.sha256(os.fsencode(dataset.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"kinetics-tui-{os.getuid()}" / digest


def temporary_folder(dataset: Path) -> Path | None:
    """An empty folder for the dataset's engine alone: what one that was killed left there is gone.

    For the holder of the dataset's lock. None where there cannot be one, or none that a socket can be in.
    """
    folder = _away(dataset)
    if len(os.fsencode(folder / LONGEST_INSIDE)) > SOCKET_PATH_BYTES:
        return None
    try:
        make_private(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except (OSError, EngineError):
        return None
    return folder


def make_private(folder: Path) -> None:
    """Make a folder for sockets that only this user can open; a dataset's own is there or is not.

    Raises ``EngineError`` where one of that name belongs to somebody else, ``OSError`` where there is none.
    """
    if folder.name == STATE_FOLDER:
        folder.lstat()  # a dataset that was taken away is not begun again in its place
    else:
        folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(folder):
        raise EngineError(f"{folder} is open to others: remove it, then run again.")


def _is_private(folder: Path) -> bool:
    try:
        about = folder.lstat()
    except OSError:
        return False
    # exFAT and the like ignore permissions: there a socket would be open to everybody.
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o077


def _note_path(dataset: Path) -> Path:
    return state_folder(dataset) / "engine.json"


def write_whereabouts(dataset: Path, whereabouts: Whereabouts) -> None:
    """Say where the engine is, so that nobody reads half of it."""
    write_whole(_note_path(dataset), msgspec.json.encode(whereabouts))


def give_sign_of_life(dataset: Path) -> None:
    """Have the engine's note be of now: who gets no answer later can tell since when."""
    now = time.time()
    with contextlib.suppress(OSError):
        os.utime(_note_path(dataset), (now, now))


def last_sign_of_life(dataset: Path) -> float | None:
    """When the engine last gave one, in seconds since the epoch; None where that is not known."""
    try:
        return _note_path(dataset).stat().st_mtime
    except OSError:
        return None


def read_whereabouts(dataset: Path) -> Whereabouts | None:
    """Where the dataset's engine is or last was, None where nothing says so."""
    try:
        return msgspec.json.decode(_note_path(dataset).read_bytes(), type=Whereabouts)
    except (OSError, msgspec.DecodeError):
        return None


def others_engine(dataset: Path) -> str:
    """One sentence on an engine of another user that runs on the dataset; empty where none does."""
    engine = read_whereabouts(dataset)
    if engine is None:
        return ""
    import psutil  # few ever need it

    try:
        process = psutil.Process(engine.pid)
        uid = process.uids().real
        # Another process may have been given the number since: it would be younger than the engine's note.
        if uid == os.getuid() or process.create_time() > engine.started_at + 1:
            return ""
    except psutil.Error:
        return ""
    return (
        f"An engine of the user {user_name(uid)} (pid {engine.pid}) runs on {dataset}, which only that user "
        f"can steer: {as_user(uid, 'attach', dataset)}, or stop in the place of attach to end it."
    )


class WriterLock:
    """The ticket to write a dataset's ledger; a context manager.

    Raises ``EngineError`` where somebody holds it already, ``DatasetError`` where there are no locks.
    """

    def __init__(self, dataset: Path) -> None:
        self._dataset = dataset

    def __enter__(self) -> None:
        path = lock_path(self._dataset)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(path.open("ab"))
            except OSError as error:
                raise EngineError(others_engine(self._dataset) or cannot_use(self._dataset, error)) from error
            if not lock(file.fileno(), self._dataset):
                raise EngineError(
                    others_engine(self._dataset)
                    or f"An engine already runs on {self._dataset}: use attach to see it, or stop to end it."
                )
            stack.pop_all()
        self._file: IO[bytes] = file

    def __exit__(self, *_: object) -> None:
        self._file.close()
