"""The bench of the screen: what it plays, and how its figures are judged."""

from __future__ import annotations

from itertools import count

import pytest

from kinetics_tui.model.events import ClipDone, ClipFailed, ClipProgress, ClipStarted
from kinetics_tui.model.state import RunState
from tests.bench.played_engine import CLIP_S, FAILS_EVERY, Worker, of_so_many
from tests.bench.screen import Cost, alone, answered, beside
from tests.tui.run_fakes import NOW, opened


def test_a_played_worker_takes_one_clip_after_the_other() -> None:
    worker = Worker(1, count(FAILS_EVERY - 1), NOW, late_s=0.0)
    told = [worker.event(NOW + step * CLIP_S / 10) for step in range(21)]
    kinds = [type(event) for event in told]
    assert kinds[0] is kinds[11] is ClipStarted
    assert kinds[1:10] == [ClipProgress] * 9
    assert (kinds[10], kinds[20]) == (ClipDone, ClipFailed)
    fractions = [event.fraction for event in told if isinstance(event, ClipProgress)]
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_what_is_played_is_counted_like_a_run() -> None:
    state = RunState()
    state.apply_all(opened(1))
    done = state.done
    worker = Worker(1, count(1), NOW, late_s=CLIP_S / 2)
    state.apply_all(worker.event(NOW + step * CLIP_S) for step in range(10))
    assert state.done == done + 5


def test_a_run_of_another_size_is_about_as_far() -> None:
    state = RunState()
    state.apply_all(of_so_many(100_000, opened(4)))
    clips = sum(split.total for split in state.splits.values())
    assert clips == pytest.approx(100_000, abs=2)
    assert state.done / clips == pytest.approx(0.47, abs=0.01)
    assert len(state.workers) == 4


def test_a_figure_is_held_against_its_bar_and_its_rival() -> None:
    ours = [Cost(2.0, 7.0), Cost(2.5, 7.0), Cost(9.0, 7.0)]
    core, line = beside("rich", ours, [Cost(5.0, 6.0)] * 3)
    assert core.met
    assert core.ratio is not None
    assert core.ratio.median == 2.0
    assert not line.met, "within the bar, but not below the rival"
    assert [figure.met for figure in alone("paused", ours, None, 0.3)] == [False]


def test_one_late_answer_to_a_key_is_too_late() -> None:
    assert answered("keys", {"a": [0.02, 0.03], "b": [0.09]}).met
    assert not answered("keys", {"a": [0.02, 0.03], "b": [0.02, 0.11]}).met
