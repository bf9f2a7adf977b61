"""What tests of the whole program share: a loopback YouTube with a few clips, and the command line."""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.demo.dataset import Demo, make_demo
from kinetics_tui.demo.site import Open
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.program import Program


@pytest.fixture(autouse=True)
def _no_settings_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests begin with no settings file and leave the user's cache and logs alone."""
    for name in [name for name in os.environ if name.startswith("KINETICS_TUI_")]:
        monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program; an engine that a test leaves behind is ended."""
    program = Program(tmp_path)
    yield program
    program("stop", str(program.dataset))


@pytest.fixture(scope="session")
def demo_sources() -> Path:
    """Where the demo's videos are kept from one test run to the next."""
    return Path(tempfile.gettempdir()) / f"kinetics-tui-demo-sources-{getpass.getuser()}"


@pytest.fixture
def serve(tmp_path: Path, demo_sources: Path) -> Iterator[Callable[..., tuple[Demo, LoopbackYouTube]]]:
    """Serves a made-up dataset of so many clips; without failures unless asked for."""
    open_ones: list[LoopbackYouTube] = []

    def serve(clips: int, *, failures: bool = False) -> tuple[Demo, LoopbackYouTube]:
        demo = make_demo(tmp_path / "made-up", clips=clips, sources_folder=demo_sources)
        if not failures:
            whole = {
                name: msgspec.structs.replace(video, failure=None) for name, video in demo.videos.items()
            }
            demo = msgspec.structs.replace(demo, videos=whole)
        youtube = LoopbackYouTube(demo.videos, policy=Open())
        youtube.start()
        open_ones.append(youtube)
        return demo, youtube

    yield serve
    for youtube in open_ones:
        youtube.stop()
