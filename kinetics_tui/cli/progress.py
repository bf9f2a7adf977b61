"""The progress of a long command: one line that changes on a terminal, now and then a line more in a log.

The tables that such commands end with are here too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Generic, Self, TextIO, TypeVar

from kinetics_tui.base.safe_text import for_terminal
from kinetics_tui.base.words import duration_text
from kinetics_tui.upkeep.check.findings import Noted

EVERY_S = 0.5
EVERY_LINE_S = 30.0
"""A terminal is told so often, by one line that changes; a file so often, by one line more."""
USUAL_COLUMNS = 80
CLEAR_LINE = "\r\x1b[K"

_T = TypeVar("_T")


class ProgressLine:
    """Tells how far a command is, within a ``with`` block; ``clock`` gives monotonic seconds."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._begun_at = self._told_at = clock()
        self._alive = out.isatty()
        self._told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def tell_by(self, text: Callable[[float], str]) -> None:
        """Tell what ``text`` makes of the seconds so far, unless something was told a moment ago."""
        now = self._clock()
        if now - self._told_at < (EVERY_S if self._alive else EVERY_LINE_S):
            return
        self._told_at = now
        line = for_terminal(text(now - self._begun_at))
        self._out.write(f"{CLEAR_LINE}{line[: self._width()]}" if self._alive else f"{line}\n")
        self._out.flush()
        self._told = True

    def end(self) -> None:
        """Make room for what is printed next."""
        if self._told and self._alive:
            self._out.write(CLEAR_LINE)
            self._out.flush()

    def _width(self) -> int:
        """The cells that fit in one line: a longer one could not be taken back."""
        try:
            columns = os.get_terminal_size(self._out.fileno()).columns
        except OSError:
            columns = 0
        return (columns or USUAL_COLUMNS) - 1  # some terminals do not tell


class Progress(ProgressLine, Generic[_T]):
    """Tells how far something is, which ``text`` puts into words with the seconds that it took so far."""

    def __init__(
        self, out: TextIO, text: Callable[[_T, float], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(out, clock)
        self._text = text

    def tell(self, so_far: _T) -> None:
        """Tell it, unless something was told a moment ago."""
        self.tell_by(lambda took_s: self._text(so_far, took_s))


def counts_table(rows: Sequence[tuple[str, int, str]]) -> list[str]:
    """The result of a long command: a line for each name, its count and a note."""
    name_width = max(len(name) for name, _, _ in rows)
    count_width = max(len(f"{count:,}") for _, count, _ in rows)
    return [f"{name:<{name_width}}  {count:>{count_width},}  {note}".rstrip() for name, count, note in rows]


def first_lines(noted: Noted[Any, Any], kinds: Iterable[StrEnum]) -> list[str]:
    """The first few files of each of these kinds with why they are named, and how many there are beside."""
    lines = []
    for kind in kinds:
        if first := noted.first.get(kind, []):
            lines.append(f"{kind.value}:")
            lines += [f"  {for_terminal(one.path)}  ({for_terminal(one.why)})" for one in first]
            if more := noted.counts[kind] - len(first):
                lines.append(f"  and {more:,} more")
    return lines


def rate_text(done: int, total: int, took_s: float, what: str) -> str:
    """``1,200 of 19,906 clips, 800/s, 23 s left``: what is known after so many seconds."""
    parts = [f"{done:,} of {total:,} {what}"]
    if took_s > 0 and done:
        rate = done / took_s
        parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s")
        parts.append(f"{duration_text(max(0, total - done) / rate)} left")
    return ", ".join(parts)
