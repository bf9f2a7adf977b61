"""Clients for the bench: how the one of 2019 and two others meet a throttle, and ours.

All have 16 workers that take 10.78 s a clip, and run in virtual time against a ``YouTube``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons, NetworkStatus
from kinetics_tui.model.options import COOLDOWN_STEPS_S, PaceLimit
from tests.bench.youtubes import CLIP_S, DAY_S, HOUR_S, WORKERS, YouTube

GAP_S = CLIP_S / WORKERS
"""Between two requests at full speed."""
RETRY_S = 1.0
"""What a refused try takes a worker that tries again at once."""
STEADY = 500
"""Requests of an open network that are sent in one go of the simulation."""

Client = Callable[[YouTube, float], int]
"""Runs against a YouTube for so many seconds; returns the clips it got."""


def client_of_2019(youtube: YouTube, until: float) -> int:
    """Each worker dies at its first refusal; a person starts all again a day after the last one died."""
    return sum(sessions_of_2019(youtube, until))


def sessions_of_2019(youtube: YouTube, until: float) -> Iterator[int]:
    """The clips of each session of the client of 2019; 0 where it was started too early."""
    return _sessions(youtube, until, (WORKERS - 1) * GAP_S + DAY_S)


def fixed_sleep(youtube: YouTube, until: float) -> int:
    """Each worker sleeps for an hour after a refusal, then goes on."""
    return sum(_sessions(youtube, until, HOUR_S))


def _sessions(youtube: YouTube, until: float, rest_s: float) -> Iterator[int]:
    """All workers go on so many seconds after the first one was refused."""
    now = 0.0
    while now < until:
        came_through = youtube.requests(now, GAP_S, int((until - now) / GAP_S) + 1)
        now += came_through * GAP_S
        if now < until:
            for number in range(1, WORKERS):  # the other workers find out one after the other
                came_through += youtube.request(now + number * GAP_S)
        yield came_through
        now += rest_s


def constant_retry(youtube: YouTube, until: float) -> int:
    """Each worker tries again at once."""
    clips, now = 0, 0.0
    while now < until:
        came_through = youtube.requests(now, GAP_S, int((until - now) / GAP_S) + 1)
        clips += came_through
        now = youtube.knocks(now + (came_through + 1) * GAP_S, RETRY_S / WORKERS, until)
    return clips


class Ours:
    """The real ``Throttle`` and ``Pace``, asked as the engine's dispatcher asks them.

    ``cooldowns`` counts the throttles, that is the cooldown steps. ``at_one_go`` requests of an open network
    are sent in one step of the simulation: 1 where what a video costs may change.
    """

    def __init__(self, pace: PaceLimit = None, at_one_go: int = STEADY) -> None:
        self._at_one_go = at_one_go
        self.lessons = Lessons()
        self.throttle = Throttle(COOLDOWN_STEPS_S, lessons=self.lessons)
        self.pace = Pace(pace, self.lessons, 0.0)
        self.cooldowns = 0
        self.clips = 0
        self._in_hand: deque[tuple[float, float, int]] = deque()
        """When each clip will be there, the requests that it was let out for, and those that it sent."""

    def __call__(self, youtube: YouTube, until: float) -> int:
        now = 0.0
        while now < until:
            self._finish(now)
            self.throttle.tick(now)
            self.pace.tick(now)
            now = self._step(youtube, now)
        return self.clips

    def _finish(self, now: float) -> None:
        while self._in_hand and self._in_hand[0][0] <= now:
            _, cost, sent = self._in_hand.popleft()
            self.pace.settle(cost, sent)
            self.clips += 1
            self.throttle.passed(now, done=True, width=WORKERS)

    def _step(self, youtube: YouTube, now: float) -> float:
        """Do what can be done now; returns when there is more to do."""
        if self.throttle.status is NetworkStatus.COOLING:
            return self.throttle.until or now
        allowed = self.throttle.workers_allowed
        if len(self._in_hand) >= (WORKERS if allowed is None else allowed):
            return self._in_hand[0][0]
        at = self.pace.next_at(now)
        if at > now:
            return min(at, self._in_hand[0][0]) if self._in_hand else at
        if allowed is None:
            return self._steady(youtube, now)
        cost = self.pace.cost
        self.pace.take(now)
        if youtube.request(now):
            self._in_hand.append((now + CLIP_S, cost, youtube.cost(now)))
        else:
            self._refused(now)
        return now

    def _steady(self, youtube: YouTube, now: float) -> float:
        """An open network is asked at an even pace, until it refuses."""
        per_hour = self.pace.allowed_per_hour
        # A grain slower than the pace, as what a token loses in adding up its parts would add up too.
        every_s = GAP_S if per_hour is None else max(GAP_S, HOUR_S / per_hour * (1 + 1e-9))
        came_through = youtube.requests(now, every_s, self._at_one_go)
        take, in_hand = self.pace.take, self._in_hand
        for _ in range(came_through):
            self._finish(now)
            cost = self.pace.cost
            if not take(now):
                raise AssertionError("the pace refuses what it promised")
            in_hand.append((now + CLIP_S, cost, youtube.cost(now)))
            now += every_s
        if came_through < self._at_one_go:
            self._finish(now)
            take(now)
            self._refused(now)
        return now

    def _refused(self, now: float) -> None:
        """As the engine does: clips in hand go back, and the network cools down."""
        self._in_hand.clear()
        clips = self.throttle.clips_since_throttle
        if self.throttle.saw_signal(Category.SESSION_LIMIT, now):
            self.cooldowns += 1
            self.pace.throttled(now, clips)
