"""Clips that are with hosts, as the ledger knows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, HostsKept, Lease, NetworkRow, Outcome

Attempts = Callable[..., Attempt]


def lease(number: int, clip_id: int, host: str = "lab2") -> Lease:
    return Lease(number=number, clip_id=clip_id, host=host, network=f"{host} 10.0.0.2", epoch=1, at=1e9)


def held(ledger: Ledger) -> dict[int, tuple[int, str]]:
    """The number of each lease, with its clip and host."""
    return {one.number: (row.id, one.host) for one, row in ledger.leases()}


def test_a_clip_has_one_lease_the_last_one(ledger: Ledger) -> None:
    ledger.give_out([lease(1, 1), lease(2, 2)])
    ledger.give_out([lease(3, 1, "lab3")])
    assert held(ledger) == {2: (2, "lab2"), 3: (1, "lab3")}


def test_a_lease_that_ended_is_gone_and_one_that_came_after_it_stays(ledger: Ledger) -> None:
    ledger.give_out([lease(1, 1)])
    ledger.give_out([lease(2, 1)])
    ledger.end_leases([1])
    assert held(ledger) == {2: (1, "lab2")}
    ledger.end_leases([2])
    assert held(ledger) == {}


def test_a_clip_that_is_settled_is_with_nobody(ledger: Ledger, attempt: Attempts) -> None:
    ledger.give_out([lease(1, 1), lease(2, 2)])
    ledger.record(attempt(1, Outcome.DONE))
    assert held(ledger) == {2: (2, "lab2")}


def test_each_engine_counts_one_more(ledger: Ledger, dataset: Path) -> None:
    assert ledger.next_epoch() == 1
    ledger.close()
    with Ledger.open(dataset) as again:
        assert again.next_epoch() == 2


def test_what_is_kept_of_hosts_is_there_again(ledger: Ledger, dataset: Path) -> None:
    kept = HostsKept(networks={"lab2/default": NetworkRow("lab2 10.0.0.2")}, one={"a": "b"}, removed=("c",))
    assert ledger.hosts() == HostsKept()
    ledger.set_hosts(kept)
    ledger.close()
    with Ledger.open(dataset, read_only=True) as again:
        assert again.hosts() == kept


def test_a_ledger_of_version_7_learns_of_leases(ledger: Ledger, dataset: Path) -> None:
    ledger.close()
    with closing(sqlite3.connect(ledger_path(dataset))) as old, old:
        old.execute("DROP TABLE leases")
        old.execute("PRAGMA user_version = 7")
    with Ledger.open(dataset) as opened:
        opened.give_out([lease(1, 1)])
        assert held(opened) == {1: (1, "lab2")}
