"""The command probe: how much of a set is still there, told by a sample of its videos.

It prints what the sample tells as plain text or for scripts, and meanwhile a line on how far it is.
"""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kinetics_tui.annotations.selection import draw_videos
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.words import duration_text
from kinetics_tui.cli import options
from kinetics_tui.cli.command_line import INTERRUPTED, NO_ANSWER, SETTLED, answer, tell
from kinetics_tui.cli.commands.check import selected_clips
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.progress import Progress, counts_table
from kinetics_tui.engine.client.prepare import title_of
from kinetics_tui.engine.client.survey import Survey, ask_youtube_for, length_s
from kinetics_tui.model.failure import Category, Kind, by_count
from kinetics_tui.model.options import Options, Selection, clips_per_hour
from kinetics_tui.settings.settings import load_settings

SUSPICIOUS = 10
"""So many videos without one that is there, and the network may be to blame."""
_INDENT = "  "


def progress_text(survey: Survey, took_s: float, length_s: float | None) -> str:
    """The progress after so many seconds, of about ``length_s`` (None: not known)."""
    parts = [f"{survey.asked:,} of {survey.sample:,} videos"]
    if survey.share is not None:
        parts.append(f"{survey.share:.0%} still there")
    left_s = None if length_s is None else length_s - took_s
    if survey.asked:
        by_rate = took_s / survey.asked * (survey.sample - survey.asked)
        left_s = max(by_rate, left_s or 0.0)
    if left_s is not None:
        parts.append(f"{duration_text(left_s)} left")
    return ", ".join(parts)


def survey_text(survey: Survey) -> str:
    """All that is known: a table, the share with its confidence interval, what that makes in clips."""
    return "\n".join([*_table(survey), *_share(survey), *_end(survey)])


def survey_json(survey: Survey) -> dict[str, Any]:
    """The same for scripts: what ``probe --json`` prints."""
    low, high = survey.interval
    share = survey.share
    known = share is not None
    return {
        "clips": survey.clips,
        "videos": survey.videos,
        "sample": survey.sample,
        "asked": survey.asked,
        "there": survey.there,
        "gone": {category.value: count for category, count in by_count(survey.gone)},
        "unclear": {category.value: count for category, count in by_count(survey.unclear)},
        "share": round(share, 4) if share is not None else None,
        "share_95": [round(low, 4), round(high, 4)] if known else None,
        "clips_there": round(share * survey.clips) if share is not None else None,
        "clips_there_95": [round(low * survey.clips), round(high * survey.clips)] if known else None,
        "ended": None if survey.ended is None else survey.ended.value,
        "interrupted": survey.interrupted,
    }


def _table(survey: Survey) -> list[str]:
    gone, unclear = sum(survey.gone.values()), sum(survey.unclear.values())
    found = [("still there", survey.there), ("gone", gone), *_indented(survey.gone)]
    judged = survey.judged
    rows = [(name, count, f"{100 * count / judged:5.1f} %" if judged else "") for name, count in found]
    if unclear:
        rows.append(("no clear answer", unclear, "not counted in"))
        rows += [(name, count, "") for name, count in _indented(survey.unclear)]
    return counts_table(rows)


def _indented(counts: dict[Category, int]) -> list[tuple[str, int]]:
    return [(f"{_INDENT}{category.value}", count) for category, count in by_count(counts)]


def _share(survey: Survey) -> list[str]:
    if survey.share is None:
        return ["Nothing is known yet."]
    low, high = survey.interval
    videos = f"{survey.there:,} of {survey.judged:,} videos are still there: {100 * survey.share:.1f} %"
    about = f"{round(survey.share * survey.clips):,} of {survey.clips:,} clips"
    if low == high:
        return [f"{videos} of them all, with about {about}."]
    return [
        f"{videos}; of all {survey.videos:,} it is {100 * low:.1f} to {100 * high:.1f} % (95 % confidence).",
        f"That makes about {about} ({round(low * survey.clips):,} to {round(high * survey.clips):,}).",
    ]


def _end(survey: Survey) -> list[str]:
    lines = []
    if survey.judged >= SUSPICIOUS and not survey.there:
        lines.append("None at all is there: that may be the network's doing; see kinetics-tui doctor.")
    how_far = f"{survey.asked:,} of {survey.sample:,} videos"
    if survey.ended is not None and survey.ended.kind is Kind.THROTTLE:
        lines.append(f"Ended early: YouTube throttles this network ({survey.ended.value}) after {how_far}.")
        lines.append(f"The video asked for then is not counted. {_REMEDY}")
    elif survey.ended is not None:
        lines.append(f"Ended early after {how_far}: {survey.message} {survey.ended.advice}")
    elif survey.interrupted:
        lines.append(f"Ended early by you after {how_far}.")
    return lines


_REMEDY = "Wait some hours, or go by another network, before you ask again; a lower --pace holds longer."


def _plan(survey: Survey, per_hour: float | None, length: float | None) -> str:
    what = f"asking for {survey.sample:,} of {survey.videos:,} videos ({survey.clips:,} clips)"
    if length is None:
        how = "one after the other, without a limit"
    elif length:
        how = f"at {per_hour:g} videos an hour, which takes about {duration_text(length)}"
    else:
        how = "which takes a moment"
    return f"{what}, {how}. Nothing is downloaded; ctrl+c ends it with what is known."


@contextmanager
def _interruptible() -> Iterator[None]:
    """Being asked to end is the same as ctrl+c."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@command()
@options.flags_of(Selection, "annotations", "release", "splits", "classes", "categories")
@options.integer("--sample", 200, "How many videos are asked for.", low=1)
@options.integer("--seed", 0, "Which ones are drawn.")
@options.flags_of(Options, "pace", "yt_dlp")
@options.as_json
def probe(sample: int, seed: int, as_json: bool, **flags: object) -> int:
    """Say how much of a set is still there, by a random sample; downloads nothing."""
    selection = options.selected(**flags)
    settings = load_settings(options.given(**flags))
    if not (selection.annotations or selection.release):
        raise SettingsError("Say which set to look at: --annotations FILE, or --release kinetics-400.")
    clips = selected_clips(selection, settings)
    videos = draw_videos((clip.youtube_id for clip in clips), sample, seed)
    survey = Survey(videos=len({clip.youtube_id for clip in clips}), clips=len(clips), sample=len(videos))
    per_hour = clips_per_hour(settings.options.pace_per_hour)  # a budget: at full cost
    length = length_s(len(videos), per_hour)
    tell(f"{title_of(selection)}: {_plan(survey, per_hour, length)}")
    text = functools.partial(progress_text, length_s=length)
    with Progress(sys.stderr, text) as progress, _interruptible():
        ask_youtube_for(survey, videos, settings.options.yt_dlp, per_hour, progress.tell)
    answer(survey, as_json=as_json, fields=survey_json, text=survey_text)
    if survey.interrupted:
        return INTERRUPTED
    return SETTLED if survey.ended is None else NO_ANSWER
