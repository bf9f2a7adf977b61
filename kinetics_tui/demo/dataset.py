"""A made-up dataset for the demo: annotation files, the videos they name, and how some of them fail.

Classes are real Kinetics names; ids, segments and failures are invented, the same for the same seed.
"""

from __future__ import annotations

import csv
import random
import string
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec

from kinetics_tui.demo.media import Kind, Source, SourceSpec, cached_source
from kinetics_tui.demo.site import AfterClips, Line
from kinetics_tui.demo.videos import FAILING_SHARE, WRITE_UP_CASES, Case, Failure, Video
from kinetics_tui.model.clip import TEST, TRAIN, VAL, Clip

CLASSES = (
    "abseiling",
    "air drumming",
    "archery",
    "blowing out candles",
    "catching or throwing frisbee",
    "dancing ballet",
    "juggling balls",
    "massaging person's head",
    "playing harmonica",
    "rock climbing",
    "salsa dancing",
    "tai chi",
)
CLIPS = 120
SEED = 700
SOURCE_S = 60
"""Length of the demo's videos."""

CLIP_S = 10
THROTTLE_AFTER_CLIPS = 60
BLOCK_S = 25.0
LINE_BYTES_PER_S = 60e6 / 8
LINE_LATENCY_S = 0.04

_PATTERNS = 6
_SHARES = {TRAIN: 0.7, VAL: 0.2, TEST: 0.1}
_FILE_NAMES = {TRAIN: "train.csv", VAL: "validate.csv", TEST: "test.csv"}
_SPLIT_WORDS = {TRAIN: "train", VAL: "validate", TEST: "test"}
_ID_SIGNS = string.ascii_letters + string.digits + "-_"

# Every category of the 2019 write-up and each of today's that a server can cause, the most telling
# first: a small demo shows as many of them as fit.
_EACH_ONCE = (
    Case.UNAVAILABLE,
    Case.AGE,
    Case.MEDIA_404,
    Case.COPYRIGHT_CLAIM,
    Case.REMOVED_BY_UPLOADER,
    Case.PRIVATE,
    Case.ACCOUNT_TERMINATED,
    Case.GEO_COUNTRIES,
    Case.TERMS_GUIDELINES,
    Case.MEMBERS_ONLY,
    Case.SOMETHING_WRONG,
    Case.PREMIERE,
    Case.MEDIA_CORRUPTED,
    Case.MEDIA_403,
    Case.NO_FORMATS,
    Case.MEDIA_STALL,
    Case.DUPLICATE,
    Case.PLAYER_503,
)
_FIRST_FURTHER = (Case.UNAVAILABLE, Case.NOT_AVAILABLE_ANYMORE, Case.UNAVAILABLE, Case.AGE)
_STALL = Failure(Case.MEDIA_STALL, after_bytes=0)
"""No byte at all: given up after a few idle requests, where a trickle would last until the deadline."""
_STALL_AT = 6
"""Its place among the training clips."""

_FAILING_SHARE = 0.19  # of the first 120 clips
_SMALL_DEMO_CLIPS = CLIPS

Making = Callable[[int, int], object]
"""Told how many seconds of how many of its videos are made."""


class Demo(msgspec.Struct, frozen=True):
    """The made-up dataset: annotation files on disk, and what the loopback YouTube needs to serve it."""

    annotations: tuple[Path, ...]
    clips: tuple[Clip, ...]
    videos: dict[str, Video]

    def policy(self) -> AfterClips:
        """One session limit, half way through or after 60 clips, whichever comes first."""
        count = min(THROTTLE_AFTER_CLIPS, max(1, len(self.clips) // 2))
        return AfterClips(count, Failure(Case.SESSION_LIMIT), BLOCK_S, blocks=1)

    def line(self) -> Line:
        """A line as at home, slow enough to see progress."""
        return Line(LINE_BYTES_PER_S, LINE_LATENCY_S)


def make_demo(
    folder: Path,
    clips: int = CLIPS,
    seed: int = SEED,
    sources_folder: Path | None = None,
    making: Making = lambda _made, _of: None,
) -> Demo:
    """Make a demo of so many clips below ``folder``; sources are kept in ``sources_folder``, or below it.

    Two videos have two clips each, one clip ends after its video does, and one starts after it. The
    same arguments make the same demo. ``making`` is told how many seconds of how many of
    its sources are made.
    """
    sources = _make_sources(sources_folder or folder / "sources", making)
    made, failures = make_up(clips, seed)
    videos = {
        clip.youtube_id: Video(
            clip.youtube_id,
            f"{clip.label} {clip.youtube_id}",
            SOURCE_S,
            sources[CLASSES.index(clip.label) % _PATTERNS],
            failures.get(clip.youtube_id),
        )
        for clip in made
    }
    return Demo(write_annotations(folder, made), tuple(made), videos)


def make_up(clips: int = CLIPS, seed: int = SEED) -> tuple[list[Clip], dict[str, Failure]]:
    """The clips of a demo, and how the videos fail that do; the same arguments make up the same."""
    if clips < 1:
        raise ValueError("a demo has at least one clip")
    # Random, but the same each time: nothing here is a secret.
    chance = random.Random(seed)  # noqa: S311
    segments = _segments(clips, chance)
    splits = _splits(clips, chance)
    ids = _ids(clips, chance)
    classes = [CLASSES[number % len(CLASSES)] for number in range(clips)]
    chance.shuffle(classes)
    if clips >= 8:
        # The second clip of a video shares its class, as in Kinetics.
        for first, second in ((0, 1), (2, 3)):
            ids[second], classes[second], splits[second] = ids[first], classes[first], splits[first]
    failures = dict(zip(ids[_PLAIN_CLIPS:], _failures(clips, chance), strict=False))
    made = [
        Clip(video_id, start, start + CLIP_S, split, label)
        for video_id, start, split, label in zip(ids, segments, splits, classes, strict=True)
    ]
    chance.shuffle(made)
    _bring_forward(made, failures)
    return made, failures


_PLAIN_CLIPS = 6
"""The first so many clips do not fail at YouTube: the pairs, the short one, the one past the end."""


def _bring_forward(clips: list[Clip], failures: dict[str, Failure]) -> None:
    """Have the clip that stands still come early: nobody should wait for its tries alone at the end."""
    clips_of = Counter(clip.youtube_id for clip in clips)
    for at, clip in enumerate(clips):
        if failures.get(clip.youtube_id) == _STALL:
            # Training clips are handed out first: take the place, and the split, of one of those.
            alone = (n for n, other in enumerate(clips) if clips_of[other.youtube_id] == 1)
            early = [n for n in alone if clips[n].split == TRAIN][_STALL_AT]
            other = clips[early]
            clips[early] = msgspec.structs.replace(clip, split=other.split)
            clips[at] = msgspec.structs.replace(other, split=clip.split)
            return


def _make_sources(folder: Path, making: Making) -> list[dict[int, Source]]:
    sound = SourceSpec(kind=Kind.DASH_AUDIO, duration_s=SOURCE_S)
    pictures = [
        SourceSpec(kind=Kind.DASH_VIDEO, duration_s=SOURCE_S, fps=24, pattern_seed=seed)
        for seed in range(_PATTERNS)
    ]
    # Encoders let go of the interpreter while they work: two threads keep two cores busy.
    with ThreadPoolExecutor(2) as pool:
        progress = _Progress(making, [sound, *pictures])
        made = list(pool.map(lambda spec: cached_source(folder, spec, progress.of(spec)), [sound, *pictures]))
    return [{134: picture, 140: made[0]} for picture in made[1:]]


class _Progress:
    """Tells how many seconds of all sources are made, each of them once."""

    def __init__(self, making: Making, specs: list[SourceSpec]) -> None:
        self._making = making
        self._made_s = {id(spec): 0.0 for spec in specs}
        self._total_s = round(sum(spec.duration_s for spec in specs))
        self._told_s = 0
        self._lock = threading.Lock()

    def of(self, spec: SourceSpec) -> Callable[[float], None]:
        """What is to be told of one source."""

        def reached(second: float) -> None:
            with self._lock:
                self._made_s[id(spec)] = second
                made_s = round(sum(self._made_s.values()))
                if made_s > self._told_s:
                    self._told_s = made_s
                    self._making(made_s, self._total_s)

        return reached


def _segments(clips: int, chance: random.Random) -> list[int]:
    """Starts in seconds; number 4 ends after its video, number 5 starts after it."""
    starts = [chance.randrange(SOURCE_S - CLIP_S + 1) for _ in range(clips)]
    if clips >= 8:
        starts[0], starts[1] = 5, 25
        starts[2], starts[3] = 12, 40
        starts[4] = SOURCE_S - 6
        starts[5] = SOURCE_S + 12
    return starts


def _splits(clips: int, chance: random.Random) -> list[str]:
    test = round(clips * _SHARES[TEST])
    val = round(clips * _SHARES[VAL])
    splits = [TEST] * test + [VAL] * val + [TRAIN] * (clips - test - val)
    chance.shuffle(splits)
    return splits


def _ids(clips: int, chance: random.Random) -> list[str]:
    """Distinct ids as YouTube makes them; 3 in 100 begin with a hyphen."""
    ids: dict[str, None] = {}
    while len(ids) < clips:
        first = "-" if len(ids) % 33 == 7 else chance.choice(_ID_SIGNS[:-2])
        ids["".join([first, *chance.choices(_ID_SIGNS, k=10)])] = None
    return list(ids)


def _failures(clips: int, chance: random.Random) -> Iterator[Failure]:
    """The failures of so many clips, one for each that does (beside the one past its video's end)."""
    small = min(clips, _SMALL_DEMO_CLIPS)
    count = round(small * _FAILING_SHARE) - 1 + round((clips - small) * FAILING_SHARE)
    cases = [*_EACH_ONCE, *_FIRST_FURTHER]
    cases += chance.choices(list(WRITE_UP_CASES), list(WRITE_UP_CASES.values()), k=max(0, count - len(cases)))
    for case in islice(cases, max(0, count)):
        yield _STALL if case is Case.MEDIA_STALL else Failure(case)


def write_annotations(folder: Path, clips: list[Clip]) -> tuple[Path, ...]:
    """Write the annotation files of a demo below ``folder``; returns their paths."""
    folder = folder / "annotations"
    folder.mkdir(parents=True, exist_ok=True)
    # A file without a row is no annotation file.
    paths = {
        split: folder / name
        for split, name in _FILE_NAMES.items()
        if any(clip.split == split for clip in clips)
    }
    for split, path in paths.items():
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("label", "youtube_id", "time_start", "time_end", "split", "is_cc"))
            rows.writerows(
                (
                    clip.label,
                    clip.youtube_id,
                    int(clip.time_start),
                    int(clip.time_end),
                    _SPLIT_WORDS[split],
                    0,
                )
                for clip in clips
                if clip.split == split
            )
    return tuple(paths.values())
