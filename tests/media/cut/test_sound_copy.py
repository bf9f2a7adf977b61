"""Sound that needs no encoding is taken as it is, and is heard from the same sample on."""

from __future__ import annotations

from array import array
from fractions import Fraction
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.media.cut.cut import trim
from kinetics_tui.media.cut.order import Cut, Job, Media
from kinetics_tui.media.verify import compare, verify
from tests.media.media_studio import made, sound_offset_s

LENGTH_S = 16
RATE_HZ = 44_100


def cut(pictures: Path, sound: Path, out: Path, start_s: Fraction, end_s: Fraction) -> Cut:
    video, audio = (Media(open=lambda path=path: av.open(str(path))) for path in (pictures, sound))  # type: ignore[misc]
    done = trim(Job(video=video, audio=audio, start_s=start_s, end_s=end_s), out, lambda fraction: None)
    compare(verify(out), duration_s=done.duration_s, audio_s=done.audio_s, frames=done.frames)
    return done


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def heard(path: Path) -> tuple[array[float], int]:
    """The first channel as it is decoded, and the sample at which it begins."""
    samples, begin = array("f"), None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            begin = round(frame.pts * frame.time_base * frame.sample_rate) if begin is None else begin
            samples.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    assert begin is not None
    return samples, begin


@pytest.mark.parametrize("kind", [Kind.PROGRESSIVE, Kind.DASH_AUDIO])
@pytest.mark.parametrize("start_s", [Fraction(0), Fraction(31, 10), Fraction(5), Fraction(71, 10)])
def test_plain_aac_is_taken_as_it_is_and_begins_at_the_sample(
    tmp_path: Path, kind: Kind, start_s: Fraction
) -> None:
    pictures = made(Kind.PROGRESSIVE, duration_s=LENGTH_S).path
    source, clip = made(kind, duration_s=LENGTH_S, sample_rate_hz=RATE_HZ).path, tmp_path / "clip.mp4"
    done = cut(pictures, source, clip, start_s, start_s + 6)
    whole, kept = packets(source), packets(clip)
    at = whole.index(kept[0])
    assert kept == whole[at : at + len(kept)]
    assert done.audio_s == pytest.approx(6, abs=0.001)
    assert abs(sound_offset_s(clip, float(start_s))) < 0.001
    (all_of_it, begin), (clips, first) = heard(source), heard(clip)
    assert first <= 0
    offset = round(start_s * RATE_HZ) - begin
    # Not quite the same: where AAC has noise, its decoder makes up some of its own each time.
    apart = [abs(clips[n - first] - all_of_it[offset + n]) for n in range(0, 6 * RATE_HZ, 97)]
    assert sum(apart) / len(apart) < 0.001


@pytest.mark.parametrize(("lost_s", "length_s"), [((4.0, 4.6), 6.0), ((0.0, 4.0), 6.0), ((7.0, 99.0), 4.0)])
def test_sound_with_a_gap_or_a_late_begin_is_encoded_with_silence_for_what_is_not_there(
    tmp_path: Path, lost_s: tuple[float, float], length_s: float
) -> None:
    whole = made(Kind.PROGRESSIVE, duration_s=LENGTH_S).path
    source, clip = tmp_path / "in.mp4", tmp_path / "clip.mp4"
    with av.open(str(whole)) as given, av.open(str(source), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is None or packet.pts is None:
                continue
            if packet.stream.type == "audio" and lost_s[0] <= packet.pts * packet.time_base < lost_s[1]:
                continue
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    done = cut(source, source, clip, Fraction(3), Fraction(9))
    assert done.audio_s == pytest.approx(length_s, abs=0.03)
    as_it_is = set(packets(whole)) & set(packets(clip))
    assert bool(as_it_is) == (lost_s[0] == 7.0)
    at_s = 2.5 if lost_s[1] < 99 else 1.0
    assert abs(sound_offset_s(clip, 3.0, at_s=at_s)) < 0.002


def test_sound_in_another_codec_is_encoded(tmp_path: Path) -> None:
    source, clip = made(Kind.WEBM_AUDIO, duration_s=LENGTH_S).path, tmp_path / "clip.mp4"
    cut(made(Kind.PROGRESSIVE, duration_s=LENGTH_S).path, source, clip, Fraction(3), Fraction(9))
    with av.open(str(clip)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert abs(sound_offset_s(clip, 3.0)) < 0.002
