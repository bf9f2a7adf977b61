"""Frames and sound are taken out of a clip, the right ones, each whole or not at all."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import read_frame_number
from kinetics_tui.media.extract import Extracted, extract
from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Extras, SoundFormat, frames_path, sound_path
from tests.media.media_studio import FPS
from tests.upkeep.conftest import make_clip

CLIP = Clip("aaaaaaaaaaa", 5, 7, "val", "air drumming")
PATH = f"val/air drumming/{CLIP.name}.mp4"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    make_clip(CLIP, folder / PATH, short_side_px=None)
    make_clip(CLIP, folder / "silent.mp4", audio=False)
    (folder / "broken.mp4").write_bytes((folder / PATH).read_bytes()[:5000])
    return folder


def nothing(_fraction: float) -> None:
    pass


def extracted(dataset: Path, path: str = PATH, **wanted: object) -> Extracted:
    extras = Extras(**wanted)  # type: ignore[arg-type]  # as the test types them
    return extract(dataset, path, extras, dataset / "scratch", nothing)


def picture(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize(("fps", "step"), [(5, 6), (7.5, 4)])
def test_frames_are_those_that_show_at_even_times(
    dataset: Path, tmp_path: Path, fps: float, step: int
) -> None:
    made = extracted(dataset, frames_fps=fps)
    folder = dataset / frames_path(PATH)
    files = sorted(folder.iterdir())
    assert made == Extracted(frames=round(2 * fps))
    assert [file.name for file in files] == [f"{n:06d}.jpg" for n in range(1, len(files) + 1)]
    assert [read_frame_number(picture(file)) for file in files] == list(range(5 * FPS, 7 * FPS, step))
    folder.rename(tmp_path / "away")


def test_more_frames_than_there_are_show_some_twice_and_are_scaled(dataset: Path, tmp_path: Path) -> None:
    made = extracted(dataset, frames_fps=60, frames_short_side_px=90)
    folder = dataset / frames_path(PATH)
    assert made.frames == len(list(folder.iterdir())) == 120
    shown = picture(folder / "000120.jpg")
    assert (shown.width, shown.height) == (160, 90)
    folder.rename(tmp_path / "away")


@pytest.mark.parametrize(
    ("sound", "codec"),
    [(SoundFormat.WAV, "pcm_s16le"), (SoundFormat.MP3, "mp3"), (SoundFormat.OPUS, "opus")],
)
def test_sound_is_all_of_the_clips_sound(dataset: Path, sound: SoundFormat, codec: str) -> None:
    assert extracted(dataset, sound=sound) == Extracted(sound=True)
    with av.open(str(dataset / sound_path(PATH, sound))) as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        assert stream.codec_context.name.startswith(codec)
        assert samples / stream.rate == pytest.approx(2.0, abs=0.1)


def test_progress_goes_on_evenly_through_frames_and_sound(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes((dataset / PATH).read_bytes())
    told: list[float] = []
    extras = Extras(frames_fps=10, sound=SoundFormat.WAV)
    extract(tmp_path, "clip.mp4", extras, tmp_path / "scratch", told.append)
    assert told == sorted(told)
    assert max(after - before for before, after in pairwise([0.0, *told])) < 0.3
    assert any(0.85 < fraction < 0.95 for fraction in told)
    assert told[-1] == 1.0


def test_what_is_there_is_left_as_it_is(dataset: Path) -> None:
    folder = dataset / frames_path(PATH)
    folder.mkdir(parents=True)
    assert extracted(dataset, frames_fps=5) == Extracted()
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_a_silent_clip_has_no_file_of_sound(dataset: Path) -> None:
    assert extracted(dataset, "silent.mp4", sound=SoundFormat.WAV) == Extracted()
    assert not (dataset / sound_path("silent.mp4", SoundFormat.WAV)).exists()


@pytest.mark.parametrize("path", ["broken.mp4", "missing.mp4"])
def test_a_clip_that_does_not_play_is_told_of_and_leaves_nothing(dataset: Path, path: str) -> None:
    with pytest.raises(ClipFailure, match="Nothing can be taken out"):
        extracted(dataset, path, frames_fps=5)
    assert not (dataset / frames_path(path)).exists()
    assert list((dataset / "scratch").iterdir()) == []


def test_one_that_is_cancelled_half_way_leaves_nothing(dataset: Path) -> None:
    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise ClipCancelled

    with pytest.raises(ClipCancelled):
        extract(dataset, PATH, Extras(frames_fps=5), dataset / "scratch", cancel)
    assert not (dataset / frames_path(PATH)).exists()
    assert list((dataset / "scratch").iterdir()) == []
