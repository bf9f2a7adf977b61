"""The table of networks: aligned, readable at 80 columns, whole names, nothing raw."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from kinetics_tui.base.safe_text import for_terminal
from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S, day_text
from kinetics_tui.cli.commands.networks import COLUMNS, NO_NETWORK, networks_text
from kinetics_tui.cli.status import networks_json
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkState, NetworkStatus, PastThrottle
from kinetics_tui.model.state import RunState
from tests.network_events import listing

NOW = time.mktime((2026, 9, 1, 18, 0, 0, 0, 0, -1))
HOME = NetworkState(
    name="192.168.1.23",
    label="wlan0 192.168.1.23",
    kind=NetworkKind.DEFAULT_ROUTE,
    family=Family.IPV4,
    in_use=True,
    clips=1204,
    last_throttle_at=NOW - HOUR_S,
    learned_per_hour=280.0,
    throttles=(PastThrottle(at=NOW - HOUR_S, signal=Category.BOT_CHECK, clips=300, took_s=900.0),),
)
OFFICE = NetworkState(
    name="socks5://10.0.0.1:1080",
    label="office socks5://10.0.0.1:1080",
    given_as="office",
    kind=NetworkKind.PROXY,
    status=NetworkStatus.COOLING,
    signal=Category.SESSION_LIMIT,
    until=NOW + 3 * HOUR_S + 5 * MINUTE_S,
    clips=310,
    last_throttle_at=NOW - 2 * DAY_S,
)
AWAY = NetworkState(
    name="2001:db8:85a3:8d3::/64",
    label="phone wlan1 2001:db8:85a3:8d3:1319:8a2e:370:7348",
    kind=NetworkKind.SOURCE_ADDRESS,
    present=False,
    last_throttle_at=NOW - 20 * DAY_S,
)


def state(*networks: NetworkState) -> RunState:
    state = RunState()
    state.apply_all(listing(NOW, networks))
    return state


def test_each_network_is_a_row_with_its_marks() -> None:
    assert networks_text(state(HOME, OFFICE, AWAY), NOW).splitlines() == [
        "  network                        state    cools for   clips  throttled  learned",
        "* wlan0 192.168.1.23             open                 1,204  17:00        280/h",
        "  office socks5://10.0.0.1:1080  cooling  3 h 05 min    310  Sun 18:00",
        "- phone wlan1 2001:db8:85a3:8d3:1319:8a2e:370:7348",
        "                                 open                     0  12 Aug",
        "* in use  - not here now",
    ]


def test_a_way_that_is_the_same_network_stands_below_it() -> None:
    same = msgspec.structs.replace(OFFICE, also=("vpn tun0 \x1b[2J10.8.0.2",))
    lines = networks_text(state(HOME, same), NOW).splitlines()
    assert lines[3] == f"= {for_terminal(same.also[0])}"
    assert lines[4] == "* in use  = the same network as the one above, as you named it"


def test_the_marks_that_are_there_are_explained() -> None:
    assert networks_text(state(OFFICE), NOW).splitlines()[-1].startswith("  office")
    assert networks_text(state(AWAY), NOW).splitlines()[-1] == "- not here now"


@pytest.mark.parametrize("networks", [(HOME, OFFICE, AWAY), (AWAY,), (HOME,)])
def test_it_is_readable_at_80_columns(networks: tuple[NetworkState, ...]) -> None:
    assert max(map(len, networks_text(state(*networks), NOW).splitlines())) <= COLUMNS


def test_without_networks_it_says_so() -> None:
    assert networks_text(state(), NOW) == NO_NETWORK
    assert networks_json(state()) == []


def test_scripts_get_everything_that_is_known() -> None:
    home, office, _ = json.loads(json.dumps(networks_json(state(HOME, OFFICE, AWAY))))
    assert set(home) == (set(NetworkState.__struct_fields__) - {"status"}) | {"state"}
    assert (home["in_use"], home["family"], home["learned_per_hour"]) == (True, "IPv4", 280.0)
    assert home["throttles"] == [
        {"at": NOW - HOUR_S, "signal": "bot check", "clips": 300, "steps": 1, "took_s": 900.0, "asked": None}
    ]
    assert (office["given_as"], office["state"], office["signal"]) == ("office", "cooling", "session limit")
    assert office["until"] == OFFICE.until


@pytest.mark.parametrize(
    ("before_s", "text"), [(0, "18:00"), (DAY_S, "Mon 18:00"), (7 * DAY_S, "25 Aug"), (-DAY_S, "Wed 18:00")]
)
def test_a_moment_has_its_day_where_it_is_another_one(before_s: float, text: str) -> None:
    assert day_text(NOW - before_s, NOW) == text


def test_a_moment_out_of_all_bounds_is_unknown() -> None:
    assert day_text(1e300, NOW) == "unknown"


def test_nothing_from_outside_moves_the_cursor() -> None:
    odd = NetworkState(name="x", label="a\x1b[2J\u202eb", kind=NetworkKind.INTERFACE)
    assert for_terminal("\x1b[2J") == "\N{REPLACEMENT CHARACTER}[2J"
    assert not {"\x1b", "\u202e"} & set(networks_text(state(odd), NOW))
