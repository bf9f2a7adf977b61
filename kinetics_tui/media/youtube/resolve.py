"""From a YouTube id to the addresses of its media, through yt-dlp's own extractor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from yt_dlp.utils import DownloadError, YoutubeDLError

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.media.failures import ClipCancelled, ClipFailure, classify
from kinetics_tui.media.youtube import format_choice as formats
from kinetics_tui.media.youtube.session import Logger, Session
from kinetics_tui.media.youtube.yt_dlp_options import parse_args
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_NOT_PLAYABLE_YET = frozenset({"is_live", "is_upcoming", "post_live"})


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One media file of a video: where it is and what is in it.

    ``fragmented``: it comes in pieces by a manifest (HLS, DASH), not as one file with byte ranges;
    ``info`` is then what yt-dlp's downloader needs. A codec is None where there is no such stream, and
    empty where its name is not told. ``available_at`` is the time (seconds since the
    epoch) before which YouTube does not serve it.
    """

    url: str
    headers: dict[str, str]
    itag: str
    ext: str
    vcodec: str | None
    acodec: str | None
    size_bytes: int | None
    width_px: int | None
    height_px: int | None
    fps: float | None
    sound_hz: int | None
    protocol: str
    fragmented: bool
    available_at: float | None = None
    info: dict[str, Any] = {}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The media of one video. ``audio`` is None where ``video`` carries the sound or none is wanted."""

    youtube_id: str
    video: Stream
    audio: Stream | None
    duration_s: float | None


class Resolver:
    """Resolves videos, one after the other, with one reused yt-dlp instance.

    Make it in the process that uses it. Raises SettingsError where ``yt_dlp_args`` cannot be used.
    """

    def __init__(
        self,
        yt_dlp_args: Sequence[str] = (),
        *,
        height_px: int = 360,
        audio: bool = True,
        logger: Logger | None = None,
    ) -> None:
        params = parse_args(yt_dlp_args)
        if params.get("format") is None:
            params["format"] = formats.Chooser(height_px, audio=audio, params=params)
        self._audio = audio
        try:
            self.session = Session(params, logger)
        except (YoutubeDLError, SyntaxError, ValueError, OSError) as error:
            raise SettingsError(f"--yt-dlp: yt-dlp cannot start with these options: {error}.") from error

    def resolve(self, youtube_id: str) -> Source:
        """The media of ``youtube_id``. Raises ClipFailure with the category of whatever went wrong."""
        if not _YOUTUBE_ID.fullmatch(youtube_id):
            raise ClipFailure(Category.VIDEO_NOT_AVAILABLE, f"{youtube_id!r} is not a YouTube id.")
        self.session.begin()
        try:
            info = self.session.extract_info(
                f"https://www.youtube.com/watch?v={youtube_id}", download=False, ie_key="Youtube"
            )
        except DownloadError as error:
            raise classify(error, self.session.last_trouble) from error
        except (ClipFailure, ClipCancelled):
            raise
        except Exception as error:  # A raw TypeError can escape from the extractor.
            raise classify(error, self.session.last_trouble) from error
        return self._source(youtube_id, info)

    def switch_network(self, route: Route | None) -> None:
        """Send every further request by ``route`` (None: as the options say)."""
        self.session.switch_network(route)

    def close(self) -> None:
        """Close the sockets."""
        self.session.close()

    def _source(self, youtube_id: str, info: dict[str, Any] | None) -> Source:
        if info is None or info.get("id") != youtube_id:
            # Paid videos are answered with their trailer.
            raise ClipFailure(Category.MEMBERS_ONLY, "YouTube offers another video in its place.")
        if info.get("live_status") in _NOT_PLAYABLE_YET:
            raise ClipFailure(Category.LIVE_OR_PREMIERE, "The video is live or not yet shown.")
        chosen = info.get("requested_formats") or [info]
        video = next((fmt for fmt in chosen if formats.has_video(fmt)), None)
        if video is None:
            raise ClipFailure(Category.NO_FORMATS, "None of the video's formats holds pictures.")
        audio = next((fmt for fmt in chosen if formats.has_audio(fmt) and fmt is not video), None)
        if not self._audio or formats.has_audio(video):
            audio = None
        return Source(
            youtube_id=youtube_id,
            video=_stream(video),
            audio=_stream(audio) if audio else None,
            duration_s=info.get("duration"),
        )


def _stream(fmt: dict[str, Any]) -> Stream:
    headers = {name: value for name, value in (fmt.get("http_headers") or {}).items() if value}
    return Stream(
        url=fmt["url"],
        headers=headers,
        itag=str(fmt.get("format_id", "")),
        ext=str(fmt.get("ext", "")),
        vcodec=(fmt.get("vcodec") or "") if formats.has_video(fmt) else None,
        acodec=(fmt.get("acodec") or "") if formats.has_audio(fmt) else None,
        size_bytes=fmt.get("filesize"),
        width_px=fmt.get("width"),
        height_px=fmt.get("height"),
        fps=fmt.get("fps"),
        sound_hz=fmt.get("asr"),
        protocol=str(fmt.get("protocol", "")),
        fragmented=not formats.has_ranges(fmt),
        available_at=fmt.get("available_at"),
        info={} if formats.has_ranges(fmt) else dict(fmt),
    )
