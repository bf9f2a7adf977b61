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

    def __call__(self, context: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        formats: list[Format] = list(context["formats"])
        sounds = [(self._audio_key(fmt), rank, fmt) for rank, fmt in enumerate(formats) if _is_audio(fmt)]
        videos = [
            (self._video_key(fmt, separate_audio=bool(sounds)), rank, fmt)
            for rank, fmt in enumerate(formats)
            if has_video(fmt)
        ]
        if not videos:
            return
        video = max(videos, key=lambda entry: entry[:2])[2]
        if not self.audio or has_audio(video) or not sounds:
            yield dict(video)
            return
        audio = max(sounds, key=lambda entry: entry[:2])[2]
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
        return (
            fits,
            height if fits else -height,
            right_streams,
            has_ranges(fmt),
            str(fmt.get("vcodec")).startswith("avc1"),
        )

    @staticmethod
    def _audio_key(fmt: Format) -> tuple[float, ...]:
        return (
            has_ranges(fmt),
            fmt.get("language_preference") or -1,
            str(fmt.get("acodec")).startswith("mp4a"),
        )


def _is_audio(fmt: Format) -> bool:
    return has_audio(fmt) and not has_video(fmt)
