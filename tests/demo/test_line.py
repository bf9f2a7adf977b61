from __future__ import annotations

import pytest

from kinetics_tui.demo.site import Line


def test_an_unlimited_line_never_waits() -> None:
    assert Line().delay_s(10**9) == 0


def test_whoever_comes_later_waits_for_those_before() -> None:
    line = Line(bytes_per_s=1000)
    assert line.delay_s(500) == pytest.approx(0, abs=0.01)
    assert line.delay_s(500) == pytest.approx(0.5, abs=0.05)
    assert line.delay_s(100) == pytest.approx(1.0, abs=0.05)
