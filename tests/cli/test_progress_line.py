"""How far something is, on a terminal and in a log."""

from __future__ import annotations

import io

from kinetics_tui.cli.progress import CLEAR_LINE, ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(out: io.StringIO, text: str, seconds: int) -> str:
    """What is written when it is told every second."""
    now = [0.0]
    progress = ProgressLine(out, lambda: now[0])
    for second in range(seconds):
        now[0] = float(second)
        progress.tell_by(lambda took_s: f"{text} {took_s:.0f}")
    progress.end()
    return out.getvalue()


def test_a_log_is_told_now_and_then_a_line() -> None:
    written = told(io.StringIO(), "so far", 95)
    assert written == "so far 30\nso far 60\nso far 90\n"


def test_a_terminal_has_one_line_that_changes_and_goes() -> None:
    written = told(Terminal(), "so far", 3)
    assert written == f"{CLEAR_LINE}so far 1{CLEAR_LINE}so far 2{CLEAR_LINE}"


def test_no_line_is_longer_than_the_terminal() -> None:
    written = told(Terminal(), "x" * 500, 2)
    assert "\n" not in written
    assert len(written.replace(CLEAR_LINE, "")) == 79


def test_where_nothing_was_told_nothing_is_cleared() -> None:
    assert told(Terminal(), "x", 0) == ""
