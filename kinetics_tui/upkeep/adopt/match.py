"""Rules by which a file from elsewhere is a clip: by its length and its sound."""

from __future__ import annotations

import msgspec

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.media.verify import Facts, is_right_length
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.adopt.result import Fate


class Fit(msgspec.Struct, frozen=True):
    """``fate`` is None where the file is the clip, else says why not.

    ``short``: the file is shorter than the segment. ``exact``: it starts where that does, as far as is known.
    """

    fate: Fate | None = None
    why: str = ""
    short: bool = False
    exact: bool = True


def fit(
    account: Account, facts: Facts, options: Options, *, made: MadeFile | None, tolerance_s: float
) -> Fit:
    """Hold a file against the segment of its clip, to one frame as our own files are.

    ``made``: what the ledger it comes from says of it. ``tolerance_s``: how many seconds it may be shorter
    or longer all the same; it is recorded as short, or as cut inexactly.
    """
    if facts.sound and not options.audio:
        return Fit(Fate.SOUND, "it has a sound track, which the dataset leaves out")
    due_s, exact = account.clip.duration_s, options.trim is Trim.EXACT
    known_exact = exact and (made is None or made.exact)
    if is_right_length(facts, due_s, exact=exact):
        return Fit(exact=known_exact)
    if made is not None and made.short and is_right_length(facts, made.duration_s, exact=made.exact):
        return Fit(short=True, exact=known_exact)  # its video ends inside the segment
    longer_s = facts.duration_s - due_s
    if abs(longer_s) <= tolerance_s:
        return Fit(short=longer_s < 0, exact=known_exact and longer_s < 0)
    fate = Fate.TOO_LONG if longer_s > 0 else Fate.TOO_SHORT
    return Fit(fate, f"it lasts {facts.duration_s:.3f} s where {due_s:.3f} s are due")
