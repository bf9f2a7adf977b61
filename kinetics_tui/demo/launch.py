"""Starts the loopback YouTube as a program that outlives the one that started it."""

from __future__ import annotations

import select
import subprocess
from pathlib import Path

import msgspec

from kinetics_tui.model.errors import EngineError
from kinetics_tui.programs import python_program

START_WITHIN_S = 120.0
LOG_NAME = "youtube.log"
NEUTRAL_FOLDER = "/"
"""Where it runs: a program that stays for long keeps no folder of the user's from being unmounted."""


class Announcement(msgspec.Struct, frozen=True):
    """What the program says once it serves; ``yt_dlp_options`` are yt-dlp's own, quoted as one line."""

    pid: int
    player_port: int
    media_port: int
    yt_dlp_options: str
    annotations: tuple[str, ...]
    clips: int


class DemoServer(msgspec.Struct, frozen=True):
    """A started loopback YouTube. Letting go of this leaves it running."""

    announcement: Announcement
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self.process.terminate()
        self.process.wait()


def launch(folder: Path, *, clips: int, for_dataset: Path | None = None, until_idle_s: float) -> DemoServer:
    """Start ``python -m kinetics_tui.demo`` in a session of its own; returns when it serves.

    Its media and annotations are made below ``folder``, its log is ``youtube.log`` there. It ends by
    itself ``until_idle_s`` seconds after the last request, but not while an engine of ``for_dataset``
    lives. Raises EngineError where it does not come up.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--folder", str(folder), "--clips", str(clips), "--until-idle", str(until_idle_s)]
    if for_dataset is not None:
        arguments += ["--for-dataset", str(for_dataset.absolute())]
    command, environment = python_program("kinetics_tui.demo", *arguments)
    log_path = folder / LOG_NAME
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=NEUTRAL_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as pipe:
        # It says one line and never writes to standard output again: the pipe may close behind it.
        said = pipe.readline() if select.select([pipe], [], [], START_WITHIN_S)[0] else b""
    if not said.endswith(b"\n"):
        process.kill()
        process.wait()
        raise EngineError(f"The demo's YouTube does not come up; see {log_path}.")
    return DemoServer(msgspec.json.decode(said, type=Announcement), process)
