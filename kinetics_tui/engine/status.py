"""What the run as a whole is doing, told from the facts that hold it up."""

from __future__ import annotations

import msgspec

from kinetics_tui.base.words import dated_clock_text
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what the run is doing. Times are seconds since the epoch.

    ``leaving`` is the network before a switch while ``in_hand_by_others`` clips still use it;
    ``disk_problem`` is why nothing can be written, ``disk_full`` whether that is for want of room, and
    ``worker_problem`` why there are no workers;
    ``extracting``: there are, or may be, clips of which frames and sound are still to be made.
    ``suspicious`` is how many failures in a row made the network suspect that is being checked.
    """

    stopping: bool = False
    paused: bool = False
    disk_problem: str = ""
    disk_full: bool = False
    worker_problem: str = ""
    switched_off: bool = False
    in_hand: int = 0
    extracting: bool = False
    left: int = 0
    network: NetworkStatus = NetworkStatus.OPEN
    until: float | None = None
    next_retry_at: float | None = None
    only_retries_left: bool = False
    leaving: str = ""
    in_hand_by_others: int = 0
    suspicious: int = 0


def tell(facts: Facts) -> tuple[EngineStatus, str]:
    """The status and one plain sentence on it (or nothing, where the word says all)."""
    if facts.stopping:
        return EngineStatus.STOPPING, ""
    if facts.switched_off and not facts.in_hand:
        return EngineStatus.PAUSED, "Every split is switched off; switch one on."
    if facts.left == 0 and facts.in_hand == 0 and not facts.extracting:
        return EngineStatus.DONE, "Every clip is settled."
    if facts.paused:
        if facts.in_hand:
            return EngineStatus.PAUSING, "The clips in hand are being finished."
        return EngineStatus.PAUSED, "It is safe to switch networks."
    if facts.disk_problem:
        status = EngineStatus.DISK_FULL if facts.disk_full else EngineStatus.HELD
        return status, f"{facts.disk_problem} The run then goes on by itself."
    if facts.worker_problem:
        return EngineStatus.HELD, f"{facts.worker_problem} The run then goes on by itself."
    if facts.left == 0 and facts.extracting:
        return EngineStatus.RUNNING, "Every clip is settled; frames and sound are made of them."
    if facts.leaving:
        clips = f"{facts.in_hand_by_others} clip{'s' if facts.in_hand_by_others != 1 else ''}"
        left = f"{clips} in hand still by {facts.leaving}"
        return EngineStatus.SWITCHING, f"{left}; then one clip goes first."
    if facts.suspicious:
        streak = f"{facts.suspicious} clips in a row failed for good"
        return EngineStatus.PROBING, f"{streak}; one that came through before is asked for again."
    match facts.network:
        case NetworkStatus.COOLING:
            until = dated_clock_text(facts.until) if facts.until is not None else "later"
            return EngineStatus.COOLING, f"YouTube refuses this network; the next try is at {until}."
        case NetworkStatus.PROBING:
            return EngineStatus.PROBING, "One clip goes first."
        case NetworkStatus.OFFLINE:
            return EngineStatus.OFFLINE, "No way to YouTube; the run goes on by itself when the line is back."
        case _:
            pass
    if facts.only_retries_left and facts.next_retry_at is not None:
        at = dated_clock_text(facts.next_retry_at)
        return EngineStatus.RUNNING, f"Only clips to be tried again are left, the next at {at}."
    return EngineStatus.RUNNING, ""
