"""The alarm of the clip in hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from kinetics_tui.media.make.clip_maker import Alarm


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    alarm = Alarm()
    yield alarm
    alarm.close()


def test_it_rings_once_when_the_time_is_up_and_not_before(alarm: Alarm) -> None:
    rung: list[float] = []
    heard = threading.Event()

    def ring() -> None:
        rung.append(time.monotonic())
        heard.set()

    began = time.monotonic()
    alarm.set(0.05, ring)
    assert heard.wait(30.0)
    time.sleep(0.1)
    assert len(rung) == 1
    assert rung[0] >= began + 0.05


def test_what_was_called_off_or_set_anew_does_not_ring(alarm: Alarm) -> None:
    rung: list[str] = []
    heard = threading.Event()
    alarm.set(0.05, lambda: rung.append("called off"))
    alarm.call_off()
    alarm.set(0.05, lambda: rung.append("set anew"))
    alarm.set(0.1, heard.set)
    assert heard.wait(30.0)
    assert rung == []


def test_a_nearer_time_is_not_slept_through(alarm: Alarm) -> None:
    heard = threading.Event()
    alarm.set(1e9, lambda: None)
    alarm.set(0.01, heard.set)
    assert heard.wait(30.0)


def test_many_clips_need_one_thread_and_closing_ends_it() -> None:
    before = set(threading.enumerate())
    alarm = Alarm()
    for _ in range(100):
        alarm.set(60.0, lambda: None)
        alarm.call_off()
    (thread,) = set(threading.enumerate()) - before
    alarm.close()
    thread.join(30.0)
    assert not thread.is_alive()
