"""The demo: a dataset folder whose clips come from a loopback YouTube of its own."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.annotations.obtain import obtain_annotations
from kinetics_tui.annotations.readers import Annotations
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.demo.launch import DemoServer, launch
from kinetics_tui.engine.asking import is_running
from kinetics_tui.engine.prepare import has_ledger, prepare
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.options import Options, Selection

TITLE = "Demo"
"""What marks a dataset as made-up: no other has this title."""
FOLDER_NAME = "demo"
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
