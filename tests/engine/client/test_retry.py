"""Failures made pending again from the command line, while no engine runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError, SettingsError, UserError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.client import retry
from kinetics_tui.engine.client.retry import Asked, find_categories, find_failed, retry_failed
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Retry
from kinetics_tui.model.failure import Category

FAILED = {1: Category.PRIVATE, 2: Category.TIMEOUT, 3: Category.TIMEOUT, 4: Category.PRIVATE}
CLIPS = (
    Clip("-aaaaaaaaaa", 0.0, 10.0, "train", "abseiling"),
    Clip("-aaaaaaaaaa", 10.0, 20.0, "train", "abseiling"),
    Clip("bbbbbbbbbbb", 0.0, 10.0, "train", "playing chess"),
    Clip("ccccccccccc", 0.5, 10.0, "val", "playing chess"),
    Clip("ddddddddddd", 0.0, 10.0, "val", "zumba"),
)
FIRST, SECOND, THIRD, FOURTH, _ = (clip.name for clip in CLIPS)


@pytest.fixture
def dataset(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Path:
    """Four of five clips stand as failed."""
    ledger = make_ledger(CLIPS)
    for clip_id, category in FAILED.items():
        ledger.record(
            Attempt(clip_id=clip_id, at=1.0, network="n", outcome=Outcome.FAILED, category=category)
        )
    ledger.close()
    return tmp_path / "set"


def still_failed(dataset: Path) -> list[str]:
    with Ledger.open(dataset, read_only=True) as ledger:
        return [clip.name for clip, _, _ in ledger.failures()]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Asked(), [FIRST, FOURTH]),
        (Asked(transient=True), [FIRST, FOURTH]),
        (Asked(categories=("Private",)), [SECOND, THIRD]),
        (Asked(categories=("private", "copyright")), [SECOND, THIRD]),
        (Asked(classes=("Playing_Chess",)), [FIRST, SECOND]),
        (Asked(classes=("playing chess",), transient=True), [FIRST, SECOND, FOURTH]),
        (Asked(classes=("playing chess",), categories=("private",)), [FIRST, SECOND, THIRD]),
        (Asked(clips=(FIRST, THIRD)), [SECOND, FOURTH]),
        (Asked(clips=("-aaaaaaaaaa",)), [THIRD, FOURTH]),
        (Asked(clips=("-aaaaaaaaaa",), transient=True), [FIRST, THIRD, FOURTH]),
        (Asked(categories=("private", "timeout"), transient=True), [FIRST, FOURTH]),
    ],
)
def test_those_that_all_names_fit_are_pending_again(dataset: Path, asked: Asked, left: list[str]) -> None:
    counts = retry_failed(dataset, find_failed(dataset, asked))
    assert still_failed(dataset) == left
    assert sum(counts.values()) == len(FAILED) - len(left)


def test_where_none_that_is_meant_has_failed_that_is_said_and_nothing_changes(dataset: Path) -> None:
    with pytest.raises(DatasetError, match="stands as failed"):
        retry_failed(dataset, find_failed(dataset, Asked(categories=("copyright",))))
    with pytest.raises(DatasetError, match="stands as failed"):
        retry_failed(dataset, find_failed(dataset, Asked(classes=("zumba",))))
    with pytest.raises(DatasetError, match="stands as failed"):
        retry_failed(dataset, Retry())
    assert still_failed(dataset) == [FIRST, SECOND, THIRD, FOURTH]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(categories=("timeot",)), "timeout"),
        (Asked(classes=("abseilin",)), "did you mean 'abseiling'"),
        (Asked(clips=(SECOND[:-1],)), f"did you mean.* {SECOND}"),
        (Asked(clips=(CLIPS[4].name,)), "stands as failed"),
        (Asked(categories=("private",), transient=True), "leave --transient away"),
    ],
)
def test_a_name_that_is_not_known_is_answered_with_the_nearest(
    dataset: Path, asked: Asked, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        find_failed(dataset, asked)


def test_more_clips_than_one_command_takes_go_in_several(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MOST_IDS", 2)
    wanted = find_failed(dataset, Asked(clips=(FIRST, SECOND, THIRD)))
    assert retry_failed(dataset, wanted) == {Category.PRIVATE: 1, Category.TIMEOUT: 2}
    assert still_failed(dataset) == [FOURTH]


def test_categories_are_found_in_any_case_and_nearest_names_are_suggested() -> None:
    assert find_categories(["http error 404", "Private"]) == (Category.HTTP_404, Category.PRIVATE)
    with pytest.raises(SettingsError, match=r"did you mean timeout\?"):
        find_categories(["timeot"])
    with pytest.raises(SettingsError, match=r"did you mean HTTP Error 404 or HTTP Error 503\?"):
        find_categories(["http error"])


@pytest.mark.parametrize("category", Category)
def test_a_category_is_taken_as_it_is_printed(category: Category) -> None:
    for name in (category.value, category.value.upper(), category.value.replace(" ", "_")):
        assert find_categories([name]) == (category,)


def test_a_part_of_a_name_is_enough_where_only_one_has_it() -> None:
    assert find_categories(["404", "geo blocked", "youtubes"[:7]]) == (
        Category.HTTP_404,
        Category.GEO_BLOCKED,
        Category.VIOLATING_TERMS,
    )


def test_for_nonsense_the_categories_of_the_dataset_are_named(dataset: Path) -> None:
    with pytest.raises(SettingsError, match=r"No failure category 'nonsense': there is .*timeout"):
        find_failed(dataset, Asked(categories=("nonsense",)))
    with pytest.raises(SettingsError, match="no clip has failed"):
        find_categories(["nonsense"], ())
