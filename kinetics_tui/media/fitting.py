"""Whether a file that plays is as long as its clip."""

from __future__ import annotations

from kinetics_tui.media.verify import Facts

USUAL_FRAME_S = 0.05


def is_right_length(facts: Facts, expected_s: float, *, exact: bool) -> bool:
    """Whether a file lasts ``expected_s``, to one frame; one that was not cut exactly may be longer."""
    frame_s = 1 / facts.fps if facts.fps else USUAL_FRAME_S
    longer_s = facts.duration_s - expected_s
    return longer_s >= -frame_s and not (exact and longer_s > frame_s)
