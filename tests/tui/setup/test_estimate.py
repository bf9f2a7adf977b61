"""What a selection comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.annotations.releases import published
from kinetics_tui.annotations.row_rules import Annotations
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from kinetics_tui.tui.setup.estimate import (
    ClipTable,
    Tally,
    archives_of,
    choose,
    count_clips,
    disk_bytes,
    published_table,
    time_s,
    with_counted,
)
from tests.tui.setup_fakes import clips_of, small_annotations

HOUR_S = 3600


def test_counting_knows_splits_labels_and_seconds() -> None:
    table = count_clips([Clip("aaaaaaaaaaa", 0.0, 4.5, "val", "yoga"), *clips_of("val", "yoga", 2)])
    assert table.cells == {"val": {"yoga": Tally(3, 24.5)}}
    assert table.splits == {"val": 3}
    assert table.is_exact(["val"])
    assert not table.is_exact(["train"])


def test_published_counts_are_spread_over_the_classes() -> None:
    table = published_table({"val": 19_906}, tuple(f"class {number}" for number in range(400)))
    assert table.splits == {"val": 19_906}
    assert table.by_label(["val"])["class 7"].clips == pytest.approx(49.765)
    assert not table.is_exact(["val"])
    assert choose(table, ["val"], {"class 7", "class 8"}, 20, None).clips == pytest.approx(40)


def test_counted_splits_take_the_place_of_published_ones() -> None:
    published = published_table({"train": 100, "val": 10}, ("yoga",))
    table = with_counted(published, count_clips(clips_of("val", "yoga", 3)))
    assert table.splits == {"train": 100, "val": 3}
    assert list(table.cells) == ["train", "val"]
    assert table.is_exact(["val"])
    assert not table.is_exact(["train", "val"])


@given(
    splits=st.sets(st.sampled_from(["train", "val", "test"]), min_size=1),
    classes=st.none() | st.sets(st.sampled_from(["air drumming", "archery", "yoga"]), min_size=1),
    per_class=st.none() | st.integers(1, 12),
    limit=st.none() | st.integers(1, 60),
)
def test_the_estimate_is_what_select_selects(
    splits: set[str], classes: set[str] | None, per_class: int | None, limit: int | None
) -> None:
    annotations = small_annotations()
    selection = Selection(
        splits=tuple(splits), classes=tuple(classes or ()), per_class=per_class, limit=limit
    )
    try:
        expected = len(select(annotations, selection))
    except AnnotationError:
        expected = 0
    chosen = choose(count_clips(annotations.clips), splits, classes, per_class, limit)
    assert round(chosen.clips) == expected
    assert chosen.seconds == pytest.approx(chosen.clips * 10)


def test_time_at_a_pace() -> None:
    assert time_s(19_906, 300) == pytest.approx(66.35 * HOUR_S, rel=1e-3)
    assert time_s(19_906, 2000) == pytest.approx(9.95 * HOUR_S, rel=1e-3)


def test_disk_grows_with_seconds_height_and_sound() -> None:
    clips = Tally(100, 1000)
    assert disk_bytes(clips, 1e6, 360, sound=True) == pytest.approx(100e6)
    assert disk_bytes(clips, 1e6, 360, sound=False) == pytest.approx(85e6)
    assert disk_bytes(Tally(100, 500), 1e6, 360, sound=True) == pytest.approx(50e6)
    assert disk_bytes(clips, 1e6, 720, sound=True) > 2 * disk_bytes(clips, 1e6, 360, sound=True)
    assert disk_bytes(clips, 1e6, 144, sound=True) < 0.5 * disk_bytes(clips, 1e6, 360, sound=True)


# -- archives --------------------------------------------------------------------------------------

VAL_BYTES = 456e9 * 19_906 / 305_125
OF_400 = published("kinetics-400")
OF_600 = published("kinetics-600")
TABLE_400 = published_table(OF_400.splits, OF_400.classes)
TABLE_600 = published_table(OF_600.splits, OF_600.classes)


def test_a_split_takes_all_of_its_archives_and_those_that_replace_others() -> None:
    found = archives_of(OF_400, TABLE_400, ("val",), None, 19_906)
    assert found is not None
    assert found.archives == 21
    assert found.size_bytes == pytest.approx(VAL_BYTES, rel=0.1)
    assert found.clips == pytest.approx(19_881)


def test_where_archives_are_runs_of_names_classes_spare_none_of_them() -> None:
    all_of_it = archives_of(OF_400, TABLE_400, ("val",), None, 19_906)
    some = archives_of(OF_400, TABLE_400, ("val",), set(OF_400.classes[:40]), 1_990)
    few = archives_of(OF_400, TABLE_400, ("val",), None, 3)
    assert all_of_it is not None
    assert some is not None
    assert few is not None
    assert some.archives == all_of_it.archives
    assert some.size_bytes == pytest.approx(all_of_it.size_bytes)
    assert few.archives == 7
    assert few.size_bytes < all_of_it.size_bytes / 2


def test_where_archives_are_by_class_only_those_of_the_classes_are_fetched() -> None:
    all_of_it = archives_of(OF_600, TABLE_600, ("train", "val"), None, 422_000)
    some = archives_of(OF_600, TABLE_600, ("train", "val"), set(OF_600.classes[:6]), 4_220)
    assert all_of_it is not None
    assert some is not None
    assert (all_of_it.archives, some.archives) == (1_200, 12)
    assert some.size_bytes == pytest.approx(all_of_it.size_bytes / 100)
    assert some.clips is None, "nobody says how many the mirror holds"


def test_what_is_not_published_is_not_known() -> None:
    of_test = archives_of(OF_600, TABLE_600, ("test",), None, 72_924)
    assert of_test is not None
    assert of_test.archives is None
    assert archives_of(published("kinetics-700"), TABLE_600, ("val",), None, 10) is None


def test_nothing_is_nothing() -> None:
    assert choose(ClipTable(), ["val"], None, None, None) == Tally()
    assert count_clips(Annotations([], [], [], ()).clips) == ClipTable()
