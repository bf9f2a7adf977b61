"""The list and the details of networks, as lines of text, without an app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import msgspec
import pytest
from rich.cells import cell_len

from kinetics_tui.model.events import AnyEvent, NetworkChanged, NetworkChecked
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkState, NetworkStatus, PastThrottle
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.networks.details import detail_lines
from kinetics_tui.tui.networks.list import left_text, network_columns, network_line, throttle_text
from kinetics_tui.tui.networks.screen import LINES_MOST, check_lines
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.network_words import known_networks
from kinetics_tui.tui.parts.view_state import Moment
from tests.network_events import listing
from tests.tui.run_fakes import (
    CABLE,
    CABLE6,
    NOW,
    PHONE,
    WLAN,
    cooling,
    listed,
    listed_networks,
    opened,
    used_now,
)

HOSTILE = NetworkState(
    name="\x1b]0;t\x07name",
    label="\x1b[2Jphone\n\u202e" + "very long " * 30 + "弾き語り",
    kind=NetworkKind.PROXY,
    given_as="\x07",
    throttles=(PastThrottle(at=9e18, signal=Category.CAPTCHA, clips=10**9, steps=10**6, took_s=9e18),),
    last_throttle_at=-9e18,
)


def moment(*events: AnyEvent, connected: bool = True, now: float = NOW) -> Moment:
    state = RunState()
    state.apply_all([*opened(), *events])
    return Moment(state, now, connected, UTC)


def texts(lines: Sequence[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def rows(run: Moment, width: int, cursor: str = WLAN) -> list[str]:
    networks = known_networks(run.state)
    columns = network_columns(networks, width)
    return texts([network_line(info, columns, run.now, cursor=info.name == cursor) for info in networks])


def details(run: Moment, name: str, width: int = 78, height: int = 14) -> list[str]:
    info = run.state.networks.get(name)
    assert info is not None
    return texts(detail_lines(info, run, width, height))


# -- the list --------------------------------------------------------------------------------------


def test_a_wide_row_has_mark_label_way_state_countdown_clips_throttle_and_learned_pace() -> None:
    assert rows(moment(), 116) == [
        "›* wlan0 192.168.1.23             default IPv4  OPEN                 98,310  session 1 h ago",
        "   eth0 10.0.0.7                  address IPv4  COOLING     2:37:49   9,412  session 23 min ago"
        "    240/h",
        "   eth0 2001:db8::5               address IPv6  OPEN                    530  never",
        "   phone socks5://127.0.0.1:1080  proxy         OPEN                 12,018  blocked 2 d ago"
        "       290/h",
        "   tether usb0                    interface     not here                  0  never",
        "   wlan0 172.20.10.4              default IPv4  not here   4 d 12 h   1,204  captcha 40 min ago",
    ]


def test_at_80_columns_state_countdown_clips_and_throttle_stay() -> None:
    assert rows(moment(), 78)[:4] == [
        "›* wlan0 192.168.1.23          OPEN                 98,310  session 1 h ago",
        "   eth0 10.0.0.7               COOLING     2:37:49   9,412  session 23 min ago",
        "   eth0 2001:db8::5            OPEN                    530  never",
        "   phone socks5://127.0.0.1:…  OPEN                 12,018  blocked 2 d ago",
    ]


@pytest.mark.parametrize("width", [*range(1, 40), 78, 116, 300])
def test_every_row_fits_and_names_and_states_go_last(width: int) -> None:
    for networks in ([], known_networks(moment().state), [HOSTILE]):
        columns = network_columns(networks, width)
        for info in networks:
            line = network_line(info, columns, NOW, cursor=True)
            assert line.text.isprintable()
            assert sum(cell_len(text) for text, _ in line.spans(width)) == width
            assert line.width <= max(3, width)
        if width >= 20 and networks:
            assert columns["state"]
            assert columns["name"] >= 6


def test_a_long_name_has_the_blanks_beside_it() -> None:
    long = NetworkState(name="a", label="http://" + "proxy." * 8 + "example:3128", kind=NetworkKind.PROXY)
    assert long.label in network_line(long, network_columns([long], 116), NOW, cursor=False).text
    # No figure is given up for it.
    columns = network_columns([long], 78)
    assert (columns["clips"], columns["throttle"]) == (5, 18)


def test_columns_that_say_nothing_are_left_out() -> None:
    quiet = [NetworkState(name="a", label="wlan0", kind=NetworkKind.INTERFACE)]
    columns = network_columns(quiet, 200)
    assert (columns["left"], columns["learned"]) == (0, 0)


def test_a_cooldown_counts_down_by_the_second_on_its_last_day() -> None:
    info = NetworkState(
        name="a", label="a", kind=NetworkKind.PROXY, status=NetworkStatus.COOLING, until=NOW + 86_399
    )
    assert left_text(info, NOW) == "23:59:59"
    assert left_text(info, NOW - 2) == "1 d 0 h"
    assert left_text(info, NOW + 86_400) == "over"


def test_a_throttle_of_unknown_signal_still_has_its_age() -> None:
    info = NetworkState(name="a", label="a", kind=NetworkKind.PROXY, last_throttle_at=NOW - 100)
    assert throttle_text(info, NOW) == "1 min ago"


def test_states_are_told_apart_by_words_and_only_then_by_tone() -> None:
    networks = known_networks(moment().state)
    columns = network_columns(networks, 116)
    tones = {}
    for info in networks:
        spans = network_line(info, columns, NOW, cursor=False).spans(116)
        tones.update({word: tone for text, tone in spans for word in ("OPEN", "COOLING") if word in text})
    assert tones == {"OPEN": Tone.GOOD, "COOLING": Tone.WARN}


# -- the details -----------------------------------------------------------------------------------


def test_the_network_in_use_with_all_its_throttles_the_last_one_first() -> None:
    assert details(moment(), WLAN) == [
        "wlan0 192.168.1.23   default route, IPv4, in use",
        "OPEN: nothing speaks against it.",
        "14 sessions   98,310 clips   12,345 since the last throttle",
        "",
        "throttled     after clips           signal                   steps  took",
        "13:00               2,891  ▍        session limit                1  15 min",
        "Sat 14:02          21,870  ██▌      bot check                    1  15 min",
        "15 Jul 14:02       61,204  ███████  too many requests (429)      3  4 h 12 min",
    ]
    assert not any("█" in line for line in details(moment(), CABLE)), "one bar alone compares nothing"
    assert not any("█" in line for line in details(moment(), WLAN, width=60))


def test_a_cooldown_says_why_until_when_and_which_step_it_is() -> None:
    run = moment()
    assert details(run, CABLE)[1] == (
        "COOLING: session limit. Nothing is sent until 16:40 (2:37:49 left, step 2)."
    )
    assert details(run, CABLE)[2].endswith("learned pace 240/h")
    assert "2  not over yet" in details(run, CABLE)[5]
    over = details(moment(now=NOW + 9_999_999), CABLE)[1]
    assert over == "COOLING: session limit. The cooldown is over; one clip goes first."
    assert "2:37:49 left" in details(moment(*cooling()), WLAN)[1]


def test_a_network_that_is_not_here_says_so_and_keeps_its_cooldown() -> None:
    lines = " ".join(details(moment(), "172.20.10.4"))
    assert "not here: this machine cannot use it now. COOLING: captcha. Nothing is sent until" in lines


def test_a_network_that_was_never_throttled_says_so() -> None:
    assert details(moment(), CABLE6) == [
        "eth0 2001:db8::5   source address, IPv6",
        "OPEN: nothing speaks against it.",
        "1 session   530 clips",
        "",
        "no throttle so far",
    ]


def test_a_network_known_by_another_name_than_its_label_says_that() -> None:
    info = NetworkState(name="10.1.1.1", label="office", kind=NetworkKind.SOURCE_ADDRESS)
    run = moment(*listing(NOW, (info,)))
    assert details(run, "10.1.1.1")[0] == "office   source address, known as 10.1.1.1"


def test_throttles_that_do_not_fit_are_counted() -> None:
    throttles = tuple(
        PastThrottle(at=NOW - 86_400 * ago, signal=Category.CAPTCHA, clips=ago) for ago in range(50, 0, -1)
    )
    info = NetworkState(name="a", label="a", kind=NetworkKind.PROXY, throttles=throttles)
    lines = details(moment(*listing(NOW, (info,))), "a", height=9)
    assert len(lines) == 9
    assert lines[-1] == "47 earlier"


@pytest.mark.parametrize("width", [1, 2, 9, 20, 38, 78, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 30])
def test_details_fit_every_room(width: int, height: int) -> None:
    run = moment(*listed(HOSTILE))
    for info in known_networks(run.state):
        lines = detail_lines(info, run, width, height)
        assert len(lines) <= height
        assert all(line.text.isprintable() for line in lines)
        assert all(sum(cell_len(text) for text, _ in line.spans(width)) == width for line in lines)


def test_an_engine_that_is_gone_counts_no_cooldown_down() -> None:
    run = moment(connected=False, now=NOW + 60)
    assert "(2:37:49 left, step 2)" in details(run, CABLE)[1]


def test_the_ways_that_are_one_network_with_it_are_named() -> None:
    info = msgspec.structs.replace(listed_networks()[0], also=("vpn tun0 10.8.0.2",))
    run = moment(NetworkChanged(at=NOW, network=info))
    assert details(run, info.name)[2] == (
        "The same network, as you named it: vpn tun0 10.8.0.2. One limit, one pace."
    )


# -- the check -------------------------------------------------------------------------------------


def checked(text: str, *, ok: bool = True, at: float = NOW - 5) -> NetworkChecked:
    return NetworkChecked(at=at, name=PHONE, label="phone", ok=ok, text=text)


def test_the_result_of_a_check_has_its_time_and_a_mark_that_needs_no_colour() -> None:
    said = texts(check_lines(moment(checked("YouTube answers by phone (0.4 s).")), "", 78))
    assert said == [" check 14:02:06  ok  YouTube answers by phone (0.4 s)."]
    refused = texts(check_lines(moment(checked("No answer.", ok=False)), "", 78))
    assert refused == [" check 14:02:06  !  phone: No answer."]
    old = texts(check_lines(moment(checked("YouTube answers by phone.", at=NOW - 86_400)), "", 78))
    assert old == [" check Mon 14:02  ok  YouTube answers by phone."]


def test_a_check_under_way_is_said_instead() -> None:
    run = moment(checked("YouTube answers by phone."))
    assert texts(check_lines(run, "eth0 10.0.0.7", 78)) == [
        " checking eth0 10.0.0.7: one request is on its way ..."
    ]
    assert check_lines(moment(), "", 78) == []


@pytest.mark.parametrize("width", [1, 10, 30, 78])
def test_a_long_result_is_wrapped_and_harmless(width: int) -> None:
    lines = check_lines(moment(checked("\x1b[2J word" * 40, ok=False)), "", width)
    assert 1 <= len(lines) <= LINES_MOST
    assert all(line.text.isprintable() for line in lines)


def test_the_network_in_use_is_the_one_that_was_told_of_last() -> None:
    run = moment(*used_now(listed_networks()[3]))
    assert rows(run, 116, cursor=PHONE)[0].startswith("›* phone socks5://127.0.0.1:1080")
