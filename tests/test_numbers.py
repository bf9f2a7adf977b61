"""The figures of one run, wherever they are told, held against each other."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.base.safe_text import for_terminal
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import ask, read_state
from kinetics_tui.engine.client.retry import find_categories
from kinetics_tui.model.commands import SwitchSplit
from kinetics_tui.model.state import RunState
from kinetics_tui.report.digest import headline
from kinetics_tui.report.gather import gather
from kinetics_tui.report.page import page
from kinetics_tui.tui.parts.view_state import Moment, window_title
from kinetics_tui.tui.run.failures import FailuresPanel
from kinetics_tui.tui.run.splits import overall_lines
from kinetics_tui.tui.terminal.terminal import farewell
from tests.program import Program
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
CLIPS = 24


def test_all_that_tells_of_a_run_counts_the_same_clips(program: Program, serve: Serve) -> None:
    """A run with failures of several kinds and a split left out, stopped and gone on with."""
    demo, youtube = serve(CLIPS)
    files = [str(path) for path in demo.annotations]
    start = ["run", str(program.dataset), "--annotations", *files, "--headless", "--retry", "none"]
    start += ["--workers", "2", "--pace", "1500", f"--yt-dlp={youtube.yt_dlp_options()}"]
    with program.start(*start) as view:
        until(program.is_running)
        until(lambda: read_state(program.dataset).done >= 3, 60)
        ask(program.dataset, SwitchSplit(split="train", enabled=False))
        stopped = program("stop", str(program.dataset))
        view.communicate()
    at_rest = read_state(program.dataset)
    assert at_rest.left
    assert at_rest.off.keys() == {"train"}
    assert stopped.stdout == f"Stopped: {at_rest.tally}.\n"
    _hold_against_each_other(program, at_rest)

    again = program("run", str(program.dataset), "--headless", "--pace", "unlimited")
    assert again.returncode == 0, again.stderr
    assert f": {at_rest.tally}." in again.stdout
    done = read_state(program.dataset)
    assert not done.left
    assert done.failed
    assert done.switched_off == at_rest.switched_off
    _hold_against_each_other(program, done)


def _hold_against_each_other(program: Program, state: RunState) -> None:
    dataset = str(program.dataset)
    assert state.done + state.failed + state.left + state.switched_off == state.total == CLIPS
    tally = state.tally
    assert f"{state.switched_off} switched off (train)" in tally

    # The command line.
    assert program("status", dataset).stdout.startswith(f"{state.status.value}: {tally}. ")
    told = program.status()
    assert (told["total"], told["done"], told["failed"]) == (state.total, state.done, state.failed)
    assert (told["pending"], told["switched_off"]) == (state.left, state.switched_off)
    assert sum(told["failures"].values()) == told["failed"]
    assert sum(split["done"] for split in told["splits"].values()) == told["done"]
    shown = program("report", dataset).stdout
    assert " ".join(shown.split()).count(tally) == 1

    # The screens, and the line that is left of them.
    moment = Moment(state, time.time())
    counts = overall_lines(moment)[0].text
    assert [int(figure) for figure in re.findall(r"\d+", counts)] == [
        state.done,
        state.failed,
        state.left,
        state.switched_off,
    ]
    assert tally in farewell(moment).line
    assert f"% of {state.total} clips done" in window_title(moment)
    if state.failed:
        assert FailuresPanel().figures(moment).startswith(f"{state.failed}, ")

    # The report as data, as lines, as a page and as JSON.
    report = gather(program.dataset)
    assert headline(report).startswith(tally)
    assert tally in page(report)
    whole = json.loads(program("report", dataset, "--json").stdout)["whole"]
    assert (whole["total"], whole["done"], whole["failed"]) == (state.total, state.done, state.failed)
    assert (report.whole.left, whole["off"]) == (state.left, state.switched_off)
    classes = report.classes
    assert sum(part.done for part in classes) == state.done
    assert sum(part.left for part in classes) == state.left
    assert {count.name: count.clips for count in report.failures} == told["failures"]
    assert sum(session.clips for session in report.sessions) == state.done
    assert sum(network["sessions"] for network in told["networks"]) == len(report.sessions)
    assert sum(network["clips"] for network in told["networks"]) == state.done

    # The files.
    assert len(list(program.dataset.glob("*/*/*.mp4"))) == state.done
    rows = _rows(program.dataset / "stats.csv")
    assert Counter(row["status"] for row in rows) == _without_none(success=state.done, failed=state.failed)
    assert len({row["skipped_iteration"] for row in rows}) <= len(report.sessions)
    assert len((program.dataset / "failed.csv").read_text().splitlines()) == state.failed
    manifest = program.dataset.parent / f"manifest-{state.done}.csv"
    assert program("manifest", dataset, "--to", str(manifest)).returncode == 0
    listed = _rows(manifest)
    missing = [row["why"] for row in listed if not row["path"]]
    assert (len(listed), len(listed) - len(missing)) == (state.total, state.done)
    assert sum(why.startswith(tuple(told["failures"])) for why in missing) == state.failed

    # What is printed can be typed.
    for name in told["failures"]:
        assert for_terminal(name) in shown
        assert [category.value for category in find_categories([name])] == [name]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _without_none(**counts: int) -> Counter[str]:
    return Counter({name: count for name, count in counts.items() if count})
