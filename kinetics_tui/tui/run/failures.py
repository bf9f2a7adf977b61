"""The failures panel: why clips failed, most frequent first."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.base.words import counted, share_text
from kinetics_tui.model.failure import Category, by_count
from kinetics_tui.tui.parts.blocks import EMPTY, fine_bar
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment

_BAR_LEAST = 5
_SHARE = len("  100.0 % of failed")
_BRIEF = 4
_AGAIN = "tried again later: "


def retried_lines(retried: dict[Category, int], width: int) -> list[Line]:
    """Failures that did not settle their clip: it was put back and is tried again. None is cut."""
    names = ", ".join(f"{count:,} {category.value}" for category, count in by_count(retried))
    rows = paragraph(_AGAIN + names, width) if names else []
    if rows and rows[0].startswith(_AGAIN):
        return [Line(_AGAIN, Tone.DIM).add(rows[0].removeprefix(_AGAIN)), *map(Line, rows[1:])]
    return [*map(Line, rows)]


def failure_lines(moment: Moment, width: int, height: int, *, full: bool = False) -> list[Line]:
    """A row a category, cut to ``height`` with the rest in one sum, and what is tried again.

    In ``full`` there are all of them, each with its advice.
    """
    ranked = by_count(moment.state.failures)
    retried = retried_lines(moment.state.retried, width)
    if not ranked:
        lines = [Line("no clip has failed", Tone.DIM)]
        return [*lines, *retried][: max(1, height)]
    table = Table.of(ranked, width)
    if full:
        lines = [
            line
            for category, count in ranked
            for line in (table.row(category, count), *_advice(category, width))
        ]
        return [*lines, Line(), *retried] if retried else lines
    # In a handful of lines the most frequent categories are worth more than sums.
    brief = height <= _BRIEF
    room = height - (0 if brief else len(retried))
    shown = ranked if brief or len(ranked) <= room else ranked[: max(1, room - 1)]
    lines = [table.row(category, count) for category, count in shown[:height]]
    rest = ranked[len(shown) :]
    if rest:
        lines.append(table.rest(counted(len(rest), "more category"), sum(count for _, count in rest)))
    return [*lines, *retried] if len(lines) + len(retried) <= height else lines


def _advice(category: Category, width: int) -> list[Line]:
    text = f"{category.kind.value}: {category.advice}"
    return [Line(f"  {row}", Tone.DIM) for row in paragraph(text, width - 2)]


class Table(NamedTuple):
    """Widths of the columns, in cells, and the failures that shares and bars are of."""

    name_width: int
    count_width: int
    share_width: int
    bar_width: int
    total: int

    @classmethod
    def of(cls, ranked: list[tuple[Category, int]], width: int) -> Table:
        total = sum(count for _, count in ranked)
        name = max(len(category.value) for category, _ in ranked)
        count = len(f"{total:,}") + 2
        # The share says what it is of, or is left to the bar.
        share = _SHARE if width - name - count - _SHARE - 2 >= _BAR_LEAST else 0
        bar_width = width - name - count - share - 2
        return cls(name, count, share, bar_width if bar_width >= _BAR_LEAST else 0, total)

    def row(self, category: Category, count: int) -> Line:
        line = Line().cell(category.value, self.name_width)
        line.cell(f"{count:,}", self.count_width, Tone.STRONG, right=True)
        if self.share_width:
            line.cell(f"{share_text(count, self.total)} of failed", self.share_width, right=True)
        if self.bar_width:
            # On a ground, so that all of it can be seen too.
            bar = fine_bar(count / self.total, self.bar_width).ljust(self.bar_width, EMPTY)
            line.add("  ").add(bar, Tone.BAR)
        return line

    def rest(self, name: str, count: int) -> Line:
        line = Line().cell(name, self.name_width, Tone.DIM)
        return line.cell(f"{count:,}", self.count_width, Tone.DIM, right=True)


class FailuresPanel(Panel):
    """A row for each failure category."""

    number = 3
    heading = "Failures"

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return failure_lines(moment, width, height, full=self.full)

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        left_out = len(moment.state.failures) - self._body_room
        if self.full or self._body_room > _BRIEF or left_out <= 0:
            return []
        text = f"+{left_out} more: key {self.number}"
        return [(width - len(text), text)]

    def figures(self, moment: Moment) -> str:
        failed, settled = moment.state.failed, moment.state.done + moment.state.failed
        return f"{failed:,}, {share_text(failed, settled)} of settled" if failed else ""
