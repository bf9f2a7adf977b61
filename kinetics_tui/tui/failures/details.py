"""One failed clip: what it is, why it failed, what helps, and in full every try at it."""

from __future__ import annotations

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import bytes_text, clock_text, counted, duration_text, when_text
from kinetics_tui.model.clip_queries import ClipHistory, FailedClip, PastAttempt
from kinetics_tui.tui.failures.reading import FailedReading
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment

_INDENT = "  "
_WORDS = {"done": "done", "failed": "failed", "retry": "to be tried again", "returned": "put back"}
_TONES = {"done": Tone.GOOD, "failed": Tone.BAD, "retry": Tone.WARN, "returned": Tone.WARN}


def clip_lines(row: FailedClip, moment: Moment, width: int) -> list[Line]:
    """The clip and the reason of its failure, in as many lines as it takes, the most telling first."""
    clip, category = row.clip, row.category
    about = f"{clip.split}, {clip.label}" if clip.label else clip.split
    lines = [Line(clip.name, Tone.STRONG)]
    if lines[0].width + 3 + len(for_screen(about)) <= width:
        lines[0].add(f"   {about}")
    else:
        lines.append(Line(about))
    when = f", {when_text(row.at, moment.now, moment.zone)}" if row.at else ""
    tries = counted(row.attempts, "attempt")
    said = f"{category.value} ({category.kind.value}) after {tries}{when}"
    lines += [Line(text, Tone.WARN) for text in paragraph(said, width)]
    lines += [Line(text) for text in paragraph(row.message, width)]
    return [*lines, *(Line(text, Tone.DIM) for text in paragraph(category.advice, width))]


def history_lines(history: ClipHistory, moment: Moment, width: int) -> list[Line]:
    """Every try at a clip, the last one first: when, what became of it, how long it took, and its message."""
    count = len(history.attempts)
    lines = [Line(counted(count, "attempt") + (", the last one first" if count > 1 else ""), Tone.ACCENT)]
    for attempt in history.attempts:
        lines += _attempt_lines(attempt, moment, width)
    if history.earlier:
        lines.append(Line(f"and {history.earlier:,} before these", Tone.DIM))
    return lines


def _attempt_lines(attempt: PastAttempt, moment: Moment, width: int) -> list[Line]:
    day = when_text(attempt.at, moment.now, moment.zone)
    clock = clock_text(attempt.at, moment.zone)
    when = clock if clock.startswith(day) else f"{day}{clock[5:]}" if day.endswith(clock[:5]) else day
    line = Line(f"{when}  ", Tone.BAR)
    line.add(_WORDS.get(attempt.outcome, attempt.outcome), _TONES.get(attempt.outcome, Tone.PLAIN))
    facts = [f"{attempt.took_s:.1f} s" if attempt.took_s < 60 else duration_text(attempt.took_s)]
    if attempt.wire_bytes:
        facts.append(bytes_text(attempt.wire_bytes))
    if attempt.network:  # archives are read without one
        facts.append(f"by {attempt.network}")
    if attempt.category is not None:
        facts.insert(0, attempt.category.value)
    rows = [line]
    for fact in facts:
        if rows[-1].width + 2 + len(for_screen(fact)) > width:
            rows.append(Line(_INDENT))
        rows[-1].add(f"  {fact}")
    return [*rows, *(Line(f"{_INDENT}{text}", Tone.DIM) for text in paragraph(attempt.message, width - 2))]


class FailedDetailsPanel(Panel):
    """The clip at the cursor in a few lines, or in ``full`` with all that was tried."""

    heading = "Clip"

    def __init__(self, reading: FailedReading) -> None:
        super().__init__()
        self.row: FailedClip | None = None
        self._reading = reading

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        if self.row is None:
            return []
        lines = clip_lines(self.row, moment, width)
        if not self.full:
            return lines[:height]
        lines += [Line(self.row.clip.address, Tone.DIM), Line()]
        if self._reading.problem:
            return [*lines, *(Line(text, Tone.BAD) for text in paragraph(self._reading.problem, width))]
        if self._reading.history is None:
            return [*lines, Line("reading the ledger ...", Tone.DIM)]
        return [*lines, *history_lines(self._reading.history, moment, width)]
