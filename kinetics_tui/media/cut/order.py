"""The order to cut a clip's file, and the account of what was written."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias

import av
import msgspec
from av.packet import Packet

from kinetics_tui.model.options import Trim

Progress = Callable[[float], None]
"""Told the fraction of the work done; what it raises ends the work."""


class Media(msgspec.Struct):
    """One input: how to open it, and whether to seek in it (else it starts near the clip)."""

    open: Callable[[], av.container.InputContainer]
    seekable: bool = True


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The cut to make: times in seconds as the source's streams write them."""

    video: Media
    audio: Media | None
    start_s: Fraction
    end_s: Fraction
    mode: Trim = Trim.EXACT
    short_side_px: int | None = None


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a cut. ``late``: the source's first picture came after the start asked for."""

    duration_s: float
    audio_s: float
    frames: int
    width_px: int
    height_px: int
    mode: Trim
    short: bool
    late: bool


Inputs = tuple[
    tuple[av.container.InputContainer, av.VideoStream],
    tuple[av.container.InputContainer, av.AudioStream] | None,
]
"""The opened pictures and, where there is any, the opened sound."""


def frame_time(stamp: int, time_base: Fraction | None) -> Fraction:
    """``stamp`` in seconds."""
    return stamp * (time_base or Fraction(1))


AnyPacket: TypeAlias = "Packet[av.VideoStream] | Packet[av.AudioStream]"


def decode_time(packet: AnyPacket) -> float:
    """When ``packet`` is decoded, in seconds: near enough to tell which of two comes first."""
    return (packet.dts or 0) * float(packet.time_base or 1)


def in_order(*streams: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
    """The packets of all streams in the order in which a file holds them."""
    return heapq.merge(*streams, key=decode_time)
