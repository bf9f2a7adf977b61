"""Take a clip's sound as it is, and yet from the sample on: to encode AAC again gains nothing."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import av

from kinetics_tui.media.sound import AAC_RATES_HZ, FRAME_SAMPLES, LEAD_S, Samples, seek_sound

LOW_COMPLEXITY = 2
"""The usual AAC, by its number in ISO 14496-3: the first five bits of what its decoder is told."""


def can_copy_sound(source: av.AudioStream) -> bool:
    """Whether the sound may go into the clip as it is: plain AAC, in mono or stereo, timed by its samples."""
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
