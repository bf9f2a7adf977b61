from __future__ import annotations

from typing import Any

import pytest

from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.network_words import (
    can_be_forgotten,
    known_networks,
    label_of,
    last_signal,
    left_s,
    signal_word,
    state_word,
    way_words,
)
from tests.network_events import listing
from tests.tui.run_fakes import CABLE, NOW, PHONE, WLAN, listed, listed_networks, network, used_now


def state() -> RunState:
    state = RunState()
    state.apply_all([*listed(), network()])
    return state


def info(name: str = "x", **fields: Any) -> NetworkState:
    return NetworkState(name=name, label=f"label {name}", kind=NetworkKind.INTERFACE, **fields)


def test_the_one_in_use_comes_first_then_those_that_are_here() -> None:
    away, here, used = info("away", present=False), info("here"), info("used", in_use=True)
    run = RunState()
    run.apply_all(listing(NOW, (away, here, used)))
    assert [known.name for known in known_networks(run)] == ["used", "here", "away"]


def test_a_network_that_changes_keeps_its_place_and_its_past() -> None:
    run = state()
    run.apply(network(NetworkStatus.COOLING, until=NOW + 60, step=3, signal=Category.CAPTCHA, clips=0))
    used = known_networks(run)[0]
    assert (used.name, used.status, used.until, used.step) == (WLAN, NetworkStatus.COOLING, NOW + 60, 3)
    assert used.clips == 98_310


def test_after_a_switch_the_network_in_use_comes_first() -> None:
    run = state()
    run.apply_all(used_now(run.networks[CABLE]))
    assert [known.name for known in known_networks(run) if known.in_use] == [CABLE]
    assert known_networks(run)[0].name == CABLE


def test_a_network_in_use_that_is_not_listed_is_known_too() -> None:
    run = RunState()
    assert known_networks(run) == []
    run.apply(network())
    assert [(known.name, known.in_use) for known in known_networks(run)] == [(WLAN, True)]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "OPEN"),
        ({"status": NetworkStatus.RAMPING}, "RAMPING"),
        ({"status": NetworkStatus.COOLING, "present": False}, "not here"),
        ({"status": NetworkStatus.OFFLINE, "present": False, "in_use": True}, "OFFLINE"),
    ],
)
def test_the_state_in_one_word(fields: dict[str, Any], word: str) -> None:
    assert state_word(info(**fields)) == word


def test_a_network_without_a_label_goes_by_its_name_and_nothing_goes_through_unclean() -> None:
    assert label_of(NetworkState(name="10.0.0.7", label="", kind=NetworkKind.PROXY)) == "10.0.0.7"
    assert label_of(NetworkState(name="", label="", kind=NetworkKind.PROXY)) == "network without a name"
    assert label_of(NetworkState(name="", label="\x1b[2J\u202eevil", kind=NetworkKind.PROXY)) == "?[2J?evil"


def test_way_and_signal_are_short_enough_for_columns() -> None:
    assert way_words(info(family=Family.IPV6)) == "interface IPv6"
    assert way_words(NetworkState(name="", label="", kind=NetworkKind.PROXY)) == "proxy"
    throttles = [signal for signal in Category if signal.kind.value == "throttle"]
    assert max(len(signal_word(signal)) for signal in throttles) == 7


def test_the_last_signal_is_that_of_the_last_throttle() -> None:
    known = {known.name: known for known in listed_networks()}
    assert last_signal(known[WLAN]) is Category.SESSION_LIMIT
    assert last_signal(info(signal=Category.CAPTCHA)) is Category.CAPTCHA
    assert last_signal(info()) is None


def test_what_is_left_of_a_cooldown() -> None:
    cooling = info(status=NetworkStatus.COOLING, until=NOW + 60)
    assert left_s(cooling, NOW) == 60
    assert left_s(cooling, NOW + 99) == 0
    assert left_s(info(until=NOW + 60), NOW) is None


def test_what_may_have_been_added_can_be_forgotten_unless_it_is_in_use() -> None:
    forgettable = [known.name for known in listed_networks() if can_be_forgotten(known)]
    assert forgettable == [PHONE, "usb0"]
    assert can_be_forgotten(NetworkState(name="p", label="p", kind=NetworkKind.PROXY)), "added without a name"
    assert not can_be_forgotten(info(given_as="x", in_use=True))
