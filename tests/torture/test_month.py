"""A month of a run, throttles, failures, restarts and a kill in it: nothing lost, nothing grown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.far_end import FULL
from tests.torture.month import live_through

MAY_GROW_BYTES = 8 << 20


def live(folder: Path, clips: int) -> None:
    month = live_through(folder, clips)
    assert month.faults == []
    assert month.knocks == 0
    assert month.blocks >= 8
    assert month.throttles >= month.blocks
    assert month.growth_bytes < MAY_GROW_BYTES


def test_a_month_of_throttles_settles_every_clip_once_and_knocks_at_no_block(tmp_path: Path) -> None:
    live(tmp_path, 5_000)


@pytest.mark.torture
def test_a_month_of_throttles_settles_every_clip_of_kinetics_700_once_in_constant_memory(
    tmp_path: Path,
) -> None:
    live(tmp_path, FULL)
