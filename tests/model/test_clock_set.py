"""A run whose clock was set: what was counted and waited for stays what it was."""

from __future__ import annotations

import pytest

from kinetics_tui.base.words import DAY_S
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import (
    ClipDone,
    ClipStarted,
    ClockSet,
    EngineStatus,
    NetworkChanged,
    RunOpened,
    StatusChanged,
    WorkerStarted,
)
from kinetics_tui.model.network import NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState
from tests.clip_figures import clip_done

AT = 1_800_000_000.0
CLIP = Clip("0123456789a", 1, 11, "val", "yoga")


@pytest.mark.parametrize("by_s", [DAY_S, -DAY_S])
def test_rates_and_waits_are_those_of_before(by_s: float) -> None:
    run = RunState()
    run.apply(RunOpened(at=AT, dataset="d", title="t", pid=1, started_at=AT, splits=()))
    run.apply(StatusChanged(at=AT, status=EngineStatus.RUNNING))
    run.apply(WorkerStarted(at=AT, slot=1, pid=2))
    for second in (20, 40):
        run.apply(ClipStarted(at=AT + second - 10, slot=1, clip=CLIP))
        run.apply(done(AT + second))
    run.apply(
        NetworkChanged(
            at=AT,
            network=NetworkState(
                name="n",
                label="n",
                kind=NetworkKind.DEFAULT_ROUTE,
                status=NetworkStatus.COOLING,
                until=AT + 900,
                in_use=True,
            ),
        )
    )
    now = AT + 60
    before = run.clips_per_minute(now), run.bytes_per_s(now)
    run.apply(ClockSet(at=now + by_s, by_s=by_s))
    assert (run.clips_per_minute(now + by_s), run.bytes_per_s(now + by_s)) == before == (3.0, 150.0)
    assert run.network.until == AT + by_s + 900
    assert run.workers[1].since == AT + by_s + 40
    assert run.at == now + by_s
    assert run.log[-1].detail.startswith(f"The clock was set {'forward' if by_s > 0 else 'back'}")


def done(at: float) -> ClipDone:
    return clip_done(
        at=at,
        slot=1,
        clip=CLIP,
        duration_s=10,
        output_bytes=1,
        wire_bytes=3000,
        width_px=1,
        height_px=1,
        fps=30,
        sound=True,
        short=False,
        total_s=10,
    )
