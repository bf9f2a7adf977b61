"""The whole program in a real terminal: demo, pause, resume, detach, attach, stop, look again, go on."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.site import Line
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.program import Program
from tests.terminal_child import RESTORED, TerminalChild
from tests.waiting import is_left, until

START_S = 240.0
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


def test_a_look_at_a_stopped_run_starts_nothing_until_space_is_pressed(
    program: Program, serve: Callable[..., tuple[Demo, LoopbackYouTube]]
) -> None:
    demo, youtube = serve(8)
    youtube.line = Line(bytes_per_s=400_000)
    dataset = str(program.dataset)
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    flags = ["--pace", "unlimited", "--workers", "1", f"--yt-dlp={youtube.yt_dlp_options()}"]
    running = program.start("run", dataset, *annotations, *flags, "--headless")
    with running:
        until(lambda: program.is_running() and program.state().done >= 1)
        assert program("stop", dataset).returncode == 0
        running.communicate()
    before = program.status()
    assert before["pending"] > 0

    look = TerminalChild("kinetics_tui", [dataset], columns=120, rows=40)
    try:
        look.read_until(b"Press space to continue")
        look.read_until(b"space")
        assert {**program.status(), "free_bytes": before["free_bytes"]} == before  # others use the disk too
        assert is_left(program.dataset)
        look.type(b" ")
        look.read_until(b"RUNNING", START_S)
        assert program.is_running()
        youtube.line.bytes_per_s = None
        look.read_until(b"EVERY CLIP IS SETTLED", START_S)
        look.type(b"q")
        assert look.exit_code() == 0
    finally:
        look.close()
    until(lambda: is_left(program.dataset))

    again = TerminalChild("kinetics_tui", [dataset], columns=80, rows=24)
    try:
        again.read_until(b"EVERY CLIP IS SETTLED")
        again.type(b"q")
        assert again.exit_code() == 0
    finally:
        again.close()
    assert is_left(program.dataset)
    assert program.status()["pending"] == 0
