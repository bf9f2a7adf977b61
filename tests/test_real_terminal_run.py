"""The whole program in a real terminal: demo, pause, resume, detach, attach, stop."""

from __future__ import annotations

from tests.program import Program
from tests.terminal_child import RESTORED, TerminalChild

START_S = 60.0
"""The demo makes its videos first."""


def test_a_demo_is_paused_resumed_left_found_again_and_stopped(program: Program) -> None:
    dataset = str(program.dataset)
    demo = TerminalChild(
        "kinetics_tui", ["demo", dataset, "--clips", "40", "--workers", "2"], columns=120, rows=40
    )
    try:
        demo.read_until(b"RUNNING", START_S)
        demo.forget()
        demo.type(b" ")
        demo.read_until(b"PAUSED - safe to switch networks")
        assert program.status()["state"] == "paused"
        demo.forget()
        demo.type(b" ")
        demo.read_until(b"RUNNING")
        demo.type(b"d")
        assert demo.exit_code() == 0
        assert all(sequence in demo.output for sequence in RESTORED)
    finally:
        demo.close()
    running = program.status()
    assert running["pid"] is not None
    assert running["pending"] > 0

    again = TerminalChild("kinetics_tui", ["attach", dataset], columns=80, rows=24)
    try:
        again.read_until(b"Workers")
        again.type(b"q")
        again.read_until(b"Stop the run?")
        again.type(b"s")
        assert again.exit_code() == 3
        assert b"Stopped: " in again.output
    finally:
        again.close()
    stopped = program.status()
    assert (stopped["state"], stopped["pid"]) == ("stopped", None)
    assert stopped["done"] + stopped["failed"] + stopped["pending"] == 40
