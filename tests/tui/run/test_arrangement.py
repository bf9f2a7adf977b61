from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.tui.networks.screen import arrange_networks
from kinetics_tui.tui.parts.canvas import BARS
from kinetics_tui.tui.run.arrangement import Demand, arrange

DEMANDS = st.builds(
    Demand,
    splits=st.integers(0, 6),
    workers=st.integers(0, 64),
    cooling=st.booleans(),
    held=st.booleans(),
    switching=st.booleans(),
    networks=st.integers(0, 9),
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
        assert min(a.splits, a.throttle, a.failures) >= 3
        assert a.workers >= (2 if demand.cooling or demand.held else 3)


@given(st.integers(0, 400), st.integers(24, 200), DEMANDS)
def test_the_log_stays_in_view_while_the_run_stands(width: int, height: int, demand: Demand) -> None:
    for held in (demand._replace(held=True, splits=3), demand._replace(cooling=True, splits=3)):
        assert arrange(width, height, held).log >= 3


def test_at_80x24_splits_take_a_line_each_and_failures_four() -> None:
    a = arrange(80, 24, Demand(splits=3, workers=16))
    assert (a.wide, a.splits, a.throttle, a.workers, a.failures, a.log) == (False, 6, 3, 8, 5, 0)


def test_at_80x24_each_of_several_networks_has_a_line() -> None:
    assert arrange(80, 24, Demand(splits=3, workers=16, networks=3)).throttle == 5
    assert arrange(80, 24, Demand(splits=3, workers=16, networks=9)).throttle == 7


def test_the_throttle_panel_takes_over_while_the_network_cools() -> None:
    running = arrange(80, 24, Demand(splits=3, workers=16))
    cooling = arrange(80, 24, Demand(splits=3, workers=16, cooling=True))
    assert cooling.throttle == 7 > running.throttle


def test_at_80x24_what_holds_the_run_has_room_for_sentences() -> None:
    assert arrange(80, 24, Demand(splits=3, workers=16, held=True)).throttle == 7
    assert arrange(80, 18, Demand(splits=3, workers=16, held=True)).throttle == 5


def test_a_switch_takes_a_sentence_and_leaves_the_workers_that_finish_in_view() -> None:
    held = arrange(80, 24, Demand(splits=3, workers=16, held=True))
    switching = arrange(80, 24, Demand(splits=3, workers=16, switching=True))
    assert switching.throttle == 5
    assert switching.workers > held.workers


def test_at_120x40_all_16_workers_have_a_row() -> None:
    a = arrange(120, 40, Demand(splits=3, workers=16))
    assert a.wide
    assert a.workers == 18
    assert a.log >= 3


def test_at_120x40_the_chart_has_room_for_marks_below_it() -> None:
    assert arrange(120, 40, Demand(splits=3, workers=16)).throttle == 11


@given(st.integers(0, 400), st.integers(0, 200), st.integers(0, 999), st.integers(0, 3))
def test_the_network_screen_uses_all_rows_and_no_more(
    width: int, height: int, networks: int, said: int
) -> None:
    rooms = arrange_networks(width, height, networks, said)
    assert min(rooms.values()) >= 0
    assert sum(rooms.values()) == max(0, height - BARS)
    assert rooms["details"] != 1, "a title alone tells nothing"
    if height >= 12:
        assert rooms["said"] == said
        assert rooms["networks"] >= 3 or networks < 2
        assert rooms["details"] >= 3


def test_few_networks_leave_the_room_to_the_details_and_hundreds_leave_them_enough() -> None:
    few, many = arrange_networks(80, 24, 5, 1), arrange_networks(80, 24, 300, 1)
    assert few == {"networks": 6, "said": 1, "details": 15}
    assert many == {"networks": 11, "said": 1, "details": 10}
