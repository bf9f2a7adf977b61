"""A dataset folder with a real ledger, for the engine's parts, and with an authority, for hosts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_parts import Parts
from tests.engine.engine_run import Run, Start


@pytest.fixture
def make_ledger(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Makes and opens the ledger of ``tmp_path / "set"``; closed after the test."""
    opened: list[Ledger] = []

    def make(clips: list[Clip], **options: object) -> Ledger:
        dataset = tmp_path / "set"
        make_state_folder(dataset)
        ledger = Ledger.create(
            dataset,
            title="Custom dataset",
            release="",
            selection=Selection(),
            options=Options(**options),  # type: ignore[arg-type]  # as the test types them
            clips=clips,
        )
        opened.append(ledger)
        return ledger

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def start(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Start:
    """Starts an engine on these clips and stops it at the end."""

    @contextlib.asynccontextmanager
    async def start(clips: list[Clip], **options: object) -> AsyncIterator[Run]:
        ledger = make_ledger(clips, **{"workers": 2, "pace_per_hour": None, **options})
        run = Run(ledger, tmp_path / "set")
        await run.engine.open()
        task = asyncio.create_task(run.engine.run())
        try:
            yield run
        finally:
            run.engine.stop()
            await task

    return start


@pytest.fixture
def make_parts(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Iterator[Callable[..., Parts]]:
    """Puts an engine's parts together on these clips, without pace and with 2 workers unless said."""
    made: list[Parts] = []

    def make(clips: list[Clip], **options: object) -> Parts:
        ledger = make_ledger(clips, **{"workers": 2, "pace_per_hour": None, **options})
        made.append(Parts(ledger, tmp_path / "set"))
        return made[-1]

    yield make
    for parts in made:
        parts.disk.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.at(tmp_path / "set")
