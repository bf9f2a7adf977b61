"""Names that users type: how they are compared, and what is said where one is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from kinetics_tui.annotations.rows import shown
from kinetics_tui.model.errors import AnnotationError

_SUGGESTIONS = 3
_LISTED = 8


def folded(name: str) -> str:
    """A name as it is compared: capitals and the kind of blank between words do not matter."""
    return " ".join(name.casefold().replace("_", " ").split())


def listed(names: Sequence[str]) -> str:
    """Names as they stand in a message; only the first few of many."""
    rest = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(shown(name) for name in names[:_LISTED]) + rest


def unknown_name(what: str, asked: str, known: Iterable[str], where: str = "") -> AnnotationError:
    """The error for a name that is not known: suggests the nearest ones, or lists them if they are few."""
    by_folded = {folded(name): name for name in known}
    near = difflib.get_close_matches(folded(asked), by_folded, n=_SUGGESTIONS, cutoff=0.5)
    if near:
        hint = "did you mean " + " or ".join(shown(by_folded[name]) for name in near) + "?"
    elif len(by_folded) <= _LISTED:
        hint = f"there is {listed(list(by_folded.values()))}."
    else:
        some = listed(list(by_folded.values())[:_SUGGESTIONS])
        hint = f"there are {len(by_folded):,} others, such as {some}."
    return AnnotationError(f"No {what} {shown(asked)}{where}: {hint}")
