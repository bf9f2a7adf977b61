"""A check beside a run that goes on takes nothing that is in the making for a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.upkeep.check.check import Checking, check
from tests.program import Program
from tests.torture.small_videos import shrink
from tests.waiting import until


def test_a_check_beside_a_run_finds_no_fault_and_refuses_a_repair(
    program: Program, serve: Callable[..., tuple[Demo, LoopbackYouTube]], demo_sources: Path
) -> None:
    demo, youtube = serve(10)
    shrink(demo, demo_sources)
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    yt_dlp = f"--yt-dlp={youtube.yt_dlp_options()}"
    how = ["--pace", "unlimited", "--workers", "2", "--headless"]
    view = program.start("run", str(program.dataset), *annotations, yt_dlp, *how)
    until(program.is_running)
    refused = program("check", str(program.dataset), "--repair")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    checks = 0
    while view.poll() is None:
        report = check(program.dataset, Checking(workers=1))
        assert report.faults == 0, report.first
        checks += 1
    view.communicate()
    assert view.returncode == 0
    assert checks
    assert check(program.dataset, Checking(workers=1)).whole == 9
