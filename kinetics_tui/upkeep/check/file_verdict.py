"""The verdict on a clip's file, held against its account. Plain rules, no disk."""

from __future__ import annotations

import msgspec

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.media.verify import Facts, is_right_length
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.check.findings import Fault

NO_NETWORK = ""
"""The network of a clip that was found on the disk: none is listed under this name."""


class Verdict(msgspec.Struct, frozen=True):
    """``fault`` is None where all is well. ``short``: shorter than its segment, and taken as it is."""

    fault: Fault | None
    why: str = ""
    short: bool = False


def judge(
    account: Account,
    facts: Facts,
    size_bytes: int,
    options: Options,
    *,
    anothers: bool = False,
    take_short: bool = False,
) -> Verdict:
    """Judge a file that plays by what was recorded when it was made, or else by its segment.

    ``anothers``: its size is that of another clip. ``take_short``: where nothing is recorded, a file
    shorter than its segment counts as one whose video ended inside it.
    """
    if anothers:
        return Verdict(Fault.MISPLACED, "it has the size of another clip's file, which is not in its place")
    recorded = account.made
    if recorded is None:
        verdict = _by_segment(account, facts, options, take_short=take_short)
        return verdict if verdict.fault else Verdict(Fault.FOUND, short=verdict.short)
    expected_s = recorded.duration_s if recorded.short else account.clip.duration_s
    short = recorded.short
    if not is_right_length(facts, expected_s, exact=recorded.exact):
        if not (recorded.short and is_right_length(facts, account.clip.duration_s, exact=recorded.exact)):
            return Verdict(Fault.WRONG_LENGTH, _length(facts, expected_s))
        short = False  # somebody put in all of it
    if recorded.sound and not facts.sound:
        return Verdict(Fault.WRONG_SOUND, "its sound is gone")
    if facts.sound and not (recorded.sound or options.audio):
        return Verdict(Fault.WRONG_SOUND, "it has a sound track, which it should not have")
    if size_bytes != account.output_bytes:
        why = f"{size_bytes:,} bytes where {account.output_bytes:,} are recorded"
        return Verdict(Fault.SIZE_DIFFERS, why, short)
    return Verdict(None, short=short)


def attempt_of(account: Account, made: MadeFile, at: float, message: str = "") -> Attempt:
    """A file found, in its place or elsewhere, as the attempt that made the clip: it cost nothing."""
    return Attempt(
        clip_id=account.id, at=at, network=NO_NETWORK, outcome=Outcome.DONE, message=message, made=made
    )


def _by_segment(account: Account, facts: Facts, options: Options, *, take_short: bool) -> Verdict:
    length_s, exact = account.clip.duration_s, options.trim is Trim.EXACT
    short = take_short and not is_right_length(facts, length_s, exact=False)
    if not short and not is_right_length(facts, length_s, exact=exact):
        return Verdict(Fault.WRONG_LENGTH, _length(facts, length_s))
    if facts.sound and not options.audio:
        return Verdict(Fault.WRONG_SOUND, "it has a sound track, which it should not have")
    return Verdict(None, short=short)


def _length(facts: Facts, expected_s: float) -> str:
    return f"it lasts {facts.duration_s:.3f} s where {expected_s:.3f} s are due"
