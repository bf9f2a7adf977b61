"""The length of a cooldown: the configured steps, and a first wait that the network taught.

A network whose blocks last an hour would be knocked at after 15 minutes for ever. So two bounds are kept
of how long a block of it lasts: the longest wait after which it still refused, and the shortest after
which it let clips through again. The first wait of the next cooldown lies between them, at their
geometric mean, and is the one that passed once the two are close. Where a block outlasts what passed
before, blocks differ: that bound is forgotten, and the other falls half of the way back to the first
configured step. The waits after the first are the configured steps that are longer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kinetics_tui.base.words import DAY_S
from kinetics_tui.model.network import Lessons

CLOSE = 1.25
"""Bounds no further apart than by this factor are not narrowed any more."""

OUTDATED_AFTER_S = 90 * DAY_S
"""A refusal this old says nothing any more: the network may let clips through sooner by now."""


class Waits:
    """The waits of one cooldown, and what its probes say of the next ones.

    ``steps_s`` are the configured waits in seconds, shortest first.
    """

    def __init__(self, steps_s: Sequence[float], lessons: Lessons) -> None:
        if not steps_s:
            raise ValueError("a throttle needs at least one cooldown step")
        self.steps_s = tuple(steps_s)
        self._lessons = lessons

    @property
    def next_s(self) -> tuple[float, ...]:
        """The waits of a cooldown that would begin now, one upon another; the last one repeats."""
        return self._upon(self._first_s())

    @property
    def in_hand_s(self) -> tuple[float, ...]:
        """The waits of the cooldown in hand, one upon another; the last one repeats."""
        first_s = self._lessons.first_wait_s
        return self.next_s if first_s is None else self._upon(first_s)

    def _upon(self, first_s: float) -> tuple[float, ...]:
        if first_s == self.steps_s[0]:
            return self.steps_s
        return (first_s, *(step_s for step_s in self.steps_s if step_s > first_s))

    def _first_s(self) -> float:
        shortest, longest = self.steps_s[0], self.steps_s[-1]
        refused, passed = self._lessons.refused_after_s, self._lessons.passed_after_s
        if refused is None or passed is None:
            return shortest
        passed = min(passed, longest)
        return max(shortest, passed if passed <= CLOSE * refused else _between(refused, passed))

    def began(self, now: float) -> None:
        """A cooldown began: the network was open and refused."""
        lessons = self._lessons
        if lessons.refused_at is not None and not 0 <= now - lessons.refused_at < OUTDATED_AFTER_S:
            lessons.refused_after_s = min(lessons.refused_after_s or 0.0, self.steps_s[0])
            lessons.refused_at = now
        lessons.first_wait_s = self._first_s()
        lessons.blocked_since = now
        lessons.answered_after_s = None
        lessons.outlasted = False

    def refused(self, now: float) -> None:
        """The network refused again before the cooldown was known to be over."""
        lessons = self._lessons
        answered, lessons.answered_after_s = lessons.answered_after_s, None
        if answered is not None or lessons.blocked_since is None:
            # Clips came through in between, though few: nobody knows how much of it was one block.
            lessons.blocked_since = now
            return
        waited_s = now - lessons.blocked_since
        if waited_s <= 0:
            return
        if lessons.passed_after_s is not None and waited_s >= lessons.passed_after_s:
            lessons.passed_after_s = None
            if lessons.refused_after_s is not None:
                lessons.refused_after_s = _between(self.steps_s[0], lessons.refused_after_s)
            lessons.outlasted = True
        if not lessons.outlasted:
            lessons.refused_after_s = max(lessons.refused_after_s or 0.0, waited_s)
            lessons.refused_at = now

    def answered(self, now: float) -> None:
        """A probe came through: the block seems to be over."""
        lessons = self._lessons
        if lessons.blocked_since is not None and lessons.answered_after_s is None:
            lessons.answered_after_s = max(0.0, now - lessons.blocked_since)

    def over(self) -> None:
        """Clips enough came through since: the block was over indeed."""
        lessons = self._lessons
        passed, lessons.answered_after_s = lessons.answered_after_s, None
        lessons.blocked_since = None
        if passed is None:
            return
        if lessons.refused_after_s is not None and passed <= lessons.refused_after_s:
            lessons.refused_after_s = min(passed, self.steps_s[0])
        lessons.passed_after_s = min(passed, lessons.passed_after_s or passed)


def _between(shorter_s: float, longer_s: float) -> float:
    return math.sqrt(shorter_s * longer_s)
