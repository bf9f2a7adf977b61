"""The splits panel: how far each split is, and the run as a whole."""

from __future__ import annotations

import math
from typing import NamedTuple

from textual import events
from textual.message import Message

from kinetics_tui.base.words import (
    are,
    bytes_text,
    clock_text,
    counted,
    duration_text,
    percent_text,
    rate_text,
)
from kinetics_tui.model.events import EngineStatus, SplitCounts
from kinetics_tui.model.state import RunState, forecast
from kinetics_tui.tui.parts.blocks import two_part_bar
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.view_state import Moment

_BAR_LEAST = 10
_NAME_MOST = 14
_DONE = "done of all"


class Columns(NamedTuple):
    """Widths of the columns of the table, in cells; 0 leaves a column out."""

    name: int
    bar: int
    done: int
    failed: int
    left: int


def split_columns(state: RunState, width: int) -> Columns:
    """Columns for a table ``width`` cells wide: left, failed and the bar give way in this order."""
    splits = state.splits.values()
    name = min(_NAME_MOST, max((len(split.name) for split in splits), default=0))
    # "done/total", both as wide as the largest total, so that the strokes stand below each other.
    done = 2 * max((len(f"{split.total:,}") for split in splits), default=0) + 1
    failed = max(6, *(len(f"{split.failed:,}") for split in splits)) if state.splits else 0
    left = max(4, *(len(f"{split.left:,}") for split in splits)) if state.splits else 0
    room = width - (6 + name + 1) - (1 + done) - 6
    bar_width = room - (2 + failed) - (2 + left)
    if bar_width < _BAR_LEAST:
        left, bar_width = 0, bar_width + 2 + left
    if bar_width < _BAR_LEAST:
        failed, bar_width = 0, bar_width + 2 + failed
    return Columns(name, max(0, bar_width), done, failed, left)


def split_line(split: SplitCounts, columns: Columns, *, cursor: bool) -> Line:
    """One row of the table; figures and percent are of clips done, the bar shows those failed behind them."""
    tone = Tone.PLAIN if split.enabled else Tone.DIM
    line = Line(f"{'›' if cursor else ' '}[{'x' if split.enabled else ' '}] ", tone)
    line.cell(split.name, columns.name, tone).add("  ", tone)
    total = max(1, split.total)
    done, failed, left = two_part_bar(split.done / total, split.failed / total, columns.bar)
    bar_tone = Tone.BAR if split.enabled else Tone.DIM
    line.add(done, bar_tone).add(failed, Tone.WARN if split.enabled else Tone.DIM).add(left, bar_tone)
    number = columns.done // 2
    line.cell(f"{split.done:,}", number + 1, tone, right=True).add("/", tone)
    line.cell(f"{split.total:,}", number, tone, right=True)
    line.cell(percent_text(split.done, split.total), 6, tone, right=True)
    if columns.failed:
        line.cell(f"{split.failed:,}", columns.failed + 2, tone, right=True)
    if columns.left:
        line.cell(f"{split.left:,}", columns.left + 2, tone, right=True)
    return line


def overall_lines(moment: Moment) -> list[Line]:
    """The run as a whole in three lines: counts; rates and disk; the end.

    Done and failed are those of all splits, as are the disk and the failures panel; left is what the
    run still has to do, and what it does not because its split is off is said beside it.
    """
    state = moment.state
    counts = _counts_line(moment, "switched off")
    rates = _rates_line(moment).add(f"disk {bytes_text(state.total_bytes)} used")
    if state.free_bytes is not None:
        rates.add(f", {bytes_text(state.free_bytes)} free")
    return [counts, rates, _end_line(moment)]


def counts_and_end(moment: Moment, width: int) -> Line:
    """Counts and end in one line; what limits the end, and what is switched off, only if they fit."""
    end = _end_line(moment).text
    shortest = end.partition("  (")[0]
    long, short = "switched off", "off"
    for text, off in ((end, long), (end, short), (shortest, long), (shortest, short), (shortest, "")):
        counts = _counts_line(moment, off)
        if counts.width + 2 + len(text) <= width:
            return counts.right(text, width)
    return counts


def _counts_line(moment: Moment, off: str) -> Line:
    """``off`` is how clips of splits that are switched off are called; empty leaves them out."""
    line = Line(f"{moment.state.done:,}", Tone.STRONG).add(" done   ")
    line.add(f"{moment.state.failed:,}", Tone.STRONG).add(" failed   ")
    line.add(f"{moment.state.left:,}", Tone.STRONG).add(" left")
    if off and moment.state.switched_off:
        line.add(f"   {moment.state.switched_off:,} {off}", Tone.DIM)
    return line


def _rates_line(moment: Moment) -> Line:
    """The rates, or those of the time before where nothing is fetched."""
    state = moment.state
    if moment.lost or moment.ended:
        return Line()
    clips_per_minute, bytes_per_s = state.clips_per_minute(moment.now), state.bytes_per_s(moment.now)
    if state.archives.turn:
        bytes_per_s = state.archives.bytes_per_s
    if state.stands:
        return Line(f"was {clips_per_minute:,.1f} clips/min   ", Tone.DIM) if clips_per_minute else Line()
    return Line(f"{clips_per_minute:,.1f} clips/min   {rate_text(bytes_per_s)}   ")


def _end_line(moment: Moment) -> Line:
    """When the run is through; while it is held, how much work there is."""
    state = moment.state
    if state.status is EngineStatus.DONE:
        return Line()  # the throttle panel says so
    reads = moment.reads_archives
    if not state.left and not reads:
        if state.status is EngineStatus.RUNNING and state.extracted is not None:
            return Line(f"frames and sound: {state.extracted:,} of {counted(state.done, 'clip')}")
        on = any(split.enabled for split in state.splits.values())
        return Line("every clip is settled" if on else "no split is switched on", Tone.GOOD)
    if moment.lost:
        return Line(f"as of {clock_text(moment.seen_at, moment.zone)}", Tone.WARN)
    ahead = forecast(state, moment.now)
    if ahead is None and reads and state.archives.reading and not state.archives.left_bytes:
        return Line("the last clips of the archives")
    if ahead is None:
        return Line("no rate yet to tell the end by", Tone.DIM)
    if ahead.last:
        return Line(f"only the last {counted(state.left, 'clip')} {are(state.left)} left")
    if ahead.held:
        return Line(f"{state.status.value}: ", Tone.DIM).add(f"{_round_text(ahead.work_s)} of work left")
    line = Line("archives read in " if ahead.of_archives else "done in ").add(
        _round_text(ahead.seconds), Tone.STRONG
    )
    notes = [*["cooldown included"] * (ahead.wait_s > 0), *[ahead.limit] * bool(ahead.limit)]
    return line.add(f"  ({'; '.join(notes)})", Tone.DIM) if notes else line


def _round_text(seconds: float) -> str:
    """A length of time that is estimated: no closer than to five seconds."""
    return duration_text(seconds if not math.isfinite(seconds) else math.ceil(seconds / 5) * 5)


class SplitsPanel(Panel):
    """Rows that the cursor moves over and that switch splits on and off, then the totals."""

    number = 1
    heading = "Splits"

    class Switched(Message):
        """The user asks for a split to be switched on or off."""

        def __init__(self, split: str, *, enabled: bool) -> None:
            super().__init__()
            self.split = split
            self.enabled = enabled

    def __init__(self) -> None:
        super().__init__()
        self.cursor = 0

    def move_cursor(self, rows: int) -> None:
        """Move the cursor, stopping at the first and last split."""
        last = len(self._splits) - 1
        self.cursor = max(0, min(last, self.cursor + rows))
        self.repaint()

    @property
    def highlighted(self) -> SplitCounts | None:
        """The split at the cursor."""
        splits = self._splits
        return splits[min(self.cursor, len(splits) - 1)] if splits else None

    @property
    def _splits(self) -> list[SplitCounts]:
        return [] if self.moment is None else list(self.moment.state.splits.values())

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        splits = list(moment.state.splits.values())
        columns = split_columns(moment.state, width)
        rows = [split_line(split, columns, cursor=index == self.cursor) for index, split in enumerate(splits)]
        counts, rates, end = overall_lines(moment)
        if height >= len(rows) + 4:
            return [*rows, Line(), counts, rates, end]
        if height >= len(rows) + 3:
            return [*rows, counts, rates, end]
        counts = counts_and_end(moment, width)
        if height >= len(rows) + 2:
            return [*rows, counts, rates]
        shown = rows[: max(0, height - 1)]
        return [*shown, counts] if height > 1 or not rows else [counts]

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        name, bar_width, done, failed, left = split_columns(moment.state, width)
        if not moment.state.splits:
            return []
        x = 5 + name + 2 + bar_width + 1 + done + 6
        headings = [(x - len(_DONE), _DONE)]
        if failed:
            x += failed + 2
            headings.append((x - len("failed"), "failed"))
        if left:
            x += left + 2
            headings.append((x - len("left"), "left"))
        return headings

    def on_click(self, event: events.Click) -> None:
        line = self.body_line_at(event.y)
        if line is not None and line < len(self._splits):
            event.stop()
            event.prevent_default()
            self.cursor = line
            self.repaint()
            split = self._splits[line]
            self.post_message(self.Switched(split.name, enabled=not split.enabled))
