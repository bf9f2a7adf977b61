"""Media that come in pieces by a manifest (HLS, DASH): fetched whole by yt-dlp's own downloader.

So is a plain file whose other half, the pictures or the sound, comes in pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.networking.exceptions import HTTPError

from kinetics_tui.media.failures import ClipCancelled, ClipFailure, classify
from kinetics_tui.media.fetch.ranges_fetch import LONGEST_REQUEST_BYTES
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.format_choice import RANGE_PROTOCOLS
from kinetics_tui.media.youtube.resolve import Stream
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.model.failure import Category

NEEDS_ANOTHER_PROGRAM = "Only another program could fetch these pieces, and by another network."


class NativeHlsFD(HlsFD):  # type: ignore[misc]  # yt-dlp ships no type information
    """yt-dlp's own downloader of playlists, without its way out of those that it cannot do: ffmpeg."""

    @classmethod
    def can_download(cls, *playlist: Any, **more: Any) -> bool:
        """True. Raises ClipFailure for a playlist that is left to ffmpeg."""
        if not super().can_download(*playlist, **more):
            raise ClipFailure(Category.NO_FORMATS, NEEDS_ANOTHER_PROGRAM)
        return True


DOWNLOADERS = {
    **{"m3u8": NativeHlsFD, "m3u8_native": NativeHlsFD, "http_dash_segments": DashSegmentsFD},
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
