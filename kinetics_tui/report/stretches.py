"""Where the time went: what a run did from its first session to its last, out of its sessions alone.

A session is work. What comes after it follows from why it ended, until the next one begins. Where another
engine began the next one, nobody wrote down when the first one ended: that time is not known, unless the
session itself says that its engine was through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kinetics_tui.report.figures import Doing, Stretch

_AFTER = {
    "cooling down": Doing.COOLING,
    "paused": Doing.PAUSED,
    "offline": Doing.OFFLINE,
    "disk full": Doing.DISK_FULL,
    "switched networks": Doing.SWITCHING,
    "network changed": Doing.SWITCHING,
}
"""What follows on a session that ended for this reason."""
_THROTTLED = "throttled"
_SHORTEST_S = 0.001


class Worked(NamedTuple):
    """A session: when it began and ended, why, and the process id of its engine."""

    began_at: float
    ended_at: float
    why: str
    pid: int


def stretches(sessions: Sequence[Worked], until: float | None) -> tuple[Stretch, ...]:
    """What was done one after the other, the oldest first.

    ``until``: an engine is at work at this time, None: there is none. Where a clock was set back, times
    that were told twice count once.
    """
    found: list[Stretch] = []
    for number, session in enumerate(sessions):
        _add(found, Doing.WORKING, session.began_at, session.ended_at)
        if number + 1 < len(sessions):
            following = sessions[number + 1]
            doing = doing_after(session.why)
            if following.pid != session.pid and doing is not Doing.AWAY:
                doing = Doing.UNKNOWN
            _add(found, doing, session.ended_at, following.began_at)
        elif until is not None:
            _add(found, doing_after(session.why), session.ended_at, until)
    return tuple(found)


def doing_after(why: str) -> Doing:
    """What a run does after a session that ended for this reason."""
    if why.startswith(_THROTTLED):
        return Doing.COOLING
    return _AFTER.get(why, Doing.AWAY)


def _add(found: list[Stretch], doing: Doing, began_at: float, ended_at: float) -> None:
    if found:
        began_at = max(began_at, found[-1].ended_at)
    if ended_at - began_at < _SHORTEST_S:
        return
    if found and found[-1].doing is doing and found[-1].ended_at == began_at:
        began_at = found.pop().began_at
    found.append(Stretch(doing, began_at, ended_at))
