"""The contact sheet of a dataset of real clips: a picture a class, small, bounded, and in the page."""

from __future__ import annotations

import base64
import io
import itertools
from datetime import UTC
from pathlib import Path

import av
import pytest

from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.model.options import LayoutName
from kinetics_tui.report import contact_sheet as sheets
from kinetics_tui.report.contact_sheet import WIDTH_PX, contact_sheet
from kinetics_tui.report.figures import Sheet, Still
from kinetics_tui.report.page import page
from tests.report.made_up import HOSTILE, full_report
from tests.report.test_page import Reader
from tests.upkeep.conftest import DONE, dataset, finished

__all__ = ["dataset", "finished"]  # fixtures


def file_of(dataset: Path, number: int) -> Path:
    return dataset / clip_path(LayoutName.ACTIVITYNET, DONE[number])


def test_each_class_has_one_small_picture_by_name(dataset: Path) -> None:
    told: list[tuple[int, int]] = []
    sheet = contact_sheet(dataset, told.append)
    assert [still.label for still in sheet.stills] == ["", "air drumming", "archery"]
    assert sheet.notes == ()
    assert told == [(0, 3), (1, 3), (2, 3)]
    for still in sheet.stills:
        data = base64.b64decode(still.jpeg)
        assert len(data) < 10_000
        with av.open(io.BytesIO(data), "r") as container:
            frame = next(container.decode(video=0))
        assert frame.width == WIDTH_PX


def test_another_clip_of_the_class_stands_in_for_one_that_is_damaged(dataset: Path) -> None:
    file_of(dataset, 0).unlink()
    file_of(dataset, 1).write_bytes(b"no video")
    sheet = contact_sheet(dataset)
    assert [still.label for still in sheet.stills] == ["", "air drumming", "archery"]


def test_classes_without_a_clip_that_plays_are_counted(dataset: Path) -> None:
    file_of(dataset, 3).unlink()
    sheet = contact_sheet(dataset)
    assert [still.label for still in sheet.stills] == ["air drumming", "archery"]
    assert sheet.notes == (
        "Of 1 class no clip could be read; kinetics-tui check finds what is missing or damaged.",
    )


def test_time_and_size_are_bounded_and_what_is_left_out_is_said(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out = "2 classes more are left out to keep this page small."
    times = itertools.count(step=sheets.WITHIN_S * 0.6)
    slow = contact_sheet(dataset, clock=lambda: next(times))
    assert (len(slow.stills), slow.notes) == (1, (left_out,))
    monkeypatch.setattr(sheets, "MOST_BYTES", 100)
    large = contact_sheet(dataset)
    assert (len(large.stills), large.notes) == (1, (left_out,))


def test_the_page_carries_the_pictures_itself_and_fetches_nothing() -> None:
    sheet = Sheet((Still("archery", "QUJD"), Still("", "REVG")), ("A note.",))
    text = page(full_report(), UTC, sheet)
    assert '<img src="data:image/jpeg;base64,QUJD" alt="archery"' in text
    assert "<script" not in text
    assert "http" not in text.split("</style>")[1]
    words = Reader(text).words
    assert words[words.index("Contact sheet") :][:3] == [
        "Contact sheet",
        "One frame of one clip of each class.",
        "A note.",
    ]
    assert "Contact sheet" not in page(full_report(), UTC)


def test_a_class_name_from_elsewhere_is_escaped_beside_its_picture() -> None:
    text = page(full_report(), UTC, Sheet((Still(HOSTILE, "QUJD"),)))
    assert "<script" not in text
    assert not [name for name in Reader(text).attributes if name.startswith("on")]
