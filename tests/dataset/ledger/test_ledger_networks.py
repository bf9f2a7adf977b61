"""What the ledger remembers of networks: their state, their throttles, what they have done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkHistory, NetworkRow, Outcome
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, Lessons, NetworkKind, NetworkStatus, PastThrottle

MakeAttempt = Callable[..., Attempt]
HOME = "192.168.1.23"
PHONE = "http://phone:1080"
TAUGHT = Lessons(safe_per_hour=240.0)


def throttles_of(ledger: Ledger, network: str) -> tuple[PastThrottle, ...]:
    return ledger.network_histories()[network].throttles


# -- their state ------------------------------------------------------------------------------------------


def test_lessons_are_kept_with_their_network(ledger: Ledger) -> None:
    ledger.save_networks(NetworkRow(HOME, lessons=TAUGHT))
    ledger.save_networks(NetworkRow(PHONE))
    assert ledger.networks()[HOME].lessons == TAUGHT
    assert ledger.networks()[PHONE].lessons == Lessons()


def test_a_network_that_was_only_met_reads_as_an_open_one(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.DONE, network=HOME))
    assert ledger.networks() == {HOME: NetworkRow(HOME)}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "carrier pigeon"),
        ("family", "IPv9"),
        ("status", "asleep"),
        ("signal", "fire alarm"),
        ("lessons", "{"),
        ("lessons", '["a list"]'),
        ("lessons", 7),
        ("step", "third"),
        ("until", "tomorrow"),
    ],
)
def test_what_cannot_be_read_of_a_network_is_as_if_it_were_not_there(
    ledger: Ledger, dataset: Path, column: str, value: object
) -> None:
    row = NetworkRow(
        HOME,
        "wlan0",
        NetworkKind.INTERFACE,
        Family.IPV4,
        NetworkStatus.COOLING,
        Category.CAPTCHA,
        until=5000.0,
        step=2,
        lessons=TAUGHT,
    )
    ledger.save_networks(row)
    with closing(sqlite3.connect(ledger_path(dataset), isolation_level=None)) as connection:
        connection.execute(f"UPDATE networks SET {column} = ?", (value,))
    default = getattr(NetworkRow(HOME), column)
    assert getattr(row, column) != default
    assert ledger.networks()[HOME] == msgspec.structs.replace(row, **{column: default})


def test_saving_a_network_leaves_the_count_of_its_clips_alone(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.DONE, network=HOME, wire_bytes=9))
    ledger.save_networks(NetworkRow(HOME, "wlan0"))
    assert ledger.network_histories()[HOME].clips == 1


# -- what they have done ----------------------------------------------------------------------------------


def test_clips_and_sessions_are_counted_by_network(ledger: Ledger, attempt: MakeAttempt) -> None:
    for network in (HOME, PHONE, HOME):
        ledger.open_session(network, 900.0, 1)
    ledger.record(attempt(1, Outcome.DONE, network=HOME, wire_bytes=9))
    ledger.record(attempt(2, Outcome.DONE, network=PHONE, wire_bytes=9))
    ledger.record(attempt(3, Outcome.DONE, network=HOME, wire_bytes=0))  # lay on the disk already
    ledger.record(attempt(4, Outcome.FAILED, Category.PRIVATE, network=HOME, wire_bytes=9))
    ledger.record(attempt(5, Outcome.DONE, network=HOME, wire_bytes=9))
    ledger.save_networks(NetworkRow("10.0.0.2"))
    assert ledger.network_histories() == {
        HOME: NetworkHistory(sessions=2, clips=2),
        PHONE: NetworkHistory(sessions=1, clips=1),
        "10.0.0.2": NetworkHistory(),
    }


# -- their throttles --------------------------------------------------------------------------------------


def test_a_throttle_lasts_until_the_network_answers(ledger: Ledger, dataset: Path) -> None:
    ledger.throttled(HOME, 1000.0, Category.BOT_CHECK, 1, 250)
    with Ledger.open(dataset, read_only=True) as reader:
        lasting = PastThrottle(at=1000.0, signal=Category.BOT_CHECK, clips=250)
        assert throttles_of(reader, HOME) == (lasting,)
        ledger.throttle_ended(HOME, 1900.0)
        assert throttles_of(reader, HOME) == (msgspec.structs.replace(lasting, took_s=900.0),)


def test_steps_upon_one_another_are_one_throttle(ledger: Ledger) -> None:
    ledger.throttled(HOME, 1000.0, Category.SESSION_LIMIT, 1, 250)
    ledger.throttled(HOME, 2000.0, Category.BOT_CHECK, 2, 0)
    ledger.throttled(HOME, 6000.0, Category.CAPTCHA, 3, 1)
    ledger.throttle_ended(HOME, 17000.0)
    ledger.throttled(HOME, 20000.0, Category.CAPTCHA, 4, 30)
    ledger.throttled(HOME, 30000.0, Category.TOO_MANY_REQUESTS, 5, 0)
    assert throttles_of(ledger, HOME) == (
        PastThrottle(at=1000.0, signal=Category.SESSION_LIMIT, clips=250, steps=3, took_s=16000.0),
        PastThrottle(at=20000.0, signal=Category.CAPTCHA, clips=30, steps=2, took_s=None),
    )


def test_networks_are_throttled_apart(ledger: Ledger) -> None:
    ledger.throttled(HOME, 1000.0, Category.CAPTCHA, 1, 250)
    ledger.throttled(PHONE, 1100.0, Category.BOT_CHECK, 1, 20)
    ledger.throttle_ended(PHONE, 2000.0)
    assert [throttle.took_s for throttle in throttles_of(ledger, HOME)] == [None]
    assert [throttle.took_s for throttle in throttles_of(ledger, PHONE)] == [900.0]
    assert ledger.throttled_since(0.0) == (1000.0, 1100.0)
    assert ledger.throttled_since(1000.5) == (1100.0,)


def test_an_answer_where_no_throttle_lasts_changes_nothing(ledger: Ledger) -> None:
    ledger.throttle_ended(HOME, 500.0)
    assert ledger.networks() == {}
    ledger.throttled(HOME, 1000.0, Category.CAPTCHA, 1, 0)
    ledger.throttle_ended(HOME, 2000.0)
    ledger.throttle_ended(HOME, 3000.0)
    assert [throttle.took_s for throttle in throttles_of(ledger, HOME)] == [1000.0]


def test_of_many_throttles_the_last_eight_are_told_oldest_first(ledger: Ledger) -> None:
    for number in range(10):
        ledger.throttled(HOME, 1000.0 * number, Category.CAPTCHA, 1, number)
        ledger.throttled(HOME, 1000.0 * number + 1, Category.CAPTCHA, 2, 0)
        ledger.throttle_ended(HOME, 1000.0 * number + 5)
    throttles = throttles_of(ledger, HOME)
    assert [throttle.clips for throttle in throttles] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert {(throttle.steps, throttle.took_s) for throttle in throttles} == {(2, 5.0)}


def test_a_clock_that_was_set_back_makes_no_throttle_end_before_it_began(ledger: Ledger) -> None:
    ledger.throttled(HOME, 1000.0, Category.CAPTCHA, 1, 0)
    ledger.throttle_ended(HOME, 400.0)
    assert [throttle.took_s for throttle in throttles_of(ledger, HOME)] == [0.0]


def test_a_throttle_in_the_words_of_another_version_still_counts(ledger: Ledger, dataset: Path) -> None:
    ledger.throttled(HOME, 1000.0, Category.CAPTCHA, 1, 5)
    with closing(sqlite3.connect(ledger_path(dataset), isolation_level=None)) as connection:
        connection.execute("UPDATE throttles SET signal = 'fire alarm'")
    assert throttles_of(ledger, HOME) == (
        PastThrottle(at=1000.0, signal=Category.TOO_MANY_REQUESTS, clips=5),
    )


def test_a_throttle_knows_its_session_where_that_is_one_of_its_network(ledger: Ledger, dataset: Path) -> None:
    session = ledger.open_session(HOME, 900.0, 1)
    ledger.throttled(PHONE, 950.0, Category.CAPTCHA, 1, 0)
    ledger.throttled(HOME, 1000.0, Category.CAPTCHA, 1, 0)
    with closing(sqlite3.connect(ledger_path(dataset))) as connection:
        rows = connection.execute("SELECT session_id FROM throttles ORDER BY id").fetchall()
    assert rows == [(None,), (session,)]
