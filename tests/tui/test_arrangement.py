from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.tui.arrangement import BARS, Demand, arrange

DEMANDS = st.builds(
    Demand, splits=st.integers(0, 6), workers=st.integers(0, 64), cooling=st.booleans(), held=st.booleans()
)


@given(st.integers(0, 400), st.integers(0, 200), DEMANDS)
def test_panels_never_take_more_rows_than_there_are(width: int, height: int, demand: Demand) -> None:
    a = arrange(width, height, demand)
    rows = a.splits + a.workers + a.log if a.wide else a.splits + a.throttle + a.workers + a.failures + a.log
    assert min(a.splits, a.throttle, a.workers, a.failures, a.log) >= 0
    assert rows <= max(0, height - BARS)


@given(st.integers(0, 400), st.integers(12, 200), DEMANDS)
def test_all_rows_are_used_and_every_panel_seen_where_there_is_room(
    width: int, height: int, demand: Demand
) -> None:
    a = arrange(width, height, demand)
    rows = a.splits + a.workers + a.log if a.wide else a.splits + a.throttle + a.workers + a.failures + a.log
    assert rows == height - BARS
    if height >= 14:
        assert min(a.splits, a.throttle, a.workers, a.failures) >= 3


def test_at_80x24_splits_take_a_line_each_and_failures_four() -> None:
    a = arrange(80, 24, Demand(splits=3, workers=16))
    assert (a.wide, a.splits, a.throttle, a.workers, a.failures, a.log) == (False, 6, 3, 8, 5, 0)


def test_the_throttle_panel_takes_over_while_the_network_cools() -> None:
    running = arrange(80, 24, Demand(splits=3, workers=16))
    cooling = arrange(80, 24, Demand(splits=3, workers=16, cooling=True))
    assert cooling.throttle == 7 > running.throttle
    assert cooling.splits == running.splits + 1, "the end, with the cooldown in it, has a line of its own"


def test_at_80x24_what_holds_the_run_has_room_for_sentences() -> None:
    assert arrange(80, 24, Demand(splits=3, workers=16, held=True)).throttle == 7
    assert arrange(80, 18, Demand(splits=3, workers=16, held=True)).throttle == 5


def test_at_120x40_all_16_workers_have_a_row() -> None:
    a = arrange(120, 40, Demand(splits=3, workers=16))
    assert a.wide
    assert a.workers == 18
    assert a.log >= 3
