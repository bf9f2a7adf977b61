"""Which of a video's formats to fetch, by yt-dlp's own sorter."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from yt_dlp.utils import FormatSorter

Format = Mapping[str, Any]

RANGE_PROTOCOLS = frozenset({"http", "https"})
_APART, _RANK = "apart", "rank"
"""Fields of ours to sort by: pictures and sound in the right files, and yt-dlp's own order."""
_UPSCALED_ID = re.compile(r"-sr(-\d+)?$")
_NO_PREFERENCE, _UPSCALED = -1, -5
"""yt-dlp's ``preference`` where it says nothing, and ours for what it names but does not rank; a damaged
format has -10."""


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
    """A format selector for yt-dlp (``params['format']``): pictures up to a tier, with the best sound.

    yt-dlp's sorter compares each pair of pictures and sound, and each format with both, in this order: whole
    and real before damaged or upscaled by YouTube; with sound (where ``audio`` is wanted, as all about sound
    here); the original language before the default one, a dub and a description; YouTube's tier, which is
    the shorter side: the highest up to ``height_px``, else the smallest above it; plain files before
    fragments; pictures apart from sound; H.264; AAC; then yt-dlp's own order. What the user sorts by
    (``format_sort`` in ``params``) goes before all of it but damage, as it does in yt-dlp.
    """

    def __init__(self, height_px: int, *, audio: bool, params: Mapping[str, Any] | None = None) -> None:
        self.audio = audio
        self.avoided: frozenset[str] = frozenset()
        """Itags that are passed over while there are others."""
        sound, codec = (("hasaud", "lang"), ("acodec:m4a",)) if audio else ((), ())
        fields = ("ie_pref", *sound, f"res:{height_px}", "proto", _APART, "vcodec:h264", *codec, _RANK)
        self._sorter = _Sorter(params or {}, fields)

    def __call__(self, context: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        # yt-dlp has the best one last.
        formats: list[Format] = list(context["formats"])
        formats = [fmt for fmt in formats if fmt["format_id"] not in self.avoided] or formats
        sounds = [
            (self._key(rank, fmt), fmt)
            for rank, fmt in enumerate(formats)
            if self.audio and has_audio(fmt) and not has_video(fmt)
        ]
        sound = max(sounds, key=lambda one: one[0])[1] if sounds else None
        choices = [
            (self._key(rank, video, with_sound), video, with_sound)
            for rank, video in enumerate(formats)
            if has_video(video)
            for with_sound in [None if has_audio(video) else sound]
        ]
        if not choices:
            return
        _, video, audio = max(choices, key=lambda one: one[0])
        if audio is None:
            yield dict(video)
            return
        yield {
            "format_id": f"{video['format_id']}+{audio['format_id']}",
            "ext": "mp4",
            "protocol": f"{video['protocol']}+{audio['protocol']}",
            "requested_formats": [video, audio],
        }

    def _key(self, rank: int, fmt: Format, sound: Format | None = None) -> tuple[Any, ...]:
        """The sorter's key for ``fmt``, together with a ``sound`` that it lacks: higher is better."""
        parts = [fmt] if sound is None else [fmt, sound]
        heard = parts[-1]
        key: tuple[Any, ...] = self._sorter.calculate_preference(
            {
                **fmt,
                "acodec": heard.get("acodec"),
                "language_preference": heard.get("language_preference"),
                "preference": min(map(_preference, parts)),
                "protocol": next((part for part in parts if not has_ranges(part)), fmt).get("protocol"),
                _APART: sound is not None if self.audio else not has_audio(fmt),
                _RANK: rank,
            }
        )
        return key


class _Sorter(FormatSorter):  # type: ignore[misc]  # yt-dlp ships no type information
    """yt-dlp's sorter with two fields more. Its settings are its own: yt-dlp's are shared by all sorters."""

    def __init__(self, params: Mapping[str, Any], fields: tuple[str, ...]) -> None:
        self.settings = copy.deepcopy(FormatSorter.settings)
        self.settings |= {name: {"convert": "float"} for name in (_APART, _RANK)}
        self.params = params
        super().__init__(self, fields)

    def deprecated_feature(self, message: str) -> None:
        """Nothing: yt-dlp warns of it where it sorts by itself."""


def _preference(fmt: Format) -> float:
    preference = fmt.get("preference")
    known = float(_NO_PREFERENCE if preference is None else preference)
    return min(known, _UPSCALED) if _UPSCALED_ID.search(str(fmt.get("format_id"))) else known
