"""What the bench of several machines makes of its measurements."""

from __future__ import annotations

import pytest

from tests.bench.engine_alone import Took
from tests.bench.plain_server import cpu_ms_of_plain_server
from tests.bench.scale import of_crowds


@pytest.mark.parametrize(
    ("engine_ms", "plain_ms", "met"),
    [
        pytest.param(1.9, 1.0, True, id="on a machine that is quick enough the milliseconds count"),
        pytest.param(3.6, 2.6, True, id="on a slower one what a plain server takes there"),
        pytest.param(3.6, 2.0, False, id="neither"),
    ],
)
def test_the_engine_is_held_to_its_milliseconds_or_to_a_plain_server(
    engine_ms: float, plain_ms: float, met: bool
) -> None:
    took = Took(5000, 50.0, 5000 * engine_ms / 1000, 10**8, held_up_s=0.1, middle_per_s=110.0)
    by_what = {figure.what.partition(": ")[2]: figure for figure in of_crowds([(took, 3.0)], [plain_ms])}
    figure = by_what["CPU of the engine, ms a clip"]
    assert figure.met is met
    assert figure.ratio is not None
    assert figure.ratio.median == pytest.approx(engine_ms / plain_ms)


def test_a_plain_server_takes_all_files_in_and_tells_its_time() -> None:
    assert 0 < cpu_ms_of_plain_server(8, 300_000, lines=4, per_s=40) < 1000
