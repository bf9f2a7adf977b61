"""The estimate of a selection: clips, bytes and time, from counts made once.

Counting 650,000 clips takes a second; adding up the counts of each (split, label) takes none, so every
tick on the set-up screen is answered at once.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set

import msgspec

from kinetics_tui.annotations.releases import Holds, Release
from kinetics_tui.base.words import HOUR_S
from kinetics_tui.model.clip import Clip

PUBLISHED_CLIP_S = 10.0
"""Length of a release's clips, as long as its annotations have not been read."""

REFERENCE_HEIGHT_PX = 360
SOUND_SHARE = 0.15
"""The height that a release's mean clip size was measured at, and sound's share of that size."""

HEIGHT_EXPONENT = 1.5
"""The growth of bytes with the height: slower than the picture's area, as bit rates on YouTube do."""

ASSUMED_BYTES_PER_S = 12.5e6
"""The line that fetching archives is reckoned with where nobody says another one: 100 Mb/s."""

READ_A_CLIP = 2
"""Archives read for a single clip, where its name tells about which it is in."""


class Tally(msgspec.Struct, frozen=True):
    """A number of clips and the seconds annotated in them; fractions where they are estimates."""

    clips: float = 0.0
    seconds: float = 0.0


class ClipTable(msgspec.Struct, frozen=True):
    """Clips by split and label. ``counted`` names the splits that were counted, not estimated."""

    cells: dict[str, dict[str, Tally]] = {}
    counted: frozenset[str] = frozenset()

    @property
    def splits(self) -> dict[str, int]:
        """Clips of each split."""
        return {
            split: round(sum(tally.clips for tally in labels.values()))
            for split, labels in self.cells.items()
        }

    def labels(self) -> set[str]:
        """Every label that some split has clips of; the empty one stands for clips without a label."""
        return {label for labels in self.cells.values() for label in labels}

    def is_exact(self, splits: Iterable[str]) -> bool:
        """True if the numbers of these splits were counted."""
        return self.counted.issuperset(splits)

    def by_label(self, splits: Iterable[str]) -> dict[str, Tally]:
        """Clips and seconds of each label in these splits together."""
        sums: dict[str, Tally] = {}
        for split in splits:
            for label, tally in self.cells.get(split, {}).items():
                known = sums.get(label, Tally())
                sums[label] = Tally(known.clips + tally.clips, known.seconds + tally.seconds)
        return sums


def published_table(splits: Mapping[str, int], labels: tuple[str, ...]) -> ClipTable:
    """A release's published counts, spread evenly over its classes."""
    each = max(1, len(labels))
    return ClipTable(
        {
            split: dict.fromkeys(labels or ("",), Tally(count / each, count / each * PUBLISHED_CLIP_S))
            for split, count in splits.items()
        }
    )


def count_clips(clips: Iterable[Clip]) -> ClipTable:
    """Count clips by split and label: one pass, about a second for 650,000."""
    counts: Counter[tuple[str, str]] = Counter()
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    for clip in clips:
        cell = (clip.split, clip.label)
        counts[cell] += 1
        seconds[cell] += clip.time_end - clip.time_start
    cells: dict[str, dict[str, Tally]] = {}
    for (split, label), count in counts.items():
        cells.setdefault(split, {})[label] = Tally(count, seconds[split, label])
    return ClipTable(cells, frozenset(cells))


def with_counted(estimated: ClipTable, counted: ClipTable) -> ClipTable:
    """The counted splits, and the estimates of those not read yet."""
    return ClipTable({**estimated.cells, **counted.cells}, counted.counted)


def choose(
    table: ClipTable,
    splits: Iterable[str],
    classes: Set[str] | None,
    per_class: int | None,
    limit: int | None,
) -> Tally:
    """The sums of a selection. Clips without a label are of no class: they count only among all clips."""
    labelled_only = classes is not None or per_class is not None
    clips = seconds = 0.0
    for label, tally in table.by_label(splits).items():
        if (label or not labelled_only) and (classes is None or label in classes):
            share = 1.0 if per_class is None or tally.clips <= per_class else per_class / tally.clips
            clips += tally.clips * share
            seconds += tally.seconds * share
    if limit is not None and clips > limit:
        seconds *= limit / clips
        clips = limit
    return Tally(clips, seconds)


def disk_bytes(tally: Tally, clip_bytes: float, height_px: int, *, sound: bool) -> float:
    """Bytes on disk, from a release's mean clip size at 360p with sound."""
    picture: float = (1 - SOUND_SHARE) * (height_px / REFERENCE_HEIGHT_PX) ** HEIGHT_EXPONENT
    return tally.seconds / PUBLISHED_CLIP_S * clip_bytes * (picture + SOUND_SHARE * sound)


def time_s(clips: float, per_hour: float) -> float:
    """Seconds that so many clips take at a pace."""
    return clips / per_hour * HOUR_S


class ArchiveTally(msgspec.Struct, frozen=True):
    """The archives of a release that hold clips of a selection, as far as its description tells.

    ``archives`` None: how many is published nowhere, nor are the ``clips`` in them where that is None.
    """

    archives: int | None
    size_bytes: float
    clips: float | None

    @property
    def usual_bytes(self) -> float | None:
        """The size of one of them, if it is known."""
        return self.size_bytes / self.archives if self.archives else None


def archives_of(
    release: Release, table: ClipTable, splits: Iterable[str], classes: Set[str] | None, clips: float
) -> ArchiveTally | None:
    """The archives for ``clips`` that are chosen of these splits and classes; None where it has none.

    An archive is fetched whole, however few clips of it are wanted.
    """
    if release.mirror_bytes is None or not release.archives:
        return None
    clip_bytes = release.mirror_bytes / max(1, sum(release.splits.values()))
    chosen = {split: choose(table, (split,), classes, None, None).clips for split in splits}
    wanted = clips / (sum(chosen.values()) or 1.0)
    count: int | None = 0
    size_bytes = 0.0
    for one in release.archives:
        if one.split not in ("", *chosen):
            continue
        labels = table.by_label((one.split,))
        if one.holds in (Holds.CLASS, Holds.CLASS_NUMBER):
            mine = [tally for label, tally in labels.items() if classes is None or label in classes]
            number, there = len(mine), sum(tally.clips for tally in mine)
        else:
            number = one.count or (0 if one.split else 1)
            there = sum(tally.clips for tally in labels.values()) if one.split else one.clips_each
            if one.holds is Holds.RUN and number and one.split:
                touched = min(number, math.ceil(READ_A_CLIP * chosen[one.split] * wanted))
                number, there = touched, there * touched / number
        count = count + number if count is not None and number else None
        size_bytes += there * clip_bytes
    held = release.mirror_clips
    known = all(split in held and release.splits.get(split) for split in chosen)
    of_them = (
        sum(chosen[split] * wanted * held[split] / release.splits[split] for split in chosen)
        if known
        else None
    )
    return ArchiveTally(count, size_bytes, of_them)
