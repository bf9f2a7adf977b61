"""Playlists that cut a fragmented source into pieces, as YouTube offers videos it has no plain files of."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec

from kinetics_tui.demo.sources import Kind, Source
from kinetics_tui.demo.videos import Video

MANIFEST_PATH = "/api/manifest/"


class Piece(msgspec.Struct, frozen=True):
    """One fragment of a source: where it lies in the file, and how long it plays."""

    start: int
    size_bytes: int
    duration_s: float


def pieces(path: Path) -> tuple[int, list[Piece]]:
    """How many bytes at the start of a fragmented MP4 are its header, and its fragments, from its index."""
    data = path.read_bytes()
    at = 0
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"sidx":
            break
        at += size
    version, timescale = struct.unpack_from(">B7xI", data, at + 8)
    first_entry = at + (32 if version == 0 else 40)
    (count,) = struct.unpack_from(">H", data, first_entry - 2)
    found, start = [], at + size
    for number in range(count):
        piece_bytes, duration = struct.unpack_from(">II", data, first_entry + 12 * number)
        found.append(Piece(start, piece_bytes, duration / timescale))
        start += piece_bytes
    return at + size, found


def manifest_url(site_url: str, video: Video) -> str:
    """The address of the playlist of ``video``'s formats."""
    return f"{site_url}{MANIFEST_PATH}hls_variant/id/{video.id}/file/index.m3u8"


def master_playlist(site_url: str, video: Video) -> str:
    """The playlist that names one playlist for each format; sound is a format of its own."""
    lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"]
    sounds = [itag for itag, source in video.sources.items() if source.spec.kind is Kind.DASH_AUDIO]
    lines += [
        f'#EXT-X-MEDIA:URI="{_playlist_url(site_url, video, itag)}",TYPE=AUDIO,GROUP-ID="sound",'
        'NAME="Default",DEFAULT=YES,AUTOSELECT=YES'
        for itag in sounds
    ]
    for itag, source in video.sources.items():
        spec = source.spec
        if spec.kind is not Kind.DASH_VIDEO:
            continue
        codecs = "avc1.4D401E,mp4a.40.2" if sounds else "avc1.4D401E"
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={round(source.size_bytes * 8 / spec.duration_s)},"
            f'CODECS="{codecs}",RESOLUTION={spec.width_px}x{spec.height_px},FRAME-RATE={spec.fps}'
            + (',AUDIO="sound"' if sounds else "")
        )
        lines.append(_playlist_url(site_url, video, itag))
    return "\n".join(lines) + "\n"


def media_playlist(media_url: str, video: Video, itag: int) -> str:
    """The playlist of one format's pieces, each a range of its file."""
    source: Source = video.sources[itag]
    header_bytes, found = pieces(source.path)
    address = f"{media_url}?id={video.id}&itag={itag}"
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{max(round(piece.duration_s) for piece in found) + 1}",
        f'#EXT-X-MAP:URI="{address}",BYTERANGE="{header_bytes}@0"',
    ]
    for piece in found:
        lines.append(f"#EXTINF:{piece.duration_s:.3f},")
        lines.append(f"#EXT-X-BYTERANGE:{piece.size_bytes}@{piece.start}")
        lines.append(address)
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def _playlist_url(site_url: str, video: Video, itag: int) -> str:
    return f"{site_url}{MANIFEST_PATH}hls_playlist/id/{video.id}/itag/{itag}/playlist/index.m3u8"
