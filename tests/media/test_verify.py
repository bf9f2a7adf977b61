"""A finished file is read as a stranger would."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.verify import compare, verify
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio, made


@pytest.fixture
def clip(studio: Studio, dash: Sources) -> Path:
    return studio.make(studio.maker(), studio.add(dash), 20.0, 23.0)[1]


def test_facts_of_a_good_clip(clip: Path) -> None:
    facts = verify(clip)
    assert (facts.frames, facts.width_px, facts.height_px, facts.fps) == (90, 320, 180, 30)
    assert facts.duration_s == pytest.approx(3, abs=0.001)
    assert facts.audio_s == pytest.approx(3, abs=0.001)
    assert facts.sound
    compare(facts, duration_s=3, audio_s=3, frames=90)


@pytest.mark.parametrize(
    ("duration_s", "audio_s", "frames"), [(3.1, 3, 90), (2.9, 3, 90), (3, 2.9, 90), (3, 0, 90), (3, 3, 91)]
)
def test_what_was_not_written_is_found_out(
    clip: Path, duration_s: float, audio_s: float, frames: int
) -> None:
    with pytest.raises(ClipFailure) as caught:
        compare(verify(clip), duration_s=duration_s, audio_s=audio_s, frames=frames)
    assert caught.value.category is Category.TRIM_FAILED


@pytest.mark.parametrize("damage", ["cut off", "garbled", "empty", "no media"])
def test_damaged_file_does_not_verify(clip: Path, damage: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = clip.read_bytes()
    middle = data.index(b"mdat") + 3000
    clip.write_bytes(
        {
            "cut off": data[: len(data) * 2 // 3],
            "garbled": data[:middle] + bytes(5000) + data[middle + 5000 :],
            "empty": b"",
            "no media": b"x" * 5000,
        }[damage]
    )
    with pytest.raises(ClipFailure) as caught:
        verify(clip)
    assert caught.value.category is Category.TRIM_FAILED
    assert capfd.readouterr() == ("", "")


def test_sound_alone_is_no_clip() -> None:
    with pytest.raises(ClipFailure, match="no pictures"):
        verify(made(Kind.DASH_AUDIO).path)


def test_times_that_go_back_are_found_without_decoding(clip: Path, tmp_path: Path) -> None:
    backwards = tmp_path / "backwards.mkv"
    with av.open(str(clip)) as given, av.open(str(backwards), "w", format="matroska") as out:
        video = out.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(given.streams.video[0]) if packet.dts is not None]
        for packet in packets[:40]:
            packet.stream = video
            out.mux(packet)
    data = backwards.read_bytes()
    cluster = data.index(bytes.fromhex("1f43b675"))
    backwards.write_bytes(data + data[cluster:])
    with pytest.raises(ClipFailure, match="go back"):
        verify(backwards, decode=False)
