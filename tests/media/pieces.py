"""Numbered media in pieces, as real packagers write them: libav's own muxers of HLS and DASH."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import av
import msgspec

from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.demo.player import DASH_MANIFEST, HLS_MASTER
from kinetics_tui.media.cut.order import AnyPacket, in_order
from tests.media.media_studio import LENGTH_S, made

PIECE_S = 5
MUXED, VIDEO, AUDIO = 93, 230, 233
"""YouTube's numbers for these formats in HLS."""
JUMP_S = 30
FROM_ZERO_S = 0.1
"""A clock that shows no more than this at the beginning counts from zero: the encoder began a bit late."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a video is put up in pieces.

    ``separate``: pictures and sound each in a list of their own. ``clock_s`` and ``sound_clock_s``: what
    their clocks show at the beginning. ``jumps``: at ``JUMP_S`` the clock begins again, which the list says;
    ``jump_shape``: the pictures are then of another shape.
    """

    options: dict[str, str]
    separate: bool = False
    clock_s: int = 0
    sound_clock_s: int | None = None
    jumps: bool = False
    jump_shape: dict[str, int] = {}
    dash: bool = False


TS: dict[str, str] = {}
ONE_TS = {"hls_flags": "single_file"}
FMP4 = {"hls_segment_type": "fmp4"}
ONE_FMP4 = {**FMP4, **ONE_TS}
LAYOUTS = {
    "TS with sound": Layout(options=TS),
    "TS with sound, from 10 s": Layout(options=TS, clock_s=10),
    "TS with sound, ranges": Layout(options=ONE_TS),
    "TS with sound, a jump": Layout(options=TS, jumps=True),
    "TS with sound, a jump to smaller pictures": Layout(
        options=TS, jumps=True, jump_shape={"width_px": 256, "height_px": 144}
    ),
    "TS, separate sound": Layout(options=TS, separate=True, clock_s=1),
    "fMP4 with sound": Layout(options=FMP4),
    "fMP4, separate sound": Layout(options=FMP4, separate=True, clock_s=1),
    "fMP4, separate sound, ranges": Layout(options=ONE_FMP4, separate=True, clock_s=1),
    "fMP4, separate sound, from 10 s": Layout(options=FMP4, separate=True, clock_s=10),
    "fMP4, separate sound, two clocks": Layout(options=FMP4, separate=True, clock_s=10, sound_clock_s=0),
    "fMP4, separate sound, a jump": Layout(options=FMP4, separate=True, clock_s=10, jumps=True),
    "TS with sound, pieces between keyframes": Layout(
        options={"hls_time": "2", "hls_flags": "split_by_time"}, separate=False
    ),
    "DASH": Layout(options={}, separate=True, dash=True),
    "DASH of WebM": Layout(options={"dash_segment_type": "webm"}, separate=True, dash=True),
    "DASH, from 10 s": Layout(options={}, separate=True, dash=True, clock_s=10),
}


def put_in_pieces(layout: Layout, folder: Path) -> Path:
    """Write manifests and pieces of the tests' usual video below ``folder``."""
    if layout.dash:
        _write_dash(layout, folder)
    elif layout.separate:
        sound_clock_s = layout.clock_s if layout.sound_clock_s is None else layout.sound_clock_s
        _write_hls(layout, folder / f"itag/{VIDEO}", Kind.DASH_VIDEO, layout.clock_s)
        _write_hls(layout, folder / f"itag/{AUDIO}", Kind.DASH_AUDIO, sound_clock_s)
    else:
        _write_hls(layout, folder / f"itag/{MUXED}", Kind.PROGRESSIVE, layout.clock_s)
    if not layout.dash:
        sound = f'TYPE=AUDIO,GROUP-ID="s",NAME="Default",DEFAULT=YES,URI="itag/{AUDIO}/index.m3u8"'
        (folder / HLS_MASTER).write_text(
            "#EXTM3U\n"
            + (f"#EXT-X-MEDIA:{sound}\n" if layout.separate else "")
            + '#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.4D401E,mp4a.40.2",RESOLUTION=320x180'
            + (f',AUDIO="s"\nitag/{VIDEO}' if layout.separate else f"\nitag/{MUXED}")
            + "/index.m3u8\n"
        )
    return folder


class Listed(msgspec.Struct, frozen=True):
    """One piece of a list: its bytes, the name and bytes of its initialisation, and its run."""

    data: bytes
    init: tuple[str, bytes]
    run: int


def needed_bytes(folder: Path, layout: Layout, start_s: float, end_s: float) -> int:
    """The size of the pieces that hold what a clip of these times needs, and of their initialisations.

    It needs the pictures from the keyframe before it, and its sound; of sound in a list of its own a packet
    before it as well (Opus: the 80 ms that it takes to settle). Found in the pieces' packets, by PyAV.
    """
    lists = [_listed(path) for path in sorted(folder.glob("itag/*/index.m3u8"))]
    total = 0
    zeros_s: dict[int, float] = {}
    for pieces in lists or [_numbered(folder, number) for number in (0, 1)]:
        needed: set[int] = set()
        spans: dict[str, list[tuple[float, float, bool, int]]] = {}
        for number, piece in enumerate(pieces):
            found = _spans(piece)
            run_s = JUMP_S if piece.run else 0
            begin_s = found[0][1] if found[0][1] > FROM_ZERO_S else 0.0
            # Pictures come first; sound that begins close to them is on their clock.
            zero_s = zeros_s.setdefault(piece.run, begin_s)
            if abs(begin_s - zero_s) > 1 and (number == 0 or pieces[number - 1].run != piece.run):
                zero_s = zeros_s[piece.run] = begin_s
            for kind, begins_s, ends_s, key in found:
                moved_s = run_s - zero_s
                spans.setdefault(kind, []).append((begins_s + moved_s, ends_s + moved_s, key, number))
        for kind, packets in spans.items():
            packets.sort()
            lead_s = 0.0 if "video" in spans else 0.08 if layout.options.get("dash_segment_type") else 0.024
            begin_s = start_s - lead_s
            if kind == "video":
                begin_s = max(begins for begins, _, key, _ in packets if key and begins < start_s + 0.001)
            needed |= {
                number
                for begins_s, ends_s, _, number in packets
                if begins_s < end_s - 0.001 and ends_s > begin_s + 0.001
            }
        total += sum(len(pieces[number].data) for number in needed)
        total += sum(len(data) for _, data in {pieces[number].init for number in needed})
    return total


def _spans(piece: Listed) -> list[tuple[str, float, float, bool]]:
    """Kind, begin, end and keyframe of the packets in a piece, pictures first."""
    with av.open(io.BytesIO(piece.init[1] + piece.data), "r") as container:
        found = [
            (
                packet.stream.type,
                float(packet.pts * packet.time_base),
                float((packet.pts + (packet.duration or 0)) * packet.time_base),
                packet.is_keyframe,
            )
            for packet in container.demux()
            if packet.pts is not None
        ]
    return sorted(found, key=lambda span: (span[0] != "video", span[1]))


def _listed(playlist: Path) -> list[Listed]:
    found: list[Listed] = []
    init, span, run = ("", b""), "", 0
    for line in playlist.read_text().splitlines():
        if line.startswith("#EXT-X-MAP"):
            _, name, _, *ranged = line.split('"')
            init = name, _part(playlist.parent / name, ranged[0] if "BYTERANGE" in line else "")
        elif line.startswith("#EXT-X-BYTERANGE"):
            span = line.partition(":")[2]
        elif line == "#EXT-X-DISCONTINUITY":
            run += 1
        elif line and not line.startswith("#"):
            found.append(Listed(_part(playlist.parent / line, span), init, run))
            span = ""
    return found


def _part(path: Path, span: str) -> bytes:
    """The bytes ``span`` (``length@begin``) of a file; without one all of them."""
    if not span:
        return path.read_bytes()
    length, begin = map(int, span.split("@"))
    return path.read_bytes()[begin : begin + length]


def _numbered(folder: Path, number: int) -> list[Listed]:
    (init,) = folder.glob(f"init-stream{number}.*")
    pieces = sorted(folder.glob(f"chunk-stream{number}-*"))
    return [Listed(path.read_bytes(), (init.name, init.read_bytes()), 0) for path in pieces]


def _write_hls(layout: Layout, folder: Path, kind: Kind, clock_s: int) -> None:
    folder.mkdir(parents=True)
    spans = [(0, JUMP_S), (JUMP_S, LENGTH_S)] if layout.jumps else [(0, LENGTH_S)]
    lists = []
    for part, (start_s, end_s) in enumerate(spans):
        suffix = "m4s" if "fmp4" in layout.options.values() else "ts"
        options = {
            "hls_time": str(PIECE_S),
            "hls_playlist_type": "vod",
            "hls_segment_filename": str(folder / f"{part}-%03d.{suffix}"),
            "hls_fmp4_init_filename": f"{part}-init.mp4",
            **layout.options,
        }
        if "single_file" in options.values():
            options["hls_segment_filename"] = str(folder / f"all.{suffix}")
        with ExitStack() as stack:
            path = str(folder / "index.m3u8")
            out = stack.enter_context(av.open(path, "w", format="hls", options=options))
            source = made(kind, **(layout.jump_shape if part else {}))
            _mux(stack, out, [source], start_s, end_s, clock_s)
        lists.append((folder / "index.m3u8").read_text().removesuffix("#EXT-X-ENDLIST\n"))
    first, *others = lists
    text = "".join([first, *("#EXT-X-DISCONTINUITY\n" + _entries(other) for other in others)])
    (folder / "index.m3u8").write_text(f"{text}#EXT-X-ENDLIST\n")


def _entries(playlist: str) -> str:
    """A playlist without what stands once at its top."""
    lines = playlist.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if line.startswith(("#EXT-X-MAP", "#EXTINF")))
    return "".join(lines[first:])


def _write_dash(layout: Layout, folder: Path) -> None:
    folder.mkdir(parents=True)
    options = {"seg_duration": str(PIECE_S), **layout.options}
    kinds = (Kind.DASH_VIDEO, Kind.DASH_AUDIO)
    if "webm" in options.values():
        kinds = (Kind.WEBM_VIDEO, Kind.WEBM_AUDIO)
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(folder / DASH_MANIFEST), "w", format="dash", options=options))
        _mux(stack, out, map(made, kinds), 0, LENGTH_S, layout.clock_s)


def _mux(
    stack: ExitStack,
    out: av.container.OutputContainer,
    sources: Iterable[Source],
    start_s: int,
    end_s: int,
    clock_s: int,
) -> None:
    streams = []
    for source in sources:
        for kind in ("video", "audio"):
            container = stack.enter_context(av.open(str(source.path)))
            if found := getattr(container.streams, kind):
                output = out.add_stream_from_template(found[0])
                streams.append(_moved(container, found[0], output, start_s, end_s, clock_s))
    for packet in in_order(*streams):
        out.mux(packet)


def _moved(
    container: av.container.InputContainer,
    stream: av.VideoStream | av.AudioStream,
    output: av.VideoStream | av.AudioStream,
    start_s: int,
    end_s: int,
    clock_s: int,
) -> Iterator[AnyPacket]:
    """A stream's packets of these times, with the clock as it is to be; cut where a keyframe begins."""
    within = not start_s
    for packet in container.demux(stream):
        if packet.dts is None or packet.pts is None:
            continue
        if stream.type == "audio" or packet.is_keyframe:
            within = within or packet.pts * packet.time_base >= start_s
            if packet.pts * packet.time_base >= end_s:
                return
        if within:
            moved = round((clock_s - start_s) / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts + moved, packet.dts + moved, output
            yield cast("AnyPacket", packet)
