"""Catalogues in which any id has a video: for real annotation files in front of the loopback YouTube."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from kinetics_tui.demo.sources import Kind, Source, SourceSpec, cached_source
from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.model.clip import Clip

Sources = Mapping[int, Source]

FAILING_SHARE = 0.0238
"""How many clips failed in the 2019 write-up."""

WRITE_UP_CASES: dict[Case, int] = {
    Case.UNAVAILABLE: 5303,
    Case.NOT_AVAILABLE_ANYMORE: 5303,
    Case.AGE: 2451,
    Case.MEDIA_404: 943,
    Case.COPYRIGHT_BLOCKED: 672,
    Case.REMOVED_BY_USER: 337,
    Case.SOMETHING_WRONG: 144,
    Case.TERMS_OF_SERVICE: 134,
    Case.DUPLICATE: 2,
    Case.PLAYER_503: 1,
}
"""How they failed, and how often each way."""

LENGTHS_S = (320, 3_200, 24_000)
"""Lengths of the long sources: the latest clip of all releases ends at 23,780 s."""

PERIOD_S = 40
LONG_FPS = 8


class SyntheticCatalogue:
    """A catalogue in which every id has a video, made of one of ``source_sets``, chosen by the id.

    ``needed_s`` says, by id, how far a video has to reach: it is then made of one of the shortest
    sources that do. A share of ``failing`` of all ids (0 to 1) fails, always the same ones, in the ways
    of the 2019 write-up.
    """

    def __init__(
        self,
        source_sets: Sequence[Sources],
        needed_s: Mapping[str, float] | None = None,
        failing: float = 0.0,
    ) -> None:
        self._by_length: dict[float, list[Sources]] = {}
        for sources in sorted(source_sets, key=_length_s):
            self._by_length.setdefault(_length_s(sources), []).append(sources)
        self._needed_s = needed_s or {}
        self._failing = failing

    def __call__(self, video_id: str) -> Video:
        digest = hashlib.sha256(video_id.encode()).digest()
        needed_s = self._needed_s.get(video_id, 0.0)
        length_s = next((length for length in self._by_length if length >= needed_s), max(self._by_length))
        fitting = self._by_length[length_s]
        sources = fitting[int.from_bytes(digest[:4]) % len(fitting)]
        return Video(video_id, f"video {video_id}", length_s, sources, self._failure(digest))

    def _failure(self, digest: bytes) -> Failure | None:
        if int.from_bytes(digest[4:8]) >= self._failing * 2**32:
            return None
        at = int.from_bytes(digest[8:12]) % sum(WRITE_UP_CASES.values())
        for case, weight in WRITE_UP_CASES.items():
            if at < weight:
                return Failure(case)
            at -= weight
        raise AssertionError("the weights sum up to more than the remainder of a division by their sum")


def long_sources(folder: Path, length_s: int) -> dict[int, Source]:
    """A long video in small pictures, kept in ``folder``: 6.6 hours take a second to make and 170 MB.

    Its pictures, frame numbers and tune start anew every ``PERIOD_S`` seconds.
    """
    pictures = SourceSpec(
        kind=Kind.DASH_VIDEO,
        duration_s=length_s,
        period_s=PERIOD_S,
        fps=LONG_FPS,
        width_px=256,
        height_px=144,
        crf=34,
    )
    sound = SourceSpec(
        kind=Kind.DASH_AUDIO,
        duration_s=length_s,
        period_s=PERIOD_S,
        sample_rate_hz=16_000,
        channels=1,
        audio_bits_per_s=20_000,
    )
    return {160: cached_source(folder, pictures), 140: cached_source(folder, sound)}


def catalogue_for(clips: Iterable[Clip], folder: Path, failing: float = FAILING_SHARE) -> SyntheticCatalogue:
    """A catalogue with a video, long enough, for each of ``clips``; sources are kept in ``folder``."""
    needed_s: dict[str, float] = {}
    for clip in clips:
        needed_s[clip.youtube_id] = max(clip.time_end, needed_s.get(clip.youtube_id, 0.0))
    longest_s = max(needed_s.values(), default=0.0)
    lengths = [
        LENGTHS_S[0],
        *(longer for shorter, longer in pairwise(LENGTHS_S) if longest_s > shorter),
    ]
    return SyntheticCatalogue([long_sources(folder, length) for length in lengths], needed_s, failing)


def _length_s(sources: Sources) -> float:
    return max(source.spec.duration_s for source in sources.values())
