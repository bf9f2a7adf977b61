"""The requests of the set-up screen to its library, in threads; the answers are messages to the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, get_current_worker

from kinetics_tui.annotations.read import Annotations
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from kinetics_tui.tui.setup.draft import Draft
from kinetics_tui.tui.setup.estimate import ClipTable, count_clips
from kinetics_tui.tui.setup.ports import Folder, Library, Source

PROGRESS_S = 0.25
"""Progress is told at most this often."""


@dataclass(eq=False)
class Loaded(Message):
    """Annotations that were read, with their counts."""

    source: Source
    annotations: Annotations
    table: ClipTable


@dataclass(eq=False)
class NotLoaded(Message):
    """Annotations could not be had; no ``sentence`` where they were only wanted if at hand."""

    source: Source
    sentence: str = ""


@dataclass(eq=False)
class LoadProgress(Message):
    """The progress of loading, in a few words."""

    source: Source
    text: str


@dataclass(eq=False)
class Selected(Message):
    """The clips of a draft."""

    draft: Draft
    clips: tuple[Clip, ...]


@dataclass(eq=False)
class NotSelected(Message):
    """A draft whose clips cannot be selected, and why."""

    draft: Draft
    sentence: str


@dataclass(eq=False)
class FolderSeen(Message):
    """A folder was looked at."""

    folder: Folder


class _AbandonedError(Exception):
    """Nobody waits for these annotations any more."""


class Loading:
    """Keeps everything that may block away from the screen: one load, one look, one selection at a time."""

    def __init__(self, screen: Widget, library: Library, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._library = library
        self._clock = clock

    def load(self, source: Source, *, only_at_hand: bool = False) -> None:
        """Ends in ``Loaded`` or ``NotLoaded``; an earlier load is abandoned."""
        self._start(partial(self._load, source, only_at_hand), "load")

    def look_at(self, folder: Path) -> None:
        """Ends in ``FolderSeen``."""
        self._start(partial(self._look_at, folder), "folder")

    def select(self, draft: Draft, annotations: Annotations, selection: Selection) -> None:
        """Ends in ``Selected`` or ``NotSelected``."""
        self._start(partial(self._select, draft, annotations, selection), "select")

    def _start(self, task: Callable[[], None], group: str) -> None:
        self._screen.run_worker(task, thread=True, exclusive=True, group=group)

    def _load(self, source: Source, only_at_hand: bool) -> None:
        worker: Worker[None] = get_current_worker()
        told_at = -PROGRESS_S

        def on_progress(text: str) -> None:
            nonlocal told_at
            if worker.is_cancelled:
                raise _AbandonedError
            if self._clock() - told_at >= PROGRESS_S:
                told_at = self._clock()
                self._screen.post_message(LoadProgress(source, text))

        try:
            if only_at_hand and not self._library.is_at_hand(source):
                self._screen.post_message(NotLoaded(source))
                return
            annotations = self._library.load(source, on_progress)
        except AnnotationError as error:
            self._screen.post_message(NotLoaded(source, str(error)))
        except _AbandonedError:
            return
        else:
            table = count_clips(annotations.clips)
            self._screen.post_message(Loaded(source, annotations, table))

    def _look_at(self, folder: Path) -> None:
        self._screen.post_message(FolderSeen(self._library.look_at(folder)))

    def _select(self, draft: Draft, annotations: Annotations, selection: Selection) -> None:
        try:
            clips = self._library.select(annotations, selection)
        except AnnotationError as error:
            self._screen.post_message(NotSelected(draft, str(error)))
        else:
            self._screen.post_message(Selected(draft, tuple(clips)))
