"""How much of a set is still there, as far as a sample of its videos tells."""

from __future__ import annotations

import msgspec

from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.proportion import Interval, wilson


class Survey(msgspec.Struct):
    """What is known so far.

    ``videos`` distinct ones carry the ``clips`` of the set, ``sample`` of them are to be asked for, in the
    order of the draw. ``there`` gave their media; ``gone`` are those that YouTube does not give, ``unclear``
    those of which an answer tells nothing, both by the reason. ``ended`` is why it ended before its time.
    """

    videos: int
    clips: int
    sample: int
    there: int = 0
    gone: dict[Category, int] = {}
    unclear: dict[Category, int] = {}
    ended: Category | None = None
    message: str = ""
    interrupted: bool = False

    @property
    def judged(self) -> int:
        """Videos of which it is known whether they are there."""
        return self.there + sum(self.gone.values())

    @property
    def asked(self) -> int:
        """Videos for which there was an answer."""
        return self.judged + sum(self.unclear.values())

    @property
    def share(self) -> float | None:
        """The share of videos still there; None while nothing is known."""
        return self.there / self.judged if self.judged else None

    @property
    def interval(self) -> Interval:
        """Where that share may lie in the whole set, with 95 % confidence."""
        return wilson(self.there, self.judged, self.videos)

    def note(self, category: Category | None) -> None:
        """Count one answer: the reason why the video is not given, None where it is."""
        if category is None:
            self.there += 1
            return
        gone = category.kind is Kind.PERMANENT or category is Category.LIVE_OR_PREMIERE
        counts = self.gone if gone else self.unclear
        counts[category] = counts.get(category, 0) + 1
