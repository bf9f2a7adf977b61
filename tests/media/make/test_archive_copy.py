"""Clips made of their copies in archives: kept as they are, made as was asked for, or found damaged."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.media.make.clip_maker import ClipMaker
from kinetics_tui.media.verify import verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options
from tests.media.media_studio import FPS, frame_numbers, made

CLIP = Clip("aaaaaaaaaaa", 5, 15, "val", "archery")


def copy_of(kind: Kind = Kind.PROGRESSIVE, **shape: object) -> bytes:
    return made(kind, **{"duration_s": 10, **shape}).path.read_bytes()


class Bench:
    """Takes copies in a dataset of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.final = folder / "val" / "archery" / f"{CLIP.name}.mp4"
        self.copy = folder / "scratch" / "archive-1" / "1-1"
        self.phases: list[Phase] = []
        self.copy.parent.mkdir(parents=True)

    def take(
        self, content: bytes, clip: Clip = CLIP, *, cancelled: bool = False, **options: object
    ) -> MadeFile:
        self.copy.unlink(missing_ok=True)
        self.copy.write_bytes(content)
        maker = ClipMaker(msgspec.convert(options, Options))
        try:
            file, spent = maker.take(
                clip,
                self.copy,
                "val/part_0.tar.gz",
                self.final,
                self.folder / "scratch",
                on_progress=lambda phase, *_: self.phases.append(phase),
                cancelled=lambda: cancelled,
            )
        finally:
            maker.close()
        assert (spent.wire_bytes, spent.requests) == (0, 0)
        assert file.output_bytes == self.final.stat().st_size
        assert file.archive == "val/part_0.tar.gz"
        return file

    def left(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path != self.copy]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "set")


def test_a_copy_that_is_as_was_asked_for_is_kept_byte_for_byte(bench: Bench) -> None:
    content = copy_of()
    file = bench.take(content)
    assert bench.final.read_bytes() == content
    assert bench.left() == [bench.final]
    assert (file.width_px, file.height_px, file.fps, file.sound) == (320, 180, FPS, True)
    assert (file.source_height_px, file.made_with, file.short, file.exact) == (180, "", False, True)
    assert Phase.TRIM not in bench.phases


@pytest.mark.parametrize("asked", [{"height_px": 144}, {"short_side_px": 96}])
def test_a_copy_that_is_too_tall_is_made_smaller(bench: Bench, asked: dict[str, Any]) -> None:
    file = bench.take(copy_of(), **asked)
    (side_px,) = asked.values()
    assert (file.height_px, file.source_height_px, file.sound) == (side_px, 180, True)
    assert file.made_with
    assert verify(bench.final).frames == 10 * FPS
    assert abs(file.duration_s - 10) < 0.1
    assert Phase.TRIM in bench.phases
    assert bench.left() == [bench.final]


def test_a_copy_is_made_silent_where_no_sound_is_wanted_and_its_pictures_stay(bench: Bench) -> None:
    file = bench.take(copy_of(), audio=False)
    assert not file.sound
    assert frame_numbers(bench.final) == list(range(10 * FPS))
    assert bench.left() == [bench.final]


def test_a_silent_copy_is_kept_as_it_is_where_no_sound_is_wanted(bench: Bench) -> None:
    content = copy_of(Kind.DASH_VIDEO)
    assert not bench.take(content, audio=False).sound
    assert bench.final.read_bytes() == content


@pytest.mark.parametrize("smaller", [{}, {"short_side_px": 96}])
def test_a_webm_copy_becomes_an_mp4(bench: Bench, smaller: dict[str, Any]) -> None:
    file = bench.take(copy_of(Kind.WEBM_VIDEO), **smaller)
    assert bench.final.read_bytes()[4:8] == b"ftyp"
    assert file.height_px == smaller.get("short_side_px", 180)
    assert frame_numbers(bench.final) == list(range(10 * FPS)) or smaller
    assert bench.left() == [bench.final]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def holed(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes(20_000) + content[at + 20_000 :]


def sound_alone() -> bytes:
    packed = io.BytesIO()
    with av.open(str(made(Kind.DASH_AUDIO, duration_s=10).path)) as source:
        packed.write(Path(source.name).read_bytes())
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: b"", "it is empty"),
        (lambda: b"<html>Not found</html>", "it is no MP4, WebM or Matroska file"),
        (lambda: half(copy_of()), "not whole"),
        (lambda: half(copy_of(Kind.PROGRESSIVE_TAIL)), "not whole"),
        (lambda: half(copy_of(Kind.WEBM_VIDEO)), "not whole"),
        (lambda: holed(copy_of()), "not whole"),
        (sound_alone, "not whole"),
        (lambda: copy_of()[:8], "not whole"),
        (lambda: b"\x1a\x45\xdf\xa3" + bytes(5000), "not whole"),
    ],
    ids=["empty", "page", "half", "half-tail", "half-webm", "holed", "no-pictures", "head", "matroska-alone"],
)
def test_a_copy_that_is_not_whole_is_told_as_damaged_and_leaves_nothing(
    bench: Bench, content: Callable[[], bytes], why: str
) -> None:
    with pytest.raises(ClipFailure) as raised:
        bench.take(content())
    assert raised.value.category is Category.DAMAGED_IN_ARCHIVE
    assert raised.value.message.startswith("The copy in the archive is not whole: ")
    assert why in raised.value.message
    assert bench.left() == []


@pytest.mark.parametrize(
    ("length_s", "tolerance_s", "taken"),
    [
        (9.6, 0.5, True),
        (9.4, 0.5, False),
        (10.4, 0.5, True),
        (10.6, 0.5, False),
        (8.0, 3.0, True),
        (9.6, 0.0, False),
    ],
)
def test_a_copy_may_be_off_by_the_tolerance_and_by_no_more(
    bench: Bench, length_s: float, tolerance_s: float, taken: bool
) -> None:
    clip = msgspec.structs.replace(CLIP, time_end=CLIP.time_start + 20 - length_s)
    off_s = 10 - clip.duration_s
    if taken:
        file = bench.take(copy_of(), clip, tolerance_s=tolerance_s)
        assert (file.short, file.exact) == (off_s < 0, off_s <= 0)
    else:
        with pytest.raises(ClipFailure, match=r"it lasts 10\.\d\d s where") as raised:
            bench.take(copy_of(), clip, tolerance_s=tolerance_s)
        assert raised.value.category is Category.DAMAGED_IN_ARCHIVE
        assert bench.left() == []


def test_a_clip_that_is_there_already_is_kept_and_known_by_its_archive_where_it_is_that(bench: Bench) -> None:
    content = copy_of()
    bench.take(content)
    before = bench.final.stat().st_mtime_ns
    bench.take(content)
    assert bench.final.stat().st_mtime_ns == before


def test_a_copy_whose_clip_is_taken_back_stays_for_another_worker(bench: Bench) -> None:
    with pytest.raises(ClipCancelled):
        bench.take(copy_of(), cancelled=True)
    assert bench.copy.read_bytes() == copy_of()
    assert bench.left() == []
