"""How far a long command is, told on a terminal and in a log."""

from __future__ import annotations

import io

from kinetics_tui.cli.progress import CLEAR_LINE, Progress, rate_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def text(done: int, took_s: float) -> str:
    return f"{done} after {took_s:g} s"


def test_it_is_told_now_and_then_to_a_log() -> None:
    out, now = io.StringIO(), [0.0]
    progress = Progress(out, text, lambda: now[0])
    for second in range(95):
        now[0] = float(second)
        progress.tell(second)
    progress.end()
    assert out.getvalue().splitlines() == ["30 after 30 s", "60 after 60 s", "90 after 90 s"]


def test_a_terminal_has_one_line_that_changes_and_is_gone_in_the_end() -> None:
    out, now = Terminal(), [0.0]
    progress = Progress(out, text, lambda: now[0])
    now[0] = 1.0
    progress.tell(7)
    progress.end()
    assert out.getvalue() == f"{CLEAR_LINE}7 after 1 s{CLEAR_LINE}"


def test_without_anything_done_there_is_no_rate() -> None:
    assert rate_text(0, 10, 5.0, "files") == "0 of 10 files"
    assert rate_text(5, 10, 5.0, "files") == "5 of 10 files, 1.0/s, 5 s left"
