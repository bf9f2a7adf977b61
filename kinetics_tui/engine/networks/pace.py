"""Pace: how many clips an hour may be asked for by one network, as the user wants and as it taught.

YouTube is said to count page and player requests, of which a clip takes one (lean) or about three (full). A
clip is let out for what those before it cost, and what it really sent is settled when that is known; so a
bucket may go below zero. The user's pace is a budget of requests, or a number of clips.

What throttles teach, in six sentences; all counts are of clips at the cost that the pace was learned at:

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
6. Once clips cost markedly more or fewer requests than when the pace was learned, as many go out as the
   same number of clips or of requests allows, whichever is more; a throttle then tells that the network
   counts the other of the two, and leaves the learned pace as it is. So it does where none was learned yet
   and clips cost otherwise than for hours before: 95 % of what went out an hour then is the pace.

The lower of the user's pace and the learned one holds.
"""

from __future__ import annotations

from kinetics_tui.base.words import DAY_S, HOUR_S
from kinetics_tui.engine.networks.throttle import FORGIVEN_AFTER_CLIPS
from kinetics_tui.model.network import Counted, Lessons
from kinetics_tui.model.options import BUDGETS, PaceLimit, Preset, clips_per_hour

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

LAST_CLIPS = 20
"""What a clip costs is the mean of about so many."""
OTHER_COST = 1.5
"""A factor between two costs of a clip from which they are different ones."""


class TokenBucket:
    """A token bucket on clips or requests; the time is handed in, in seconds.

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

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Take the tokens for one video, False where there is not a whole one yet."""
        if self.next_at(now) > now:
            return False
        self.settle(cost)
        return True

    def settle(self, cost: float) -> None:
        """Take so many tokens more, there or not, or give some back that were taken for nothing."""
        if self._per_hour is not None:
            self._tokens = min(self._capacity, self._tokens - cost)

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

    ``users`` is what the user wants, None for unlimited; what throttles teach goes into ``lessons``. Times
    are handed in, in seconds since the epoch.
    """

    def __init__(self, users: PaceLimit, lessons: Lessons, now: float, *, learns: bool = True) -> None:
        self._users = users
        self._lessons = lessons
        self._learns = learns
        self._users_bucket = TokenBucket(_tokens_per_hour(users), now)
        # Restarts must not add up to bursts over what was learned.
        self._learned_bucket = TokenBucket(self._safe_per_hour, now, tokens=1.0)

    @property
    def _safe_per_hour(self) -> float | None:
        return self._lessons.safe_per_hour if self._learns else None

    @property
    def cost(self) -> float:
        """The requests that a clip is let out for: what the last ones cost."""
        return max(1.0, self._lessons.requests_per_clip or 1.0)

    @property
    def requests_per_clip(self) -> float:
        """The same for people's eyes; 0: no clip was seen yet."""
        return round(self._lessons.requests_per_clip or 0.0, 2)

    @property
    def learned_per_hour(self) -> float | None:
        """The pace that the network taught, in clips as they cost now; None: nothing."""
        safe = self._safe_per_hour
        return None if safe is None else safe / self._weight(self.cost)

    @property
    def allowed_per_hour(self) -> float | None:
        """The pace in force, in clips as they cost now; None: unlimited."""
        return self.learned_per_hour if self._is_learned else self._users_clips_per_hour

    @property
    def budget_per_hour(self) -> float | None:
        """The pace in force in requests; None: there is none, or it is one in clips."""
        if not self._is_learned:
            return BUDGETS[self._users] if isinstance(self._users, Preset) else None
        lessons = self._lessons
        if lessons.counted is Counted.CLIPS or lessons.learned_at is None or lessons.safe_per_hour is None:
            return None
        return lessons.safe_per_hour * lessons.learned_at

    @property
    def _users_clips_per_hour(self) -> float | None:
        return clips_per_hour(self._users, self._lessons.requests_per_clip and self.cost)

    @property
    def _is_learned(self) -> bool:
        learned, users = self.learned_per_hour, self._users_clips_per_hour
        return learned is not None and (users is None or learned < users)

    def _weight(self, requests: float) -> float:
        """The share of the learned pace that a clip takes which costs so many requests."""
        lessons = self._lessons
        if lessons.learned_at is None or lessons.counted is Counted.CLIPS:
            return 1.0
        if lessons.counted is Counted.REQUESTS:
            return requests / lessons.learned_at
        return self.cost / lessons.learned_at if self.cost * OTHER_COST < lessons.learned_at else 1.0

    def _cost_turned(self, before: float | None) -> Counted:
        """The thing that a throttled network counts, if clips cost markedly other than ``before``."""
        if before is None or 1 / OTHER_COST <= self.cost / before <= OTHER_COST:
            return Counted.OPEN
        return Counted.REQUESTS if self.cost > before else Counted.CLIPS

    # -- asking --------------------------------------------------------------------------------------

    def take(self, now: float) -> bool:
        """Take leave to ask for one video, for ``cost`` until it is settled; False where there is none."""
        if self.next_at(now) > now:
            return False
        weight = self._weight(self.cost)
        self._users_bucket.settle(self._users_cost(self.cost))
        self._learned_bucket.settle(weight)
        lessons = self._lessons
        last_at, lessons.last_request_at = lessons.last_request_at, now
        if last_at is None or now - last_at > REST_S:
            lessons.stretch_requests = lessons.stretch_sent = lessons.stretch_s = 0.0
        elif now > last_at:
            lessons.stretch_s += now - last_at
        self._count(weight, self.cost)
        return True

    def settle(self, cost: float, sent: int) -> None:
        """A clip that was let out for ``cost`` requests sent so many; none: its leave is given back."""
        if not sent:
            self.give_back(cost)
            return
        weight_before = self._weight(cost)
        lessons = self._lessons
        self._users_bucket.settle(self._users_cost(sent) - self._users_cost(cost))
        more = self._weight(sent) - weight_before
        self._learned_bucket.settle(more)
        self._count(more, sent - cost)
        mean = lessons.requests_per_clip
        lessons.requests_per_clip = sent if mean is None else mean + (sent - mean) / LAST_CLIPS

    def give_back(self, cost: float | None = None) -> None:
        """Return a leave that was taken for nothing: YouTube was not asked."""
        cost = self.cost if cost is None else cost
        self._users_bucket.settle(-self._users_cost(cost))
        self._learned_bucket.settle(-self._weight(cost))
        self._count(-self._weight(cost), -cost)

    def _count(self, clips: float, sent: float) -> None:
        lessons = self._lessons
        lessons.stretch_sent = max(0.0, lessons.stretch_sent + sent)
        lessons.stretch_requests = max(0.0, lessons.stretch_requests + clips)
        lessons.clean_requests = max(0.0, lessons.clean_requests + clips)

    def _users_cost(self, requests: float) -> float:
        return requests if isinstance(self._users, Preset) else 1.0

    def next_at(self, now: float) -> float:
        """When the next video may be asked for; ``now`` where one may be already."""
        return max(self._users_bucket.next_at(now), self._learned_bucket.next_at(now))

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: no video may be asked for sooner or later by that.

        What the lessons hold is moved where they are kept.
        """
        self._users_bucket.move_times(by_s)
        self._learned_bucket.move_times(by_s)

    # -- changing ------------------------------------------------------------------------------------

    def set_user(self, pace: PaceLimit, now: float) -> None:
        """The user wants another pace; a lower one that was learned still holds."""
        self._users = pace
        self._users_bucket.change(_tokens_per_hour(pace), now)

    def forget(self) -> None:
        """Forget what was learned of the pace: the user's holds."""
        self._give_up()
        self._lessons.throttled_before = False
        self._learned_bucket.change(None)

    def throttled(self, now: float, clips: int) -> None:
        """The network refused, ``clips`` clips after it did so before: learn from it."""
        lessons = self._lessons
        is_new = not lessons.throttled_before or clips >= FORGIVEN_AFTER_CLIPS
        teaches = self._learns and is_new and not self._rested(now)
        turned = self._cost_turned(lessons.learned_at if self._is_learned else None)
        if teaches and lessons.counted is Counted.OPEN and turned:
            lessons.counted = turned
        elif teaches and lessons.stretch_requests >= FEWEST_REQUESTS:
            self._learn(lessons.stretch_requests, max(lessons.stretch_s, 1.0))
        lessons.throttled_before = True
        lessons.stretch_requests = lessons.stretch_sent = lessons.stretch_s = 0.0
        lessons.last_request_at = None
        lessons.clean_requests = 0.0
        lessons.clean_weeks = 0
        self._hold(now)
        self._learned_bucket.empty(now)

    def tick(self, now: float) -> bool:
        """Let the pace rise where it has been borne for long enough. True where it did."""
        lessons = self._lessons
        learned, ceiling = self._safe_per_hour, lessons.ceiling_per_hour
        if learned is None or ceiling is None:
            return False
        if not self._is_learned:
            lessons.clean_requests = 0.0  # the user's own pace says nothing of a higher one
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
        lessons.clean_requests = 0.0
        self._hold(now)
        return True

    # -- learning ------------------------------------------------------------------------------------

    def _rested(self, now: float) -> bool:
        last_at = self._lessons.last_request_at
        return last_at is None or now - last_at > REST_S

    def _learn(self, requests: float, took_s: float) -> None:
        lessons = self._lessons
        within_an_hour = took_s <= HOUR_S
        learned = lessons.safe_per_hour
        before = None if within_an_hour or learned is not None else lessons.stretch_sent / requests
        turned = self._cost_turned(before)
        if turned:
            lessons.counted, lessons.learned_at = turned, before
        elif lessons.counted is Counted.OPEN:
            lessons.learned_at = lessons.requests_per_clip and self.cost
        per_hour = requests * HOUR_S / took_s
        if lessons.counts_requests and self._still_counts(requests):
            return
        if self._slowed_in_vain(requests, per_hour, took_s):
            self._give_up()
            lessons.counts_requests = True
            lessons.compared_requests = requests
            return
        borne = requests if within_an_hour else per_hour
        if learned is None:
            safe = _below(borne) if within_an_hour or turned else HALF * borne
        elif within_an_hour or took_s >= DAY_S:
            safe = min(max(_below(borne), HALF * learned), MARGIN * learned)
        else:
            safe = HALF * learned
        lessons.safe_per_hour = max(safe, LEAST_PER_HOUR)
        lessons.ceiling_per_hour = max(borne, lessons.safe_per_hour / MARGIN)

    def _still_counts(self, requests: float) -> bool:
        """True if the network may still be thought to count requests, after so many of them."""
        lessons = self._lessons
        lessons.doubts = lessons.doubts + 1 if requests * FAR_FEWER < (lessons.compared_requests or 0) else 0
        if lessons.doubts >= DOUBTS_AGAINST_COUNTING:
            self._give_up()
            return False
        if not lessons.doubts:
            lessons.compared_requests = requests
        return True

    def _slowed_in_vain(self, requests: float, per_hour: float, took_s: float) -> bool:
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
        lessons.clean_requests = 0.0
        lessons.clean_weeks = 0
        lessons.counts_requests = False
        lessons.learned_at = None
        lessons.counted = Counted.OPEN
        lessons.doubts = 0
        lessons.compared_requests = None
        lessons.compared_per_hour = None

    def _hold(self, now: float) -> None:
        self._learned_bucket.change(self._safe_per_hour, now)


def _tokens_per_hour(pace: PaceLimit) -> float | None:
    return BUDGETS[pace] if isinstance(pace, Preset) else pace


def _below(ceiling_per_hour: float) -> float:
    """The pace to keep under a ceiling: a burst of one request must fit in beside it."""
    return max(LEAST_PER_HOUR, min(MARGIN * ceiling_per_hour, ceiling_per_hour - 1.0))
