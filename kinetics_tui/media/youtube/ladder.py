"""The ladder to climb where YouTube refuses media with status 403: another client, then another format.

Such refusals come and go by client, by format, and by the place in a file; they say nothing about the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from kinetics_tui.media.youtube.resolve import Resolver, Source
from kinetics_tui.model.options import Resolve

CLIPS_UNTIL_USUAL = 20
"""So many clips begin on the rung that worked last; then the usual one is tried again."""
CLIPS_OF_ONE_RUNG = 2
"""After a clip that no rung brought so many try one alone: each further one costs requests."""


class Rung(Enum):
    """One way to come by media."""

    USUAL = auto()
    OTHER_CLIENT = auto()
    OTHER_FORMAT = auto()


class Ladder:
    """Resolves videos rung by rung; what worked for a clip is tried first for the next ones."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._rung = Rung.USUAL
        self._clips_left = 0
        self._of_one_rung = 0
        self._tries_all = True
        self._refused_before: frozenset[str] = frozenset()
        """Itags that were refused when the rung in force was found."""

    def rungs(self) -> list[Rung]:
        """The rungs for the next clip, in the order in which it tries them."""
        self._tries_all = not self._of_one_rung
        if not self._tries_all:
            self._of_one_rung -= 1
            return [self._rung]
        usable = [rung for rung in Rung if rung is not Rung.OTHER_CLIENT or self._resolver.has_both_ways]
        return sorted(usable, key=lambda rung: rung is not self._rung)

    def resolve(self, rung: Rung, youtube_id: str, first: Resolve, refused: Sequence[Source]) -> Source:
        """The media of a video by a rung; ``refused`` are those that came to nothing for this clip.

        Raises ClipFailure as ``Resolver.resolve`` does.
        """
        match rung:
            case Rung.USUAL:
                return self._resolver.resolve(youtube_id, first)
            case Rung.OTHER_CLIENT:
                asked = refused[0].asked if refused else first
                other = Resolve.FULL if asked is Resolve.LEAN else Resolve.LEAN
                return self._resolver.resolve(youtube_id, other)
            case Rung.OTHER_FORMAT:
                itags = frozenset(itag for source in refused for itag in source.itags)
                return self._resolver.resolve(youtube_id, first, itags or self._refused_before)

    def worked(self, rung: Rung, refused: Sequence[Source]) -> None:
        """A clip came by this rung."""
        self._of_one_rung = 0
        if rung is not self._rung:
            self._rung, self._clips_left = rung, CLIPS_UNTIL_USUAL
            self._refused_before = frozenset(itag for source in refused for itag in source.itags)
        elif rung is not Rung.USUAL:
            self._clips_left -= 1
            if self._clips_left <= 0:
                self._rung = Rung.USUAL

    def failed(self) -> None:
        """A clip came by none of the rungs that it tried."""
        if self._tries_all:
            self._of_one_rung = CLIPS_OF_ONE_RUNG
