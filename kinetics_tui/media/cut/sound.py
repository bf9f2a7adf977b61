"""A clip's sound: cut at a sample and encoded as AAC, or taken as it is.

Where the source's packets can be copied, they are: to encode AAC again gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import TypeAlias

import av
from av.packet import Packet

from kinetics_tui.media.structure import damaged

BIT_RATE = 128_000
SOUND_OPTIONS = {"aac_coder": "fast"}
"""About half the time of the other coder; FFmpeg's manual calls it better at rates above 64 kb/s."""
AAC_RATES_HZ = frozenset({96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000})
USUAL_RATE_HZ = 48_000
FRAME_SAMPLES = 1024
LEAD_S = Fraction(1, 20)
"""Decoding starts so much early: a packet of sound decodes together with those before it."""
AAC_PACKET_SAMPLES = {"mp4a.40.2": 1024, "mp4a.40.5": 2048, "mp4a.40.29": 2048}
"""The number of samples in a packet, by the codec's name in RFC 6381: AAC, and AAC with a doubled rate."""
OPUS_LEAD_S = Fraction(2, 25)
"""So long before it is right after a seek (RFC 7845, 4.6); in a WebM libav goes back so far by itself."""
JITTER_S = Fraction(1, 50)
"""Packets may stand so far from where the one before ended and still follow it without a gap."""

Samples: TypeAlias = "list[Packet[av.AudioStream]]"


def fetched_lead_s(codec: str | None, rate_hz: int | None) -> Fraction:
    """The seconds of sound needed before a clip begins, of a file with nothing but sound: a packet of AAC.

    More, and now and then a whole fragment would be fetched for nothing.
    """
    if codec == "opus":
        return OPUS_LEAD_S
    samples = AAC_PACKET_SAMPLES.get(codec or "")
    return Fraction(samples, rate_hz) if samples and rate_hz else LEAD_S


def encode_sound(
    out: av.container.OutputContainer,
    container: av.container.InputContainer,
    source: av.AudioStream,
    start_s: Fraction,
    duration_s: Fraction,
    *,
    seekable: bool,
) -> tuple[Samples, Fraction]:
    """The sound from ``start_s``, ``duration_s`` long, as packets of a new stream of ``out``.

    Gaps become silence. Returns the packets and how long they last: less where the source's sound ends
    early, and no stream at all where there is none.
    """
    rate_hz = source.rate if source.rate in AAC_RATES_HZ else USUAL_RATE_HZ
    layout = "mono" if source.layout.nb_channels == 1 else "stereo"
    wanted = round(duration_s * rate_hz)
    if seekable:
        by_itself = source.codec_context.name == "opus" and "matroska" in container.format.name
        seek_sound(container, source, start_s if by_itself else max(Fraction(0), start_s - LEAD_S))
    pieces = _placed(container, source, start_s, rate_hz, layout)
    fifo = av.AudioFifo()
    ready = 0
    for place, piece in pieces:
        if place >= wanted:
            break
        samples = piece.samples
        late = place - ready
        if late > (JITTER_S * rate_hz if ready else 0):
            fifo.write(_silence(late, rate_hz, layout))
            ready = place
        piece.pts = None
        early = max(0, ready - place) if not ready else 0
        if early >= samples:
            continue
        fifo.write(piece)
        if early:
            fifo.read(early)  # before the clip's start: let go
        ready += samples - early
        if ready >= wanted:
            break
    total = min(ready, wanted)
    if not total:
        return [], Fraction(0)
    stream = out.add_stream("aac", rate=rate_hz, layout=layout, options=dict(SOUND_OPTIONS))
    stream.codec_context.bit_rate = BIT_RATE
    packets: Samples = []
    for at in range(0, total, FRAME_SAMPLES):
        frame = fifo.read(min(FRAME_SAMPLES, total - at))
        assert frame is not None
        frame.pts, frame.time_base = at, Fraction(1, rate_hz)
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return packets, Fraction(total, rate_hz)


def seek_sound(container: av.container.InputContainer, source: av.AudioStream, time_s: Fraction) -> None:
    """Go to the packet of sound at or before ``time_s``.

    libav takes the time at which an MP4's sound begins off every time that it seeks (``min_corrected_pts`` in
    its mov.c): where that is late, it would land so much too early, among bytes that were not fetched.
    """
    target = int(time_s / (source.time_base or 1))
    begins = next((entry.timestamp for entry in source.index_entries if entry.timestamp >= 0), 0)
    if begins:
        container.seek(target + begins, stream=source)
        packet = next(container.demux(source))
        if packet.pts is None or packet.pts > target:
            begins = 0  # it does not here
    container.seek(target + begins, stream=source)


def _placed(
    container: av.container.InputContainer,
    source: av.AudioStream,
    start_s: Fraction,
    rate_hz: int,
    layout: str,
) -> Iterator[tuple[int, av.AudioFrame]]:
    """Decoded sound in the clip's shape, each piece with its place: samples behind ``start_s``."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate_hz)
    for frame in container.decode(source):
        if frame.is_corrupt:
            raise damaged("the sound does not decode")
        if frame.pts is None:
            continue
        for piece in resampler.resample(frame):
            if piece.pts is None or piece.time_base is None:
                continue
            yield round((piece.pts * piece.time_base - start_s) * rate_hz), piece


def _silence(samples: int, rate_hz: int, layout: str) -> av.AudioFrame:
    frame = av.AudioFrame("fltp", layout, samples)
    frame.sample_rate = rate_hz
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


LOW_COMPLEXITY = 2
"""The usual AAC, by its number in ISO 14496-3: the first five bits of what its decoder is told."""


def can_copy_sound(source: av.AudioStream) -> bool:
    """True if the sound may go into the clip as it is: plain AAC, in mono or stereo, timed by its samples."""
    context = source.codec_context
    return (
        context.name == "aac"
        and bool(context.extradata)
        and (context.extradata or b"\0")[0] >> 3 == LOW_COMPLEXITY
        and source.rate in AAC_RATES_HZ
        and source.layout.nb_channels <= 2
        and source.time_base == Fraction(1, source.rate)
    )


def copy_sound(
    out: av.container.OutputContainer,
    container: av.container.InputContainer,
    source: av.AudioStream,
    start_s: Fraction,
    duration_s: Fraction,
    *,
    seekable: bool,
) -> tuple[Samples, Fraction] | None:
    """The sound from ``start_s``, ``duration_s`` long, as packets of a new stream of ``out``.

    The packet before comes along, since each decodes together with the one before it; the clip's edit list
    has players begin behind it, at the sample. Returns the packets and how long they last, less where the
    source's sound ends early. None where it begins late, has gaps or breaks off: then it has to be encoded.
    """
    begin, end = start_s * source.rate, (start_s + duration_s) * source.rate
    if seekable:
        seek_sound(container, source, start_s - LEAD_S)
    kept: Samples = []
    over = 0
    for packet in container.demux(source):
        if packet.pts is None or packet.dts is None or not packet.duration:
            continue
        if packet.pts >= end:
            break
        # In an MP4 a packet lasts until the next one: what is lost makes the one before it long.
        follows = not kept or (packet.pts == over and kept[-1].duration == FRAME_SAMPLES)
        if packet.is_corrupt or packet.duration > FRAME_SAMPLES or not follows:
            return None
        over = packet.pts + packet.duration
        if over <= begin:
            kept = []
        kept.append(packet)
    if not kept or over <= begin or (kept[0].pts or 0) > begin:
        return None
    last = kept[-1]
    last.duration = min(last.duration or 0, ceil(end) - (last.pts or 0))
    stream = out.add_stream_from_template(source)
    zero = round(begin)
    for packet in kept:
        packet.pts, packet.dts = (packet.pts or 0) - zero, (packet.dts or 0) - zero
        packet.stream = stream
    return kept, (min(Fraction(over), end) - begin) / source.rate
