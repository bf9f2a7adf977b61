"""The whole program on real input: annotation files in, verified clips on disk out, by the command line."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from collections.abc import Callable

import av
import psutil
import pytest

from kinetics_tui.base.machine import update_command
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.site import Throttled
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.model.commands import SetPace
from kinetics_tui.model.events import EngineStatus
from tests.program import Program
from tests.terminal_child import TerminalChild
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


def flags(demo: Demo, youtube: LoopbackYouTube, *more: str) -> list[str]:
    return [
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        "--pace",
        "unlimited",
        "--workers",
        "2",
        "--retry",
        "1s,1s",
        f"--yt-dlp={youtube.yt_dlp_options()}",
        *more,
    ]


def test_a_run_without_a_screen_brings_every_clip_and_exits_0(program: Program, serve: Serve) -> None:
    demo, youtube = serve(10)
    done = program("run", str(program.dataset), *flags(demo, youtube), "--headless", "--json", timeout_s=180)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} >= {
        "run-opened",
        "clip-started",
        "clip-done",
        "status-changed",
    }
    status = program.status()
    assert (status["state"], status["total"], status["pending"]) == ("done", 10, 0)
    # One clip begins after its video ends; all others are there, in the default layout, and play.
    assert status["failures"] == {"short source": 1}
    files = sorted(program.dataset.glob("*/*/*.mp4"))
    assert len(files) == status["done"] == 9
    wanted = {f"{clip.split}/{clip.label}/{clip.name}.mp4" for clip in demo.clips}
    assert {str(file.relative_to(program.dataset)) for file in files} < wanted
    for file in files:
        with av.open(str(file)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 100
    with (program.dataset / "stats.csv").open(newline="") as stats:
        assert sum(row["status"] == "success" for row in csv.DictReader(stats)) == 9
    assert (program.dataset / "failed.csv").read_text().count("\n") == 1
    assert not (program.dataset / ".kinetics-tui" / "scratch").exists()


def test_a_second_run_has_nothing_left_to_do_and_asks_youtube_for_nothing(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(4)
    assert program("run", str(program.dataset), *flags(demo, youtube), "--headless").returncode == 0
    asked = len(youtube.requests)
    again = program("run", str(program.dataset), "--headless")
    assert again.returncode == 0
    assert len(youtube.requests) == asked


def test_stop_leaves_clips_and_run_goes_on_with_the_options_it_was_given_once(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(8)
    running = program.start(
        "run", str(program.dataset), *flags(demo, youtube, "--height", "144"), "--headless"
    )
    until(program.is_running)
    until(lambda: program.state().done >= 1)
    assert program("stop", str(program.dataset)).returncode == 0
    assert running.wait(20) == 3
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    running.stderr.close()
    left = program.status()
    assert (left["state"], left["pid"], left["workers"]) == ("stopped", None, [])
    assert left["pending"] > 0
    again = program("run", str(program.dataset), "--headless")
    assert again.returncode == 0, again.stderr
    assert program.status()["pending"] == 0


@pytest.mark.parametrize("logged_out", ["hold", "guest"])
def test_a_login_that_ends_in_mid_run_holds_it_or_has_it_go_on_as_a_guest(
    program: Program, serve: Serve, logged_out: str
) -> None:
    def export(login_s: float) -> None:
        ends = ((login_s, "LOGIN_INFO"), (86_400, "SAPISID"))
        lines = [f".youtube.com\tTRUE\t/\tTRUE\t{time.time() + s:.0f}\t{name}\tx\n" for s, name in ends]
        cookies.write_text("# Netscape HTTP Cookie File\n" + "".join(lines))

    demo, youtube = serve(10)
    cookies = program.folder / "cookies.txt"
    export(15)
    ends_at = time.time() + 15
    given = flags(demo, youtube, "--logged-out", logged_out, "--headless", "--json")
    given[given.index("unlimited")] = "240"  # four clips at once, then one in 15 s
    given = [f"{flag} --cookies {cookies}" if flag.startswith("--yt-dlp=") else flag for flag in given]
    view = program.start("run", str(program.dataset), *given)
    until(program.is_running)
    time.sleep(max(0.0, ends_at - time.time()))
    ask(program.dataset, SetPace(per_hour=None))
    if logged_out == "hold":
        until(lambda: program.is_running() and program.state().status is EngineStatus.HELD, 60)
        assert "login" in program.status()["reason"]
        asked = len(youtube.requests)
        time.sleep(1)
        assert len(youtube.requests) == asked
        export(86_400)
        assert program("resume", str(program.dataset)).returncode == 0
    told, _ = view.communicate(timeout=120)
    status = program.status()
    assert (status["state"], status["done"], status["failures"]) == ("done", 9, {"short source": 1})
    assert ("the run goes on as a guest" in told) == (logged_out == "guest")


def test_an_engine_survives_its_view_and_another_attaches(program: Program, serve: Serve) -> None:
    demo, youtube = serve(10)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().pid > 0)
    view.kill()
    view.communicate()
    pid = program.status()["pid"]
    os.kill(pid, signal.SIGHUP)
    attached = program("attach", str(program.dataset), "--json", "--progress", "0.1s", timeout_s=180)
    assert attached.returncode == 0, attached.stderr
    assert program.status()["pending"] == 0
    assert all("event" in json.loads(line) for line in attached.stdout.splitlines())
    assert "so far     " in attached.stderr


def test_an_engine_that_was_killed_loses_nothing_and_leaves_no_process(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(10)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().done >= 1)
    engine = psutil.Process(program.status()["pid"])
    family = engine.children(recursive=True)
    engine.kill()
    view.kill()
    view.communicate()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    again = program("run", str(program.dataset), "--headless", timeout_s=180)
    assert again.returncode == 0, again.stderr
    status = program.status()
    assert (status["done"], status["failed"], status["pending"]) == (9, 1, 0)
    assert len(list(program.dataset.glob("*/*/*.mp4"))) == 9


def test_sigterm_ends_an_engine_cleanly(program: Program, serve: Serve) -> None:
    demo, youtube = serve(8)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().done >= 1)
    engine = psutil.Process(program.status()["pid"])
    family = engine.children(recursive=True)
    engine.terminate()
    view.communicate(timeout=20)
    assert view.returncode == 3
    assert psutil.wait_procs([engine, *family], timeout=10)[1] == []
    assert not (program.dataset / ".kinetics-tui" / "scratch").exists()


def test_pause_says_when_it_is_safe_and_resume_goes_on(program: Program, serve: Serve) -> None:
    demo, youtube = serve(8)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    paused = program("pause", str(program.dataset))
    assert "safe to switch networks" in paused.stdout
    status = program.status()
    assert status["state"] == "paused"
    assert all(worker["clip"] is None for worker in status["workers"])
    assert program("resume", str(program.dataset)).returncode == 0
    view.communicate(timeout=120)
    assert view.returncode == 0


def test_a_throttle_fails_no_clip_and_its_cooldown_survives_a_restart(program: Program, serve: Serve) -> None:
    demo, youtube = serve(6)
    youtube.policy = Throttled(Failure(Case.SESSION_LIMIT), for_s=600)
    view = program.start(
        "run", str(program.dataset), *flags(demo, youtube, "--cooldown", "1h,2h"), "--headless"
    )
    until(program.is_running)
    until(lambda: program.state().status is EngineStatus.COOLING)
    before = program.status()
    assert before["failed"] == 0
    assert before["network"]["state"] == "cooling"
    assert before["network"]["until"] == pytest.approx(time.time() + 3600, abs=60)
    asked = len(youtube.requests)
    program("stop", str(program.dataset))
    view.communicate()
    assert program.status()["network"]["until"] == before["network"]["until"]
    second = program.start("run", str(program.dataset), "--headless", "--progress", "0.5s")
    assert second.stdout is not None
    first_line, so_far = second.stdout.readline(), second.stdout.readline()
    for line in (first_line, so_far):
        assert "cooling down: 0 of 6 clips done, 0 failed, 6 left. YouTube refuses this network; the" in line
    assert program.status()["network"]["until"] == before["network"]["until"]
    look_on_from_a_terminal(str(program.dataset))
    assert len(youtube.requests) == asked
    program("stop", str(program.dataset))
    rest, _ = second.communicate()
    assert rest.splitlines()[-1].startswith("stopped: 0 of 6 clips done, 0 failed, 6 left.")


def look_on_from_a_terminal(dataset: str) -> None:
    """A view of a run that cools down has a bar with the time left, and leaves the terminal as it was."""
    view = TerminalChild("kinetics_tui", ["attach", dataset, "--headless"])
    try:
        view.read_until(b"cooling down 5")
        assert b"0/6 done, 0 failed" in view.output
        os.kill(view.pid, signal.SIGTERM)
        assert view.exit_code() == 128 + signal.SIGTERM
        assert view.output.rindex(b"\x1b[?25h") > view.output.rindex(b"\x1b[?25l")
    finally:
        view.close()


def test_a_view_that_is_interrupted_stops_the_run(program: Program, serve: Serve) -> None:
    demo, youtube = serve(8)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().pid > 0)
    view.send_signal(signal.SIGINT)
    view.communicate(timeout=20)
    assert view.returncode == 3
    assert program.status()["state"] == "stopped"


def test_a_view_that_only_looks_on_stops_nothing_when_it_is_interrupted(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(8)
    owner = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    onlooker = program.start("attach", str(program.dataset), "--headless")
    assert onlooker.stdout is not None
    assert onlooker.stdout.readline()
    onlooker.send_signal(signal.SIGINT)
    onlooker.communicate(timeout=20)
    assert onlooker.returncode == 130
    assert program.is_running()
    owner.communicate(timeout=120)
    assert owner.returncode == 0


def test_a_run_whose_engine_is_killed_ends_as_a_fault_of_ours(program: Program, serve: Serve) -> None:
    demo, youtube = serve(8)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    os.kill(program.status()["pid"], signal.SIGKILL)
    _, said = view.communicate(timeout=60)
    assert view.returncode == 1
    assert "The engine died" in said


def test_the_engine_imports_nothing_from_the_users_folder_and_does_not_stay_in_it(
    program: Program, serve: Serve
) -> None:
    (program.folder / "av.py").write_text("raise SystemExit('imported from the current folder')\n")
    demo, youtube = serve(6)
    view = program.start("run", "set", *flags(demo, youtube), "--headless")
    until(program.is_running)
    assert psutil.Process(program.status()["pid"]).cwd() == "/"
    view.communicate(timeout=120)
    assert view.returncode == 0


def test_a_reader_that_has_read_enough_ends_the_view_quietly(program: Program, serve: Serve) -> None:
    demo, youtube = serve(6)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless", "--json")
    assert view.stdout is not None
    view.stdout.readline()
    view.stdout.close()
    assert view.wait(60) == 141
    assert view.stderr is not None
    assert "Traceback" not in view.stderr.read()
    view.stderr.close()


def test_failed_clips_are_retried_by_category_from_the_shell(program: Program, serve: Serve) -> None:
    demo, youtube = serve(6)
    videos = dict(demo.videos)
    demo.videos.clear()  # gone from YouTube, and back later
    assert program("run", str(program.dataset), *flags(demo, youtube), "--headless").returncode == 0
    assert program.status()["failures"] == {"Video not available": 6}
    demo.videos.update(videos)
    done = program("retry", str(program.dataset), "--category", "video not available")
    assert done.returncode == 0, done.stderr
    assert program.status()["pending"] == 6
    assert program("run", str(program.dataset), "--headless").returncode == 0
    assert program.status()["done"] == 6


def test_a_run_that_youtube_refuses_is_held_says_how_to_update_and_asks_again_for_another_run(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(16)
    youtube.client_failures[""] = Failure(Case.RELOAD)
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().status is EngineStatus.HELD, 60)
    status = program.status()
    assert (status["state"], status["failed"], status["pending"]) == ("held", 0, 16)
    assert "(The page needs to be reloaded)" in status["reason"]
    assert update_command() in status["reason"]
    asked = len(youtube.requests)
    again = program.start("run", str(program.dataset), "--headless")
    until(lambda: len(youtube.requests) > asked, 30)
    until(lambda: program.state().status is EngineStatus.HELD, 30)
    youtube.client_failures.clear()
    assert program("resume", str(program.dataset)).returncode == 0
    for waiting in (view, again):
        said, _ = waiting.communicate(timeout=180)
        assert waiting.returncode == 0
    assert "YouTube refuses every video to yt-dlp" in said
    assert program.status()["pending"] == 0
