"""The failures panel: why clips failed, most frequent first."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.base.words import counted, share_text
from kinetics_tui.model.failure import Category, by_count
from kinetics_tui.tui.parts.blocks import fine_bar
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.view_state import Moment

_BAR_LEAST = 5
_SHARE = len("  100.0 % of failed")
_BRIEF = 4


def retried_line(retried: dict[Category, int]) -> Line | None:
    """Failures that did not settle their clip: it was put back and is tried again."""
    names = ", ".join(f"{count:,} {category.value}" for category, count in by_count(retried))
    return Line("tried again later: ", Tone.DIM).add(names) if names else None


def failure_lines(moment: Moment, width: int, height: int, *, full: bool = False) -> list[Line]:
    """A row a category, cut to ``height`` with the rest in one sum, and what is tried again.

    In ``full`` there are all of them, each with its advice.
    """
    ranked = by_count(moment.state.failures)
    retried = retried_line(moment.state.retried)
    if not ranked:
        lines = [Line("no clip has failed", Tone.DIM)]
        return [*lines, retried] if retried is not None and height > 1 else lines
    table = Table.of(ranked, width)
    if full:
        lines = [
            line for category, count in ranked for line in (table.row(category, count), _advice(category))
        ]
        return [*lines, Line(), retried] if retried is not None else lines
    # In a handful of lines the most frequent categories are worth more than sums.
    brief = height <= _BRIEF
    room = height - (1 if retried is not None and not brief else 0)
    shown = ranked if brief or len(ranked) <= room else ranked[: max(1, room - 1)]
    lines = [table.row(category, count) for category, count in shown[:height]]
    rest = ranked[len(shown) :]
    if rest:
        lines.append(table.rest(counted(len(rest), "more category"), sum(count for _, count in rest)))
    if retried is not None and len(lines) < height:
        lines.append(retried)
    return lines


def _advice(category: Category) -> Line:
    return Line(f"  {category.kind.value}: {category.advice}", Tone.DIM)


class Table(NamedTuple):
    """Widths of the columns, in cells, and what shares and bars are measured against."""

    name_width: int
    count_width: int
    share_width: int
    bar_width: int
    total: int
    most: int

    @classmethod
    def of(cls, ranked: list[tuple[Category, int]], width: int) -> Table:
        total = sum(count for _, count in ranked)
        name = max(len(category.value) for category, _ in ranked)
        count = len(f"{total:,}") + 2
        # The share says what it is of, or is left to the bar.
        share = _SHARE if width - name - count - _SHARE - 2 >= _BAR_LEAST else 0
        bar_width = width - name - count - share - 2
        return cls(name, count, share, bar_width if bar_width >= _BAR_LEAST else 0, total, ranked[0][1])

    def row(self, category: Category, count: int) -> Line:
        line = Line().cell(category.value, self.name_width)
        line.cell(f"{count:,}", self.count_width, Tone.STRONG, right=True)
        if self.share_width:
            line.cell(f"{share_text(count, self.total)} of failed", self.share_width, right=True)
        if self.bar_width:
            line.add("  ").add(fine_bar(count / self.most, self.bar_width), Tone.BAR)
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

    def figures(self, moment: Moment) -> str:
        failed, settled = moment.state.failed, moment.state.done + moment.state.failed
        return f"{failed:,}, {share_text(failed, settled)} of settled" if failed else ""
