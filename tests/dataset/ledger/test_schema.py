"""Ledgers of older versions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkHistory, NetworkRow, Outcome
from kinetics_tui.dataset.ledger.schema import SCHEMA, VERSION
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkStatus
from tests.dataset.ledger.version_1 import CLIPS, make_version_1, version_1


@pytest.fixture
def old(dataset: Path) -> Path:
    make_version_1(dataset)
    return dataset


def version_of(dataset: Path) -> int:
    with version_1(dataset) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def shape_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """What tables and indexes are like, apart from how they were written down."""
    shape: dict[str, Any] = {}
    for kind, name in connection.execute("SELECT type, name FROM sqlite_schema ORDER BY name").fetchall():
        about = "table_info" if kind == "table" else "index_info"
        shape[name] = connection.execute(f"PRAGMA {about}({name})").fetchall()
        if kind == "table":
            keys = connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            shape[f"{name} keys"] = sorted(key[2:5] for key in keys)
    return shape


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_ledger_gets_the_tables_of_a_new_one(old: Path, read_only: bool) -> None:
    Ledger.open(old, read_only=read_only).close()
    assert version_of(old) == VERSION
    new = sqlite3.connect(":memory:")
    new.executescript(SCHEMA)
    with version_1(old) as connection:
        assert shape_of(connection) == shape_of(new)
    new.close()


def test_networks_of_version_1_are_named_by_their_address_alone(old: Path) -> None:
    with Ledger.open(old, read_only=True) as ledger:
        rows = ledger.networks()
    assert list(rows) == [
        "10.0.0.2",
        "http://h:1",
        "192.168.1.23",
        "no default route",
        "2001:db8::/64",
    ]
    assert rows["10.0.0.2"] == NetworkRow(
        "10.0.0.2",
        "eth0 10.0.0.2",
        NetworkKind.SOURCE_ADDRESS,
        Family.IPV4,
        clips_since_throttle=3,
    )
    assert rows["http://h:1"] == NetworkRow(
        "http://h:1", "http://h:1", NetworkKind.PROXY, Family.UNKNOWN, clips_since_throttle=1
    )
    assert rows["2001:db8::/64"].family is Family.IPV6
    assert rows["no default route"].kind is NetworkKind.DEFAULT_ROUTE


def test_two_networks_that_are_one_keep_the_cooldown_and_all_that_was_done(old: Path) -> None:
    with Ledger.open(old) as ledger:
        row = ledger.networks()["192.168.1.23"]
        assert (row.status, row.until, row.step) == (NetworkStatus.COOLING, 9000.0, 2)
        assert (row.signal, row.kind) == (Category.BOT_CHECK, NetworkKind.SOURCE_ADDRESS)
        assert ledger.network_histories()["192.168.1.23"] == NetworkHistory(sessions=3, clips=2)
        last = ledger.last_network()
        assert last is not None
        assert last.name == "192.168.1.23"
        assert [settled.attempt.network for settled in ledger.settled()] == [
            "192.168.1.23",
            "192.168.1.23",
            "http://h:1",
            "http://h:1",
            "10.0.0.2",
        ]


def test_the_clips_that_each_network_fetched_are_counted_from_then_on(
    old: Path, attempt: Callable[..., Attempt]
) -> None:
    with Ledger.open(old) as ledger:
        clips = {name: history.clips for name, history in ledger.network_histories().items()}
        assert clips == {
            "192.168.1.23": 2,
            "10.0.0.2": 0,
            "http://h:1": 1,
            "no default route": 0,
            "2001:db8::/64": 0,
        }
        ledger.record(attempt(CLIPS, Outcome.DONE, network="10.0.0.2", wire_bytes=1))
        assert ledger.network_histories()["10.0.0.2"].clips == 1


def test_nothing_else_of_an_older_ledger_changes(old: Path) -> None:
    with Ledger.open(old) as ledger:
        assert ledger.split_counts() == [SplitCounts("val", CLIPS, done=4, failed=1)]
        assert (ledger.totals().attempts, ledger.totals().wire_bytes) == (5, 3010)
        assert ledger.done_by_minute(0.0) == {2: 1, 5: 1, 9: 2}
        assert ledger.newest_done(2) == ["video000004", "video000002"]
        assert (ledger.ways_in_use(), ledger.ways(), ledger.throttled_since(0.0)) == ((), {}, ())
    write_records(old)
    assert len((old / "stats.csv").read_text().splitlines()) == 6


def test_what_older_clips_were_made_from_is_not_known_and_of_new_ones_it_is_kept(
    old: Path, attempt: Callable[..., Attempt]
) -> None:
    with Ledger.open(old) as ledger:
        older = [settled.attempt.made for settled in ledger.settled()]
        assert {made.made_with for made in older if made} == {""}
        ledger.record(attempt(CLIPS, Outcome.DONE, source_itags="134+140", made_with="x264 165"))
        *_, newest = (settled.attempt for settled in ledger.settled())
        assert newest.made is not None
        assert (newest.made.source_itags, newest.made.made_with) == ("134+140", "x264 165")


def test_the_requests_of_older_tries_are_not_known_and_those_of_new_ones_are_kept(
    old: Path, attempt: Callable[..., Attempt]
) -> None:
    with Ledger.open(old) as ledger:
        assert {settled.attempt.spent.requests for settled in ledger.settled()} == {None}
        for sent in (0, 3):
            ledger.record(attempt(CLIPS, Outcome.DONE, requests=sent))
        *_, none, three = (settled.attempt.spent.requests for settled in ledger.settled())
        assert (none, three) == (0, 3)


def test_a_ledger_is_brought_up_to_date_beside_a_reader(old: Path) -> None:
    with version_1(old) as reader:
        networks = reader.execute("SELECT name FROM networks")
        networks.fetchone()
        with Ledger.open(old) as ledger:
            assert "10.0.0.2" in ledger.networks()


def test_whoever_opens_it_at_the_same_time_finds_it_up_to_date(old: Path) -> None:
    start = threading.Barrier(4)

    def look(_: int) -> list[str]:
        start.wait(10)
        with Ledger.open(old, read_only=True) as ledger:
            return list(ledger.networks())

    with ThreadPoolExecutor(start.parties) as threads:
        first, *others = threads.map(look, range(start.parties))
    assert "10.0.0.2" in first
    assert others == [first] * 3


def test_what_cannot_be_brought_up_to_date_stays_as_it_was(old: Path) -> None:
    with version_1(old) as connection:
        before = shape_of(connection)
        connection.execute("CREATE TABLE throttles (id)")
    with pytest.raises(DatasetError, match="throttles already exists"):
        Ledger.open(old)
    assert version_of(old) == 1
    with version_1(old) as connection:
        connection.execute("DROP TABLE throttles")
        assert shape_of(connection) == before
    with Ledger.open(old) as ledger:
        assert "10.0.0.2" in ledger.networks()


def test_an_older_ledger_that_cannot_be_written_is_to_be_opened_elsewhere(
    unwritable: Callable[..., AbstractContextManager[Path]],
) -> None:
    with (
        unwritable(make_version_1) as dataset,
        pytest.raises(DatasetError, match="older version and cannot be changed here; open it once"),
    ):
        Ledger.open(dataset, read_only=True)
