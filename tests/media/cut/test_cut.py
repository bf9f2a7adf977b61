"""Cutting: odd sources, made here packet by packet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.demo.pattern import Pattern
from kinetics_tui.media.cut.cut import trim
from kinetics_tui.media.cut.order import Cut, Job, Media
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.verify import compare, verify
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Trim
from tests.media.media_studio import Studio, boxes, frame_numbers, made, sound_offset_s

TIME_BASE = Fraction(1, 1000)


def record(
    path: Path,
    times_s: Sequence[float],
    *,
    rotation: float | None = None,
    size_px: tuple[int, int] = (192, 108),
    container: str = "mp4",
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
) -> Path:
    """A source whose numbered pictures are shown at ``times_s``."""
    pattern = Pattern(size_px[0] // 2 * 2, size_px[1] // 2 * 2, 30, 0)
    with av.open(str(path), "w", format=container) as out:
        video = out.add_stream(codec, rate=30)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *size_px, pix_fmt
        video.codec_context.time_base = TIME_BASE
        video.codec_context.gop_size = 12
        if rotation is not None:
            video.set_display_rotation(rotation)
        for number, time_s in enumerate(times_s):
            frame = pattern.draw(number).reformat(*size_px, format=pix_fmt)
            frame.pts, frame.time_base = round(time_s / TIME_BASE), TIME_BASE
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


def cut(
    source: Path, out: Path, start_s: float, end_s: float, *, sound: bool = False, **options: object
) -> Cut:
    media = Media(open=lambda: av.open(str(source)))
    job = Job(
        video=media,
        audio=media if sound else None,
        start_s=Fraction(round(start_s * 1000), 1000),
        end_s=Fraction(round(end_s * 1000), 1000),
        **options,  # type: ignore[arg-type]
    )
    done = trim(job, out, lambda fraction: None)
    facts = verify(out, decode=job.mode is Trim.EXACT)
    compare(facts, duration_s=done.duration_s, audio_s=done.audio_s, frames=done.frames)
    return done


def shown(path: Path) -> Iterator[tuple[float, int]]:
    """When each picture of a clip is shown, and its number."""
    with av.open(str(path)) as container:
        for frame, number in zip(container.decode(video=0), frame_numbers(path), strict=True):
            yield round(frame.time, 3), number


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times_s = [0, 0.1, 0.3, 0.35, 0.4, 1.0, 1.04, 1.5, 2.0, 2.1, 2.2, 3.0]
    source = record(tmp_path / "in.mp4", times_s)
    done = cut(source, tmp_path / "out.mp4", 0.3, 2.15)
    expected = [
        (round(time_s - 0.3, 3), number) for number, time_s in enumerate(times_s) if 0.3 <= time_s < 2.15
    ]
    assert list(shown(tmp_path / "out.mp4")) == expected
    assert done.duration_s == pytest.approx(1.85)
    assert not done.short


def test_picture_on_screen_at_the_start_is_the_first(tmp_path: Path) -> None:
    source = record(tmp_path / "in.mp4", [0, 0.1, 0.2, 3.0, 3.1, 3.2, 3.3])
    cut(source, tmp_path / "out.mp4", 1.0, 3.15)
    assert list(shown(tmp_path / "out.mp4")) == [(0.0, 2), (2.0, 3), (2.1, 4)]


@pytest.mark.parametrize(
    ("rotation", "size"), [(90, (108, 192)), (-90, (108, 192)), (180, (192, 108)), (0, (192, 108))]
)
def test_rotated_source_comes_out_upright(tmp_path: Path, rotation: float, size: tuple[int, int]) -> None:
    upright = record(tmp_path / "upright.mp4", [number / 30 for number in range(40)])
    # A phone held sideways: the stored picture is turned one way, the note in the file turns it back.
    turned = tmp_path / "turned.mp4"
    with av.open(str(upright)) as given, av.open(str(turned), "w") as out:
        video = out.add_stream_from_template(given.streams.video[0])
        video.set_display_rotation(rotation)
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                out.mux(packet)
    with av.open(str(turned)) as container:
        displayed = next(container.decode(video=0))
        assert displayed.rotation % 360 == rotation % 360
    done = cut(turned, tmp_path / "out.mp4", 0.2, 1.0)
    assert (done.width_px, done.height_px) == size
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        # The numbered cells lie along the lower edge, black and white; turned, along another.
        luma = frame.planes[0]
        rows = [bytes(luma)[row * luma.line_size :][: frame.width] for row in range(frame.height)]
    columns = [bytes(column) for column in zip(*rows, strict=True)]
    edges = {0: rows[-4], 180: rows[3], 90: columns[-4], -90: columns[3]}
    contrast = {edge: sum(value > 200 for value in line) for edge, line in edges.items()}
    assert contrast[int(rotation)] == max(contrast.values())


@pytest.mark.parametrize(
    ("container", "codec", "pix_fmt"),
    [("webm", "libvpx-vp9", "yuv420p"), ("mp4", "libx264", "yuv444p"), ("matroska", "mpeg4", "yuv420p")],
)
def test_other_codecs_and_pixel_formats_become_h264(
    tmp_path: Path, container: str, codec: str, pix_fmt: str
) -> None:
    times_s = [number / 30 for number in range(60)]
    source = record(tmp_path / "in.bin", times_s, container=container, codec=codec, pix_fmt=pix_fmt)
    cut(source, tmp_path / "out.mp4", 0.5, 1.5)
    assert [number for _, number in shown(tmp_path / "out.mp4")] == list(range(15, 45))
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert out.streams.video[0].codec_context.name == "h264"
        assert out.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    times_s = [number / 30 for number in range(30)]
    source = record(tmp_path / "in.mkv", times_s, size_px=(191, 107), container="matroska", codec="mpeg4")
    done = cut(source, tmp_path / "out.mp4", 0.0, 0.5)
    assert done.width_px % 2 == done.height_px % 2 == 0


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (44_100, 2), (48_000, 1)])
def test_sound_of_any_rate_stays_in_step(tmp_path: Path, rate_hz: int, channels: int) -> None:
    source = made(Kind.PROGRESSIVE, duration_s=16, sample_rate_hz=rate_hz, channels=channels)
    done = cut(source.path, tmp_path / "out.mp4", 3.1, 9.1, sound=True)
    assert abs(sound_offset_s(tmp_path / "out.mp4", 3.1)) < 0.002
    assert done.audio_s == pytest.approx(6, abs=0.001)
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert (out.streams.audio[0].rate, out.streams.audio[0].layout.nb_channels) == (rate_hz, channels)


def test_sound_that_starts_late_is_led_in_by_silence(tmp_path: Path) -> None:
    whole = made(Kind.PROGRESSIVE, duration_s=16)
    source = tmp_path / "in.mp4"
    with av.open(str(whole.path)) as given, av.open(str(source), "w") as out:
        video = out.add_stream_from_template(given.streams.video[0])
        audio = out.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux():
            if packet.dts is None or packet.pts is None:
                continue
            is_sound = packet.stream.type == "audio"
            if is_sound and packet.pts * packet.time_base < 2:
                continue
            packet.stream = audio if is_sound else video
            out.mux(packet)
    done = cut(source, tmp_path / "out.mp4", 1.0, 6.0, sound=True)
    assert done.audio_s == pytest.approx(5, abs=0.001)
    assert abs(sound_offset_s(tmp_path / "out.mp4", 1.0, at_s=2.0)) < 0.002


@pytest.mark.parametrize("mode", [Trim.EXACT, Trim.COPY])
def test_source_that_ends_before_the_start_is_short(tmp_path: Path, mode: Trim) -> None:
    source = record(tmp_path / "in.mp4", [number / 30 for number in range(60)])
    with pytest.raises(ClipFailure) as caught:
        cut(source, tmp_path / "out.mp4", 5.0, 15.0, mode=mode)
    assert caught.value.category is Category.SHORT_SOURCE


def test_what_is_no_media_is_trim_failed_and_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(b"<html>not a video</html>" * 1000)
    with pytest.raises(ClipFailure) as caught:
        cut(source, tmp_path / "out.mp4", 0.0, 10.0)
    assert caught.value.category is Category.TRIM_FAILED
    assert capfd.readouterr() == ("", "")


def test_copy_of_a_codec_that_mp4_players_do_not_expect_is_cut_exactly(tmp_path: Path) -> None:
    times_s = [number / 30 for number in range(60)]
    source = record(tmp_path / "in.mkv", times_s, container="matroska", codec="mpeg4")
    done = cut(source, tmp_path / "out.mp4", 0.5, 1.5, mode=Trim.COPY)
    assert done.mode is Trim.EXACT
    assert [number for _, number in shown(tmp_path / "out.mp4")] == list(range(15, 45))
    assert boxes(tmp_path / "out.mp4").index("moov") < boxes(tmp_path / "out.mp4").index("mdat")


def delayed(source: Source, path: Path, by_s: int, movflags: str) -> Source:
    """``source`` with all its times later: what does not start at zero."""
    with (
        av.open(str(source.path)) as given,
        av.open(str(path), "w", format="mp4", options={"movflags": movflags, "use_editlist": "0"}) as out,
    ):
        stream = out.add_stream_from_template(given.streams[0])
        for packet in given.demux(given.streams[0]):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts += round(by_s / packet.time_base)
            packet.dts += round(by_s / packet.time_base)
            packet.stream = stream
            out.mux(packet)
    return Source(path, source.spec, path.stat().st_size)


def test_source_whose_clock_starts_late_is_cut_by_its_own_start(studio: Studio, tmp_path: Path) -> None:
    flags = "dash+global_sidx+delay_moov+default_base_moof+frag_keyframe"
    video = delayed(made(Kind.DASH_VIDEO), tmp_path / "late.mp4", 7, flags)
    with av.open(str(video.path)) as container:
        assert container.streams.video[0].start_time
    _, path = studio.make(studio.maker(audio=False), studio.add({134: video}), 20.0, 23.0)
    assert frame_numbers(path) == list(range(600, 690))
