"""What is in a WebM or Matroska file put as it is into an MP4 file, and which of them a file is."""

from __future__ import annotations

from collections.abc import Iterator

import av

from kinetics_tui.media.cut.packet_copy import COPIED_AUDIO, COPIED_VIDEO

_FIRST_BOX = b"ftyp"
_MATROSKA = b"\x1aE\xdf\xa3"


def is_mp4(first: bytes) -> bool:
    """True if a file is an MP4 file by its first eight bytes."""
    return first[4:8] == _FIRST_BOX


def is_matroska(first: bytes) -> bool:
    """True if a file is WebM or Matroska by its first eight bytes."""
    return first.startswith(_MATROSKA)


def copy_into_mp4(source: str, into: str) -> str:
    """Copy a Matroska file's first pictures and sound, packet by packet; why that cannot be, else nothing.

    Raises av.FFmpegError.
    """
    with av.open(source, format="matroska") as container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        if not container.streams.video:
            return "it holds no pictures"
        for stream in streams:
            codec = stream.codec_context.name
            if codec not in COPIED_VIDEO | COPIED_AUDIO:
                return f"no .mp4 file holds {codec}"
        decoded_at = _decode_times(source)
        with av.open(into, "w", format="mp4", options={"movflags": "+faststart"}) as out:
            copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
            for packet in container.demux(streams):
                if packet.size:
                    packet.dts = next(decoded_at) if packet.stream is streams[0] else packet.pts
                    packet.stream = copies[packet.stream.index]
                    out.mux(packet)
    return ""


def _decode_times(source: str) -> Iterator[int]:
    """The time at which each picture is decoded, in the order of the file, which tells only when it is shown.

    Pictures are decoded as far apart as they are shown, and early enough that none is shown before.
    """
    with av.open(source, format="matroska") as container:
        shown = [packet.pts or 0 for packet in container.demux(container.streams.video[0]) if packet.size]
    in_order = sorted(shown)
    early = max((due - pts for due, pts in zip(in_order, shown, strict=True)), default=0)
    return (due - early for due in in_order)
