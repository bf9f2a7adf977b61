"""The run as a view sees it, built from the engine's events alone, and how long it will still take."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kinetics_tui.base.words import HOUR_S, bytes_text, counted, pace_text, rate_text
from kinetics_tui.model.events import AnyEvent, EngineStatus, OptionsChanged
from kinetics_tui.model.network import NetworkState
from kinetics_tui.model.reasons import Why
from kinetics_tui.model.reducer import fold, retell
from kinetics_tui.model.run import NO_NETWORK, Run


class RunState(Run):
    """All that is known of a run. Changed by ``apply`` alone."""

    def apply(self, event: AnyEvent) -> None:
        """Fold one event in."""
        fold(self, event)

    def apply_all(self, events: Iterable[AnyEvent]) -> None:
        """Fold in several events, oldest first."""
        for event in events:
            self.apply(event)

    def as_events(self) -> list[AnyEvent]:
        """Events that build this state in an empty ``RunState``: what a new view is sent first."""
        return retell(self)


class Forecast(msgspec.Struct, frozen=True):
    """The time until the last clip is settled: ``wait_s`` of cooldown, then ``work_s`` of work.

    ``limit`` is what limits the work, in a few words (empty: the line and cores). ``held``: the run
    stands still until somebody or something lets it go on, so that no time of day follows from it.
    ``of_archives``: they alone can be foreseen, not what is asked of YouTube after them.
    ``last``: every clip that is left is in a worker's hand or was tried before, and no rate says how
    long these take.
    """

    work_s: float
    wait_s: float = 0.0
    limit: str = ""
    held: bool = False
    last: bool = False
    of_archives: bool = False

    @property
    def seconds(self) -> float:
        """From now to the end, where nothing holds the run."""
        return self.wait_s + self.work_s


_NEAR, _ALL_OF_IT = 0.8, 0.9
"""From these shares of the pace on it is what limits a run, and it is taken to go out whole."""


def forecast(state: RunState, now: float) -> Forecast | None:
    """The time left of a run, None where nothing is known yet or nothing is left.

    The rate is the one measured while the run worked, never above the pace, the user's or the learned one.
    """
    if state.archives.turn:
        return _through_archives(state)
    if not state.left:
        return None
    # Clips that fail are settled too, and cost their share of the pace.
    measured_per_s = state.clips_per_minute(now) / 60 * (state.done + state.failed) / max(1, state.done)
    pace_per_s = _pace_per_s(state)
    rate_per_s, limit = measured_per_s, ""
    if pace_per_s is not None and (measured_per_s == 0 or measured_per_s >= pace_per_s * _NEAR):
        limit = f"pace is the limit: {pace_text(pace_per_s * HOUR_S)}"
        # From there to the pace without a step: the end of a long run must not jump by days.
        above = (measured_per_s / pace_per_s - _NEAR) / (_ALL_OF_IT - _NEAR) if measured_per_s else 1.0
        rate_per_s = pace_per_s * (_NEAR + (1 - _NEAR) * min(1.0, above))
    if rate_per_s == 0:
        return None
    held = state.stands and state.status is not EngineStatus.COOLING
    wait_s = 0.0 if held else max(0.0, (state.network.until or now) - now)
    last = state.why.why is Why.RETRIES or state.left <= state.in_hand
    return Forecast(state.left / rate_per_s, wait_s, limit, held, last)


def _through_archives(state: RunState) -> Forecast | None:
    """The time that the archives still take on their line, and then YouTube's where that can be known."""
    archives = state.archives
    if not archives.bytes_per_s or not archives.left_bytes:
        return None
    work_s = archives.left_bytes / archives.bytes_per_s
    own = [(max(0, (one.size_bytes or 0) - one.got_bytes), one.bytes_per_s) for one in archives.reading]
    if archives.left_bytes <= sum(left_bytes for left_bytes, _ in own):
        # The last ones: each comes at its own rate, whatever the others leave of the line.
        work_s = max([work_s, *(left_bytes / rate for left_bytes, rate in own if rate)])
    size, rate = bytes_text(archives.left_bytes), rate_text(archives.bytes_per_s)
    pace_per_s = _pace_per_s(state)
    if not archives.then_youtube:
        return Forecast(work_s, limit=f"{size} of archives at {rate}", held=state.stands)
    if archives.expected is None or pace_per_s is None:
        return Forecast(work_s, limit=f"{size} at {rate}; then YouTube", held=state.stands, of_archives=True)
    rest = max(0, state.left - archives.expected)
    limit = f"{size} of archives, then {counted(rest, 'clip')} from YouTube"
    return Forecast(work_s + rest / pace_per_s, limit=limit, held=state.stands)


def _pace_per_s(state: RunState) -> float | None:
    """The clips a second that the paces of the networks in use let out; None: no limit."""
    paces = [_pace(state.options, network) for network in state.in_use or [NO_NETWORK]]
    return None if None in paces else sum(pace or 0.0 for pace in paces) / HOUR_S


def _pace(options: OptionsChanged, network: NetworkState) -> float | None:
    """The clips an hour of a network in use; None: no limit."""
    users = options.pace_per_hour
    if options.budget_per_hour and network.requests_per_clip:
        users = options.budget_per_hour / network.requests_per_clip
    return min((pace for pace in (users, network.learned_per_hour) if pace), default=None)
