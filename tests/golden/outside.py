"""The program as scripts see it: a process that is given arguments, and prints.

Nothing of the package is imported here, so that modules may move while these tests stay as they are. The one
thing that is known beside the command line is ``python -m kinetics_tui.demo``, the loopback YouTube.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLIPS = HERE / "clips.csv"
"""Clips of made-up videos: seven come through, each of the others fails in a way of its own."""

FAILING_SHARE = "0.5"
"""Of all ids that there may be. Which ones fail, and how, goes by the id alone."""

WITHIN_S = 90
FIRST, SECOND = "127.0.0.2", "127.0.0.3"
"""Two networks that every machine has: requests to the loopback YouTube leave from these addresses."""


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without anything of the user's: no settings, no cache, no terminal; UTC."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KINETICS_TUI_", "LC_"))
        and name not in ("COLUMNS", "LINES", "LANGUAGE", "PYTHONUNBUFFERED")
    }
    homes = {
        name: str(folder / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    }
    return {
        **kept,
        **homes,
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **(more or {}),
    }


class Outside:
    """The program at work in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, *args: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Carry out a command line and wait for its end."""
        return subprocess.run(
            [sys.executable, "-m", "kinetics_tui", *args],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            cwd=self.folder,
            env=environment(self.folder, variables),
            stdin=subprocess.DEVNULL,
        )

    def start(self, *args: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Begin to carry out a command line."""
        return subprocess.Popen(
            [sys.executable, "-m", "kinetics_tui", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(self.folder, variables),
            stdin=subprocess.DEVNULL,
        )

    def out(self, *args: str, variables: Mapping[str, str] | None = None) -> str:
        """What a command line that succeeds prints."""
        done = self(*args, variables=variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *args: str) -> Any:
        """What a command line that succeeds prints, read as JSON."""
        return json.loads(self.out(*args))


def share_sources(folder: Path) -> None:
    """Have a loopback YouTube that works in a folder find the videos that others made before it."""
    sources = Path(tempfile.gettempdir()) / f"kinetics-tui-demo-sources-{getpass.getuser()}"
    sources.mkdir(exist_ok=True)
    (folder / "sources").symlink_to(sources)


@contextmanager
def youtube(folder: Path, *more: str) -> Iterator[str]:
    """A loopback YouTube that shows ``CLIPS``; gives yt-dlp's options that lead there."""
    folder.mkdir()
    share_sources(folder)
    arguments = ["--folder", str(folder), "--annotations", str(CLIPS), "--failing", FAILING_SHARE, *more]
    process = subprocess.Popen(
        [sys.executable, "-m", "kinetics_tui.demo", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process:
        try:
            announced = json.loads(process.stdout.readline())
            yield str(announced["direct_options"])
        finally:
            process.terminate()


def run_arguments(yt_dlp: str, network: str = FIRST, clips: Path = CLIPS) -> list[str]:
    """Flags of a run of all clips by a network, with waits that nobody minds."""
    flags = {
        "--annotations": str(clips),
        "--workers": "1",
        "--pace": "unlimited",
        "--cooldown": "0.5s,0.6s",
        "--retry": "2s",
        "--deadline": "60s",
        "--yt-dlp": f"{yt_dlp} --source-address {network}",
    }
    return [*(word for pair in flags.items() for word in pair)]


UNLEARNED = {"KINETICS_TUI_LEARN_PACE": "false"}
"""What is learned of a throttle after seconds would have a run take days."""


def make_old_dataset(folder: Path) -> None:
    """Make the dataset that ``old_dataset`` holds, in ``folder``, which must not be there yet.

    Its clips came by a network that throttled, some failed, some were tried again by a second network, which
    taught a pace; the last session was stopped with clips left.
    """
    folder.mkdir(parents=True)
    program = Outside(folder)
    with youtube(folder / "youtube", "--throttle-after", "7", "--block", "0.3") as yt_dlp:
        clips = Path(shutil.copy(CLIPS, folder))
        flags = [*run_arguments(yt_dlp, FIRST, clips), "--headless"]
        program.out("run", "set", *flags, variables=UNLEARNED)
        program.out("retry", "set", "--category", "Miscellaneous", "Copyright", "private")
        program.out("switch", "set", "--source-address", SECOND)
        running = program.start("run", "set", "--pace", "1", "--headless", variables=UNLEARNED)
        time.sleep(5)
        program.out("stop", "set")
        running.communicate()
    with youtube(folder / "strict-youtube", "--throttle-after", "4", "--block", "0.3") as yt_dlp:
        program.out("retry", "set", "--category", "Content warning", "Copyright", "Removed by user")
        program.out("retry", "set", "--class", "archery", "yoga")
        flags = ["--pace", "guest", "--yt-dlp", f"{yt_dlp} --source-address {FIRST}", "--headless"]
        running = program.start("run", "set", *flags, variables={"KINETICS_TUI_LEARN_PACE": "true"})
        time.sleep(7)
        program.out("stop", "set")
        running.communicate()
    print(program.out("status", "set"), program.out("networks", "set"))  # noqa: T201 -- a tool


def keep_old_dataset(made: Path) -> None:
    """Keep a dataset that ``make_old_dataset`` made as the old one."""
    import sqlite3
    from contextlib import closing

    kept = HERE / "old_dataset"
    (kept / ".kinetics-tui").mkdir(parents=True, exist_ok=True)
    for name in (".kinetics-tui/ledger.sqlite3", "stats.csv", "failed.csv"):
        shutil.copyfile(made / name, kept / name)
    with closing(sqlite3.connect(kept / ".kinetics-tui" / "ledger.sqlite3")) as ledger:
        ledger.execute("PRAGMA journal_mode = DELETE")
        # What days of work would have taught of the second network.
        learned = "json_set(lessons, '$.safe_per_hour', 240.0, '$.ceiling_per_hour', 280.0)"
        ledger.execute(f"UPDATE networks SET lessons = {learned} WHERE name = ?", (SECOND,))
        ledger.commit()
        ledger.execute("VACUUM")
