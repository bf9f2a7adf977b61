from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.annotations.releases import (
    PUBLISHED,
    categories,
    class_names,
    find_release,
    published,
    short_name,
)
from kinetics_tui.base.errors import AnnotationError


def test_there_are_four_releases_with_three_splits_each() -> None:
    assert list(PUBLISHED) == ["kinetics-400", "kinetics-600", "kinetics-700", "kinetics-700-2020"]
    for release in map(published, PUBLISHED):
        assert list(release.splits) == ["train", "val", "test"]
        assert release.splits["train"] > release.splits["test"] > release.splits["val"]
        assert len(class_names(release.name)) == int(release.name.split("-")[1])


def test_every_release_but_the_original_700_has_a_mirror() -> None:
    without = [release.name for release in map(published, PUBLISHED) if not release.mirror_urls]
    assert without == ["kinetics-700"]
    assert [release.name for release in map(published, PUBLISHED) if release.mirror_bytes is None] == without
    for release in map(published, PUBLISHED):
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
    for name in PUBLISHED:
        assert len(set(class_names(name))) == len(class_names(name))


def test_categories_cover_the_400_classes_and_nothing_else() -> None:
    groups = categories("kinetics-400")
    assert len(groups) == 39
    assert "custom" not in groups, "that is what annotations of one's own are called"
    assert "yoga" in groups["other"]
    assert {label for labels in groups.values() for label in labels} == set(class_names("kinetics-400"))
    assert sum(len(labels) for labels in groups.values()) > 400, "some classes are in two categories"
    assert categories("kinetics-700") == {}
    assert categories("custom") == {}


OWN = """
title = "Sports of mine"
classes = ["archery", "rowing"]
categories = "groups.json"
clip_bytes = 2_000_000

[splits]
train = 3
val = 0

[annotations]
all = "https://example.org/mine.tar.gz"
val = "val.csv"
"""


def described(folder: Path, text: str) -> str:
    (folder / "groups.json").write_text('{"on water": ["rowing"]}')
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_file_describes_a_release_of_ones_own(tmp_path: Path) -> None:
    name = described(tmp_path, OWN)
    release = find_release(name)
    assert (release.name, release.title, release.splits) == (name, "Sports of mine", {"train": 3, "val": 0})
    assert (release.archive_url, release.mirror_urls) == ("https://example.org/mine.tar.gz", {})
    assert release.files == {"val": tmp_path / "val.csv"}
    assert (class_names(name), categories(name)) == (("archery", "rowing"), {"on water": ("rowing",)})
    assert (release.clip_bytes, short_name(name)) == (2_000_000, "mine")


def test_what_other_addresses_give_has_another_place_in_the_cache(tmp_path: Path) -> None:
    before = find_release(described(tmp_path, OWN)).cache_name
    assert before.startswith("mine-")
    assert find_release(described(tmp_path, OWN.replace("mine.tar", "other.tar"))).cache_name != before
    assert find_release("400").cache_name == "kinetics-400"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("val = 0", "val = -1", "`$.splits[...]`"),
        ("val = 0", "dev = 1", "'dev' is none of 'train', 'val', 'test'"),
        ('all = "', 'test = "', "'test' is none of 'all', 'train', 'val'"),
        ("clip_bytes", "clip_byte", "unknown field `clip_byte`"),
        ('"Sports of mine"', "Sports", "line 2"),
        ('"val.csv"', '"list.csv"', "call the file val.csv"),
        ("https://example.org/mine.tar.gz", "mine.tar.gz", "all takes a web address"),
        ("groups.json", "none.json", "none.json cannot be read (No such file or directory)"),
    ],
)
def test_a_description_with_a_fault_is_refused_with_its_name_and_the_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(AnnotationError) as caught:
        find_release(described(tmp_path, OWN.replace(old, new)))
    assert str(tmp_path) in str(caught.value)
    assert said in str(caught.value)


def test_a_description_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"mine\.toml cannot be read \(No such file or directory\)"):
        find_release(str(tmp_path / "mine.toml"))
