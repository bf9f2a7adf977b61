"""What the line and the cores allow: the arithmetic behind the bench of rates."""

from __future__ import annotations

import pytest

from tests.bench.limits import Done, limit
from tests.bench.ours import Mark
from tests.bench.overhead import WARM_UP, settled
from tests.bench.rate import of_limit
from tests.bench.rivals import RivalFailedError, run
from tests.bench.shaped import Served

LINE = 1_000_000.0


def done(*, cpu_s: float = 60, wire_bytes: int = 60_000_000, server_cpu_s: float = 0.0) -> Done:
    """Sixty clips in two minutes."""
    return Done(60, 120.0, cpu_s, wire_bytes, server_cpu_s)


def test_the_tighter_limit_counts() -> None:
    assert (limit(done(cpu_s=30), 2, LINE).name, limit(done(cpu_s=30), 2, LINE).per_minute) == ("line", 60)
    assert (limit(done(cpu_s=180), 2, LINE).name, limit(done(cpu_s=180), 2, LINE).per_minute) == ("cores", 40)


def test_a_server_on_the_same_cores_takes_its_share_of_them() -> None:
    shared = done(cpu_s=120, server_cpu_s=60)
    assert limit(shared, 2, LINE).per_minute == 40
    assert limit(shared, 2, LINE, shares_cores=False).per_minute == 60


def test_what_was_reached_of_the_limit_is_held_against_the_bar() -> None:
    quarter = of_limit("clips", [done()])
    assert (quarter.ours.median, quarter.met) == (0.25, False)
    assert "cores" in quarter.what


def test_what_starts_the_program_is_no_clips_cost() -> None:
    marks = [Mark(WARM_UP + 10 * n, 1.0 * n, 500 + 2.0 * n) for n in range(7)]
    assert settled([Mark(1, 0.0, 0.0), *marks]) == pytest.approx([0.2, 0.2, 0.2])


def test_what_a_server_did_since_is_what_came_on_top() -> None:
    before, now = Served(2, 300, 0.5, {"a": 2}), Served(5, 700, 2.0, {"a": 3, "b": 2})
    assert now.since(before) == Served(3, 400, 1.5, {"a": 1, "b": 2})


def test_a_rival_that_fails_is_not_counted_as_a_clip() -> None:
    assert run(["true"]) < 5
    with pytest.raises(RivalFailedError):
        run(["false"])
