"""A view opened offline shows of every network what that of an engine would: one function makes both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.client.next_run import list_networks
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons, NetworkKind, NetworkState, NetworkStatus, Way
from kinetics_tui.model.options import COOLDOWN_STEPS_S, Options, Selection
from kinetics_tui.model.state import RunState
from tests.engine.engine_clips import context_of, some_clips

NOW = 1_700_000_000.0
NAMES = ("192.168.1.23", "10.0.0.7", "socks5://10.1.1.1:1080", "172.20.10.4")
SIGNALS = (Category.SESSION_LIMIT, Category.BOT_CHECK, Category.CAPTCHA)

times = st.none() | st.floats(-1e6, 1e6).map(lambda ago_s: NOW + ago_s)
lessons = st.builds(
    Lessons,
    safe_per_hour=st.none() | st.floats(20, 3000),
    ceiling_per_hour=st.none() | st.floats(20, 3000),
    throttled_before=st.booleans(),
    refused_after_s=st.none() | st.floats(60, 1e5),
    passed_after_s=st.none() | st.floats(60, 1e6),
    blocked_since=times,
    first_wait_s=st.none() | st.floats(60, 1e5),
)
rows = st.builds(
    NetworkRow,
    st.sampled_from(NAMES),
    label=st.sampled_from(("", "wlan0")),
    kind=st.sampled_from(NetworkKind),
    status=st.sampled_from(NetworkStatus),
    signal=st.none() | st.sampled_from(SIGNALS),
    until=times,
    step=st.integers(0, 9),
    clips_since_throttle=st.sampled_from((0, 1, 99, 100, 5000)),
    last_throttle_at=times,
    lessons=lessons,
)
throttles = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 4), st.booleans()), max_size=5)
options = st.builds(
    Options,
    pace_per_hour=st.none() | st.floats(1, 3000),
    learn_pace=st.booleans(),
    cooldown_steps_s=st.sampled_from((COOLDOWN_STEPS_S, (60.0,), (30.0, 300.0))),
)


@contextmanager
def ledger_with(
    options: Options, rows: list[NetworkRow], throttles: list[tuple[str, int, bool]]
) -> Iterator[tuple[Ledger, Path]]:
    """A ledger that remembers these networks; of throttles the name, the step, and if it answered again."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder)
        make_state_folder(dataset)
        Ledger.create(
            dataset,
            title="T",
            release="",
            selection=Selection(),
            options=options,
            clips=some_clips(3),
        ).close()
        with Ledger.open(dataset) as ledger:
            for row in rows:
                ledger.save_networks(row)
            for number, (name, step, answered) in enumerate(throttles):
                session = ledger.open_session(name, NOW - 1000 + number, 1)
                ledger.throttled(name, NOW - 900 + number, Category.BOT_CHECK, step, number)
                ledger.close_session(session, NOW - 900 + number, "throttled")
                if answered:
                    ledger.throttle_ended(name, NOW - 800 + number)
            yield ledger, dataset


@settings(max_examples=60, deadline=None)
@given(
    options=options,
    rows=st.lists(rows, max_size=4, unique_by=lambda row: row.name),
    throttles=throttles,
    here=st.sampled_from(NAMES),
    present=st.booleans(),
    added=st.lists(st.sampled_from(NAMES[2:]), unique=True),
)
def test_a_view_opened_offline_shows_the_networks_that_a_live_one_would(
    options: Options,
    rows: list[NetworkRow],
    throttles: list[tuple[str, int, bool]],
    here: str,
    present: bool,
    added: list[str],
) -> None:
    def look(way: Way, given_as: str) -> Network:
        name = way.target or here
        return Network(name=name, label=f"{given_as} {name}".strip(), kind=way.kind, present=present)

    ways = Ways(
        [Way()],
        {f"my {name}": Way(kind=NetworkKind.PROXY, target=name) for name in added},
        look=look,
        discover=list,
    )
    with ledger_with(options, rows, throttles) as (ledger, dataset):
        offline = {network.name: network for network in list_networks(ledger, ways, NOW)}
        context, _ = context_of(ledger, dataset, NOW)
        for event in opening_events(ledger, dataset, NOW, pid=1):
            context.publish(event)
        networks = Networks(context, ways, pid=1)
        networks.changed(NOW)
        networks.list(NOW)
    assert context.state.networks == offline


@settings(max_examples=40, deadline=None)
@given(options=options, rows=st.lists(rows, min_size=1, max_size=3, unique_by=lambda row: row.name))
def test_what_the_ledger_alone_tells_is_the_same_but_for_what_only_the_machine_knows(
    options: Options, rows: list[NetworkRow]
) -> None:
    with ledger_with(options, rows, []) as (ledger, dataset):
        alone = RunState()
        alone.apply_all(opening_events(ledger, dataset, NOW, pid=0))
        last = alone.network
        ways = Ways(
            [Way()],
            look=lambda way, given_as: Network(name=last.name, label=last.label, kind=last.kind),
            discover=list,
        )
        asked = {network.name: network for network in list_networks(ledger, ways, NOW)}
    assert {name: _told(network) for name, network in alone.networks.items()} == {
        name: _told(network) for name, network in asked.items()
    }


def _told(network: NetworkState) -> NetworkState:
    return msgspec.structs.replace(network, family=network.family.UNKNOWN)


def test_an_open_network_shows_no_step() -> None:
    row = NetworkRow(NAMES[0], step=3, clips_since_throttle=5000)
    with ledger_with(Options(), [row], []) as (ledger, dataset):
        state = RunState()
        state.apply_all(opening_events(ledger, dataset, NOW, pid=0))
    assert (state.network.status, state.network.step) == (NetworkStatus.OPEN, 0)
