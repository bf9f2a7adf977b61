"""Which of a video's formats to fetch: one rule, as a key to sort by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Format = Mapping[str, Any]

RANGE_PROTOCOLS = frozenset({"http", "https"})


def has_ranges(fmt: Format) -> bool:
    """True if ``fmt`` is one plain file, of which parts can be asked for."""
    return fmt.get("protocol") in RANGE_PROTOCOLS and not fmt.get("fragments")


def has_video(fmt: Format) -> bool:
    """True if there are pictures in ``fmt``; where nothing is said there may be."""
    return fmt.get("vcodec") != "none"


def has_audio(fmt: Format) -> bool:
    """True if there is sound in ``fmt``; where nothing is said there may be."""
    return fmt.get("acodec") != "none"


class Chooser:
    """A format selector for yt-dlp (``params['format']``): video up to ``height_px``, best sound.

    Of video, in this order: no higher than ``height_px``, and of those the highest (else the smallest
    above it); separate rather than together with sound; a plain file rather than fragments; H.264
    rather than another codec; then what yt-dlp ranks higher. Of sound: a plain file, the original
    language, AAC, yt-dlp's rank. Video alone where no sound is wanted.
    """

    def __init__(self, height_px: int, *, audio: bool) -> None:
        self.height_px = height_px
        self.audio = audio
        self.avoided: frozenset[str] = frozenset()
        """Itags that are passed over while there are others."""

    def __call__(self, context: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        # Of equals the first is taken: yt-dlp has the best one last.
        formats: list[Format] = list(context["formats"])[::-1]
        formats = [fmt for fmt in formats if fmt["format_id"] not in self.avoided] or formats
        sounds = [fmt for fmt in formats if has_audio(fmt) and not has_video(fmt)]
        videos = [fmt for fmt in formats if has_video(fmt)]
        if not videos:
            return
        video = max(videos, key=lambda fmt: self._video_key(fmt, separate_audio=bool(sounds)))
        if not self.audio or has_audio(video) or not sounds:
            yield dict(video)
            return
        audio = max(sounds, key=_audio_key)
        yield {
            "format_id": f"{video['format_id']}+{audio['format_id']}",
            "ext": "mp4",
            "protocol": f"{video['protocol']}+{audio['protocol']}",
            "requested_formats": [video, audio],
        }

    def _video_key(self, fmt: Format, *, separate_audio: bool) -> tuple[float, ...]:
        height = fmt.get("height") or 0
        fits = height <= self.height_px
        # A lone video is silent where no separate sound exists: worth it only when none is wanted.
        right_streams = has_audio(fmt) != (separate_audio or not self.audio)
        is_h264 = str(fmt.get("vcodec")).startswith("avc1")
        return fits, height if fits else -height, right_streams, has_ranges(fmt), is_h264


def _audio_key(fmt: Format) -> tuple[float, ...]:
    is_aac = str(fmt.get("acodec")).startswith("mp4a")
    return has_ranges(fmt), fmt.get("language_preference") or -1, is_aac
