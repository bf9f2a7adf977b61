"""Archives on their way: the rate at which they come, and the programs that read them."""

from __future__ import annotations

import asyncio

import pytest

from kinetics_tui.dataset.ledger.archives import ArchiveRow, Expected
from kinetics_tui.engine.archives import reading
from kinetics_tui.engine.archives.order import ToRead
from kinetics_tui.engine.archives.reader import AnyLine, Ended, Job
from kinetics_tui.engine.archives.reading import Reading, Speed


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_rate_is_over_the_last_seconds_and_unknown_before() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    assert speed.bytes_per_s is None
    for second in range(60):
        clock.now_s = 100.0 + second
        speed.note(second * 1_000)
    assert speed.bytes_per_s == pytest.approx(1_000)


def test_a_pause_between_two_archives_makes_no_leap_and_a_stalled_line_ends_at_nothing() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    for second in range(31):
        clock.now_s = 100.0 + second
        speed.note(second * 1_000)
    for second in range(1, 4):
        clock.now_s = 130.0 + second
        speed.note(30_000)
    assert speed.bytes_per_s == pytest.approx(900)
    clock.now_s = 200.0
    speed.note(30_000)
    clock.now_s = 201.0
    speed.note(30_000)
    assert speed.bytes_per_s == 0


def test_what_is_forgotten_counts_no_more() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    speed.note(0)
    clock.now_s += 1
    speed.note(1_000)
    speed.begin()
    assert speed.bytes_per_s is None


# -- readers that die --------------------------------------------------------------------------------


async def ended(monkeypatch: pytest.MonkeyPatch, script: str) -> Reading:
    """A reading whose reader is a shell script, once it is over."""
    monkeypatch.setattr(reading, "READER", ("sh", "-c", script))
    over = asyncio.Event()

    def hear(_reading: Reading, line: AnyLine) -> None:
        if isinstance(line, Ended):
            over.set()

    one = ToRead(ArchiveRow(address="http://127.0.0.1:1/a.tar", name="a.tar"), Expected(None))
    found = Reading(one, Job(dataset="/d", address="", into="/nowhere", part="/d/1.part"), hear)
    async with asyncio.timeout(30):
        await over.wait()
    await found.close()
    return found


async def test_a_reader_that_is_killed_is_told_from_one_that_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed = await ended(monkeypatch, "read job; kill -9 $$")
    assert killed.died
    given_up = await ended(monkeypatch, """read job; echo '{"line":"ended","why":"HTTP 404"}'""")
    assert not given_up.died
    assert given_up.ended == Ended(why="HTTP 404")
