"""The loopback YouTube as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.demo.show import ANNOUNCED, LOG_NAME, Announcement, DemoServer, launch
from kinetics_tui.engine.process.address import Whereabouts, write_whereabouts
from tests.waiting import has_ended, until


@pytest.fixture
def start(tmp_path: Path, sources_folder: Path) -> Iterator[Callable[..., DemoServer]]:
    """Starts servers in ``tmp_path / "demo"``, and ends them after the test."""
    started: list[DemoServer] = []
    folder = tmp_path / "demo"
    folder.mkdir()
    sources_folder.mkdir(exist_ok=True)
    (folder / "sources").symlink_to(sources_folder)

    def begin(**options: object) -> DemoServer:
        server = launch(folder, clips=12, **{"until_idle_s": 60.0, **options})  # type: ignore[arg-type]  # as typed by the test
        started.append(server)
        return server

    yield begin
    for server in started:
        server.stop()


def test_it_says_how_to_reach_it_and_ends_when_told(start: Callable[..., DemoServer]) -> None:
    server = start()
    said = server.announcement
    assert said.pid == server.process.pid
    assert os.getsid(said.pid) == said.pid
    assert said.clips == 12
    assert all(Path(path).is_file() for path in said.annotations)
    assert f"--proxy http://127.0.0.1:{said.proxy_port}" in said.yt_dlp_options
    server.stop()
    assert server.process.returncode == 0


def test_it_neither_imports_from_the_current_folder_nor_stays_in_it(
    start: Callable[..., DemoServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "av.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    server = start(for_dataset=Path("set"))
    process = psutil.Process(server.announcement.pid)
    assert process.cwd() == "/"
    assert str(tmp_path / "set") in process.cmdline()


def test_its_folder_may_be_named_from_the_current_one(
    tmp_path: Path, sources_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").mkdir()
    sources_folder.mkdir(exist_ok=True)
    (tmp_path / "demo" / "sources").symlink_to(sources_folder)
    monkeypatch.chdir(tmp_path)
    server = launch(Path("demo"), clips=1, until_idle_s=60.0)
    server.stop()
    assert [Path(path).parent for path in server.announcement.annotations] == [
        tmp_path / "demo" / "annotations"
    ]


def test_it_ends_by_itself_when_nobody_needs_it(start: Callable[..., DemoServer]) -> None:
    assert start(until_idle_s=0.0).process.wait(timeout=10) == 0


def test_it_stays_while_the_engine_of_its_dataset_lives(
    start: Callable[..., DemoServer], tmp_path: Path
) -> None:
    dataset = tmp_path / "set"
    make_state_folder(dataset)
    write_whereabouts(dataset, Whereabouts(os.getpid(), time.time()))
    server = start(until_idle_s=0.0, for_dataset=dataset)
    time.sleep(1.5)
    assert server.process.poll() is None
    # The same number, but noted before this process was born: another's.
    write_whereabouts(dataset, Whereabouts(os.getpid(), 1000.0))
    assert server.process.wait(timeout=10) == 0


def test_it_ends_when_another_serves_its_dataset_or_the_dataset_is_gone(
    start: Callable[..., DemoServer], tmp_path: Path
) -> None:
    dataset = tmp_path / "set"
    make_state_folder(dataset)
    write_whereabouts(dataset, Whereabouts(os.getpid(), time.time()))
    first, second = (start(for_dataset=dataset) for _ in range(2))
    assert first.process.wait(timeout=10) == 0
    assert second.process.poll() is None
    (tmp_path / "demo" / ANNOUNCED).unlink()
    assert second.process.wait(timeout=10) == 0


def test_it_waits_for_the_first_engine_as_long_as_the_program_that_is_to_start_it_lives(
    tmp_path: Path, sources_folder: Path
) -> None:
    (tmp_path / "demo").mkdir()
    sources_folder.mkdir(exist_ok=True)
    (tmp_path / "demo" / "sources").symlink_to(sources_folder)
    code = (
        "import sys; from pathlib import Path; from kinetics_tui.demo.show import launch; "
        "folder = Path(sys.argv[1]); "
        "server = launch(folder / 'demo', clips=1, for_dataset=folder, until_idle_s=0); "
        "print(server.process.pid, flush=True); "
        "sys.stdin.read()"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with launcher:
        assert launcher.stdout is not None
        server = psutil.Process(int(launcher.stdout.readline()))
        time.sleep(2.5)
        assert not has_ended(server)
        launcher.kill()
    until(lambda: has_ended(server), 20)


def test_nothing_is_left_of_it_where_whoever_waits_for_it_gives_up(tmp_path: Path) -> None:
    def give_up(made: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(tmp_path / "demo", clips=1, until_idle_s=60.0, making=give_up)
    folder = str(tmp_path / "demo")
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if folder in (process.info["cmdline"] or ())
    ]


def test_a_server_that_cannot_start_points_to_its_log(tmp_path: Path) -> None:
    (tmp_path / "annotations").write_text("in the way")
    (tmp_path / "sources").write_text("in the way")
    with pytest.raises(EngineError, match=LOG_NAME):
        launch(tmp_path, clips=1, until_idle_s=1)
    assert "Traceback" in (tmp_path / LOG_NAME).read_text()


def test_it_serves_the_videos_of_given_annotation_files(tmp_path: Path) -> None:
    annotations = tmp_path / "val.csv"
    annotations.write_text("label,youtube_id,time_start,time_end,split\narchery,-aaaaaaaaaa,300,310,val\n")
    port_file = tmp_path / "ports.json"
    command = [sys.executable, "-m", "kinetics_tui.demo", "--folder", str(tmp_path), "--until-idle", "0"]
    command += ["--annotations", str(annotations), "--port-file", str(port_file)]
    ended = subprocess.run(command, check=True, capture_output=True, timeout=30)
    assert ended.stdout == port_file.read_bytes()
    said = msgspec.json.decode(ended.stdout, type=Announcement)
    assert (said.clips, said.annotations) == (1, (str(annotations),))
