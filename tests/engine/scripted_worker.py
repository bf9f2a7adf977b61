"""A worker whose clips come out as their ids say: the far side of the pool, in real processes."""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.engine.workers.messages import (
    Assign,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    FromWorker,
    Ready,
    Taken,
    ToWorker,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import Options, frames_path

BAD_PROXY = "http://liar.example:3128"
"""By this network every clip is private, and none is in truth."""

HALF_SAID = "half-said"
WAS_FULL = "was-full"
RENEWED = "renewed"
"""With a file of this name in the dataset the account's cookies are renewed."""


def scripted_worker(line: socket.socket, options: Options, dataset: Path, scratch: Path) -> None:
    """The eighth sign of the id says what happens: ``d``ies, ``k``illed, ``h``angs, ``g``arbage, ..."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    scratch.mkdir(parents=True, exist_ok=True)
    file = line.makefile("rb")

    def send(message: FromWorker) -> None:
        line.sendall(msgspec.json.encode(message) + b"\n")

    send(Ready())
    in_hand = 0
    for text in file:
        message = msgspec.json.decode(text, type=ToWorker)
        if isinstance(message, Cancel):
            send(Cancelled(clip_id=in_hand))
            continue
        assert isinstance(message, Assign)
        in_hand = message.clip_id
        if message.extract is not None:
            extract(message, dataset, send)
            continue
        if message.copy:
            take(message, send)
            continue
        match message.clip.youtube_id[-1]:
            case "D":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "K":
                os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out
            case "F" if not (dataset / HALF_SAID).exists():  # killed the first time, in mid-sentence
                (dataset / HALF_SAID).touch()
                line.sendall(msgspec.json.encode(finished(in_hand))[:40])
                os.kill(os.getpid(), signal.SIGKILL)
            case "H":
                time.sleep(600)
            case "G":
                line.sendall(b"this is no message\n")
            case "C":
                pass  # keeps the clip until it is told to let go
            case "P":
                send(failed(in_hand, Category.PRIVATE))
            case "T":
                send(failed(in_hand, Category.SESSION_LIMIT))
            case "L":
                time.sleep(2.5)  # answers late, when the world has moved on
                send(failed(in_hand, Category.SESSION_LIMIT))
            case "V":
                time.sleep(0.6)  # comes through, but takes its time
                send(finished(in_hand))
            case "N":  # as its network has it
                time.sleep(0.15)
                bad = message.route.proxy == BAD_PROXY
                send(failed(in_hand, Category.PRIVATE) if bad else finished(in_hand))
            case "W":
                send(failed(in_hand, Category.NOT_WRITABLE))
            case "O":
                send(failed(in_hand, Category.OFFLINE))
            case "S":
                send(failed(in_hand, Category.TIMEOUT))
            case "A" if "--no-cookies" not in options.yt_dlp and not (dataset / RENEWED).exists():
                send(failed(in_hand, Category.LOGGED_OUT))
            case _:
                send(finished(in_hand))


def take(message: Assign, send: Callable[[FromWorker], None]) -> None:
    """A copy out of an archive comes out as it says itself."""
    copy = Path(message.copy)
    content = copy.read_bytes() if copy.exists() else b"gone"
    match content.strip():
        case b"dies":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"hangs":
            pass  # keeps the clip until it is told to let go
        case b"full":
            send(failed(message.clip_id, Category.DISK_FULL))
        case b"gone":
            send(failed(message.clip_id, Category.NOT_WRITABLE))
        case b"damaged":
            send(failed(message.clip_id, Category.DAMAGED_IN_ARCHIVE))
        case _:
            if content.startswith(b"slow"):
                time.sleep(0.5)
            send(finished(message.clip_id, message.archive))


def extract(message: Assign, dataset: Path, send: Callable[[FromWorker], None]) -> None:
    """Frames are made, unless the tenth sign of the id says otherwise."""
    match message.clip.youtube_id[-2]:
        case "D":
            os.kill(os.getpid(), signal.SIGKILL)
        case "C":
            pass  # keeps the clip until it is told to let go
        case "P":
            send(failed(message.clip_id, Category.TRIM_FAILED))
        case "W" if not (dataset / WAS_FULL).exists():
            (dataset / WAS_FULL).touch()
            send(failed(message.clip_id, Category.DISK_FULL))
        case _:
            (dataset / frames_path(message.path)).mkdir(parents=True)
            send(Taken(clip_id=message.clip_id, frames=50))


def failed(clip_id: int, category: Category) -> Failed:
    return Failed(clip_id=clip_id, category=category, text=category.value, spent=Spent(total_s=0.1))


def finished(clip_id: int, archive: str = "") -> Finished:
    made = MadeFile(
        output_bytes=1000,
        duration_s=10,
        width_px=640,
        height_px=360,
        fps=30,
        sound=True,
        short=False,
        exact=True,
        archive=archive,
    )
    return Finished(clip_id=clip_id, made=made, spent=Spent(total_s=0.1, wire_bytes=0 if archive else 1000))
