"""Sources that are unlike most: other clocks, shapes, sounds and lengths; every picture is numbered."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import msgspec

from kinetics_tui.demo.media import Kind, Source, SourceSpec
from kinetics_tui.demo.pattern import Pattern, tune
from kinetics_tui.media.cut.order import AnyPacket, in_order

FPS = 30
RATE_HZ = 48_000
PIECE_S = 0.5
_DASH = "dash+global_sidx+delay_moov+default_base_moof+skip_trailer"
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a source odd.

    ``times_s``: when its pictures are shown (empty: 30 a second for ``duration_s``). ``begins_s``: what
    its clock shows at the start. ``sound_late_s``: the sound before that is missing. ``channels`` 0: no
    sound.
    ``pixel``: the shape of its pixels. ``x264``: further options of the encoder.
    """

    duration_s: float = 20
    times_s: tuple[float, ...] = ()
    width_px: int = 256
    height_px: int = 144
    pix_fmt: str = "yuv420p"
    begins_s: float = 0.0
    sound_late_s: float = 0.0
    channels: int = 2
    rotation: int | None = None
    pixel: Fraction | None = None
    x264: dict[str, str] = {}

    @property
    def shown_at_s(self) -> Sequence[float]:
        """When each picture is shown, counted from the source's start."""
        return self.times_s or [number / FPS for number in range(round(self.duration_s * FPS))]


def dash(folder: Path, odd: Odd) -> dict[int, Source]:
    """Pictures and sound in two fragmented MP4."""
    made = {134: _write(folder / "pictures.mp4", Kind.DASH_VIDEO, odd, _DASH + "+frag_keyframe")}
    if odd.channels:
        made[140] = _write(folder / "sound.mp4", Kind.DASH_AUDIO, odd, _DASH)
    return made


def progressive(folder: Path, odd: Odd) -> dict[int, Source]:
    """Both in one MP4, its index behind."""
    return {18: _write(folder / "both.mp4", Kind.PROGRESSIVE_TAIL, odd, "")}


def webm(folder: Path, odd: Odd) -> dict[int, Source]:
    """VP9 and Opus in two WebM."""
    made = {243: _write(folder / "pictures.webm", Kind.WEBM_VIDEO, odd, "")}
    if odd.channels:
        made[251] = _write(folder / "sound.webm", Kind.WEBM_AUDIO, odd, "")
    return made


PACKINGS = {"dash": dash, "progressive": progressive, "webm": webm}


def _write(path: Path, kind: Kind, odd: Odd, flags: str) -> Source:
    is_webm = path.suffix == ".webm"
    options = {"cues_to_front": "1"} if is_webm else {"movflags": flags} if flags else {}
    if kind is Kind.DASH_AUDIO:
        options["frag_duration"] = "5000000"
    spec = SourceSpec(
        kind=kind, duration_s=odd.duration_s, width_px=odd.width_px, height_px=odd.height_px, fps=FPS
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Times stay as they are, whether they begin at zero or not.
    with av.open(str(path), "w", options={**options, "avoid_negative_ts": "disabled"}) as out:
        streams: list[Iterator[AnyPacket]] = []
        if spec.has_video:
            streams.append(_pictures(_video(out, odd, webm=is_webm), odd))
        if spec.has_audio and odd.channels:
            codec = "libopus" if is_webm else "aac"
            sound = out.add_stream(codec, rate=RATE_HZ, layout=_LAYOUTS[odd.channels])
            assert isinstance(sound, av.AudioStream)
            sound.codec_context.bit_rate = 64_000 * odd.channels
            streams.append(_sound(sound, odd))
        for packet in in_order(*streams):
            out.mux(packet)
    return Source(path, spec, path.stat().st_size)


def _video(out: av.container.OutputContainer, odd: Odd, *, webm: bool) -> av.VideoStream:
    video = out.add_stream("libvpx-vp9" if webm else "libx264", rate=FPS)
    assert isinstance(video, av.VideoStream)
    video.width, video.height, video.pix_fmt = odd.width_px, odd.height_px, odd.pix_fmt
    video.codec_context.gop_size = 4 * FPS
    video.codec_context.thread_count = 1
    video.codec_context.time_base = Fraction(1, 1000) if odd.times_s else Fraction(1, FPS)
    if webm:
        video.options = {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "0", "lag-in-frames": "0"}
    else:
        video.options = {"preset": "ultrafast", "crf": "26", "bf": "2", "sc_threshold": "0", **odd.x264}
    if odd.pixel:
        video.codec_context.sample_aspect_ratio = odd.pixel
    if odd.rotation is not None:
        video.set_display_rotation(odd.rotation)
    return video


def _pictures(video: av.VideoStream, odd: Odd) -> Iterator[AnyPacket]:
    pattern = Pattern(odd.width_px // 2 * 2, odd.height_px // 2 * 2, FPS, 3)
    base = video.codec_context.time_base

    def packets() -> Iterator[AnyPacket]:
        for number, time_s in enumerate(odd.shown_at_s):
            frame = pattern.draw(number).reformat(odd.width_px, odd.height_px, odd.pix_fmt)
            frame.pts, frame.time_base = round(Fraction(time_s) / base), base
            yield from video.encode(frame)
        yield from video.encode(None)

    yield from _later(packets(), odd.begins_s)


def _sound(sound: av.AudioStream, odd: Odd) -> Iterator[AnyPacket]:
    def packets() -> Iterator[AnyPacket]:
        at_s = 0.0
        while at_s < odd.duration_s:
            one = tune(at_s, min(PIECE_S, odd.duration_s - at_s), RATE_HZ)
            frame = av.AudioFrame("s16", _LAYOUTS[odd.channels], len(one))
            samples = array("h", chain.from_iterable(zip(*[one] * odd.channels, strict=True)))
            padding = bytes(frame.planes[0].buffer_size - 2 * len(samples))
            frame.planes[0].update(samples.tobytes() + padding)
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = round(at_s * RATE_HZ)
            yield from sound.encode(frame)
            at_s += PIECE_S
        yield from sound.encode(None)

    for packet in _later(packets(), odd.begins_s):
        assert packet.pts is not None
        # The encoder's first packet comes before the time that its sound begins at.
        if packet.pts * packet.time_base >= odd.begins_s + odd.sound_late_s or packet.pts < 0:
            yield packet


def _later(packets: Iterator[AnyPacket], by_s: float) -> Iterator[AnyPacket]:
    for packet in packets:
        assert packet.pts is not None
        assert packet.dts is not None
        shift = round(Fraction(by_s) / packet.time_base)
        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        yield packet
