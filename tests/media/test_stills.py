"""Pictures out of finished clips: the right ones, small, and in words what ails a file that gives none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import av
import msgspec
import pytest

from kinetics_tui.base.programs import python_program
from kinetics_tui.demo.media import read_frame_number
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.stills import read_jpeg, read_pictures
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.clip_queries import Pictures, PicturesQuery
from tests.media.media_studio import FPS
from tests.upkeep.conftest import make_clip

CLIP = Clip("aaaaaaaaaaa", 5, 9, "val", "air drumming")
ENOUGH = PicturesQuery(path="clip.mp4", count=4, width_px=160, height_px=90)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    make_clip(CLIP, folder / "clip.mp4", short_side_px=None)
    whole = (folder / "clip.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "noise.mp4").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "folder.mp4").mkdir()
    os.mkfifo(folder / "pipe.mp4")
    return folder


def frame_of(data: bytes, pictures: Pictures) -> av.VideoFrame:
    frame = av.VideoFrame(pictures.width_px, pictures.height_px, "rgb24")
    stride, row = frame.planes[0].line_size, 3 * pictures.width_px
    rows = (data[y * row :][:row].ljust(stride, b"\0") for y in range(pictures.height_px))
    frame.planes[0].update(b"".join(rows))
    return frame


def numbers(pictures: Pictures) -> list[int]:
    """The numbers that the made-up video carries in its frames."""
    return [read_frame_number(frame_of(data, pictures)) for data in pictures.pictures]


@pytest.mark.parametrize("count", [1, 4, 8])
def test_pictures_are_from_the_middles_of_equal_parts(dataset: Path, count: int) -> None:
    query = msgspec.structs.replace(ENOUGH, count=count, width_px=640, height_px=360)
    pictures = read_pictures(dataset / "clip.mp4", query)
    assert pictures.problem == ""
    middles = [5 * FPS + 4 * FPS * (2 * n + 1) / (2 * count) for n in range(count)]
    for number, middle in zip(numbers(pictures), middles, strict=True):
        # Every other frame may be left out.
        assert 0 <= number - middle <= 4


def test_pictures_have_the_clips_shape_in_the_room_given(dataset: Path) -> None:
    for room in ((40, 40), (500, 20), (3, 3), (1, 1)):
        query = msgspec.structs.replace(ENOUGH, width_px=room[0], height_px=room[1])
        pictures = read_pictures(dataset / "clip.mp4", query)
        assert pictures.width_px <= max(2, room[0])
        assert pictures.height_px <= max(2, room[1])
        assert {len(data) for data in pictures.pictures} == {3 * pictures.width_px * pictures.height_px}
    assert read_pictures(dataset / "clip.mp4", ENOUGH).width_px == 160


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.mp4", "The file is not there; `kinetics-tui check` finds all that are missing."),
        ("cut.mp4", "The file is damaged: "),
        ("noise.mp4", "The file is damaged: "),
        ("empty.mp4", "The file is damaged: "),
        ("folder.mp4", "It is not a file."),
        ("pipe.mp4", "It is not a file."),
    ],
)
def test_a_file_that_gives_no_pictures_is_told_in_words(dataset: Path, name: str, words: str) -> None:
    pictures = read_pictures(dataset / name, ENOUGH)
    assert len(pictures.pictures) == (2 if name == "cut.mp4" else 0)
    assert pictures.problem.startswith(words)
    if not pictures.pictures:
        with pytest.raises((OSError, ClipFailure, av.FFmpegError)):
            read_jpeg(dataset / name, 160, 8)


def test_a_jpeg_is_small_and_as_wide_as_wanted(dataset: Path, tmp_path: Path) -> None:
    data = read_jpeg(dataset / "clip.mp4", 160, 8)
    assert len(data) < 10_000
    (tmp_path / "picture.jpg").write_bytes(data)
    with av.open(str(tmp_path / "picture.jpg")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (160, 90)


def test_the_program_answers_one_query(dataset: Path) -> None:
    command, environment = python_program("kinetics_tui.media.stills", str(dataset))
    told = msgspec.json.encode(ENOUGH)
    done = subprocess.run(command, env=environment, input=told, capture_output=True, timeout=60)
    pictures = msgspec.msgpack.decode(done.stdout, type=Pictures)
    assert (len(pictures.pictures), pictures.width_px, pictures.problem) == (4, 160, "")
