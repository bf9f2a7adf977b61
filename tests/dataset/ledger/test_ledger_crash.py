"""The ledger under kill -9, and on a file system that cannot be written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.dataset.ledger.database import NoLedger
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection

WRITER = """
import sys
from pathlib import Path
from kinetics_tui.dataset.ledger.rows import (Attempt, Outcome)
from kinetics_tui.dataset.ledger.ledger import (Ledger)
from kinetics_tui.model.made import Spent
from tests.clip_figures import file_of

with Ledger.open(Path(sys.argv[1])) as ledger:
    ledger.open_session("wlan0", 0.0, 1)
    for row in ledger.next_pending("val", 0, 100_000):
        ledger.record(Attempt(clip_id=row.id, at=1.0, network="wlan0", outcome=Outcome.DONE,
                              made=file_of(output_bytes=2), spent=Spent(wire_bytes=3)))
        if row.id % 7 == 0:
            ledger.flush()
            print(row.id, flush=True)
"""

MAKER = """
import sys
from pathlib import Path
from kinetics_tui.dataset.ledger.ledger import (Ledger)
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection

def clips():
    for number in range(10**9):
        yield Clip(f"{number:011}", 0, 10, "val", "x")
        if number == 20_000:
            print("under way", flush=True)

what = {"title": "", "release": "", "selection": Selection(), "options": Options()}
Ledger.create(Path(sys.argv[1]), clips=clips(), **what)
"""


def start(script: str, dataset: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, str(dataset)], stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=10)
    return rest


def fill(dataset: Path, count: int) -> Ledger:
    return Ledger.create(
        dataset,
        title="",
        release="",
        selection=Selection(),
        options=Options(),
        clips=(Clip(f"{number:011}", 0, 10, "val", "x") for number in range(count)),
    )


@pytest.mark.parametrize("after", [3, 40])
def test_a_killed_writer_loses_nothing_that_was_flushed(dataset: Path, after: int) -> None:
    fill(dataset, 20_000).close()
    process = start(WRITER, dataset)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(after)]
    told += map(int, kill(process).split())
    with Ledger.open(dataset) as ledger:
        (split,) = ledger.split_counts()
        totals = ledger.totals()
        assert split.done >= told[-1]
        assert totals.attempts == split.done
        assert (totals.wire_bytes, totals.output_bytes) == (3 * split.done, 2 * split.done)
        assert ledger.next_pending("val", 0, 1)[0].id == split.done + 1
        assert sum(1 for _ in ledger.settled()) == split.done
    with sqlite3.connect(ledger_path(dataset)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_creator_that_is_killed_leaves_no_ledger_and_no_rubbish_for_long(dataset: Path) -> None:
    process = start(MAKER, dataset)
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    kill(process)
    with pytest.raises(NoLedger):
        Ledger.open(dataset)
    left = list(state_folder(dataset).glob("*.new*"))
    assert left
    for path in left:
        os.utime(path, (time.time() - 7200,) * 2)
    with fill(dataset, 3) as ledger:
        assert len(ledger.next_pending("val", 0, 9)) == 3
    assert not list(state_folder(dataset).glob("*.new*"))


def test_a_ledger_that_nobody_can_write_can_be_read(
    unwritable: Callable[..., AbstractContextManager[Path]],
) -> None:
    with unwritable(lambda dataset: fill(dataset, 3).close()) as dataset:
        with Ledger.open(dataset, read_only=True) as ledger:
            assert len(ledger.next_pending("val", 0, 9)) == 3
            with pytest.raises(DatasetError, match="cannot be written"):
                ledger.set_split_enabled("val", False)
        with pytest.raises(DatasetError, match="check the folder's permissions"):
            Ledger.open(dataset).set_split_enabled("val", False)
