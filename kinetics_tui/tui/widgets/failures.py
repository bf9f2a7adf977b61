"""The failures panel: why clips failed, most frequent first."""

from __future__ import annotations

from kinetics_tui.model.failure import Category
from kinetics_tui.tui.blocks import fine_bar
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import share_text
from kinetics_tui.tui.widgets.panel import Panel

_BAR_LEAST = 6
_BAR_MOST = 40
_ADVICE_LEAST = 30


def by_count(counts: dict[Category, int]) -> list[tuple[Category, int]]:
    """Categories, the most frequent first; those with none are left out."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].value))
    return [(category, count) for category, count in ranked if count > 0]


def retried_line(retried: dict[Category, int]) -> Line | None:
    """Failures that did not settle their clip: it was put back and is tried again."""
    names = ", ".join(f"{count:,} {category.value}" for category, count in by_count(retried))
    return Line("tried again later: ", Tone.DIM).add(names) if names else None


def failure_lines(moment: Moment, width: int, height: int, *, full: bool) -> list[Line]:
    """A row a category, cut to ``height`` with the rest in one sum, and what is tried again."""
    state = moment.state
    ranked = by_count(state.failures)
    retried = retried_line(state.retried)
    if not ranked:
        lines = [Line("no clip has failed", Tone.DIM)]
        return [*lines, retried] if retried is not None and height > 1 else lines
    room = len(ranked) if full else max(1, height - (1 if retried is not None and height > 4 else 0))
    shown = ranked if len(ranked) <= room else ranked[: max(1, room - 1)]
    if height <= 4:
        shown = ranked[:room]
    rest = ranked[len(shown) :]
    total = sum(count for _, count in ranked)
    name_width = max(len(category.value) for category, _ in ranked)
    count_width = max(len(f"{total:,}"), 5)
    lines = [
        _row(category, count, total, ranked[0][1], name_width, count_width, width)
        for category, count in shown
    ]
    if rest and height > 4:
        rest_sum = sum(count for _, count in rest)
        line = Line().cell(f"{len(rest)} more categories", name_width, Tone.DIM)
        lines.append(line.cell(f"{rest_sum:,}", count_width + 2, Tone.DIM, right=True))
    if retried is not None and (full or len(lines) < height):
        lines.append(retried)
    return lines


def _row(
    category: Category, count: int, total: int, most: int, name_width: int, count_width: int, width: int
) -> Line:
    line = Line().cell(category.heading, name_width)
    line.cell(f"{count:,}", count_width + 2, Tone.STRONG, right=True)
    line.cell(share_text(count, total), 8, right=True)
    room = width - line.width - 2
    if room < _BAR_LEAST:
        return line
    advice = room - 2 >= _ADVICE_LEAST + _BAR_LEAST * 2
    bar_width = min(_BAR_MOST, room // 3) if advice else min(_BAR_MOST, room)
    line.add("  ").add(fine_bar(count / most, bar_width), Tone.ACCENT)
    if advice:
        line.to(name_width + count_width + 2 + 8 + 2 + bar_width + 2)
        line.add(f"{category.kind.value}: ", Tone.DIM).add(category.advice, Tone.DIM)
    return line


class FailuresPanel(Panel):
    """A row for each failure category."""

    number = 3
    heading = "Failures"

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return failure_lines(moment, width, height, full=self.full)

    def figures(self, moment: Moment) -> str:
        total = sum(moment.state.failures.values())
        settled = sum(split.done + split.failed for split in moment.state.splits.values())
        return f"{total:,}  {share_text(total, settled)}" if total else ""
