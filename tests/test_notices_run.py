"""Notices, for real: a run calls the addresses that the settings name, and tells nobody which they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.dataset.folder import log_path
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.site import AfterClips
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.program import Program
from tests.receiver import Receiver

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


def test_a_run_calls_at_its_throttle_and_at_its_end(
    program: Program, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, youtube = serve(3)
    youtube.policy = AfterClips(1, Failure(Case.SESSION_LIMIT), 0.5, blocks=1)
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    options = ["--pace", "unlimited", "--cooldown", "2s", f"--yt-dlp={youtube.yt_dlp_options()}"]
    with Receiver() as receiver:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("KINETICS_TUI_NOTIFY", receiver.url)
        done = program("run", str(program.dataset), *annotations, *options, "--headless")
        assert done.returncode == 0, done.stderr
        assert not program.is_running()
        notices = {notice["message"].split(":")[0] for notice in receiver.received}
    assert any(text.startswith("YouTube throttles ") for text in notices)
    assert any(text.startswith("The cooldown of ") for text in notices)
    assert "The run is through" in notices
    assert {notice["title"] for notice in receiver.received} == {"Custom dataset"}
    log = log_path(program.dataset).read_text()
    assert "secret" not in done.stdout + done.stderr + log + program("doctor").stdout
