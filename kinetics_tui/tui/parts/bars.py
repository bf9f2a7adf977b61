"""The top line: state of the run, its title, network, pace, time. At the bottom: a notice, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.binding import Binding
from textual.keys import format_key

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import clock_text, counted, pace_text
from kinetics_tui.model.options import named_pace_text
from kinetics_tui.tui.parts.canvas import Canvas
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment, headline


def header_line(moment: Moment, width: int) -> Line:
    """State, title, network and pace; the network and then the pace give way where room is short.

    Before them it is said which hosts are away, and that the line is slow.
    """
    state = moment.state
    words, badge = headline(moment)
    line = Line(f" {words} ", badge)
    line.add(f"  {state.title or 'Kinetics'}", Tone.STRONG)
    gone = [] if moment.ended or moment.lost else state.hosts_gone
    if gone:
        line.add(f"  {gone[0].name if len(gone) == 1 else counted(len(gone), 'host')} AWAY", Tone.WARN)
    slow = f"  slow line: every {moment.every_s:g} s"
    if moment.every_s and line.width + len(slow) <= width:
        line.add(slow, Tone.WARN)
    label, pace = for_screen(state.label), f"pace {pace_text(moment.allowed_per_hour)}"
    if moment.reads_archives:
        archives = state.archives
        label, pace = "", f"archives: {archives.passed:,} of {archives.total:,} read"
    both = f"pace {named_pace_text(moment.allowed_per_hour, moment.budget_per_hour)}"
    tails = [f"{label}   {text}" if label else text for text in (both, pace)]
    for tail in (*(tails if not moment.reads_archives else ()), label, pace):
        if tail and line.width + 3 + len(tail) <= width:
            return line.right(tail, width)
    return line


class HeaderLine(Canvas):
    """All of the top line but the clock."""

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [header_line(moment, width)]


class Clock(Canvas):
    """The time of day, a widget of its own so that its tick repaints nothing else.

    It stands still while nothing is heard of the engine: all that is shown is of then.
    """

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [Line(f"  {clock_text(moment.seen_at, moment.zone)}", Tone.DIM)]


NOTICE_S = 8.0
NOTICE_ROWS_MOST = 4


class NoticeLine(Canvas):
    """The last notice, for ``NOTICE_S`` seconds and in as many rows as it takes; the keys stay below it."""

    def __init__(self) -> None:
        super().__init__(id="notice")
        self._text = ""
        self._bad = False
        self._until = 0.0

    def say(self, text: str, now: float, *, bad: bool) -> None:
        """Show ``text`` from the next moment on."""
        self._text, self._bad, self._until = text, bad, now + NOTICE_S

    def rows(self, moment: Moment, width: int) -> int:
        """The rows that it takes at this moment; 0 once it is over."""
        return len(self.compose_lines(moment, width, NOTICE_ROWS_MOST)[:NOTICE_ROWS_MOST])

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        if moment.now >= self._until:
            return []
        mark, tone = (" ! ", Tone.BAD) if self._bad else (" ", Tone.STRONG)
        rows = paragraph(self._text, width - len(mark) - 1)
        return [Line(mark if not at else " " * len(mark), tone).add(row, tone) for at, row in enumerate(rows)]


KEYS_WANTED = 6
"""Fewer keys than this at the left, and they are put briefly to make room for more."""


class Hint(NamedTuple):
    """A key, what it does in a word or two, and the action of the screen that it stands for.

    ``brief`` are fewer words for a narrow terminal; empty: the same.
    """

    key: str
    words: str
    action: str
    brief: str = ""

    @property
    def text(self) -> str:
        return f"{self.key} {self.words}"


class Placed(NamedTuple):
    hint: Hint
    start: int
    end: int


def place(left: Sequence[Hint], right: Sequence[Hint], width: int) -> list[Placed]:
    """As many hints as fit, first ones first; those of ``right`` keep their place at the right end.

    Where only a few fit they are put briefly.
    """
    placed = _place(left, right, width)
    if len(placed) < min(KEYS_WANTED, len(left)) + len(right):
        brief = [hint._replace(words=hint.brief or hint.words) for hint in left]
        placed = _place(brief, right, width)
    return placed


def _place(left: Sequence[Hint], right: Sequence[Hint], width: int) -> list[Placed]:
    placed = []
    end = width - 1
    for hint in reversed(right):
        start = end - len(hint.text)
        if start < 1:
            break
        placed.append(Placed(hint, start, end))
        end = start - 2
    x = 1
    for hint in left:
        if x + len(hint.text) > end:
            break
        placed.append(Placed(hint, x, x + len(hint.text)))
        x += len(hint.text) + 2
    return sorted(placed, key=lambda item: item.start)


class KeyBar(Canvas):
    """Keys, clickable with the mouse."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._left: tuple[Hint, ...] = ()
        self._right: tuple[Hint, ...] = ()

    def set_hints(self, left: Sequence[Hint], right: Sequence[Hint]) -> None:
        """Offer these keys from now on."""
        if (tuple(left), tuple(right)) != (self._left, self._right):
            self._left, self._right = tuple(left), tuple(right)
            self.repaint()

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        line = Line()
        for hint, start, _ in place(self._left, self._right, width):
            line.to(start).add(hint.key, Tone.ACCENT).add(f" {hint.words}", Tone.DIM)
        return [line]

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        for hint, start, end in place(self._left, self._right, self.size.width):
            if start <= event.x < end:
                await self.screen.run_action(hint.action)


def bind(
    screen: str, key: str, action: str, name: str, tooltip: str, *, shown_as: str | None = None
) -> Binding:
    """A key with what help, palette and key maps need; ``screen`` and ``name`` make up its id."""
    return Binding(
        key, action, name, key_display=shown_as, tooltip=tooltip, id=f"{screen}.{name.replace(' ', '-')}"
    )


def key_name(event: events.Key) -> str:
    """A key as people call it: the character that it writes, or its name."""
    return event.character if event.character and event.is_printable else format_key(event.key)


def help_key(screen: str) -> Binding:
    """The key that opens the help of a screen."""
    return bind(
        screen, "question_mark", "help", "help", "What the keys do and what the words mean.", shown_as="?"
    )


def undo_key(screen: str) -> Binding:
    """The key that takes back what a key has just done."""
    return bind(
        screen,
        "z",
        "undo",
        "undo",
        "For some seconds: take back a pause, a split or network switched, workers changed.",
    )


def key_text(binding: Binding) -> str:
    """A binding's keys as people write them."""
    return binding.key_display or " ".join(binding.key.split(","))
