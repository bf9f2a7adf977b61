"""Pace: how many videos an hour may be asked for by one network, as the user wants and as it taught.

What throttles teach, in five sentences:

1. If all requests since work began, or since the cooldown before, went out within an hour, their number is
   taken for the network's hourly budget, and the pace becomes 95 % of it.
2. If they took longer, the pace is halved; where they took a day at a learned pace, it becomes 95 % of
   what went out an hour on average; no throttle takes more than half of a learned pace away.
3. If a pace slower by a fifth or more let about as many requests through as a faster one, or three paces in
   a row, each slower, let no more through, the network counts requests and not their pace: the learned
   pace is given up, until two stretches in a row end after less than a third of them.
4. After each day's worth of requests without a throttle the pace rises by 10 %, up to 95 % of what was
   refused at last; after a week's worth there that ceiling rises, by 0.5 %, then 1 %, 2 % and so on.
5. A throttle teaches nothing where the cooldown before was not over yet (fewer than 100 clips since), or
   where fewer than 50 requests went out since an hour's rest.

The lower of the user's pace and the learned one holds.
"""

from __future__ import annotations

from kinetics_tui.base.words import DAY_S, HOUR_S
from kinetics_tui.engine.networks.throttle import FORGIVEN_AFTER_CLIPS
from kinetics_tui.model.network import Lessons

BURST_S = 60.0
"""A bucket holds what this many seconds let in, so that a short stall is made good, a long one not."""

WHOLE = 1.0 - 1e-6
"""A token but for what gets lost in adding up its parts."""

MARGIN = 0.95
"""The pace stays this far below what was refused; with its burst it does so in every single hour."""

LEAST_PER_HOUR = 1.0
HALF = 0.5
RAISE = 1.1
DAY_H = 24
WEEK_H = 7 * DAY_H
CEILING_RAISE = 0.005
CEILING_DOUBLINGS = 7

REST_S = HOUR_S
"""A network that was asked for nothing for so long begins again: hourly budgets are whole again."""
FEWEST_REQUESTS = 50
"""A throttle after fewer is another's doing, or an old one that is not over."""

ABOUT_AS_MANY = 1.1
FAR_FEWER = 3.0
MUCH_SLOWER = 0.8
"""Factors between the requests of two stretches, and between their paces."""
LONG_S = 6 * HOUR_S
DOUBTS_AGAINST_PACE = 3
"""So many stretches in a row, each slower and long but with no more requests, and pace does not matter."""
DOUBTS_AGAINST_COUNTING = 2
"""So many in a row with far fewer requests, and it may matter after all."""


class TokenBucket:
    """A token bucket on resolve requests; the time is handed in, in seconds.

    ``per_hour`` None means no limit. The bucket starts full, or with ``tokens``.
    """

    def __init__(self, per_hour: float | None, now: float, tokens: float | None = None) -> None:
        self._set(per_hour)
        self._tokens = self._capacity if tokens is None else tokens
        self._at = now

    @property
    def per_hour(self) -> float | None:
        """The pace in force."""
        return self._per_hour

    def _set(self, per_hour: float | None) -> None:
        self._per_hour = per_hour
        self._per_s = (per_hour or 0.0) / HOUR_S
        self._capacity = max(1.0, self._per_s * BURST_S)

    def _refill(self, now: float) -> None:
        # A clock set back must not freeze the bucket: time only counts forwards.
        if now > self._at:
            self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_s)
        self._at = now

    def change(self, per_hour: float | None, now: float | None = None) -> None:
        """Set another pace from now on; what has been saved up is kept as far as the new bucket holds."""
        if now is not None:
            self._refill(now)
        self._set(per_hour)
        self._tokens = min(self._tokens, self._capacity)

    def empty(self, now: float) -> None:
        """Take away what has been saved up."""
        self._tokens = 0.0
        self._at = now

    def take(self, now: float) -> bool:
        """Take the token for one video, False where there is none yet."""
        if self._per_hour is None:
            return True
        self._refill(now)
        if self._tokens < WHOLE:
            return False
        self._tokens -= 1.0
        return True

    def give_back(self) -> None:
        """Return a token that was taken for nothing."""
        self._tokens = min(self._capacity, self._tokens + 1.0)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: nothing comes in by that."""
        self._at += by_s

    def next_at(self, now: float) -> float:
        """When the next token will be there; ``now`` where one is there already."""
        if self._per_hour is None:
            return now
        self._refill(now)
        return now if self._tokens >= WHOLE else now + (1.0 - self._tokens) / self._per_s


class Pace:
    """The pace of one network: the user's, or the learned one where that is lower and ``learns``.

    ``user_per_hour`` is what the user wants, None for unlimited; what throttles teach goes into
    ``lessons``. Times are handed in, in seconds since the epoch.
    """

    def __init__(
        self, user_per_hour: float | None, lessons: Lessons, now: float, *, learns: bool = True
    ) -> None:
        self._user_per_hour = user_per_hour
        self._lessons = lessons
        self._learns = learns
        # Restarts must not add up to bursts over what was learned.
        self._bucket = TokenBucket(self.allowed_per_hour, now, tokens=1.0 if self._is_learned else None)

    @property
    def learned_per_hour(self) -> float | None:
        """The pace that the network taught; None: nothing yet, or nothing is to be learned."""
        return self._lessons.safe_per_hour if self._learns else None

    @property
    def allowed_per_hour(self) -> float | None:
        """The pace in force; None: unlimited."""
        return self.learned_per_hour if self._is_learned else self._user_per_hour

    @property
    def _is_learned(self) -> bool:
        learned, users = self.learned_per_hour, self._user_per_hour
        return learned is not None and (users is None or learned < users)

    # -- asking --------------------------------------------------------------------------------------

    def take(self, now: float) -> bool:
        """Take leave to ask for one video, False where there is none yet."""
        if not self._bucket.take(now):
            return False
        lessons = self._lessons
        last_at, lessons.last_request_at = lessons.last_request_at, now
        if last_at is None or now - last_at > REST_S:
            lessons.stretch_requests = 0
            lessons.stretch_s = 0.0
        elif now > last_at:
            lessons.stretch_s += now - last_at
        lessons.stretch_requests += 1
        lessons.clean_requests += 1
        return True

    def give_back(self) -> None:
        """Return a leave that was taken for nothing: YouTube was not asked."""
        self._bucket.give_back()
        lessons = self._lessons
        lessons.stretch_requests = max(0, lessons.stretch_requests - 1)
        lessons.clean_requests = max(0, lessons.clean_requests - 1)

    def next_at(self, now: float) -> float:
        """When the next video may be asked for; ``now`` where one may be already."""
        return self._bucket.next_at(now)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: no video may be asked for sooner or later by that.

        What the lessons hold is moved where they are kept.
        """
        self._bucket.move_times(by_s)

    # -- changing ------------------------------------------------------------------------------------

    def set_user(self, per_hour: float | None, now: float) -> None:
        """The user wants another pace; a lower one that was learned still holds."""
        self._user_per_hour = per_hour
        self._hold(now)

    def forget(self) -> None:
        """Forget what was learned of the pace: the user's holds."""
        self._give_up()
        self._lessons.throttled_before = False
        self._bucket.change(self.allowed_per_hour)

    def throttled(self, now: float, clips: int) -> None:
        """The network refused, ``clips`` clips after it did so before: learn from it."""
        lessons = self._lessons
        is_new = not lessons.throttled_before or clips >= FORGIVEN_AFTER_CLIPS
        if self._learns and is_new and lessons.stretch_requests >= FEWEST_REQUESTS and not self._rested(now):
            self._learn(lessons.stretch_requests, max(lessons.stretch_s, 1.0))
        lessons.throttled_before = True
        lessons.stretch_requests = 0
        lessons.stretch_s = 0.0
        lessons.last_request_at = None
        lessons.clean_requests = 0
        lessons.clean_weeks = 0
        self._hold(now)
        if self._is_learned:
            self._bucket.empty(now)

    def tick(self, now: float) -> bool:
        """Let the pace rise where it has been borne for long enough. True where it did."""
        lessons = self._lessons
        learned, ceiling = self.learned_per_hour, lessons.ceiling_per_hour
        if learned is None or ceiling is None:
            return False
        if not self._is_learned:
            lessons.clean_requests = 0  # the user's own pace says nothing of a higher one
            return False
        at_ceiling = learned >= _below(ceiling)
        if lessons.clean_requests < learned * (WEEK_H if at_ceiling else DAY_H):
            return False
        if at_ceiling:
            ceiling *= 1 + CEILING_RAISE * 2 ** min(lessons.clean_weeks, CEILING_DOUBLINGS)
            lessons.ceiling_per_hour = ceiling
            lessons.clean_weeks += 1
            lessons.safe_per_hour = _below(ceiling)
        else:
            lessons.safe_per_hour = min(learned * RAISE, _below(ceiling))
        lessons.clean_requests = 0
        self._hold(now)
        return True

    # -- learning ------------------------------------------------------------------------------------

    def _rested(self, now: float) -> bool:
        last_at = self._lessons.last_request_at
        return last_at is None or now - last_at > REST_S

    def _learn(self, requests: int, took_s: float) -> None:
        lessons = self._lessons
        per_hour = requests * HOUR_S / took_s
        if lessons.counts_requests and self._still_counts(requests):
            return
        if self._slowed_in_vain(requests, per_hour, took_s):
            self._give_up()
            lessons.counts_requests = True
            lessons.compared_requests = requests
            return
        within_an_hour = took_s <= HOUR_S
        borne = requests if within_an_hour else per_hour
        learned = lessons.safe_per_hour
        if learned is None:
            safe = _below(borne) if within_an_hour else HALF * borne
        elif within_an_hour or took_s >= DAY_S:
            safe = min(max(_below(borne), HALF * learned), MARGIN * learned)
        else:
            safe = HALF * learned
        lessons.safe_per_hour = max(safe, LEAST_PER_HOUR)
        lessons.ceiling_per_hour = max(borne, lessons.safe_per_hour / MARGIN)

    def _still_counts(self, requests: int) -> bool:
        """True if the network may still be thought to count requests, after so many of them."""
        lessons = self._lessons
        lessons.doubts = lessons.doubts + 1 if requests * FAR_FEWER < (lessons.compared_requests or 0) else 0
        if lessons.doubts >= DOUBTS_AGAINST_COUNTING:
            self._give_up()
            return False
        if not lessons.doubts:
            lessons.compared_requests = requests
        return True

    def _slowed_in_vain(self, requests: int, per_hour: float, took_s: float) -> bool:
        """True if slower paces let no more requests through than a faster one did."""
        lessons = self._lessons
        before, faster = lessons.compared_requests, lessons.compared_per_hour
        if before is None or faster is None or per_hour >= faster:
            lessons.doubts = 0
        elif before <= ABOUT_AS_MANY * requests and requests <= ABOUT_AS_MANY * before:
            if per_hour < MUCH_SLOWER * faster and took_s > HOUR_S:
                return True
            return self._doubted(took_s)
        elif requests > before:
            lessons.doubts = 0
        elif self._doubted(took_s):
            return True
        lessons.compared_requests = requests
        lessons.compared_per_hour = per_hour
        return False

    def _doubted(self, took_s: float) -> bool:
        if took_s < LONG_S:  # a short stretch may have begun with nothing saved up
            return False
        self._lessons.doubts += 1
        return self._lessons.doubts >= DOUBTS_AGAINST_PACE

    def _give_up(self) -> None:
        lessons = self._lessons
        lessons.safe_per_hour = None
        lessons.ceiling_per_hour = None
        lessons.clean_requests = 0
        lessons.clean_weeks = 0
        lessons.counts_requests = False
        lessons.doubts = 0
        lessons.compared_requests = None
        lessons.compared_per_hour = None

    def _hold(self, now: float) -> None:
        self._bucket.change(self.allowed_per_hour, now)


def _below(ceiling_per_hour: float) -> float:
    """The pace to keep under a ceiling: a burst of one request must fit in beside it."""
    return max(LEAST_PER_HOUR, min(MARGIN * ceiling_per_hour, ceiling_per_hour - 1.0))
