"""The demo: a dataset folder whose clips come from a loopback YouTube of its own.

That YouTube is a program beside the engine: started before it, it ends a moment after it, whoever looks on.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.base.any_text import JsonReader, from_json
from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.base.programs import python_program
from kinetics_tui.base.words import counted
from kinetics_tui.dataset.folder import demo_path, has_demo, has_ledger, make_state_folder
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.demo.dataset import CLIPS, Making, make_up, write_annotations
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.engine.networks.addresses import network_of
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.commands import SetWorkers
from kinetics_tui.model.network import parse_way
from kinetics_tui.model.options import Options, Selection

START_WITHIN_S = 120.0
ANSWER_WITHIN_S = 2.0
LOG_NAME = "youtube.log"
ANNOUNCED = "youtube.json"
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


_TOLD: JsonReader[Announcement | tuple[int, int]] = JsonReader(Announcement | tuple[int, int])
"""Reads what it prints: how many seconds of how many of its videos are made, then how it is reached."""


class DemoServer(msgspec.Struct, frozen=True):
    """A started loopback YouTube. Letting go of this leaves it running."""

    announcement: Announcement
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self.process.terminate()
        self.process.wait()


def launch(
    folder: Path,
    *,
    clips: int,
    for_dataset: Path | None = None,
    until_idle_s: float,
    making: Making = lambda _made, _of: None,
) -> DemoServer:
    """Start ``python -m kinetics_tui.demo`` in a session of its own; returns when it serves.

    Its media and annotations are made below ``folder``, of which ``making`` is told; its log is
    ``youtube.log`` there, and what it announces ``youtube.json``. It ends by itself ``until_idle_s`` seconds
    after the last request, but not while an engine of ``for_dataset`` lives or is still to come. Raises
    EngineError where it does not come up.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--folder", str(folder), "--clips", str(clips), "--until-idle", str(until_idle_s)]
    arguments += ["--port-file", str(folder / ANNOUNCED), "--progress"]
    if for_dataset is not None:
        arguments += ["--for-dataset", str(for_dataset.absolute()), "--started-by", str(os.getpid())]
    command, environment = python_program("kinetics_tui.demo", *arguments)
    log_path = folder / LOG_NAME
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            bufsize=0,  # nothing may be read ahead of what is waited for
            env=environment,
            cwd=NEUTRAL_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        # Once it serves it never writes to standard output again: the pipe may close behind it.
        with process.stdout as pipe:
            while select.select([pipe], [], [], START_WITHIN_S)[0] and (said := pipe.readline()):
                told = _TOLD.decode(said)
                if isinstance(told, Announcement):
                    return DemoServer(told, process)
                making(*told)
    except BaseException:  # somebody has lost patience
        _end(process)
        raise
    _end(process)
    raise EngineError(f"The demo's YouTube does not come up; see {log_path}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


TITLE = "Demo"
"""The mark of a made-up dataset: no other has this title."""
OTHER_NETWORK = "phone"
"""A network to switch to."""
_PROXY = "http://127.0.0.1:"
"""Its own proxies are at one port each; the ports are others each time."""
UNTIL_IDLE_S = 3.0
"""A moment: where its engine has ended, nobody is left who could ask it for anything."""
WORKERS = 4
COOLDOWN_STEPS_S = (30.0, 60.0, 120.0)
RETRY_STEPS_S = (2.0, 3.0)
CLIP_DEADLINE_S = 60.0


def open_demo(
    dataset: Path | None, *, clips: int | None, workers: int | None, tell: Callable[[str], None]
) -> Path:
    """Make or reopen a demo dataset; returns its folder. ``serve_demo`` starts its YouTube.

    Without a folder one is made below the system's temporary folder. A demo that is there already keeps its
    clips, and its workers where None are given. Raises ``DatasetError`` where the folder is a real dataset.
    """
    folder = dataset or Path(tempfile.mkdtemp(prefix="kinetics-demo-"))
    if has_ledger(folder):
        if not is_demo(folder):
            raise DatasetError(f"{folder} is a real dataset: give the demo another folder.")
        _reopen(folder, clips, workers, tell)
        return folder
    tell(f"Demo: clips go to {folder}. Making a few videos for it; this takes some seconds once.")
    make_state_folder(folder)
    made, _ = make_up(CLIPS if clips is None else clips)
    options = Options(
        learn_pace=False,  # an hour of the real thing is seconds here
        workers=WORKERS if workers is None else workers,
        pace_per_hour=None,
        cooldown_steps_s=COOLDOWN_STEPS_S,
        retry_steps_s=RETRY_STEPS_S,
        clip_deadline_s=CLIP_DEADLINE_S,
    )
    annotations = tuple(str(path.absolute()) for path in write_annotations(demo_path(folder), made))
    create(folder, Selection(annotations=annotations), options, made, TITLE)
    return folder


def _reopen(folder: Path, clips: int | None, workers: int | None, tell: Callable[[str], None]) -> None:
    there = _clips_of(folder)
    tell(f"Demo: {folder} continues as it was left, with its {counted(there, 'clip')}.")
    if clips not in (None, there):
        tell("--clips is for a new demo: give another folder for one.")
    if workers is None:
        return
    if is_running(folder):
        ask(folder, SetWorkers(workers=workers))
        return
    with WriterLock(folder), Ledger.open(folder) as ledger:
        ledger.set_options(msgspec.structs.replace(ledger.options, workers=workers))


def is_demo(dataset: Path) -> bool:
    """True if this dataset was made up by the demo."""
    if not has_demo(dataset):
        return False
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.title == TITLE


def is_served(dataset: Path) -> bool:
    """True if the YouTube of a demo answers."""
    announced = _announced(dataset)
    if announced is None:
        return False
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", announced.proxy_port), ANSWER_WITHIN_S).close()
        return True
    return False


def serve_demo(dataset: Path, making: Making = lambda _made, _of: None) -> DemoServer:
    """Start the YouTube of a demo whose engine does not run, and write down where it is found this time.

    It shows the videos of the demo's own clips, however many there are.
    """
    server = launch(
        demo_path(dataset),
        clips=_clips_of(dataset),
        for_dataset=dataset,
        until_idle_s=UNTIL_IDLE_S,
        making=making,
    )
    try:
        with WriterLock(dataset), Ledger.open(dataset) as ledger:
            yt_dlp = tuple(shlex.split(server.announcement.yt_dlp_options))
            ledger.set_options(msgspec.structs.replace(ledger.options, yt_dlp=yt_dlp))
            ledger.set_ways_in_use(())
            ledger.set_ways({OTHER_NETWORK: parse_way(server.announcement.other_proxy)})
            _forget_former(ledger, server.announcement)
    except BaseException:
        server.stop()
        raise
    return server


def _forget_former(ledger: Ledger, announcement: Announcement) -> None:
    """Have its two networks take the places of those by which the YouTubes before it were reached."""
    rows = ledger.networks().values()
    proxies = {"": f"{_PROXY}{announcement.proxy_port}", OTHER_NETWORK: announcement.other_proxy}
    for given_as, proxy in proxies.items():
        network = network_of(parse_way(proxy), given_as)
        before = f"{given_as} {_PROXY}".lstrip()
        former = [row.name for row in rows if row.label.startswith(before)]
        if former:
            row = NetworkRow(network.name, network.label, network.kind)
            ledger.take_over_networks(row, former)
            if not given_as:
                ledger.set_networks_in_use((row.name,))


def _announced(dataset: Path) -> Announcement | None:
    """The last announcement of a demo's YouTube."""
    try:
        said = (demo_path(dataset) / ANNOUNCED).read_bytes()
        return from_json(said, Announcement)
    except (OSError, msgspec.DecodeError):
        return None


def _clips_of(dataset: Path) -> int:
    """The number of clips that a demo was made up with, whatever is selected of them now."""
    if (announced := _announced(dataset)) is not None:
        return announced.clips
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        ((count,),) = database.read("SELECT count(*) FROM clips")
    return int(count)
