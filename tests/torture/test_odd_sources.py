"""Odd sources, by the whole way of a clip: the right seconds, their length, sound in step, and it plays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.verify import verify
from kinetics_tui.model.failure import Category
from tests.media.conftest import studio as studio
from tests.media.media_studio import Studio, frame_numbers, made, sound_offset_s
from tests.torture.odd_sources import FPS, PACKINGS, Odd

FRAME_S = 1 / FPS
AAC_PACKET_S = 1024 / 48_000
START_S = 7.3
OPEN_GOP = {"preset": "veryfast", "bf": "3", "x264-params": "open-gop=1:keyint=60:scenecut=0"}
CHANGING = tuple(
    round(at, 3) for at in (0.0, *(second + part for second in range(20) for part in (0.2, 0.25, 0.7, 0.95)))
)

ODD = {
    "usual": Odd(),
    "no sound": Odd(channels=0),
    "mono": Odd(channels=1),
    "5.1": Odd(channels=6),
    "10 bits": Odd(pix_fmt="yuv420p10le"),
    "pixels 4:3": Odd(pixel=Fraction(4, 3)),
    "open GOP": Odd(x264=OPEN_GOP),
    "clock begins at 5 s": Odd(begins_s=5.0),
    "clock begins at 1000 s": Odd(begins_s=1000.0),
    "sound begins at 3 s": Odd(sound_late_s=3.0),
    "sound begins in the clip": Odd(sound_late_s=9.0),
}
CASES = [
    (name, packing)
    for name in ODD
    for packing in PACKINGS
    if not (packing == "webm" and (ODD[name].x264 or ODD[name].pixel or ODD[name].pix_fmt != "yuv420p"))
]
SHORT = [
    ("no sound", "progressive"),
    ("mono", "dash"),
    ("5.1", "webm"),
    ("10 bits", "dash"),
    ("open GOP", "dash"),
    ("open GOP", "progressive"),
    ("clock begins at 5 s", "progressive"),
    ("clock begins at 5 s", "webm"),
    ("clock begins at 1000 s", "dash"),
    ("sound begins in the clip", "progressive"),
    ("sound begins in the clip", "dash"),
]


def check_exact(studio: Studio, folder: Path, name: str, packing: str, start_s: float = START_S) -> None:
    odd = ODD[name]
    video_id = studio.add(PACKINGS[packing](folder, odd))
    before = studio.left_over()
    file, path = studio.make(studio.maker(), video_id, start_s)
    first = round(start_s * FPS)
    assert frame_numbers(path) == list(range(first, first + 10 * FPS))
    assert abs(file.duration_s - 10) <= FRAME_S
    assert verify(path).sound == file.sound == bool(odd.channels)
    assert not file.short
    at_s = max(1.0, odd.sound_late_s - start_s + 1)
    if odd.channels and at_s < 9:  # a second of sound is needed to tell when it is
        assert abs(sound_offset_s(path, first / FPS, at_s)) < AAC_PACKET_S
    assert len(studio.media_requests(video_id)) <= 6
    assert set(studio.left_over()) == {*before, path}


def check_copy(studio: Studio, folder: Path, name: str, packing: str) -> None:
    odd = ODD[name]
    _, path = studio.make(studio.maker(trim="copy"), studio.add(PACKINGS[packing](folder, odd)), START_S)
    verify(path)
    numbers = frame_numbers(path)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert (START_S - 4.5) * FPS <= numbers[0] <= START_S * FPS
    assert numbers[-1] >= (START_S + 10) * FPS - 4
    if odd.channels:  # no silence is made where the sound begins late: it starts with its first packet
        assert abs(sound_offset_s(path, numbers[0] / FPS, 3.0)) < FRAME_S


@pytest.mark.parametrize(("name", "packing"), SHORT)
def test_an_odd_source_gives_the_right_seconds(
    studio: Studio, tmp_path: Path, name: str, packing: str
) -> None:
    check_exact(studio, tmp_path / "made", name, packing)


@pytest.mark.parametrize(
    ("name", "packing"), [("open GOP", "dash"), ("clock begins at 5 s", "webm"), ("no sound", "dash")]
)
def test_a_copy_of_an_odd_source_is_sane(studio: Studio, tmp_path: Path, name: str, packing: str) -> None:
    check_copy(studio, tmp_path / "made", name, packing)


@pytest.mark.torture
@pytest.mark.parametrize(("name", "packing"), CASES)
def test_every_odd_source_in_every_packing(studio: Studio, tmp_path: Path, name: str, packing: str) -> None:
    check_exact(studio, tmp_path / "made", name, packing)
    check_exact(studio, tmp_path / "again", name, packing, 0.0)
    check_exact(studio, tmp_path / "once more", name, packing, 10.0)
    check_copy(studio, tmp_path / "copied", name, packing)


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
def test_a_variable_frame_rate_keeps_its_times(studio: Studio, tmp_path: Path, packing: str) -> None:
    odd = Odd(times_s=CHANGING)
    file, path = studio.make(studio.maker(), studio.add(PACKINGS[packing](tmp_path, odd)), 7.25)
    with av.open(str(path)) as container:
        times_s = [round(frame.time, 2) for frame in container.decode(video=0)]
    expected = [(at, number) for number, at in enumerate(CHANGING) if 7.25 <= at < 17.25]
    assert frame_numbers(path) == [number for _, number in expected]
    assert times_s == pytest.approx([at - 7.25 for at, _ in expected], abs=0.011)
    # How long the last picture is shown is only told roughly where pictures are stored out of order.
    assert file.duration_s == pytest.approx(10, abs=0.25)
    assert abs(sound_offset_s(path, 7.25)) < AAC_PACKET_S


def test_odd_sides_come_out_even(studio: Studio, tmp_path: Path) -> None:
    video_id = studio.add(PACKINGS["webm"](tmp_path, Odd(width_px=427, height_px=241)))
    file, path = studio.make(studio.maker(), video_id, START_S)
    assert frame_numbers(path) == list(range(219, 519))
    assert (file.width_px % 2, file.height_px % 2) == (0, 0)
    assert (abs(file.width_px - 427), abs(file.height_px - 241)) == (1, 1)


@pytest.mark.parametrize("trim", ["exact", "copy"])
def test_pixels_that_are_not_square_keep_their_shape(studio: Studio, tmp_path: Path, trim: str) -> None:
    video_id = studio.add(PACKINGS["dash"](tmp_path, Odd(pixel=Fraction(4, 3))))
    _, path = studio.make(studio.maker(trim=trim), video_id, START_S)
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert video.sample_aspect_ratio == Fraction(4, 3)
        assert (video.width, video.height) == (256, 144)


@pytest.mark.parametrize("packing", ["dash", "progressive"])
@pytest.mark.parametrize("trim", ["exact", "copy"])
def test_a_turned_source_stays_upright(studio: Studio, tmp_path: Path, packing: str, trim: str) -> None:
    video_id = studio.add(PACKINGS[packing](tmp_path, Odd(rotation=90)))
    file, path = studio.make(studio.maker(trim=trim), video_id, START_S)
    with av.open(str(path)) as container:
        rotation = next(container.decode(video=0)).rotation
    upright = (file.width_px, file.height_px, rotation) == (144, 256, 0)
    carried = (file.width_px, file.height_px, rotation) == (256, 144, 90)
    assert upright if trim == "exact" else carried


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
@pytest.mark.parametrize("duration_s", [0.1, 0.5])
def test_a_very_short_video_gives_what_there_is(
    studio: Studio, tmp_path: Path, packing: str, duration_s: float
) -> None:
    video_id = studio.add(PACKINGS[packing](tmp_path, Odd(duration_s=duration_s)), length_s=1)
    file, path = studio.make(studio.maker(), video_id, 0.0)
    assert frame_numbers(path) == list(range(round(duration_s * FPS)))
    assert file.short
    assert file.duration_s == pytest.approx(duration_s, abs=FRAME_S)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video_id, 5.0)
    assert caught.value.category is Category.SHORT_SOURCE


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
def test_a_segment_may_end_where_the_video_does(studio: Studio, tmp_path: Path, packing: str) -> None:
    check_exact(studio, tmp_path, "usual", packing, 10.0)


@pytest.mark.parametrize("start_s", [7.31, 7.3166, 7.32, 7.349])
def test_a_start_between_two_pictures_takes_the_nearer(
    studio: Studio, tmp_path: Path, start_s: float
) -> None:
    _, path = studio.make(studio.maker(), studio.add(PACKINGS["dash"](tmp_path, Odd())), start_s)
    numbers = frame_numbers(path)
    assert abs(numbers[0] - start_s * FPS) <= 0.55
    assert numbers == list(range(numbers[0], numbers[0] + 10 * FPS))


HOURS_S = 24_000
LONG = {"duration_s": HOURS_S, "period_s": 40, "fps": 4, "width_px": 160, "height_px": 90}
SOUND = {"sample_rate_hz": 16_000, "channels": 1, "audio_bits_per_s": 20_000, "period_s": 80}


def long_sources(packing: str) -> dict[int, Source]:
    if packing == "webm":
        # Opus knows 48 kHz alone; periods of 80 s are a whole number of its packets of 20 ms.
        return {243: made(Kind.WEBM_VIDEO, **LONG)}
    if packing == "progressive":
        return {18: made(Kind.PROGRESSIVE, **{**LONG, **SOUND})}
    return {160: made(Kind.DASH_VIDEO, **LONG), 140: made(Kind.DASH_AUDIO, **{**LONG, **SOUND})}


@pytest.mark.parametrize(
    ("packing", "most_bytes"), [("dash", 400_000), ("webm", 1_000_000), ("progressive", 6_000_000)]
)
def test_a_late_clip_of_six_and_a_half_hours_costs_little(
    studio: Studio, packing: str, most_bytes: int
) -> None:
    sources = long_sources(packing)
    video_id = studio.add(sources)
    _, path = studio.make(studio.maker(), video_id, 23_777.0)
    period_s = 80 if packing == "progressive" else 40
    first = (23_777 % period_s) * 4
    assert frame_numbers(path) == [(first + at) % (period_s * 4) for at in range(40)]
    assert len(studio.media_requests(video_id)) <= 6
    assert studio.spent.wire_bytes < most_bytes
    if packing != "webm":
        assert abs(sound_offset_s(path, 23_777 % 80)) < 1024 / 16_000
