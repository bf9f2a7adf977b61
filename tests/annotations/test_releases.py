from __future__ import annotations

import pytest

from kinetics_tui.annotations.releases import RELEASES, categories, class_index, class_names, find_release
from kinetics_tui.base.errors import AnnotationError


def test_there_are_four_releases_with_three_splits_each() -> None:
    assert list(RELEASES) == ["kinetics-400", "kinetics-600", "kinetics-700", "kinetics-700-2020"]
    for release in RELEASES.values():
        assert list(release.splits) == ["train", "val", "test"]
        assert release.splits["train"] > release.splits["test"] > release.splits["val"]
        assert len(class_names(release.name)) == release.class_count


def test_every_release_but_the_original_700_has_a_mirror() -> None:
    without = [release.name for release in RELEASES.values() if not release.mirror_urls]
    assert without == ["kinetics-700"]
    assert [release.name for release in RELEASES.values() if release.mirror_bytes is None] == without
    for release in RELEASES.values():
        assert release.archive_url.startswith("https://")
        assert set(release.mirror_urls) in (set(), set(release.splits))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("kinetics-400", "kinetics-400"),
        ("400", "kinetics-400"),
        ("kinetics400", "kinetics-400"),
        ("K400", "kinetics-400"),
        ("Kinetics 600", "kinetics-600"),
        ("k700", "kinetics-700"),
        ("700_2020", "kinetics-700-2020"),
        ("kinetics700_2020", "kinetics-700-2020"),
        ("Kinetics-700-2020", "kinetics-700-2020"),
    ],
)
def test_a_release_is_found_as_people_write_it(written: str, name: str) -> None:
    assert find_release(written).name == name


@pytest.mark.parametrize("written", ["kinetics-500", "kinetics-7000", "400 600", "custom", ""])
def test_an_unknown_release_is_refused_with_the_names_there_are(written: str) -> None:
    with pytest.raises(AnnotationError, match="'kinetics-") as caught:
        find_release(written)
    assert repr(written) in str(caught.value)


def test_classes_are_in_the_official_order() -> None:
    assert class_names("kinetics-400")[:3] == ("abseiling", "air drumming", "answering questions")
    assert class_names("kinetics-700-2020") == class_names("kinetics-700")
    assert class_names("custom") == ()
    for name in RELEASES:
        index = class_index(name)
        assert len(index) == RELEASES[name].class_count
        assert [index[label] for label in class_names(name)] == list(range(len(index)))
    assert class_index("custom") == {}


def test_categories_cover_the_400_classes_and_nothing_else() -> None:
    groups = categories("kinetics-400")
    assert len(groups) == 39
    assert "custom" not in groups, "that is what annotations of one's own are called"
    assert "yoga" in groups["other"]
    assert {label for labels in groups.values() for label in labels} == set(class_names("kinetics-400"))
    assert sum(len(labels) for labels in groups.values()) > 400, "some classes are in two categories"
    assert categories("kinetics-700") == {}
    assert categories("custom") == {}
