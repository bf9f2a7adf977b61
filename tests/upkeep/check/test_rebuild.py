"""A lost ledger is made anew from what can be read of it, from annotations, and from the files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkStatus, Way
from kinetics_tui.model.options import LayoutName, Options, Selection
from kinetics_tui.upkeep.check.check import Checking, check
from kinetics_tui.upkeep.check.findings import Fault, LedgerState, Report
from kinetics_tui.upkeep.check.ledger_health import ledger_state
from kinetics_tui.upkeep.check.rebuild import Wanted
from tests.upkeep.conftest import CLIPS, DONE, FAILED, PENDING, SHORT
from tests.upkeep.tree import statuses, tree

WANTED = Wanted("Kinetics-400", Selection(release="kinetics-400"), CLIPS)
AS_ASKED = [LayoutName.ACTIVITYNET, LayoutName.TORCHVISION, LayoutName.SHOWMAX]


def rebuilt(dataset: Path, wanted: Wanted | None = None, said: list[str] | None = None) -> Report:
    tell: Callable[[str], None] = (said if said is not None else []).append
    return check(dataset, Checking(workers=2, repair=True, wanted=lambda: wanted, tell=tell))


def garble_pages(path: Path, first: int, last: int) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * first : 4096 * last] = random.Random(1).randbytes(4096 * (last - first))
    path.write_bytes(data)


@pytest.mark.parametrize("layout", AS_ASKED)
def test_annotations_and_files_make_the_ledger_that_was_lost(
    finished: Callable[[LayoutName], Path], tmp_path: Path, layout: LayoutName
) -> None:
    dataset = Path(shutil.copytree(finished(layout), tmp_path / "set"))
    before = statuses(dataset, layout)
    for path in state_folder(dataset).glob("ledger*"):
        path.unlink()
    report = rebuilt(dataset, WANTED)
    assert (report.ledger, report.left, report.taken_short) == (LedgerState.REBUILT, 0, 1)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert (ledger.title, ledger.release, ledger.options.layout) == (
            "Kinetics-400",
            "kinetics-400",
            layout,
        )
        made = [(settled.clip.name, settled.attempt.made) for settled in ledger.settled()]
        shorts = {name for name, file in made if file and file.short}
    assert shorts == {SHORT.name}
    after = statuses(dataset, layout)
    assert after.pop(FAILED.name) == ("pending", 0)  # why it failed is not on the disk
    del before[FAILED.name]
    assert after == before

    stood = tree(dataset, contents_of_ledger=False)
    again = rebuilt(dataset, WANTED)
    assert (again.ledger, again.faults) == (LedgerState.WHOLE, 0)
    assert tree(dataset, contents_of_ledger=False) == stood


@pytest.mark.parametrize("layout", [LayoutName.ACTIVITYNET, LayoutName.TORCHVISION])
def test_names_of_files_alone_make_a_ledger_of_them(
    finished: Callable[[LayoutName], Path], tmp_path: Path, layout: LayoutName
) -> None:
    dataset = Path(shutil.copytree(finished(layout), tmp_path / "set"))
    shutil.rmtree(state_folder(dataset))
    (dataset / "val" / "holiday.mp4").write_bytes(b"mine")
    report = rebuilt(dataset)
    assert {fault: count for fault, count in report.counts.items() if count} == {
        Fault.FOUND: 5,
        Fault.STRAY: 1,
    }
    assert report.left == 0
    after = statuses(dataset, layout)
    assert {name: status for name, (status, _) in after.items()} == {clip.name: "done" for clip in DONE}
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.options.layout is layout
        assert [(split.name, split.done) for split in ledger.split_counts()] == [
            ("train", 2),
            ("val", 2),
            ("test", 1),
        ]


def test_names_without_times_make_no_ledger(finished: Callable[[LayoutName], Path], tmp_path: Path) -> None:
    dataset = Path(shutil.copytree(finished(LayoutName.SHOWMAX), tmp_path / "set"))
    for clip in DONE:  # every name is an id alone
        assert (dataset / clip_path(LayoutName.SHOWMAX, clip)).exists()
    shutil.rmtree(state_folder(dataset))
    before = tree(dataset)
    with pytest.raises(DatasetError, match="--annotations"):
        rebuilt(dataset)
    assert tree(dataset) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database at all" * 1000),
        lambda path: garble_pages(path, 0, 1),
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 3]),
    ],
    ids=["empty", "other", "head", "cut off"],
)
def test_a_ledger_past_help_is_kept_aside_and_made_anew(
    dataset: Path, damage: Callable[[Path], None]
) -> None:
    damage(ledger_path(dataset))
    spoilt = ledger_path(dataset).read_bytes()
    before = tree(dataset)
    told = check(dataset, Checking())
    assert (told.ledger, told.left) == (LedgerState.DAMAGED, 1)
    assert tree(dataset) == before
    report = rebuilt(dataset, WANTED)
    assert (report.ledger, report.left) == (LedgerState.REBUILT, 0)
    (aside,) = state_folder(dataset).glob("ledger-damaged-*.sqlite3")
    assert aside.read_bytes() == spoilt
    assert {name: status for name, (status, _) in statuses(dataset).items()} == {
        **{clip.name: "done" for clip in DONE},
        FAILED.name: "pending",
        PENDING.name: "pending",
    }


def test_what_can_be_read_of_a_damaged_ledger_is_saved(dataset: Path) -> None:
    cooling = NetworkRow(
        "192.168.1.23", status=NetworkStatus.COOLING, until=9e9, step=3, signal=Category.BOT_CHECK
    )
    phone = Way(kind=NetworkKind.INTERFACE, target="wlan1")
    with Ledger.open(dataset) as ledger:
        ledger.save_networks(cooling)
        ledger.set_ways_in_use([phone])
        before = (list(ledger.settled()), ledger.failure_counts(), ledger.totals())
    stood = statuses(dataset)
    page = page_of(ledger_path(dataset), "clips_by_status")
    garble_pages(ledger_path(dataset), page - 1, page)
    assert ledger_state(dataset)[0] is LedgerState.DAMAGED
    report = rebuilt(dataset)
    assert (report.ledger, report.left, report.whole) == (LedgerState.REBUILT, 0, 5)
    assert statuses(dataset) == stood
    with Ledger.open(dataset, read_only=True) as ledger:
        assert (list(ledger.settled()), ledger.failure_counts(), ledger.totals()) == before
        assert ledger.options == Options(workers=3)
        assert ledger.selection == Selection(annotations=("/nowhere/train.csv",))
        assert ledger.ways_in_use() == (phone,)
        kept = ledger.networks()["192.168.1.23"]
        assert (kept.status, kept.until, kept.step) == (NetworkStatus.COOLING, 9e9, 3)


def test_rows_on_a_page_that_is_gone_come_back_from_the_files(dataset: Path) -> None:
    page = page_of(ledger_path(dataset), "attempts")
    garble_pages(ledger_path(dataset), page - 1, page)
    said: list[str] = []
    report = rebuilt(dataset, said=said)
    assert (report.ledger, report.left) == (LedgerState.REBUILT, 0)
    assert report.counts[Fault.FOUND] == 5
    assert any("7 clips and 0 attempts could be read" in line for line in said)
    assert {name: status for name, (status, _) in statuses(dataset).items()} == {
        **{clip.name: "done" for clip in DONE},
        FAILED.name: "failed",
        PENDING.name: "pending",
    }


def test_a_rebuild_that_was_cut_off_goes_on_from_the_ledger_put_aside(dataset: Path) -> None:
    stood = statuses(dataset)
    ledger_path(dataset).rename(state_folder(dataset) / "ledger-damaged-20260101-000000.sqlite3")
    assert rebuilt(dataset).left == 0
    assert statuses(dataset) == stood


def test_a_ledger_of_a_newer_version_is_no_damage(dataset: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(ledger_path(dataset))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(DatasetError, match="newer version"):
        rebuilt(dataset, WANTED)
    assert list(state_folder(dataset).glob("ledger-damaged-*")) == []


def page_of(path: Path, name: str) -> int:
    """The number of the root page of a table or index; all changes are in the file itself."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    connection.close()
    return int(page)
