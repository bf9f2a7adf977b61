"""The run as it stands at one moment, which every widget paints from, and the words for it.

What the terminal app needs of a run: its state, kept up to date, and a way to send commands.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from kinetics_tui.base.safe_text import for_screen, shell_word
from kinetics_tui.base.words import clock_text, counted, percent_text, until_text
from kinetics_tui.model.clip_queries import (
    ClipHistory,
    DonePage,
    DoneQuery,
    FailedPage,
    FailedQuery,
    Pictures,
    PicturesQuery,
)
from kinetics_tui.model.commands import AnyCommand, Reply
from kinetics_tui.model.events import ENDED, EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.options import PictureKind
from kinetics_tui.model.reasons import Why, reason_text
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.line_speed import LineSpeed
from kinetics_tui.tui.parts.lines import Tone

REFRESH_HZ = 4.0
"""Looks at the run a second, unless the user wants it otherwise."""


STOPPING = "The run is stopping: nothing can be changed until it has ended."
"""What a key says that would change the run then."""


class Colours(StrEnum):
    """The colours that a terminal shows pictures in."""

    MANY = "256"
    SIXTEEN = "16"
    NONE = "none"


class Looking(NamedTuple):
    """The way in which screens look at a run.

    Over which line, by which clock (seconds since the epoch) and time zone, and how pictures are shown;
    ``write`` sends a sequence to the terminal behind what was painted.
    """

    line: LineSpeed
    now: Callable[[], float] = time.time
    zone: tzinfo | None = None
    """None: this machine's."""
    colours: Colours = Colours.MANY
    pictures: PictureKind = PictureKind.BLOCKS
    write: Callable[[str], object] = len


class Moment(NamedTuple):
    """The run at ``now`` (seconds since the epoch); ``zone`` is that of times of day (None: local).

    ``silent_since``: the engine is there and does not answer since then.
    """

    state: RunState
    now: float
    connected: bool = True
    zone: tzinfo | None = None
    silent_since: float | None = None
    every_s: float = 0.0
    """Seconds from one look at the run to the next, where a slow line allows no more; else 0."""

    @property
    def reason(self) -> str:
        """The reason of the run's status in one sentence, or empty."""
        return reason_text(self.state.why, self.zone)

    @property
    def ended(self) -> bool:
        """True if the run is over, so that an engine that does not answer is as it should be."""
        return self.state.status in ENDED

    @property
    def lost(self) -> bool:
        """True if an engine that answered does so no more."""
        return self.silent or (not self.connected and not self.ended and bool(self.state.started_at))

    @property
    def silent(self) -> bool:
        """True if the engine is there and does not answer: it goes on when it does."""
        return self.silent_since is not None and not self.ended

    @property
    def can_go_on(self) -> bool:
        """True if no engine answers and clips are left for one: it can be started from here."""
        left = self.ended and not self.connected and self.state.left > 0
        return left or (self.lost and not self.silent)

    @property
    def cooling(self) -> bool:
        """True if the network waits for the end of a cooldown."""
        waits = self.state.network.status is NetworkStatus.COOLING
        over = self.ended or self.lost or self.stopping or self.reads_archives
        return (waits or self.state.status is EngineStatus.COOLING) and not over

    @property
    def reads_archives(self) -> bool:
        """True if it is the archives' turn: networks have nothing to do, whatever they wait for."""
        return self.state.archives.turn and not self.ended and not self.lost

    @property
    def allowed_per_hour(self) -> float | None:
        """The pace in force, None for unlimited: the networks', or before one is known the user's."""
        state = self.state
        return state.allowed_per_hour if state.in_use else state.options.pace_per_hour

    @property
    def budget_per_hour(self) -> float | None:
        """The same in requests, where it is counted in them."""
        state = self.state
        return state.budget_per_hour if state.in_use else state.options.budget_per_hour

    @property
    def paused(self) -> bool:
        return self.state.status in (EngineStatus.PAUSED, EngineStatus.PAUSING)

    @property
    def held(self) -> bool:
        """True if the run stands still for another reason than a cooldown."""
        return self.lost or (self.state.idle and not self.cooling and not self.switching)

    @property
    def stopping(self) -> bool:
        """True if the engine is about to end: it can be told nothing more."""
        return self.state.status is EngineStatus.STOPPING and not self.lost

    @property
    def looks_again(self) -> bool:
        """True if the run waits for the machine to be mended; the engine can be told to look again."""
        return self.state.status in (EngineStatus.DISK_FULL, EngineStatus.HELD)

    @property
    def refused(self) -> bool:
        """True if the run is held because YouTube refuses every video."""
        return self.state.why.why is Why.REFUSED and not self.lost

    @property
    def switching(self) -> bool:
        """True if clips in hand finish by the network before."""
        return self.state.status is EngineStatus.SWITCHING and not self.lost

    @property
    def seen_at(self) -> float:
        """When things stood as ``state`` says: now, or when the engine was last heard of."""
        if self.silent_since is not None:
            return self.silent_since
        return min(self.now, self.state.at) if self.lost else self.now

    def command(self, name: str) -> str:
        """The shell line that does ``name`` with this dataset, as the user would type it."""
        return f"kinetics-tui {name} {shell_word(str(Path(self.state.dataset).absolute()))}"


class Headline(NamedTuple):
    """The state of the run in a few words, and how to show them."""

    words: str
    badge: Tone


_BADGES = {
    EngineStatus.STARTING: Tone.BADGE,
    EngineStatus.RUNNING: Tone.BADGE_GOOD,
    EngineStatus.OFFLINE: Tone.BADGE_BAD,
    EngineStatus.DISK_FULL: Tone.BADGE_BAD,
    EngineStatus.HELD: Tone.BADGE_BAD,
    EngineStatus.STOPPED: Tone.BADGE,
    EngineStatus.DONE: Tone.BADGE_GOOD,
}


def headline(moment: Moment) -> Headline:
    """The words for the header, the throttle panel and the terminal's title."""
    if moment.silent:
        return Headline(f"NOT ANSWERING since {clock_text(moment.seen_at, moment.zone)}", Tone.BADGE_BAD)
    if moment.lost:
        return Headline("DISCONNECTED - engine not answering", Tone.BADGE_BAD)
    status = moment.state.status
    words = status.value.upper()
    if status in (EngineStatus.PAUSING, EngineStatus.SWITCHING):
        words += f" - {counted(moment.state.in_hand, 'clip')} in hand"
    elif status is EngineStatus.PAUSED:
        words += " - safe to switch networks"
    return Headline(words, _BADGES.get(status, Tone.BADGE_WARN))


def window_title(moment: Moment) -> str:
    """The terminal's title: it changes a hundred times in a run, not every second."""
    state = moment.state
    words = headline(moment).words
    if moment.cooling and state.network.until is not None and not moment.lost:
        words += f" until {until_text(state.network.until, moment.now, moment.zone)}"
    if state.total:
        words += f", {percent_text(state.done, state.total)} of {counted(state.total, 'clip')} done"
    return for_screen(f"{words} · {state.title or 'Kinetics'} · kinetics-tui")


class Link(Protocol):
    """One run, seen from a view.

    ``state`` is changed in place as events come in; ``version`` grows with every event folded in,
    so that a view knows without comparing whether anything is new; ``connected`` says whether there is a
    line to the engine, ``silent_since`` since when it does not answer, None where it does.
    """

    state: RunState
    connected: bool
    silent_since: float | None
    version: int

    async def follow(self) -> None:
        """Connect, fold events in, connect again after a break; runs until it is cancelled."""

    async def start(self) -> None:
        """Start the engine unless one runs; raises EngineError or EngineDiedError where it cannot run."""

    async def send(self, command: AnyCommand) -> Reply:
        """Ask the engine for something; raises EngineError where it cannot be reached."""

    async def failed_clips(self, query: FailedQuery) -> FailedPage:
        """A part of the list of failed clips; raises EngineError where the ledger cannot be read."""

    async def history(self, clip_id: int) -> ClipHistory:
        """Every attempt at a clip, by its number in the ledger; raises as ``failed_clips`` does."""

    async def done_clips(self, query: DoneQuery) -> DonePage:
        """A part of the list of clips that are done; raises as ``failed_clips`` does."""

    async def done_classes(self) -> dict[str, int]:
        """The number of clips of each class that are done; raises as ``failed_clips`` does."""

    async def pictures(self, query: PicturesQuery) -> Pictures:
        """Pictures out of a clip, or the reason why there are none; made beside the engine."""
