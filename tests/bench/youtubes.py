"""Made-up YouTubes for the bench: policies with a hidden limit, in virtual time.

Nobody outside knows YouTube's rules, so each of these is one guess at what may be behind a throttle. Times
are seconds since the start. A request is answered at once: what was under way when the first refusal came
in is left out for all clients alike. A request while the network is blocked is a knock: it makes the block
``knock_s`` longer, or begins it ``ANEW``.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence

HOUR_S = 3600.0
DAY_S = 86400.0

WORKERS = 16
CLIP_S = 10.78
"""What a clip took a worker of the 2019 write-up, in seconds (the mean inside its fences)."""
FULL_PER_HOUR = WORKERS * HOUR_S / CLIP_S
"""Clips an hour at full speed: more than 5,300."""

ANEW = math.inf
"""A knock begins the block anew."""

AT_ONE_GO_S = 600.0
"""Refused requests with less than this between them were sent at one go, with no wait worth the name."""


RECORD = (136_963, 74_071, 54_527, 29_689, 11_757, 259, 55, 4)
"""Clips of the sessions of the 2019 write-up."""


class YouTube(ABC):
    """One network's side of YouTube. Counts what it ``refused``, and the ``most_at_one_go``."""

    def __init__(self, knock_s: float) -> None:
        self.refused = 0
        self.most_at_one_go = 0
        self.blocked_until = -math.inf
        self._knock_s = knock_s
        self._length_s = 0.0
        self._at_one_go = 0
        self._refused_at = -math.inf

    @abstractmethod
    def allowed(self, days: float) -> float:
        """Clips that 16 workers would get in so many days, had their client known the limit."""

    @abstractmethod
    def _admits(self, now: float) -> bool:
        """Whether the network, not blocked, may have one more; takes it off the budget."""

    @abstractmethod
    def _block_s(self, now: float) -> float:
        """How long the block is that begins now."""

    def cost(self, now: float) -> int:
        """Page and player requests that a video takes now."""
        return 1

    def request(self, now: float) -> bool:
        """Ask for one video. False: refused."""
        if now >= self.blocked_until and self._admits(now):
            return True
        if now >= self.blocked_until:
            self._length_s = self._block_s(now)
            self.blocked_until = now + self._length_s
        else:
            self._prolong(now, 1)
        self._refuse(now, now, 1)
        return False

    def requests(self, now: float, every_s: float, most: int) -> int:
        """Ask for up to ``most`` videos, one every so many seconds, until one is refused.

        Returns how many came through; where these are fewer, the next one was refused.
        """
        for number in range(most):
            if not self.request(now + number * every_s):
                return number
        return most

    def knocks(self, now: float, every_s: float, until: float) -> float:
        """Ask every so many seconds while the network is blocked; returns when it is not any more.

        At the latest that is ``until``.
        """
        gains_s = every_s - self._knock_s
        patience = max(0, math.ceil((until - now) / every_s))
        needed = max(0, math.ceil((self.blocked_until - now) / gains_s)) if gains_s > 0 else patience
        count = min(needed, patience)
        if count:
            last_at = now + (count - 1) * every_s
            self._prolong(last_at, count)
            self._refuse(now, last_at, count)
        return now + count * every_s

    def _prolong(self, now: float, knocks: int) -> None:
        if self._knock_s == ANEW:
            self.blocked_until = now + self._length_s
        else:
            self.blocked_until += knocks * self._knock_s

    def _refuse(self, first_at: float, last_at: float, count: int) -> None:
        self.refused += count
        self._at_one_go = count + (self._at_one_go if first_at - self._refused_at < AT_ONE_GO_S else 0)
        self._refused_at = last_at
        self.most_at_one_go = max(self.most_at_one_go, self._at_one_go)


class HourlyBudget(YouTube):
    """So many videos in any sixty minutes; one more, and the network is blocked."""

    def __init__(self, per_hour: int, block_s: float, knock_s: float) -> None:
        super().__init__(knock_s)
        self._per_hour = per_hour
        self._each_block_s = block_s
        self._times = [-math.inf] * per_hour
        self._next = 0

    def allowed(self, days: float) -> float:
        return days * 24 * self._per_hour

    def _admits(self, now: float) -> bool:
        if now - self._times[self._next] < HOUR_S:
            return False
        self._times[self._next] = now
        self._next = (self._next + 1) % self._per_hour
        return True

    def _block_s(self, now: float) -> float:
        return self._each_block_s


class Budgets(YouTube):
    """So many page and player requests, and so many videos, in any sixty minutes; one more is refused.

    None: that is not counted. A video takes ``costs[0]`` requests, and ``costs[1]`` from ``turn_s`` on.
    """

    def __init__(
        self,
        requests: int | None,
        videos: int | None,
        costs: tuple[int, int],
        turn_s: float,
        knock_s: float,
    ) -> None:
        super().__init__(knock_s)
        self._requests = HourlyBudget(requests, HOUR_S, 0.0) if requests else None
        self._videos = HourlyBudget(videos, HOUR_S, 0.0) if videos else None
        self._limits = (requests or math.inf, videos or math.inf)
        self._costs = costs
        self._turn_s = turn_s

    def cost(self, now: float) -> int:
        return self._costs[now >= self._turn_s]

    def allowed(self, days: float) -> float:
        before_s = min(self._turn_s, days * DAY_S)
        requests, videos = self._limits
        spans = zip((before_s, days * DAY_S - before_s), self._costs, strict=True)
        return sum(seconds / HOUR_S * min(videos, requests / cost) for seconds, cost in spans)

    def _admits(self, now: float) -> bool:
        if self._videos is not None and not self._videos._admits(now):
            return False
        requests = self._requests
        return requests is None or all(requests._admits(now) for _ in range(self.cost(now)))

    def _block_s(self, now: float) -> float:
        return HOUR_S


class Sessions(YouTube):
    """A session ends after so many videos, however slow; then the network is blocked, and the next begins.

    ``counts`` and ``blocks_s`` are gone through again and again.
    """

    def __init__(self, counts: Sequence[int], blocks_s: Sequence[float], knock_s: float) -> None:
        super().__init__(knock_s)
        self._counts = tuple(counts)
        self._blocks_s = tuple(blocks_s)
        self._session = 0
        self._used = 0

    def allowed(self, days: float) -> float:
        left_s, clips, session = days * DAY_S, 0.0, 0
        while left_s > 0:
            count = self._counts[session % len(self._counts)]
            clips += min(count, left_s / HOUR_S * FULL_PER_HOUR)
            left_s -= count / FULL_PER_HOUR * HOUR_S + self._blocks_s[session % len(self._blocks_s)]
            session += 1
        return clips

    def requests(self, now: float, every_s: float, most: int) -> int:
        if now < self.blocked_until:
            return super().requests(now, every_s, most)
        left = self._counts[self._session % len(self._counts)] - self._used
        if most <= left:
            self._used += most
            return most
        self._used += left
        self.request(now + left * every_s)
        return left

    def _admits(self, now: float) -> bool:
        if self._used >= self._counts[self._session % len(self._counts)]:
            return False
        self._used += 1
        return True

    def _block_s(self, now: float) -> float:
        block_s = self._blocks_s[self._session % len(self._blocks_s)]
        self._session += 1
        self._used = 0
        return block_s


class Trust(YouTube):
    """A budget that refills by the hour up to a capacity, as fast as the network is trusted.

    ``per_hour`` is the refill at full trust. Every refused request costs ``cost`` of the trust, which comes
    back by ``recovery`` a day while the network is not blocked. An empty budget is followed by a block, the
    longer the less the network is trusted; a blocked network's budget does not refill.

    Nobody outside knows the real rule. This one was made up so that the client of 2019 comes to the record
    of its write-up: sessions that shrink, the last ones to a handful of clips, and blocks of 12 hours to 5
    days. The capacity follows from the first session, the shortest and the longest block are the
    write-up's, and the three numbers above were found by having the client of 2019 play against all on a
    grid: ``python -m tests.bench fit`` does it again.
    """

    PER_HOUR = 3300.0
    COST = 0.019
    RECOVERY = 0.26
    LEAST = 0.0005
    SHORTEST_BLOCK_S = 12 * HOUR_S
    LONGEST_BLOCK_S = 5 * DAY_S
    CHUNK_S = 900.0

    def __init__(
        self, knock_s: float, per_hour: float = PER_HOUR, cost: float = COST, recovery: float = RECOVERY
    ) -> None:
        super().__init__(knock_s)
        self._per_hour = per_hour
        self._cost = cost
        self._recovery = recovery
        self._capacity = RECORD[0] * (1 - per_hour / FULL_PER_HOUR)
        self._level = self._capacity
        self._trust = 1.0
        self._at = 0.0

    def allowed(self, days: float) -> float:
        return min(days * 24 * FULL_PER_HOUR, self._capacity + days * 24 * self._per_hour)

    def _pass_time(self, now: float) -> None:
        open_s = now - max(self._at, self.blocked_until)
        self._at = max(self._at, now)
        if open_s > 0:
            refill = open_s / HOUR_S * self._per_hour * self._trust
            self._level = min(self._capacity, self._level + refill)
            self._trust = min(1.0, self._trust + open_s / DAY_S * self._recovery)

    def requests(self, now: float, every_s: float, most: int) -> int:
        came_through = 0
        while came_through < most:
            at = now + came_through * every_s
            if at < self.blocked_until:
                return came_through + super().requests(at, every_s, most - came_through)
            self._pass_time(at)
            costs = 1.0 - every_s / HOUR_S * self._per_hour * self._trust
            count = min(most - came_through, max(1, int(self.CHUNK_S / every_s)))
            if costs > 0:
                count = min(count, math.floor((self._level - 1.0) / costs) + 1)
            if count <= 1:
                if not self.request(at):
                    return came_through
                came_through += 1
                continue
            self._level = min(self._capacity, self._level - (count - 1) * costs) - 1.0
            self._trust = min(1.0, self._trust + (count - 1) * every_s / DAY_S * self._recovery)
            self._at = at + (count - 1) * every_s
            came_through += count
        return came_through

    def _admits(self, now: float) -> bool:
        self._pass_time(now)
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    def _block_s(self, now: float) -> float:
        self._level = 0.0
        return min(self.LONGEST_BLOCK_S, self.SHORTEST_BLOCK_S / self._trust)

    def _refuse(self, first_at: float, last_at: float, count: int) -> None:
        super()._refuse(first_at, last_at, count)
        self._trust = max(self.LEAST, self._trust - count * self._cost)


def replay(seed: int, knock_s: float) -> Sessions:
    """The record as it stands: sessions end after so many clips, whatever the client does.

    The blocks between them are drawn with the seed, even in their logarithm, from 12 hours to 5 days. No
    pace helps here, and no past block tells of the next: it only matters how soon after its end a client
    knocks. Waits that grow, as ours do, overshoot it by a share of its length; even ones do better here,
    and never get in again where a knock begins the block anew.
    """
    draw = random.Random(seed)
    shortest, longest = math.log(12 * HOUR_S), math.log(5 * DAY_S)
    blocks_s = [math.exp(draw.uniform(shortest, longest)) for _ in range(8 * len(RECORD))]
    return Sessions(RECORD, blocks_s, knock_s)
