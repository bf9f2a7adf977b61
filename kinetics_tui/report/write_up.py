"""The report of files as the 2019 Kinetics-700 write-up kept its records, by the write-up's method.

``stats.csv`` has the columns of ``dataset.records``, named in its first row or in that order; ``failed.csv``
has video_id, label, error and no header. Rows of stats are made unique by id, the last wins. Failures are
the distinct texts of ids that are not on disk, each put under the first group that it matches.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from kinetics_tui.annotations.row_rules import is_youtube_id, shown
from kinetics_tui.base.words import are, counted
from kinetics_tui.model.clip import ALL
from kinetics_tui.model.failure import Category
from kinetics_tui.report.figures import Count, Progress, Report, ranked
from kinetics_tui.report.statistics import timing
from kinetics_tui.report.write_up_rows import (
    Refusals,
    Stats,
    UnusableRecordError,
    checked_label,
    read_rows,
    read_stats,
)

GROUPS: tuple[tuple[tuple[str, ...], Category], ...] = (
    (("HTTP Error 404",), Category.HTTP_404),
    (("copyright",), Category.COPYRIGHT),
    (
        ("is unavailable", "no longer available", "is not available", "this video available"),
        Category.VIDEO_NOT_AVAILABLE,
    ),
    (("HTTP Error 503",), Category.HTTP_503),
    (("Content Warning",), Category.CONTENT_WARNING),
    (("removed by the user",), Category.REMOVED_BY_USER),
    (("removed for violating",), Category.VIOLATING_TERMS),
    (
        ("nable to download", "object has no attribute", "Name or service not known"),
        Category.MISCELLANEOUS,
    ),
    (("duplicate",), Category.DUPLICATE),
)
"""Failure texts as the write-up grouped them: the first group wins that has words found in the text."""
MOST_GROUPS = 50
OTHERS = "all other texts"
LONGEST_GROUP = 120
_behind_error = re.compile(r"ERROR:?\s*(.*)", re.DOTALL).search


def report_write_up(stats_file: Path, failed_file: Path, now: float) -> Report:
    """The report of two such files.

    Rows that cannot be used are counted in the notes. Raises ReportError, with file and line, where a file
    cannot be read, is something else, or has no usable row.
    """
    refusals = Refusals()
    stats = read_stats(stats_file, refusals)
    failures = _read_failures(failed_file, stats, refusals)
    classes, done, failed = _by_class(stats, failures)
    whole = Progress("", "", done + failed, done, failed)
    texts = sum(count.clips for count in failures.groups)
    notes = list(refusals.sentences())
    if stats.rows != stats.videos:
        videos = counted(stats.videos, "video")
        notes.append(
            f"{counted(stats.rows, 'row')} of {stats_file.name} are of {videos}: the last of each counts."
        )
    if texts != failed:
        of_these = f"{are(texts)} of {counted(failed, 'clip')}"
        notes.append(f"{counted(texts, 'distinct failure text')} {of_these}; texts are counted.")
    return Report(
        title="Records in the 2019 form",
        source=f"{stats_file}, {failed_file}",
        at=now,
        whole=whole,
        splits=(Progress(ALL, "", whole.total, done, failed),),
        classes=classes,
        failures=failures.groups,
        timing=timing(stats.fetched(), whole.total, stats.in_hand_s, stats.taken_s),
        sessions=tuple(stats.sessions),
        notes=tuple(notes),
    )


def group_of(text: str) -> str:
    """The group of a failure text: the first that matches, else what stands behind ``ERROR``."""
    for words, category in GROUPS:
        if any(word in text for word in words):
            return category.value
    behind = _behind_error(text)
    said = " ".join((behind[1] if behind else text).split())
    return said[:LONGEST_GROUP] or Category.MISCELLANEOUS.value


class _Failures(NamedTuple):
    """``labels``: of each failed id that is not on disk; ``groups``: of its distinct texts."""

    labels: dict[str, str]
    groups: tuple[Count, ...]


def _read_failures(path: Path, stats: Stats, refusals: Refusals) -> _Failures:
    labels: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    groups: Counter[str] = Counter()
    texts: dict[str, str] = {}
    used = 0
    for line, cells in read_rows(path, "video_id,label,error"):
        if [cell.strip().lower() for cell in cells[:1]] == ["video_id"]:
            continue  # a header, which the write-up's file had not
        try:
            youtube_id, label, text = _failure(cells)
        except UnusableRecordError as error:
            refusals.note(path, line, str(error))
            continue
        used += 1
        text = texts.setdefault(text, text)
        if stats.on_disk(youtube_id):
            continue
        labels[youtube_id] = label
        if (youtube_id, text) not in seen:
            seen.add((youtube_id, text))
            groups[group_of(text)] += 1
    if not used:
        refusals.require_none(path, "video_id,label,error")
    return _Failures(labels, _most(groups))


def _failure(cells: list[str]) -> tuple[str, str, str]:
    """Id, label and text of a row."""
    if len(cells) < 3 or not is_youtube_id(cells[0]):
        raise UnusableRecordError(f"{shown(','.join(cells))} is no row of video_id,label,error")
    # A text with a comma in it was not always quoted.
    return cells[0], checked_label(cells[1]), ",".join(cells[2:])


def _most(groups: Counter[str]) -> tuple[Count, ...]:
    """The most frequent groups; what is left of a file with texts without end is one."""
    counts = ranked(groups)
    if len(counts) <= MOST_GROUPS:
        return counts
    return (*counts[:MOST_GROUPS], Count(OTHERS, sum(count.clips for count in counts[MOST_GROUPS:])))


def _by_class(stats: Stats, failures: _Failures) -> tuple[tuple[Progress, ...], int, int]:
    done = Counter(stats.labels_on_disk())
    failed = Counter(failures.labels.values())
    classes = tuple(
        Progress(ALL, label, done[label] + failed[label], done[label], failed[label])
        for label in sorted(done | failed)
    )
    return classes, done.total(), failed.total()
