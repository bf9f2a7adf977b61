"""Media that come in pieces by a manifest (HLS, DASH): the list of the pieces, what some of them hold, and a
download of all of them.

The list is read from an HLS playlist, or taken from what yt-dlp read of a DASH manifest. What it leaves open
(live, encrypted, without durations) is fetched whole by yt-dlp's own downloader, and so is a plain file whose
other half, the pictures or the sound, comes that way.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urljoin

import av
import msgspec
from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import parse_m3u8_attributes

from kinetics_tui.media.containers import CLUSTER, walk_boxes
from kinetics_tui.media.cut.order import AnyPacket
from kinetics_tui.media.failures import ClipCancelled, ClipFailure, classify
from kinetics_tui.media.fetch.ranges_fetch import LONGEST_REQUEST_BYTES
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.structure import check_fragments, damaged
from kinetics_tui.media.youtube.format_choice import RANGE_PROTOCOLS
from kinetics_tui.media.youtube.resolve import Stream
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.model.failure import Category


class Place(NamedTuple):
    """Where bytes are: a whole file, or a range of one, its end not included."""

    url: str
    span: tuple[int, int] | None = None


class Piece(msgspec.Struct, frozen=True):
    """A piece of a stream: its bytes, those of the initialisation that it needs, and when it plays.

    Times are those of the list, which begins at 0. ``run`` counts up where the initialisation changes or the
    clock of the media may jump.
    """

    place: Place
    init: Place | None
    start_s: Fraction
    end_s: Fraction
    run: int


class UnclearPiecesError(Exception):
    """A list of pieces does not tell all that is needed to fetch only some of them."""


NOT_READ = frozenset(
    {"#EXT-X-GAP", "#EXT-X-I-FRAMES-ONLY", "#EXT-X-SKIP", "#EXT-X-PART", "#EXT-X-DEFINE", "#EXT-X-STREAM-INF"}
)
"""Tags of playlists whose entries are no plain list of pieces."""


def read_playlist(text: str, url: str) -> list[Piece]:
    """The pieces of the HLS media playlist ``text`` at ``url``. Raises UnclearPiecesError."""
    pieces: list[Piece] = []
    init: Place | None = None
    length_s: Fraction | None = None
    span = ""
    ends: dict[str, int] = {}
    jumps = ended = False
    try:
        for line in map(str.strip, text.splitlines()):
            tag, _, value = line.partition(":")
            if tag == "#EXTINF":
                length_s = Fraction(value.partition(",")[0].strip())
            elif tag == "#EXT-X-BYTERANGE":
                span = value
            elif tag == "#EXT-X-MAP":
                said = parse_m3u8_attributes(value)
                init = Place(urljoin(url, said["URI"]), _span(said.get("BYTERANGE", ""), 0))
            elif tag == "#EXT-X-DISCONTINUITY":
                jumps = True
            elif tag == "#EXT-X-ENDLIST":
                ended = True
            elif tag in NOT_READ or (
                tag == "#EXT-X-KEY" and parse_m3u8_attributes(value).get("METHOD") != "NONE"
            ):
                raise UnclearPiecesError(f"a playlist with {tag}")
            elif line and not line.startswith("#"):
                address = urljoin(url, line)
                place = Place(address, _span(span, ends.get(address, 0)))
                ends[address] = place.span[1] if place.span else 0
                _append(pieces, place, init, length_s, jumps=jumps)
                length_s, span, jumps = None, "", False
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise UnclearPiecesError(f"a playlist that cannot be read: {error}") from error
    if not ended or not pieces:
        raise UnclearPiecesError("a playlist that goes on, or is none")
    return pieces


def _span(said: str, behind: int) -> tuple[int, int] | None:
    """A range as playlists write it; without a first byte it begins at ``behind``."""
    if not said:
        return None
    size, _, start = said.partition("@")
    first = int(start) if start else behind
    return first, first + int(size)


FINEST_UNITS = 1_000_000
"""No manifest writes durations in smaller parts of a second; yt-dlp tells them as floats."""


def read_fragments(info: dict[str, Any]) -> list[Piece]:
    """The pieces of a format that yt-dlp read in a DASH manifest. Raises UnclearPiecesError."""
    fragments = info.get("fragments")
    if not isinstance(fragments, list):
        raise UnclearPiecesError("a manifest that goes on, or is none")
    pieces: list[Piece] = []
    init: Place | None = None
    for number, fragment in enumerate(fragments):
        place = Place(
            fragment.get("url") or urljoin(info.get("fragment_base_url") or "", fragment.get("path") or "")
        )
        if fragment.get("duration"):
            length_s = Fraction(fragment["duration"]).limit_denominator(FINEST_UNITS)
            _append(pieces, place, init, length_s)
        elif any(following.get("duration") for following in fragments[number + 1 : number + 2]):
            init = place
        else:
            raise UnclearPiecesError("a manifest without durations")
    if not pieces:
        raise UnclearPiecesError("a manifest without pieces")
    return pieces


def _append(
    pieces: list[Piece], place: Place, init: Place | None, length_s: Fraction | None, *, jumps: bool = False
) -> None:
    if length_s is None or length_s < 0:
        raise UnclearPiecesError("a piece without a duration")
    if not pieces:
        pieces.append(Piece(place, init, Fraction(0), length_s, 0))
        return
    last = pieces[-1]
    run = last.run + (jumps or init != last.init)
    pieces.append(Piece(place, init, last.end_s, last.end_s + length_s, run))


CLOCKED_FORMATS = frozenset({"mp4", "mpegts", "webm"})
"""In libav's words."""
TS_SYNC, TS_PACKET_BYTES = b"\x47", 188


class Stretch(msgspec.Struct):
    """What the packets of one kind in some pieces span, as the stream writes time."""

    begin_s: Fraction
    end_s: Fraction
    packet_s: Fraction
    from_keyframe: bool


def stretches(data: bytes) -> dict[str, Stretch]:
    """What the first streams of each kind in ``data`` span."""
    found: dict[str, Stretch] = {}
    with av.open(io.BytesIO(data), "r") as container:
        if CLOCKED_FORMATS.isdisjoint(container.format.name.split(",")):
            raise UnclearPiecesError("media without a clock of their own")
        for packet in _packets(container):
            begin_s, length_s = _time_s(packet, packet.pts or 0), _time_s(packet, packet.duration or 0)
            kind = packet.stream.type
            if kind not in found:
                found[kind] = Stretch(begin_s, begin_s, length_s, packet.is_keyframe)
            found[kind].end_s = max(found[kind].end_s, begin_s + length_s)
    return found


def joined(pieces: Sequence[Piece]) -> Iterator[Place]:
    """Where the bytes of ``pieces`` and of their initialisations are; ranges that touch become one."""
    held: Place | None = None
    for place in dict.fromkeys(place for piece in pieces for place in (piece.init, piece.place) if place):
        if held and held.url == place.url and held.span and place.span and held.span[1] == place.span[0]:
            held = Place(held.url, (held.span[0], place.span[1]))
            continue
        if held:
            yield held
        held = place
    if held:
        yield held


def check_piece(piece: Piece, data: bytes) -> None:
    """Raise ClipFailure where ``data`` cannot be all of a piece."""
    if data[:1] == TS_SYNC and len(data) % TS_PACKET_BYTES:
        raise damaged("a piece does not end where it should")
    if piece.init and data[:4] != CLUSTER.to_bytes(4):
        check_fragments(data, 0, (), 1)
        if all(box.kind != b"moof" for box in walk_boxes(data)):
            raise damaged("a piece holds no media")


def _streams(container: av.container.InputContainer) -> list[av.VideoStream | av.AudioStream]:
    """The first pictures and the first sound."""
    return [*container.streams.video[:1], *container.streams.audio[:1]]


def _packets(container: av.container.InputContainer) -> Iterator[AnyPacket]:
    """Their packets, as far as they say when they are shown."""
    for packet in container.demux(*_streams(container)):
        if packet.pts is not None and packet.dts is not None:
            yield cast("AnyPacket", packet)


def _time_s(packet: AnyPacket, stamp: int) -> Fraction:
    return stamp * packet.time_base


def on_one_clock(parts: Sequence[tuple[Fraction, bytes]]) -> bytes:
    """The packets of several files behind each other, their times moved by so many seconds each.

    In a NUT, which takes any coding as it is and keeps times whole.
    """
    written = io.BytesIO()
    outputs: dict[str, av.VideoStream | av.AudioStream] = {}
    last_s: dict[str, Fraction] = {}
    with av.open(written, "w", format="nut") as out:
        for shift_s, data in parts:
            with av.open(io.BytesIO(data), "r") as container:
                # An MPEG-TS tells with each keyframe how to decode it.
                in_packets = container.format.name == "mpegts"
                for stream in _streams(container):
                    coding = stream.codec_context.extradata
                    if stream.type not in outputs:
                        outputs[stream.type] = out.add_stream_from_template(stream)
                    elif not in_packets and coding != outputs[stream.type].codec_context.extradata:
                        raise ClipFailure(Category.TRIM_FAILED, "The media change their coding in mid-clip.")
                for packet in _packets(container):
                    kind, units = packet.stream.type, packet.time_base
                    moved = round(shift_s / units)
                    packet.pts, packet.dts = (packet.pts or 0) + moved, (packet.dts or 0) + moved
                    latest_s = last_s.get(kind, -units)
                    if packet.dts * units <= latest_s:
                        if kind == "audio":
                            continue  # what a run's encoder put before its first picture
                        packet.dts = floor(latest_s / units) + 1
                    last_s[kind] = packet.dts * units
                    packet.stream = outputs[kind]
                    out.mux(packet)
    return written.getvalue()


NEEDS_ANOTHER_PROGRAM = "Only another program could fetch these pieces, and by another network."


class NativeHlsFD(HlsFD):  # type: ignore[misc]  # yt-dlp ships no type information
    """yt-dlp's own downloader of playlists, without its way out of those that it cannot do: ffmpeg."""

    @classmethod
    def can_download(cls, *playlist: Any, **more: Any) -> bool:
        """True. Raises ClipFailure for a playlist that is left to ffmpeg."""
        if not super().can_download(*playlist, **more):
            raise ClipFailure(Category.NO_FORMATS, NEEDS_ANOTHER_PROGRAM)
        return True


PLAYLIST_PROTOCOLS = frozenset({"m3u8", "m3u8_native"})
DOWNLOADERS = {
    **{**dict.fromkeys(PLAYLIST_PROTOCOLS, NativeHlsFD), "http_dash_segments": DashSegmentsFD},
    **dict.fromkeys(RANGE_PROTOCOLS, HttpFD),
}
"""By the protocol that yt-dlp gives a format."""


def download(
    session: Session,
    stream: Stream,
    path: Path,
    guard: Guard,
    on_bytes: Callable[[int, int | None], None],
) -> None:
    """Fetch all of ``stream`` to ``path``; ``on_bytes`` gets what is there and what there will be.

    By yt-dlp's own downloaders alone: another program would leave by another network. Raises ClipFailure.
    """
    downloader_class = DOWNLOADERS.get(stream.protocol)
    if downloader_class is None:
        raise ClipFailure(Category.NO_FORMATS, NEEDS_ANOTHER_PROGRAM)
    # The empty place has yt-dlp find no ffmpeg.
    params = {**session.params, "external_downloader": None, "ffmpeg_location": ""}

    def follow(state: dict[str, Any]) -> None:
        guard.check()
        total = state.get("total_bytes") or state.get("total_bytes_estimate")
        on_bytes(state.get("downloaded_bytes") or 0, int(total) if total else None)

    session.begin()
    try:
        downloader = downloader_class(session, params)
        downloader.add_progress_hook(follow)
        plain = {
            **{"url": stream.url, "http_headers": stream.headers},
            "downloader_options": {"http_chunk_size": LONGEST_REQUEST_BYTES},
        }
        fetched, _ = downloader.download(str(path), dict(stream.info) or plain)
    except (ClipFailure, ClipCancelled, OSError):
        raise
    except Exception as error:
        if isinstance(error, HTTPError):
            error.close()
        raise classify(error, session.last_trouble) from error
    if not fetched or not path.exists():
        raise ClipFailure(Category.MISCELLANEOUS, "The media could not be fetched piece by piece.")
