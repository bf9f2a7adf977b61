"""How much of a set is still there, as a command: what it is told, what it prints, what it exits with."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from kinetics_tui.annotations.sample import draw_videos
from kinetics_tui.commands.command_line import INTERRUPTED, NO_ANSWER, SETTLED, say, tell
from kinetics_tui.commands.selected import selected_clips
from kinetics_tui.console.printed import json_line
from kinetics_tui.console.progress import ProgressLine
from kinetics_tui.console.survey_lines import progress_text, survey_json, survey_text
from kinetics_tui.engine.prepare import title_of
from kinetics_tui.engine.survey import ask_youtube_for, length_s
from kinetics_tui.model.durations import duration_text
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.options import Selection
from kinetics_tui.model.survey import Survey
from kinetics_tui.settings import Settings
from kinetics_tui.values import pace_text


def probe_set(selection: Selection, settings: Settings, *, sample: int, seed: int, as_json: bool) -> int:
    """Ask for a sample of the videos of a selection and print what that tells; the exit code.

    Raises ``UserError`` for bad input.
    """
    if not (selection.annotations or selection.release):
        raise SettingsError("Say which set to look at: --annotations FILE, or --release kinetics-400.")
    clips = selected_clips(selection, settings)
    videos = draw_videos((clip.youtube_id for clip in clips), sample, seed)
    survey = Survey(videos=len({clip.youtube_id for clip in clips}), clips=len(clips), sample=len(videos))
    per_hour = settings.options.pace_per_hour
    length = length_s(len(videos), per_hour)
    tell(f"{title_of(selection)}: {_plan(survey, per_hour, length)}")
    progress = ProgressLine(sys.stderr)
    try:
        with _interruptible():
            ask_youtube_for(
                survey,
                videos,
                settings.options.yt_dlp,
                per_hour,
                lambda known: progress.tell_by(functools.partial(progress_text, known, length_s=length)),
            )
    finally:
        progress.end()
    if as_json:
        click.echo(json_line(survey_json(survey)))
    else:
        say(survey_text(survey))
    if survey.interrupted:
        return INTERRUPTED
    return SETTLED if survey.ended is None else NO_ANSWER


def _plan(survey: Survey, per_hour: float | None, length: float | None) -> str:
    what = f"asking for {survey.sample:,} of {survey.videos:,} videos ({survey.clips:,} clips)"
    if length is None:
        how = "one after the other, without a limit"
    elif length:
        how = f"at {pace_text(per_hour)} videos an hour, which takes about {duration_text(length)}"
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
