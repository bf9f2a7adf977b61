"""Failures made pending again from the command line, while no engine runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.ledger import Attempt, Ledger, Outcome
from kinetics_tui.engine.retry import find_categories, retry_failed
from kinetics_tui.model.errors import DatasetError, SettingsError
from kinetics_tui.model.failure import Category, Kind
from tests.engine.engine_clips import some_clips


def test_a_settled_failure_is_pending_again(make_ledger: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger = make_ledger(some_clips(3))
    for clip_id, category in ((1, Category.PRIVATE), (2, Category.TIMEOUT)):
        ledger.record(
            Attempt(clip_id=clip_id, at=1.0, network="n", outcome=Outcome.FAILED, category=category)
        )
    ledger.close()
    assert retry_failed(tmp_path / "set", (Category.TIMEOUT, Category.COPYRIGHT)) == {"timeout": 1}
    with Ledger.open(tmp_path / "set", read_only=True) as after:
        assert after.failure_counts() == {Category.PRIVATE: 1}
    with pytest.raises(DatasetError, match="No clip"):
        retry_failed(tmp_path / "set", (Category.TIMEOUT,))


def test_categories_are_found_in_any_case_and_nearest_names_are_suggested() -> None:
    assert find_categories(["http error 404", "Private"]) == (Category.HTTP_404, Category.PRIVATE)
    with pytest.raises(SettingsError, match="timeout"):
        find_categories(["timeot"])


def test_without_a_name_all_that_may_work_another_time_are_meant() -> None:
    assert all(category.kind is not Kind.PERMANENT for category in find_categories([]))
