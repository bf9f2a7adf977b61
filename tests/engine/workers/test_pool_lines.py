"""The line from a worker: what is no message costs the worker its life, and the engine nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.engine.workers.messages import FromWorker, Ready
from kinetics_tui.engine.workers.pool import MAX_LINE_BYTES, Pool, Slot
from kinetics_tui.model.options import Options

READY = b'{"message":"ready"}\n'


def slot_that_hears(heard: list[FromWorker], folder: Path) -> Slot:
    """A slot of a pool that no process was started in."""
    pool = Pool(
        dataset=folder,
        scratch=folder,
        options=lambda: Options(),
        on_message=lambda _slot, message: heard.append(message),
        on_started=lambda _slot: None,
        on_gone=lambda _slot, _death: None,
    )
    return Slot(1, pool)


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"\n",
        b"\xff\xfe\n",
        b'{"message":"\xcd"}\n',
        b'{"message":"failed","clip_id":1,"total_s":0,"category":"private","text":"\xff"}\n',
        b'{"message":"cancelled","clip_id":18446744073709551616}\n',
        b'{"message":"cancelled","clip_id":-1}\n',
        b'{"message":"failed","clip_id":1,"total_s":1e300,"category":"private","text":""}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (MAX_LINE_BYTES + 1),
    ],
)
def test_what_is_no_message_ends_the_worker(tmp_path: Path, line: bytes) -> None:
    heard: list[FromWorker] = []
    slot = slot_that_hears(heard, tmp_path)
    slot.data_received(READY + line)
    slot.data_received(READY)
    assert heard == [Ready()]
    assert slot.dying


def test_a_message_may_come_in_pieces(tmp_path: Path) -> None:
    heard: list[FromWorker] = []
    slot = slot_that_hears(heard, tmp_path)
    for byte in READY:
        slot.data_received(bytes([byte]))
    assert heard == [Ready()]
    assert not slot.dying
