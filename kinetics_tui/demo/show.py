"""The demo: a dataset folder whose clips come from a loopback YouTube of its own.

That YouTube is a program that outlives the one that started it.
"""

from __future__ import annotations

import select
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.annotations.fetch import obtain_annotations
from kinetics_tui.annotations.read import Annotations
from kinetics_tui.base.any_text import from_json
from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.folder import has_ledger, make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import is_running
from kinetics_tui.engine.prepare import prepare
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.network import parse_way
from kinetics_tui.model.options import Options, Selection

START_WITHIN_S = 120.0
LOG_NAME = "youtube.log"
NEUTRAL_FOLDER = "/"
"""Where it runs: a program that stays for long keeps no folder of the user's from being unmounted."""


class Announcement(msgspec.Struct, frozen=True):
    """The line that the program prints once it serves.

    ``yt_dlp_options`` are yt-dlp's own, quoted as one line; ``direct_options`` need no
    proxy, so that requests may come by several networks. ``other_proxy`` leads to it by another network.
    """

    pid: int
    player_port: int
    media_port: int
    proxy_port: int
    other_proxy: str
    yt_dlp_options: str
    direct_options: str
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
    return DemoServer(from_json(said, Announcement), process)


TITLE = "Demo"
"""The mark of a made-up dataset: no other has this title."""
FOLDER_NAME = "demo"
OTHER_NETWORK = "phone"
"""A network to switch to."""
UNTIL_IDLE_S = 300.0
COOLDOWN_STEPS_S = (30.0, 60.0, 120.0)
RETRY_STEPS_S = (2.0, 3.0)
CLIP_DEADLINE_S = 60.0


def open_demo(dataset: Path | None, *, clips: int, workers: int, tell: Callable[[str], None]) -> Path:
    """Make or reopen a demo dataset and start its YouTube; returns its folder, ready for an engine.

    Without a folder one is made below the system's temporary folder. Raises ``DatasetError`` where
    the folder is a real dataset.
    """
    folder = dataset or Path(tempfile.mkdtemp(prefix="kinetics-demo-"))
    if has_ledger(folder) and not _is_made_up(folder):
        raise DatasetError(f"{folder} is a real dataset: give the demo another folder.")
    if is_running(folder):
        return folder
    made_up = make_state_folder(folder) / FOLDER_NAME
    tell(f"Demo: clips go to {folder}. Making a few videos for it; this takes some seconds once.")
    server = launch(made_up, clips=clips, for_dataset=folder, until_idle_s=UNTIL_IDLE_S)
    try:
        _prepare(folder, server, workers, tell)
    except BaseException:
        server.stop()
        raise
    return folder


def _is_made_up(dataset: Path) -> bool:
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.title == TITLE


def _prepare(folder: Path, server: DemoServer, workers: int, tell: Callable[[str], None]) -> None:
    options = Options(
        learn_pace=False,  # an hour of the real thing is seconds here
        workers=workers,
        pace_per_hour=None,
        cooldown_steps_s=COOLDOWN_STEPS_S,
        retry_steps_s=RETRY_STEPS_S,
        clip_deadline_s=CLIP_DEADLINE_S,
        yt_dlp=tuple(shlex.split(server.announcement.yt_dlp_options)),
    )

    # The ports are new each time, so a demo that is opened again gets them again.
    def load(selection: Selection) -> Annotations:
        return obtain_annotations(selection, folder, tell)

    prepare(
        folder,
        selection={} if has_ledger(folder) else {"annotations": server.announcement.annotations},
        options=options,
        given={"yt_dlp": options.yt_dlp, "workers": workers},
        load=load,
        tell=tell,
        title=TITLE,
    )
    with WriterLock(folder), Ledger.open(folder) as ledger:
        ledger.set_ways({OTHER_NETWORK: parse_way(server.announcement.other_proxy)})
