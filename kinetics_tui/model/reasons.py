"""Reasons of the run's status: codes with figures, which the engine publishes and views put into words."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum

import msgspec

from kinetics_tui.base.words import are, clock_text, counted, dated_clock_text


class Why(StrEnum):
    """The code of a reason; figures that go with it are fields of ``Reason``."""

    NONE = ""
    """The status itself says all."""
    SWITCHED_OFF = "every split is switched off"
    SETTLED = "every clip is settled"
    LEFT = "clips are left"
    """``count`` of them, in the dataset folder ``label`` if that has to be said."""
    FINISHING = "clips in hand are finished"
    SAFE = "safe to switch networks"
    PROBLEM = "problem of this machine"
    """``text`` is a sentence on what is wrong, and what to do about it."""
    EXTRACTING = "frames and sound are made"
    SWITCHING = "clips in hand by the old network"
    """``count`` of them by the network ``label``."""
    SUSPICIOUS = "too many failures"
    """``count`` of them."""
    REFUSED = "YouTube refuses every video"
    """To yt-dlp ``version`` since ``at``, with the words ``label``; the command ``text`` updates yt-dlp, and
    the next request is sent at ``until``."""
    ASKING = "a video that must be there is asked for"
    COOLING = "the network cools down"
    """The next try is by ``at``, if that is known; ``count`` networks in use do so (0: the one there is)."""
    PROBING = "one clip goes first"
    OFFLINE = "no way to YouTube"
    OTHER_VERSION = "an engine of another version"
    """``text`` says of which, and what to do."""
    OTHER_USER = "an engine of another user"
    """``text`` says of whom, and what to do."""
    SILENT = "the engine does not answer"
    """The process ``count`` (0: not known) since ``at``; ``text`` says what is known of the cause."""
    ARCHIVES = "archives are read"
    RETRIES = "only clips to be tried again"
    """The next at ``at``."""


class Reason(msgspec.Struct, frozen=True):
    """The reason of a status; ``at`` and ``until`` are in seconds since the epoch."""

    why: Why = Why.NONE
    count: int = 0
    label: str = ""
    at: float | None = None
    text: str = ""
    version: str = ""
    until: float | None = None


NO_REASON = Reason()


_WORDS = {
    Why.NONE: "",
    Why.SWITCHED_OFF: "Every split is switched off; switch one on.",
    Why.SETTLED: "Every clip is settled.",
    Why.LEFT: "{clips} {are} left; continue with {command}.",
    Why.FINISHING: "The clips in hand are being finished.",
    Why.SAFE: "It is safe to switch networks.",
    Why.PROBLEM: "{text} The run then goes on by itself.",
    Why.EXTRACTING: "Every clip is settled; frames and sound are made of them.",
    Why.SWITCHING: "{clips} in hand still by {label}; then one clip goes first.",
    Why.SUSPICIOUS: "{clips} failed, too many to be chance; a video that must be there is asked for.",
    Why.REFUSED: "YouTube refuses every video to yt-dlp {version} since {at} ({label}): probably a change "
    "on YouTube's side. Update yt-dlp: `{text}`, or try another network. The run asks again at {until}, "
    "and at once with another yt-dlp.",
    Why.ASKING: "YouTube is asked for a video that must be there.",
    Why.COOLING: "YouTube refuses {networks}; the next try is {by}.",
    Why.PROBING: "One clip goes first.",
    Why.OFFLINE: "No way to YouTube; the run goes on by itself when the line is back.",
    Why.OTHER_VERSION: "{text}",
    Why.OTHER_USER: "{text}",
    Why.SILENT: "The engine{process} does not answer{since}: {text}",
    Why.ARCHIVES: "Clips are taken out of archives; nothing is asked of YouTube.",
    Why.RETRIES: "Only clips to be tried again are left, the next by {at}.",
}


def reason_text(reason: Reason, zone: tzinfo | None = None) -> str:
    """One plain sentence on a reason, empty where there is none; times of day are those of ``zone``."""
    return _WORDS[reason.why].format(
        clips=counted(reason.count, "clip"),
        are=are(reason.count),
        networks="the networks in use" if reason.count else "this network",
        label=reason.label,
        command=f"kinetics-tui run {reason.label}" if reason.label else "kinetics-tui run",
        at="later" if reason.at is None else dated_clock_text(reason.at, zone),
        by="later" if reason.at is None else f"by {dated_clock_text(reason.at, zone)}",
        text=reason.text,
        process=f" (pid {reason.count})" if reason.count else "",
        since="" if reason.at is None else f" since {_since_text(reason.at, zone)}",
        version=reason.version,
        until="a later time" if reason.until is None else dated_clock_text(reason.until, zone),
    )


def _since_text(at: float, zone: tzinfo | None) -> str:
    """A time to the second, or with its date where it is not today's."""
    dated, clock = dated_clock_text(at, zone), clock_text(at, zone)
    return clock if clock.startswith(dated) else dated
