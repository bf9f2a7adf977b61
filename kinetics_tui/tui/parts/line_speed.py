"""The speed of the line to the terminal, and so how much is painted at once and how often.

A fast program fills every buffer between it and the terminal, and what is shown is as old as these are long.
So the terminal is asked for a sign of life after what is painted, and until it comes only so much more is
sent as the line was seen to carry in a moment. What looks cost the processor bounds how often they come, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

UNLIMITED_BYTES = 1 << 20
WINDOW_BYTES = (300, 1_200, 1 << 16)
"""Bytes on their way at most: at the least, at the beginning, at the most."""
ON_THE_WAY_S = 0.6
"""What is on its way takes so long to arrive, beside the round trip."""
BUSY_S = 0.05
"""An answer that comes so much later than the quickest was waiting for the line."""
SHARE = 0.75
"""So much of the line the looks at the run may use; the rest is for keys."""
STEPS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Seconds between two looks on a slow line."""
FULL, CALM = 1.15, 1.3
"""Looks come less often where they need so much more than their share, and more often again where they need
so much less."""
HOPED_S, SILENT_S = 0.5, 30.0
"""A terminal that does not answer for so long is taken for one that never does: at first, and later."""
LATE_ANSWERS_S = 3.0
"""The first answer may come so long after that, on a line around the world."""
CORE_SHARE, CORE_CALM = 0.045, 0.035
"""Looks come less often where the view takes more than that share of a core, and more often again where it
would take less than this."""
CORE_MOST = 2 * CORE_SHARE
"""More is taken for this much: what is done once, such as to open a screen, says little about looks."""
CORE_STEPS_S = (0.5, 1.0)
"""Seconds between two looks where they cost much: bars are still seen to move."""
_KEPT, _FRAME_SHARE, _KEPT_FOR_S = 0.6, 0.2, 1.0


class _Asked(NamedTuple):
    """The terminal was asked at ``at``, after so many bytes in all; what it was asked about began before."""

    at: float
    sent: int
    began_at: float


class _Effort:
    """What looks at the run cost: by a slow processor, or at a thousand workers, they come less often."""

    def __init__(self, base_s: float, clock: Callable[[], float], spent_s: Callable[[], float]) -> None:
        self._steps = (base_s, *(step for step in CORE_STEPS_S if step > base_s))
        self._step = 0
        self._clock = clock
        self._spent_s = spent_s
        self._share = 0.0
        self._before: tuple[float, float] | None = None

    @property
    def every_s(self) -> float:
        """Seconds from one look to the next."""
        return self._steps[self._step]

    def looked(self) -> None:
        """Note a look: what was spent since the last one is that one's."""
        now, spent_s = self._clock(), self._spent_s()
        before, self._before = self._before, (now, spent_s)
        if before is None or now <= before[0]:
            return
        took_s = now - before[0]
        share = min(CORE_MOST, (spent_s - before[1]) / took_s)
        self._share += (1 - math.exp(-took_s / _KEPT_FOR_S)) * (share - self._share)
        if self._share > CORE_SHARE:
            self._go_to(min(self._step + 1, len(self._steps) - 1))
        elif self._step and self._share * self.every_s / self._steps[self._step - 1] < CORE_CALM:
            self._go_to(self._step - 1)

    def _go_to(self, step: int) -> None:
        self._share *= self.every_s / self._steps[step]
        self._step = step


class LineSpeed:
    """Learns from when the terminal answers, by a ``clock`` in seconds, and from what the looks cost.

    ``base_s`` are the seconds between two looks at the run that the user wants; ``spent_s`` tells the seconds
    of a core that the view has taken so far.
    """

    def __init__(
        self,
        base_s: float,
        clock: Callable[[], float] = time.monotonic,
        spent_s: Callable[[], float] = time.thread_time,
    ) -> None:
        self.every_s = base_s
        """Seconds from one look at the run to the next, as far as the line is concerned."""
        self.trip_s = 0.0
        """How long the last answer took."""
        self.sent = 0
        """Bytes in all, but for the questions."""
        self._began_at: float | None = None
        self._answered_at = float("-inf")
        self.base_s = base_s
        self._clock = clock
        self._effort = _Effort(base_s, clock, spent_s)
        self._asked: _Asked | None = None
        self._first_asked_at: float | None = None
        self._answers: bool | None = None
        self._arrived = 0
        self._window = WINDOW_BYTES[1]
        self._least_trip_s = float("inf")
        self._bytes = self._seconds = 0.0
        self._looked_at = float("-inf")
        self._looked_sent = 0
        self._frame_bytes = 0.0

    @property
    def slow(self) -> bool:
        """True if the line cannot carry looks at the run as often as the user wants them."""
        return self.every_s > self.base_s

    @property
    def answers(self) -> bool:
        """True of a terminal that answers, if late."""
        return self._answers is True

    @property
    def mute(self) -> bool:
        """True of a terminal that has had time to answer and did not."""
        asked_at = self._first_asked_at
        return not self._answers and asked_at is not None and self._clock() - asked_at > LATE_ANSWERS_S

    @property
    def patience_s(self) -> float:
        """Seconds to wait for an answer."""
        return HOPED_S if self._answers is None else SILENT_S

    def room(self) -> int:
        """How many bytes may be painted now."""
        if self._asked is not None and self._clock() - self._asked.at >= self.patience_s:
            self._answers, self._asked = False, None
        if self._answers is False:
            return UNLIMITED_BYTES
        room = self._window - (self.sent - self._arrived)
        return room if room >= WINDOW_BYTES[0] / 2 else 0

    def restart(self) -> None:
        """Begin with a terminal that owes no answer."""
        self._asked, self._began_at, self._arrived = None, None, self.sent

    def wrote(self, size: int) -> None:
        """Note so many bytes more."""
        self.sent += size
        self._began_at = self._began_at or self._clock()

    def ask(self) -> bool:
        """True if the terminal is to be asked now; that is noted as done."""
        if self._asked is None and self.sent > self._arrived:
            now = self._clock()
            self._asked = _Asked(now, self.sent, self._began_at or now)
            self._began_at = None
            self._first_asked_at = self._first_asked_at or self._asked.at
            return True
        return False

    def answered(self) -> None:
        """Note that the terminal's answer has come."""
        if self._asked is None:
            return  # it comes late, and was given up
        (at, sent, began_at), self._asked = self._asked, None
        arrived, self._arrived = sent - self._arrived, sent
        self._answers = True
        now = self._clock()
        self.trip_s = now - at
        self._least_trip_s = min(self._least_trip_s, self.trip_s)
        late_s = self.trip_s - self._least_trip_s
        if late_s > max(BUSY_S, self._least_trip_s / 4):
            # It was asked while the line was busy: since these bytes, or since those before had arrived.
            late_s = now - max(began_at, self._answered_at - self._least_trip_s) - self._least_trip_s
        self._answered_at = now
        self._bytes = _KEPT * self._bytes + arrived
        self._seconds = _KEPT * self._seconds + late_s
        if late_s > ON_THE_WAY_S / 2:
            self._window = int(max(WINDOW_BYTES[0], min(self._window, ON_THE_WAY_S * arrived / late_s)))
        elif arrived > self._window / 2:
            faster = 4 if late_s < ON_THE_WAY_S / 4 else 2
            self._window = min(WINDOW_BYTES[2], faster * self._window)

    def due(self) -> bool:
        """True if it is time for another look at the run, which none but the clock asks for."""
        every_s = max(self.every_s, self._effort.every_s)
        return every_s <= self.base_s or self._clock() - self._looked_at > every_s - self.base_s / 2

    def looked(self) -> None:
        """Note a look at the run, before it is painted."""
        self._looked_at = self._clock()
        self._effort.looked()
        frame = min(self.sent - self._looked_sent, 2 * self._frame_bytes + WINDOW_BYTES[0])
        self._looked_sent = self.sent
        self._frame_bytes += _FRAME_SHARE * (frame - self._frame_bytes)
        needed_s = self._frame_bytes * self._seconds / (SHARE * self._bytes) if self._bytes else 0.0
        steps = [self.base_s, *(step for step in STEPS_S if step > self.base_s)]
        if needed_s > FULL * self.every_s:
            self.every_s = next((step for step in steps if FULL * step >= needed_s), steps[-1])
        else:
            self.every_s = min(self.every_s, next((s for s in steps if s >= CALM * needed_s), steps[-1]))
