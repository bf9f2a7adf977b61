"""The figures of a try at a clip: their bounds, and how scripts read them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kinetics_tui.base.safe_text import json_line
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import ClipStarted, flat
from kinetics_tui.model.made import MadeFile, Spent
from tests.clip_figures import clip_done, file_of

CLIP = Clip("0wR5jVB-WPk", 417, 427, "val", "abseiling")


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (Spent, {"wire_bytes": -1}),
        (Spent, {"wire_bytes": 2**60}),
        (Spent, {"total_s": -0.5}),
        (Spent, {"trim_s": 1e12}),
        (Spent, {"download_s": "long"}),
        (MadeFile, {"output_bytes": -1}),
        (MadeFile, {"duration_s": 1e12}),
        (MadeFile, {"height_px": 0.5}),
        (MadeFile, {"source_height_px": -360}),
        (MadeFile, {"sound": 1}),
    ],
)
def test_figures_that_no_ledger_holds_are_refused(kind: type, figures: dict[str, Any]) -> None:
    whole = msgspec.to_builtins(file_of() if kind is MadeFile else Spent())
    assert msgspec.convert(whole, kind) == msgspec.convert(msgspec.json.decode(json.dumps(whole)), kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({**whole, **figures}), type=kind)


def test_a_file_without_its_figures_is_none() -> None:
    figures = msgspec.to_builtins(file_of())
    for name in ("output_bytes", "duration_s", "width_px", "height_px", "fps", "sound", "short", "exact"):
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({key: value for key, value in figures.items() if key != name}, MadeFile)


def test_scripts_read_a_clip_that_is_done_as_one_flat_object() -> None:
    event = clip_done(
        at=1.5,
        slot=2,
        clip=CLIP,
        output_bytes=1000,
        duration_s=10.0,
        width_px=640,
        height_px=360,
        fps=25.0,
        sound=True,
        short=True,
        exact=False,
        made_with="x264",
        archive="train/part_3.tar.gz",
        resolve_s=1.0,
        total_s=3.0,
        wire_bytes=900,
        network="socks5://h:1",
    )
    assert json_line(flat(event)) == (
        '{"event":"clip-done","slot":2,"clip":{"youtube_id":"0wR5jVB-WPk","time_start":417,'
        '"time_end":427,"split":"val","label":"abseiling"},"duration_s":10.0,"output_bytes":1000,'
        '"wire_bytes":900,"width_px":640,"height_px":360,"fps":25.0,"sound":true,"short":true,"exact":false,'
        '"total_s":3.0,"network":"socks5://h:1","archive":"train/part_3.tar.gz","at":1.5}'
    )


def test_other_events_are_as_they_are() -> None:
    event = ClipStarted(at=1.0, slot=1, clip=CLIP)
    assert json_line(flat(event)) == msgspec.json.encode(event).decode()
