"""The program itself, on a made-up annotation file, with all of its processes watched."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from kinetics_tui.model.clip import Clip
from tests.bench.footage import write_annotations
from tests.bench.limits import Done
from tests.bench.shaped import Shaped

WORKERS = 16
LOOK_EVERY_S = 0.5


class Mark(msgspec.Struct, frozen=True):
    """So many clips are there: seconds since the program was started, and its CPU-seconds up to then."""

    clips: int
    wall_s: float
    cpu_s: float


class OursFailedError(Exception):
    """The program did not bring every clip."""


def run_ours(
    clips: Sequence[Clip],
    folder: Path,
    youtube: Shaped,
    *,
    trim: str,
    workers: int = WORKERS,
    more: Sequence[str] = (),
) -> tuple[Done, list[Mark]]:
    """Run the program without a screen until all ``clips`` are there; what it took, and marks on the way.

    The time counts from the start of the command, and so does the CPU: of the view, the engine, its
    workers and what they start. ``more`` are flags that win over those here. Raises OursFailedError where
    a clip does not come.
    """
    folder.mkdir(parents=True)
    annotations = write_annotations(folder / "clips.csv", clips)
    command = [
        *(sys.executable, "-m", "kinetics_tui", "run", str(folder / "set"), "--headless", "--json"),
        *("--annotations", str(annotations), "--pace", "unlimited", "--workers", str(workers)),
        *("--trim", trim, f"--yt-dlp={shlex.join(youtube.yt_dlp_args)}", *more),
    ]
    before, started = youtube.served(), time.monotonic()
    marks: list[Mark] = []
    done = wire_bytes = 0
    with (
        (folder / "said.txt").open("wb") as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        family = Family(process.pid)
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "clip-done":
                wire_bytes += event["wire_bytes"]
                done += 1
                now_s = time.monotonic() - started
                # Looking at twenty processes costs something: seldom, and when all is done.
                if not marks or now_s - marks[-1].wall_s > LOOK_EVERY_S or done == len(clips):
                    marks.append(Mark(done, now_s, family.cpu_s()))
        served = youtube.served().since(before)
    if process.returncode or done != len(clips):
        said_last = (folder / "said.txt").read_text(errors="replace")[-500:]
        raise OursFailedError(f"{done} of {len(clips)} clips, exit code {process.returncode}: {said_last}")
    if wire_bytes != served.sent_bytes:
        raise OursFailedError(f"{wire_bytes} bytes were counted and {served.sent_bytes} were sent")
    last = marks[-1]
    return Done(len(clips), last.wall_s, last.cpu_s, served.sent_bytes, served.cpu_s), marks


class Family:
    """A process and all that it starts, whichever way."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._known: dict[int, psutil.Process] = {pid: self._root}
        self._cpu_s: dict[int, float] = {}

    def cpu_s(self) -> float:
        """The CPU-seconds of all of them so far, those that have ended as when they were last looked at."""
        for child in self._root.children(recursive=True):
            self._known.setdefault(child.pid, child)
        for pid, process in list(self._known.items()):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self._cpu_s[pid] = times.user + times.system
        return sum(self._cpu_s.values())
