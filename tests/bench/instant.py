"""A worker whose clips take no time: what is left is what the engine takes for them."""

from __future__ import annotations

import socket
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
    ToWorker,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import Options

ONE_FAILS_OF = 40
"""In Kinetics-700 2.4 % of the videos were gone by 2019."""
CHUNK_BYTES = 65536

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)


def instant_worker(line: socket.socket, options: Options, dataset: Path, scratch: Path) -> None:
    """Answer each clip at once, in the words of a real worker: done, but one of ``ONE_FAILS_OF``."""
    line.sendall(_line(Ready()))
    rest, in_hand = b"", 0
    while data := line.recv(CHUNK_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for text in lines:
            match _decoder.decode(text):
                case Assign(clip_id=in_hand, made=MadeFile() as file, arrived=path):  # a host made it
                    Path(path).unlink()  # a real one moves it to its place
                    line.sendall(_line(Finished(clip_id=in_hand, made=file, spent=Spent())))
                case Assign(clip_id=in_hand):
                    line.sendall(_line(made(in_hand)))
                case Cancel():
                    line.sendall(_line(Cancelled(clip_id=in_hand)))


def made(number: int) -> Finished | Failed:
    """What becomes of a clip: figures as those of a real one."""
    if number % ONE_FAILS_OF == 0:
        return Failed(
            clip_id=number,
            category=Category.VIDEO_NOT_AVAILABLE,
            text="[youtube] Video unavailable. This video is no longer available",
            spent=Spent(total_s=0.8, resolve_s=0.8, wire_bytes=50_000),
        )
    file = MadeFile(
        output_bytes=1_000_000 + number,
        duration_s=10.0,
        width_px=640,
        height_px=360,
        fps=29.97,
        sound=True,
        short=False,
        exact=True,
    )
    spent = Spent(
        resolve_s=0.612,
        download_s=1.934,
        trim_s=1.637,
        total_s=4.183 + number % 7,
        wire_bytes=1_300_000 + number,
    )
    return Finished(clip_id=number, made=file, spent=spent)


def _line(message: FromWorker) -> bytes:
    return _encoder.encode(message) + b"\n"
