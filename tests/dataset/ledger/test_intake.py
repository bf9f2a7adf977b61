"""Clips that some file systems could not tell apart by their names alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName, Selection

MakeLedger = Callable[..., Ledger]

LOWER = Clip("aaaaaaaaaaa", 0, 10, "val", "archery")
UPPER = Clip("AAAAAAAAAAA", 0, 10, "val", "archery")
LATER = Clip("AAAAAAAAAAA", 20, 30, "val", "archery")


def paths(ledger: Ledger) -> list[str]:
    return [row.path for row in ledger.next_pending("val", 0, 100)]


@pytest.mark.parametrize("layout", LayoutName)
def test_ids_that_differ_in_capitals_alone_get_names_of_their_own(
    make_ledger: MakeLedger, layout: LayoutName
) -> None:
    with make_ledger([LOWER, UPPER, LATER], layout) as ledger:
        first, second, third = paths(ledger)
    assert "~" not in first
    assert "/AAAAAAAAAAA_000000_000010~" in second
    assert "/AAAAAAAAAAA_000020_000030~" in third
    assert len({path.lower() for path in (first, second, third)}) == 3


def test_a_clip_keeps_its_name_when_its_twin_comes_later(make_ledger: MakeLedger) -> None:
    with make_ledger([UPPER, LATER]) as ledger:
        before = paths(ledger)
        ledger.set_selection(Selection(), [LOWER, UPPER, LATER])
        after = paths(ledger)
    assert after[:2] == before
    assert "/aaaaaaaaaaa_000000_000010~" in after[2]


def test_a_marked_name_stays_when_the_clip_follows_its_annotations(make_ledger: MakeLedger) -> None:
    with make_ledger([LOWER, UPPER]) as ledger:
        ledger.set_selection(Selection(), [LOWER, Clip("AAAAAAAAAAA", 0, 10, "val", "yoga")])
        assert "val/yoga/AAAAAAAAAAA_000000_000010~" in paths(ledger)[1]


@pytest.mark.parametrize(("one", "other"), [("Archery", "archery"), ("caf\u00e9", "cafe\u0301")])
def test_showmax_names_carry_times_where_two_folders_may_be_one(
    make_ledger: MakeLedger, one: str, other: str
) -> None:
    clips = [Clip("aaaaaaaaaaa", 0, 10, "val", one), Clip("aaaaaaaaaaa", 20, 30, "val", other)]
    with make_ledger(clips, LayoutName.SHOWMAX) as ledger:
        first, second = paths(ledger)
    assert first.endswith("/aaaaaaaaaaa.mp4")
    assert second.endswith("/aaaaaaaaaaa_000020_000030.mp4")
