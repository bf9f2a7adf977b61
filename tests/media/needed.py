"""The least that a clip costs: a file's index, and what of it has to be there to decode the clip.

Found in the whole file with PyAV and by the names of its parts: by another way than the program's own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import av
import msgspec

from kinetics_tui.demo.media import Kind, Source

CLUSTER = bytes.fromhex("1f43b675")
FRAGMENTED = {Kind.DASH_VIDEO, Kind.DASH_AUDIO}
OPUS_LEAD = 4
"""So many packets of 20 ms."""
IN_CLUSTERS = {Kind.WEBM_VIDEO, Kind.WEBM_AUDIO}


class _Packet(msgspec.Struct, frozen=True):
    kind: str
    first: int
    end: int
    shown_s: float
    over_s: float
    keyframe: bool


def needed_bytes(source: Source, start_s: float, end_s: float) -> int:
    """The bytes of ``source`` without which the clip from ``start_s`` to ``end_s`` cannot be made.

    Index and initialisation, and the fragments (MP4) or clusters (WebM) that hold the clip's pictures from
    the keyframe before it, and its sound with the packet before it (Opus: with the 80 ms before it that it
    takes to settle, RFC 7845); of a progressive MP4, the span from the first of these packets to the last.
    """
    packets = _packets(source.path)
    lead = OPUS_LEAD if source.spec.kind is Kind.WEBM_AUDIO else 1
    needed = [
        packet for kind in ("video", "audio") for packet in _covering(packets, kind, start_s, end_s, lead)
    ]
    if source.spec.kind in FRAGMENTED | IN_CLUSTERS:
        seams = _fragments(source.path) if source.spec.kind in FRAGMENTED else _clusters(source.path)
        ends = [*seams[1:], source.size_bytes]
        parts = {bisect_right(seams, packet.first) - 1 for packet in needed}
        return seams[0] + sum(ends[part] - seams[part] for part in parts)
    index_bytes = min(packet.first for packet in packets)
    return index_bytes + max(packet.end for packet in needed) - min(packet.first for packet in needed)


def index_bytes(source: Source) -> int:
    """How much of ``source`` stands before its media: of a file with its index in front."""
    return min(packet.first for packet in _packets(source.path))


@lru_cache(maxsize=4)
def _packets(path: Path) -> tuple[_Packet, ...]:
    with av.open(str(path)) as container:
        return tuple(
            _Packet(
                packet.stream.type,
                packet.pos,
                packet.pos + packet.size,
                float(packet.pts * packet.time_base),
                float((packet.pts + (packet.duration or 0)) * packet.time_base),
                packet.is_keyframe,
            )
            for packet in container.demux()
            if packet.pts is not None and packet.pos is not None
        )


def _covering(
    packets: Sequence[_Packet], kind: str, start_s: float, end_s: float, lead: int
) -> list[_Packet]:
    own = [packet for packet in packets if packet.kind == kind]
    shown = [n for n, packet in enumerate(own) if packet.over_s > start_s and packet.shown_s < end_s]
    if not shown:
        return []
    first = min(shown)
    if kind == "audio":
        first = max(0, first - lead)
    else:
        first = max(
            (n for n, packet in enumerate(own) if packet.keyframe and packet.shown_s <= start_s + 1e-6),
            default=0,
        )
    return own[first : max(shown) + 1]


@lru_cache(maxsize=4)
def _fragments(path: Path) -> list[int]:
    at, found = 0, []
    with path.open("rb") as file:
        while header := file.read(8):
            if header[4:] == b"moof":
                found.append(at)
            at += int.from_bytes(header[:4])
            file.seek(at)
    return found


@lru_cache(maxsize=4)
def _clusters(path: Path) -> list[int]:
    """Where clusters begin: each is followed by its length, and then by its time (E7)."""
    data = path.read_bytes()
    found = []
    at = data.find(CLUSTER)
    while at >= 0:
        length = 9 - data[at + 4].bit_length() if data[at + 4] else 9
        if data[at + 4 + length : at + 5 + length] == b"\xe7":
            found.append(at)
        at = data.find(CLUSTER, at + 1)
    return found
