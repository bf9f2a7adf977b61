"""Picks the clips that are wanted out of the annotations, and random samples of their videos."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from kinetics_tui.annotations.releases import CUSTOM, categories, find_release, folded, listed, unknown_name
from kinetics_tui.annotations.row_rules import SPLIT_WORDS, Annotations
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import ALL, TEST, TRAIN, VAL, Clip, ClipKey
from kinetics_tui.model.options import Selection

_SPLIT_ORDER = (TRAIN, VAL, TEST, ALL)
_KNOWN_CATEGORIES = "kinetics-400"


def select(annotations: Annotations, selection: Selection) -> list[Clip]:
    """The clips that a selection names, in the order of the annotations.

    Classes and the classes of categories add up. ``per_class`` counts over all splits chosen; which
    clips are drawn depends on the seed and on the clips of that class, not on their order in the
    files, and a larger number draws the same ones and more. Clips without a label are of no class.

    Raises AnnotationError where a name is not known, with the nearest ones, or where nothing is left.
    """
    for option, number in (("--per-class", selection.per_class), ("--limit", selection.limit)):
        if number is not None and number < 1:
            raise AnnotationError(f"{option} {number} selects nothing; give 1 or more.")
    clips = annotations.clips
    steps = [f"{len(clips):,} clips in the annotations"]
    if selection.splits:
        splits = _splits(selection.splits, clips)
        clips = [clip for clip in clips if clip.split in splits]
        steps.append(f"{len(clips):,} of split {listed(splits)}")
    if selection.classes or selection.categories:
        labels = _labels(selection, annotations.clips)
        clips = [clip for clip in clips if clip.label in labels]
        steps.append(f"{len(clips):,} of {listed((*selection.classes, *selection.categories))}")
    if selection.per_class is not None:
        _require_labels(annotations.clips, "--per-class")
        clips = _drawn(clips, selection.per_class, selection.seed)
        steps.append(f"{len(clips):,} with a label to draw by")
    if not clips:
        raise AnnotationError(f"No clip is left: {', '.join(steps)}; choose other splits or classes.")
    return clips[: selection.limit]


def split_counts(clips: Iterable[Clip]) -> dict[str, int]:
    """Clips a split, in the order train, val, test, all."""
    counts = Counter(clip.split for clip in clips)
    return {split: counts[split] for split in _SPLIT_ORDER if split in counts}


def class_counts(clips: Iterable[Clip]) -> dict[str, int]:
    """Clips a label, in alphabetical order; those without a label are counted under the empty one."""
    return dict(sorted(Counter(clip.label for clip in clips).items()))


def _splits(asked: Sequence[str], clips: Sequence[Clip]) -> tuple[str, ...]:
    present = split_counts(clips)
    found = []
    for name in asked:
        split = SPLIT_WORDS.get(name.strip().casefold())
        if split is None:
            raise unknown_name("split", name, present or _SPLIT_ORDER)
        if split not in present:
            raise AnnotationError(
                f"No clip of split {split} is in the annotations, which hold {listed(tuple(present))}; "
                "choose one of these or give further annotation files."
            )
        found.append(split)
    return tuple(dict.fromkeys(found))


def _labels(selection: Selection, clips: Sequence[Clip]) -> set[str]:
    _require_labels(clips, "--class or --category")
    present: dict[str, set[str]] = {}
    for label in {clip.label for clip in clips} - {""}:
        present.setdefault(folded(label), set()).add(label)
    names = sorted(label for labels in present.values() for label in labels)
    chosen: set[str] = set()
    for name in selection.classes:
        if folded(name) not in present:
            raise unknown_name("class", name, names, " in the annotations")
        chosen |= present[folded(name)]
    for name in selection.categories:
        classes = _classes_of_category(name, selection.release)
        found = set().union(*(present.get(folded(label), set()) for label in classes))
        if not found:
            raise AnnotationError(
                f"No class of category {listed((name,))} is in the annotations; choose with --class instead."
            )
        chosen |= found
    return chosen


def _classes_of_category(name: str, release_name: str) -> tuple[str, ...]:
    release = None if release_name in ("", CUSTOM) else find_release(release_name)
    known = categories(release.name if release else _KNOWN_CATEGORIES)
    if release and not known:
        raise AnnotationError(
            f"{release.title} was published without categories; choose its classes with --class instead."
        )
    for category, classes in known.items():
        if folded(category) == folded(name):
            return classes
    raise unknown_name("category", name, known)


def _require_labels(clips: Sequence[Clip], option: str) -> None:
    if clips and not any(clip.label for clip in clips):
        raise AnnotationError(
            f"The annotations carry no labels, so {option} cannot choose by them; "
            "leave it away or give annotation files with a label column."
        )


def _drawn(clips: Sequence[Clip], per_class: int, seed: int) -> list[Clip]:
    keys_of_label: dict[str, list[ClipKey]] = {}
    for clip in clips:
        if clip.label:
            keys_of_label.setdefault(clip.label, []).append(clip.key)
    drawn: set[ClipKey] = set()
    for label, keys in keys_of_label.items():
        # Of Random only random() is promised to stay the same from one Python to the next.
        dice = random.Random(f"{seed}:{label}")  # noqa: S311 - a repeatable draw, no secret
        ranks = sorted((dice.random(), key) for key in sorted(keys))
        drawn.update(key for _, key in ranks[:per_class])
    return [clip for clip in clips if clip.key in drawn]


def draw_videos(youtube_ids: Iterable[str], size: int, seed: int) -> list[str]:
    """``size`` of these videos, or all where there are fewer, each once, in the order of the draw.

    The draw depends on the seed and the videos, not on their order in the files; so each beginning of it is
    a random sample as well, and a larger one draws the same ones first.
    """
    # Of Random only random() is promised to stay the same from one Python to the next.
    dice = random.Random(seed)  # noqa: S311 - a repeatable draw, no secret
    ranks = sorted((dice.random(), youtube_id) for youtube_id in sorted(set(youtube_ids)))
    return [youtube_id for _, youtube_id in ranks[:size]]
