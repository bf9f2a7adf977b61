"""The state of one network: open, cooling down, probing, ramping up, offline, held.

    open -> cooling (step 1) -> probing -> ramping -> open
                 ^--- step k+1 ---'           |
                 '----------- step k+1 -------'

Where YouTube refuses every video, but not as it refuses a network, it is held. That goes the same way, but
teaches nothing about the length of cooldowns, and no clip is the probe: a video that must be there is.

Plain rules with the time handed in (seconds since the epoch), so that days of cooldown are tested in
milliseconds. The engine acts on them; nothing here sends anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from kinetics_tui.base.words import DAY_S
from kinetics_tui.engine.networks.cooldown import Waits
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons, NetworkStatus, moved_if_any

FORGIVEN_AFTER_CLIPS = 100
"""A throttle this many clips after the last one starts again at the first step."""

LONGEST_WAIT_S = 30 * DAY_S
"""No wait is longer, whatever a server asks for or a clock that was wrong wrote down."""

OFFLINE_STEPS_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Waits between looks whether the line is back."""


_WAITING = (NetworkStatus.COOLING, NetworkStatus.OFFLINE, NetworkStatus.HELD)

_epochs = itertools.count()


class Throttle:
    """The rule of what may be sent through one network, and when.

    ``step`` counts cooldowns upon one another, from 1: it begins again after ``FORGIVEN_AFTER_CLIPS``
    clips without one. ``until`` ends the wait in hand; ``clips_since_throttle`` counts clips done.
    ``epoch`` is another number after each turn of events: what was sent in an earlier epoch says
    nothing of the present state. How long the waits are is learned into ``lessons``.
    """

    def __init__(
        self,
        steps_s: Sequence[float],
        *,
        status: NetworkStatus = NetworkStatus.OPEN,
        signal: Category | None = None,
        until: float | None = None,
        step: int = 0,
        clips_since_throttle: int = 0,
        last_throttle_at: float | None = None,
        lessons: Lessons | None = None,
    ) -> None:
        self._lessons = lessons or Lessons()
        self._waits = Waits(steps_s, self._lessons)
        self.epoch = next(_epochs)
        self.signal = signal
        self.until = until
        self.step = step
        self.clips_since_throttle = clips_since_throttle
        self.last_throttle_at = last_throttle_at
        self._offline_tries = 0
        self._allowed = 1
        self._done_at_width = 0
        # A probe or an outage that was under way when the engine ended begins again; a ramp begins at
        # one worker; a cooldown stays what it was, whatever happened in between; a hold is checked at once.
        if status in (NetworkStatus.PROBING, NetworkStatus.OFFLINE) and step == 0:
            status = NetworkStatus.OPEN
        elif status in (NetworkStatus.OFFLINE, NetworkStatus.HELD):
            status = NetworkStatus.PROBING
        if status is not NetworkStatus.COOLING:
            self.until = None
        self.status = status

    @property
    def waits_s(self) -> tuple[float, ...]:
        """The waits of the cooldown in hand, one upon another, else of the next one; the last repeats."""
        if self.held_since is not None:
            return self._waits.steps_s
        if self._begins_anew and self.status is not NetworkStatus.COOLING:
            return self._waits.next_s
        return self._waits.in_hand_s

    @property
    def held_since(self) -> float | None:
        """The time since when YouTube refuses every video by this network, None where it does not."""
        return self._lessons.held_since

    @property
    def wants_witness(self) -> bool:
        """True if a video that must be there is to be asked for: its answer ends the hold, or not."""
        return self.status is NetworkStatus.PROBING and self.held_since is not None

    @property
    def probes_after_cooldown(self) -> bool:
        """True if the clip in hand is the probe at the end of a cooldown."""
        return self.status is NetworkStatus.PROBING and self.step > 0 and self.held_since is None

    @property
    def step_s(self) -> float:
        """Length of the current wait, in seconds; where there is none yet, of the first."""
        return self._nth_wait_s(self.step)

    @property
    def next_step_s(self) -> float:
        """The seconds that the network will cool down if it refuses from now on."""
        return self._nth_wait_s(self._next_step)

    def _nth_wait_s(self, step: int) -> float:
        waits = self.waits_s
        return waits[min(max(step, 1), len(waits)) - 1]

    @property
    def _begins_anew(self) -> bool:
        return self.step == 0 or self.clips_since_throttle >= FORGIVEN_AFTER_CLIPS

    @property
    def _next_step(self) -> int:
        return 1 if self._begins_anew else self.step + 1

    @property
    def workers_allowed(self) -> int | None:
        """The number of workers that may hold a clip now; None where there is no limit."""
        match self.status:
            case NetworkStatus.OPEN:
                return None
            case NetworkStatus.RAMPING:
                return self._allowed
            case NetworkStatus.PROBING:
                return 0 if self.wants_witness else 1
            case _:
                return 0

    def saw_signal(self, signal: Category, now: float, retry_after_s: float | None = None) -> bool:
        """A throttle signal came in: cool down. True where that is news.

        Answers to requests that were under way when the first signal came in do not raise the step;
        a longer ``Retry-After`` always wins.
        """
        news = self.status is not NetworkStatus.COOLING
        if news:
            self._end_hold()
            if self._begins_anew:
                self._waits.over()
                self._waits.began(now)
            else:
                self._waits.refused(now)
            self.step = self._next_step
            self.status = NetworkStatus.COOLING
            self.signal = signal
            self.until = now + self.step_s
            self.epoch = next(_epochs)
            self.last_throttle_at = now
            self.clips_since_throttle = 0
        if retry_after_s is not None:
            self.until = max(self.until or now, now + min(retry_after_s, LONGEST_WAIT_S))
        return news

    def hold(self, cause: Category, now: float) -> bool:
        """YouTube refuses every video: wait, longer each time. False where the network cools down anyway."""
        if self.status is NetworkStatus.COOLING:
            return False
        if self.held_since is None:
            self._lessons.held_since = now
            self.step = 0
        self.step += 1
        self.status = NetworkStatus.HELD
        self.signal = cause
        self.until = now + self.step_s
        self.epoch = next(_epochs)
        return True

    def _end_hold(self) -> None:
        if self.held_since is not None:
            self._lessons.held_since = self.signal = None
            self.step = 0

    def saw_outage(self, now: float) -> bool:
        """No way out by this network: look again a little later. True where that is news."""
        if self.status in (NetworkStatus.COOLING, NetworkStatus.HELD):
            return False
        news = self.status is not NetworkStatus.OFFLINE
        if news:
            wait_s = OFFLINE_STEPS_S[min(self._offline_tries, len(OFFLINE_STEPS_S) - 1)]
            self._offline_tries += 1
            self.status = NetworkStatus.OFFLINE
            self.until = now + wait_s
            self.epoch = next(_epochs)
        return news

    def tick(self, now: float) -> bool:
        """Let time pass: the end of a wait makes the network ready for its probe. True on a change."""
        waiting = self.status in _WAITING
        if self.until is not None:
            self.until = min(self.until, now + self._whole_wait_s)
        if waiting and self.until is not None and now >= self.until:
            self.probe_now()
            return True
        return False

    @property
    def _whole_wait_s(self) -> float:
        """The whole of the wait in hand: nothing that the clock was set to makes it longer."""
        if self.until is None or self.last_throttle_at is None or self.until <= self.last_throttle_at:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, self.until - self.last_throttle_at)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: the wait in hand keeps its length."""
        self.until = moved_if_any(self.until, by_s)
        self.last_throttle_at = moved_if_any(self.last_throttle_at, by_s)

    def probe_now(self) -> bool:
        """End the wait in hand: the next clip is the probe. False where nothing is being waited for."""
        if self.status not in _WAITING:
            return False
        self._probe()
        return True

    def probe_first(self) -> bool:
        """The user has just switched to this network: one clip goes first. False where it is cooling."""
        if self.status is NetworkStatus.COOLING:
            return False
        self._probe()
        return True

    def _probe(self) -> None:
        self.status = NetworkStatus.PROBING
        self.until = None
        self.epoch = next(_epochs)

    def wait_longer(self, seconds: float) -> bool:
        """Add to the cooldown. False where the network is not cooling, and not held."""
        if self.status not in (NetworkStatus.COOLING, NetworkStatus.HELD) or self.until is None:
            return False
        self.until += seconds
        return True

    def passed(self, now: float, *, done: bool, width: int) -> bool:
        """YouTube answered for a clip by this network (``done``: and the clip is on disk).

        Ends a probe well, and widens a ramp step by step up to ``width`` workers. True on a change.
        """
        self._offline_tries = 0
        if done:
            self.clips_since_throttle += 1
            if self.clips_since_throttle == FORGIVEN_AFTER_CLIPS:
                self._waits.over()
        if self.status is NetworkStatus.PROBING:
            if self.held_since is None:
                self._waits.answered(now)
            self.status = NetworkStatus.RAMPING if self.step else NetworkStatus.OPEN
            self._end_hold()
            self._allowed = 1
            self._done_at_width = 0
            return True
        if self.status is not NetworkStatus.RAMPING:
            return False
        self._done_at_width += 1
        if self._done_at_width < self._allowed:
            return False
        self._allowed *= 2
        self._done_at_width = 0
        if self._allowed >= width:
            self.status = NetworkStatus.OPEN
            self.signal = None
        return True
