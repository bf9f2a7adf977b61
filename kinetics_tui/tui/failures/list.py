"""The list of failed clips: when, why, and which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import when_text
from kinetics_tui.model.clip_queries import FailedClip
from kinetics_tui.model.failure import Kind
from kinetics_tui.tui.failures.reading import FailedView
from kinetics_tui.tui.lists.screen import LABEL_CUT, PagedPanel, fit_columns
from kinetics_tui.tui.parts.lines import Tone
from kinetics_tui.tui.parts.view_state import Moment

_MOST = {"category": 25, "label": 34, "clip": 34}
_TITLES = {"when": "failed", "label": "class"}
_MESSAGE_LEAST = 16
_GIVEN_UP = ("message", "clip", "when", "label")


def failed_columns(rows: Sequence[FailedClip], moment: Moment, width: int) -> dict[str, int]:
    """Widths of the columns of a list ``width`` cells wide that holds these rows; 0 leaves a column out."""
    wanted = {
        "when": max((len(_when(row, moment)) for row in rows), default=0),
        "category": max((len(row.category.value) for row in rows), default=0),
        "label": max((cell_len(for_screen(row.clip.label)) for row in rows), default=0),
        "clip": max((cell_len(for_screen(row.clip.name)) for row in rows), default=0),
        "message": _MESSAGE_LEAST,
    }
    wanted.update({name: min(most, wanted[name]) for name, most in _MOST.items()})
    return fit_columns(
        wanted,
        width,
        _GIVEN_UP,
        cut="clip",
        gives=("label", LABEL_CUT),
        grows="message",
        never="category",
    )


def _when(row: FailedClip, moment: Moment) -> str:
    return when_text(row.at, moment.now, moment.zone) if row.at else ""


class FailedPanel(PagedPanel[FailedClip]):
    """The failed clips."""

    heading = "Failed"
    _view: FailedView

    def widths(self, rows: Sequence[FailedClip], moment: Moment, width: int) -> dict[str, int]:
        return failed_columns(rows, moment, width)

    def cells(self, row: FailedClip, moment: Moment) -> dict[str, tuple[str, Tone]]:
        permanent = row.category.kind is Kind.PERMANENT
        return {
            "when": (_when(row, moment), Tone.DIM),
            "category": (row.category.value, Tone.PLAIN if permanent else Tone.WARN),
            "label": (row.clip.label, Tone.PLAIN),
            "clip": (row.clip.name, Tone.PLAIN),
            "message": (row.message, Tone.DIM),
        }

    def titles(self) -> Mapping[str, str]:
        return _TITLES

    def nothing(self) -> str:
        return "none of the failed clips is like that" if self.of_all() else "no clip has failed"

    def of_all(self) -> int:
        return 0 if self._view.page is None else sum(self._view.page.by_category.values())
