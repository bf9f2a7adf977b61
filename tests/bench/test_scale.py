"""What the bench of several machines makes of its measurements."""

from __future__ import annotations

import pytest

from tests.bench.engine_alone import Took
from tests.bench.plain_server import cpu_ms_of_plain_server
from tests.bench.scale import of_crowds


@pytest.mark.parametrize(("engine_ms", "met"), [(1.9, True), (2.1, False)])
def test_the_engine_is_held_to_its_milliseconds_however_slow_the_machine_is(
    engine_ms: float, met: bool
) -> None:
    cpu_s, gate_cpu_s = 5000 * engine_ms / 1000, 5000 * 2.7 / 1000
    took = Took(5000, 50.0, cpu_s, 10**8, 0.1, 110.0, gate_cpu_s)
    by_what = {figure.what.partition(": ")[2]: figure for figure in of_crowds([(took, 3.0)], [2.7])}
    assert by_what["CPU of the engine, ms a clip"].met is met
    ratio = by_what["CPU of its gate, ms a clip"].ratio
    assert ratio is not None
    assert ratio.median == pytest.approx(1.0)


def test_a_plain_server_takes_all_files_in_and_tells_its_time() -> None:
    assert 0 < cpu_ms_of_plain_server(8, 300_000, lines=4, per_s=40) < 1000
