"""The status of a run as a whole, and its reason, from the facts that hold it up."""

from __future__ import annotations

import msgspec

from kinetics_tui.base.words import MINUTE_S
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.reasons import NO_REASON, Reason, Why

COOLING_GRAIN_S = 10.0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what the run is doing. Times are seconds since the epoch.

    ``leaving`` is the network before a switch while ``in_hand_by_others`` clips still use it;
    ``disk_problem`` is why nothing can be written, ``disk_full`` whether that is for want of room, and
    ``worker_problem`` why there are no workers;
    ``archives``: it is their turn, and YouTube is not asked for anything;
    ``extracting``: there are, or may be, clips of which frames and sound are still to be made.
    ``suspicious`` is how many failures made the network suspect that is being checked (0: none, it is held;
    None: it is not checked); ``refused`` is why it is held. ``network`` is the status of the first of so many
    ``networks`` in use.
    """

    stopping: bool = False
    paused: bool = False
    disk_problem: str = ""
    disk_full: bool = False
    worker_problem: str = ""
    switched_off: bool = False
    in_hand: int = 0
    archives: bool = False
    extracting: bool = False
    left: int = 0
    network: NetworkStatus = NetworkStatus.OPEN
    networks: int = 1
    until: float | None = None
    next_retry_at: float | None = None
    only_retries_left: bool = False
    leaving: str = ""
    in_hand_by_others: int = 0
    suspicious: int | None = None
    refused: Reason = NO_REASON


def status_of(facts: Facts) -> tuple[EngineStatus, Reason]:
    """The status of the run, and its reason."""
    if facts.stopping:
        return EngineStatus.STOPPING, NO_REASON
    if facts.switched_off and not facts.in_hand:
        return EngineStatus.PAUSED, Reason(Why.SWITCHED_OFF)
    through = not (facts.in_hand or facts.extracting or facts.archives)
    if facts.left == 0 and through and facts.suspicious is None:
        return EngineStatus.DONE, Reason(Why.SETTLED)
    if facts.paused:
        if facts.in_hand:
            return EngineStatus.PAUSING, Reason(Why.FINISHING)
        return EngineStatus.PAUSED, Reason(Why.SAFE)
    if problem := facts.disk_problem or facts.worker_problem:
        full = facts.disk_full and bool(facts.disk_problem)
        status = EngineStatus.DISK_FULL if full else EngineStatus.HELD
        return status, Reason(Why.PROBLEM, text=problem)
    if facts.archives:
        return EngineStatus.RUNNING, Reason(Why.ARCHIVES)
    if facts.left == 0 and facts.extracting and facts.suspicious is None:
        return EngineStatus.RUNNING, Reason(Why.EXTRACTING)
    if facts.leaving:
        return EngineStatus.SWITCHING, Reason(Why.SWITCHING, facts.in_hand_by_others, facts.leaving)
    if facts.suspicious is not None:
        why = Why.SUSPICIOUS if facts.suspicious else Why.ASKING
        return EngineStatus.PROBING, Reason(why, facts.suspicious)
    match facts.network:
        case NetworkStatus.COOLING:
            several = facts.networks if facts.networks > 1 else 0
            return EngineStatus.COOLING, Reason(
                Why.COOLING, several, at=_end_of(COOLING_GRAIN_S, facts.until)
            )
        case NetworkStatus.PROBING:
            return EngineStatus.PROBING, Reason(Why.PROBING)
        case NetworkStatus.OFFLINE:
            return EngineStatus.OFFLINE, Reason(Why.OFFLINE)
        case NetworkStatus.HELD:
            return EngineStatus.HELD, facts.refused
        case _:
            pass
    if facts.only_retries_left and facts.next_retry_at is not None:
        return EngineStatus.RUNNING, Reason(Why.RETRIES, at=_end_of(MINUTE_S, facts.next_retry_at))
    return EngineStatus.RUNNING, NO_REASON


def _end_of(grain_s: float, at: float | None) -> float | None:
    """The end of the seconds that a time lies in: a wait that moves within them is no news for anybody."""
    return None if at is None else -(-at // grain_s) * grain_s
