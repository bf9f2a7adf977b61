"""The app on terminals (ptys) that are slow, stand still, are far away or gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kinetics_tui.tui.terminal.driver import ANSWER, Parser
from tests.terminal_child import MODERN, MUTE, RESTORED, ROOT, TerminalChild
from tests.waiting import has_ended, until

SLOW_BYTES_PER_S = 960
SOON_BYTES = 3 * SLOW_BYTES_PER_S
STALL_S = 4.0
LOST = 128 + signal.SIGHUP

Opened = Callable[..., TerminalChild]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens the app on a terminal of a kind, with a run that is busy."""
    children = []

    def open_one(*arguments: str, **kind: object) -> TerminalChild:
        child = TerminalChild("tests.tui.run_for_pty", arguments or ["busy"], **kind)  # type: ignore[arg-type]
        children.append(child)
        return child

    yield open_one
    for child in children:
        child.close()


def test_an_answer_is_no_key() -> None:
    answers: list[None] = []
    parser = Parser(debug=False, on_answer=lambda: answers.append(None))
    keys = [event for piece in ("a\x1b", "[0", "nb", ANSWER * 2) for event in parser.feed(piece)]
    assert [event.key for event in keys] == ["a", "b"]  # type: ignore[attr-defined]  # keys are all there is
    assert len(answers) == 3


@pytest.mark.parametrize("controlling", [True, False])
@pytest.mark.parametrize("stall_s", [0.0, STALL_S])
def test_a_terminal_that_goes_away_ends_the_app(opened: Opened, controlling: bool, stall_s: float) -> None:
    child = opened(columns=120, rows=40, controlling=controlling, answers=MUTE)
    child.read_until(b"palette")
    time.sleep(stall_s)  # nobody reads: every buffer is full, and a frame unwritten
    child.hang_up()
    assert child.exit_code() == LOST


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_app_where_nobody_reads(opened: Opened, number: signal.Signals) -> None:
    child = opened(columns=120, rows=40, answers=MUTE)
    child.read_until(b"palette")
    time.sleep(STALL_S)
    os.kill(child.pid, number)
    assert child.exit_code(reading=False) == 128 + number
    assert all(sequence in child.output for sequence in RESTORED), "whoever reads again finds it restored"


def test_a_terminal_that_stands_still_costs_nothing(opened: Opened) -> None:
    child = opened(columns=120, rows=40, answers=MUTE)
    child.read_until(b"palette")
    time.sleep(STALL_S)
    process = psutil.Process(child.pid)
    before, memory = process.cpu_times(), process.memory_info().rss
    time.sleep(STALL_S)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2 * STALL_S
    assert process.memory_info().rss - memory < 5_000_000
    child.read_for(1.0)
    child.forget()
    child.read_until(b"MB/s")


def test_a_signal_ends_the_app_that_waits_for_something_else(opened: Opened) -> None:
    child = opened("stuck")
    child.read_until(b"palette")
    os.kill(child.pid, signal.SIGTERM)
    assert child.exit_code() == 128 + signal.SIGTERM
    assert RESTORED[0] in child.output


def test_an_app_that_was_stopped_for_a_while_paints_again(opened: Opened) -> None:
    child = opened("still")
    child.read_until(b"palette")
    os.kill(child.pid, signal.SIGTSTP)
    child.read_until(RESTORED[0])
    until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)
    child.forget()
    os.kill(child.pid, signal.SIGCONT)
    child.read_until(b"palette")
    child.type(b"d")
    assert child.exit_code() == 0


def test_what_the_terminal_s_characters_lack_is_replaced(opened: Opened) -> None:
    child = opened("still", environ={"PYTHONIOENCODING": "ascii"})
    child.read_until(b"palette")
    child.type(b"d")
    assert child.exit_code() == 0
    child.output.decode("ascii")


def test_on_a_slow_line_keys_are_answered_soon(opened: Opened) -> None:
    child = opened(bytes_per_s=SLOW_BYTES_PER_S)
    child.read_until(b"palette", 60)
    child.read_until(b"slow line: every ", 60)
    for key, answer in ((b"?", b"Keys"), (b"\x1b[27u", b"RUNNING"), (b"n", b"Networks")):
        child.read_for(1.0)
        child.forget()
        child.type(key)
        child.read_until(answer, 60)
        assert len(child.output) < SOON_BYTES
    child.type(b"\x1b[27u")
    child.read_for(1.0)
    child.forget()
    child.type(b"d")
    assert child.exit_code() == 0
    assert len(child.output) < SOON_BYTES
    assert RESTORED[0] in child.output


def test_the_terminal_s_late_answers_are_not_left_to_the_shell(opened: Opened) -> None:
    child = opened("still", round_trip_s=0.5, answers=MODERN)
    child.read_until(b"palette")
    child.type(b"d")
    assert child.exit_code() == 0
    assert RESTORED[0] in child.output
    assert not child.owes


def test_a_terminal_that_is_suddenly_late_leaves_no_answer_to_the_shell_either(opened: Opened) -> None:
    child = opened("still", answers=MODERN)
    child.read_until(b"palette")
    child.read_for(1.0)
    child.round_trip_s = 2.0
    child.type(b"d")
    assert child.exit_code() == 0
    assert not child.owes


def test_the_mouse_is_told_of_by_clicks_wheel_and_drags_only(opened: Opened) -> None:
    child = opened("still", answers=MODERN)
    child.read_until(b"palette")
    child.read_until(b"\x1b[?2048h")
    child.type(b"d")
    child.exit_code()
    assert b"\x1b[?1002h" in child.output
    assert b"\x1b[?1003h" not in child.output
    for mode in (1000, 1002, 1004, 1006, 2004, 2048):
        assert child.output.rindex(b"\x1b[?%dl" % mode) > child.output.rindex(b"\x1b[?%dh" % mode), mode


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_in_tmux_the_app_leaves_no_mode_behind_and_ends_with_the_server(tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        server = ("tmux", "-S", str(tmp_path / "s"), "-f", "/dev/null")
        return subprocess.run([*server, *words], capture_output=True, text=True, check=True).stdout

    def seen(wanted: str) -> bool:
        return wanted in tmux("capture-pane", "-p")

    app = f"env PYTHONPATH={ROOT} {sys.executable} -m tests.tui.run_for_pty busy"
    modes = "#{alternate_on}#{mouse_button_flag}#{mouse_sgr_flag}#{cursor_flag}"
    tmux("new-session", "-d", "-x", "80", "-y", "24", "sh")
    try:
        tmux("send-keys", app, "Enter")
        until(lambda: seen("^p palette"))
        assert tmux("display", "-p", modes).strip() == "1110"
        tmux("send-keys", "?")
        until(lambda: seen("Keys"))
        tmux("send-keys", "Escape")
        until(lambda: seen("^p palette"))
        tmux("send-keys", "d")
        until(lambda: seen("Come back with"))
        assert tmux("display", "-p", modes).strip() == "0001"
        tmux("new-window", f"exec {app}")
        until(lambda: seen("^p palette"))
        process = psutil.Process(int(tmux("display", "-p", "#{pane_pid}")))
    finally:
        tmux("kill-server")
    until(lambda: has_ended(process))
