"""Ways kept in the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.network import Way, parse_way

PROXY = parse_way("socks5://user:s3cret@phone:1080")


def test_ways_are_kept_as_they_are_and_none_is_kept_at_first(ledger: Ledger, dataset: Path) -> None:
    assert (ledger.ways_in_use(), ledger.ways()) == ((), {})
    ways = {"phone": PROXY, "wlan0": parse_way("wlan0"), "default-ipv6": parse_way("default-ipv6")}
    ledger.set_ways(ways)
    ledger.set_ways_in_use([PROXY])
    with Ledger.open(dataset, read_only=True) as again:
        assert (again.ways_in_use(), again.ways()) == ((PROXY,), ways)
    ledger.set_ways({})
    ledger.set_ways_in_use([])
    assert (ledger.ways_in_use(), ledger.ways()) == ((), {})
    ledger.set_ways_in_use([Way()])
    assert ledger.ways_in_use() == (Way(),)


@pytest.mark.parametrize(
    ("key", "read"),
    [("way", Ledger.ways_in_use), ("ways in use", Ledger.ways_in_use), ("ways", Ledger.ways)],
)
def test_a_way_that_cannot_be_read_does_not_become_the_default_route(
    ledger: Ledger, dataset: Path, key: str, read: Callable[[Ledger], object]
) -> None:
    ledger.set_ways_in_use([PROXY])
    ledger.set_ways({"phone": PROXY})
    with closing(sqlite3.connect(ledger_path(dataset), isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET value = replace(value, 'proxy', 'pigeon') WHERE key = ?", (key,))
    with pytest.raises(DatasetError, match=f"damaged \\({key} cannot be read") as caught:
        read(ledger)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in str(caught.value.__cause__)


def test_a_value_that_every_ledger_has_is_missed(ledger: Ledger, dataset: Path) -> None:
    with closing(sqlite3.connect(ledger_path(dataset), isolation_level=None)) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'title'")
    with pytest.raises(DatasetError, match="title cannot be read"):
        _ = ledger.title
