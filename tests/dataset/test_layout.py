"""Paths of clips: what readers of the dataset expect, and nothing that leaves the dataset folder."""

from __future__ import annotations

import itertools
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinetics_tui.dataset.layout import MAX_COMPONENT_BYTES, Naming, clip_path, safe_component, same_to_some
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName

CLIP = Clip("0wR5jVB-WPk", 417, 427, "val", "massaging person's head")
RIDE = Clip("-3B32lodo2M", 59, 69, "train", "riding mule (or donkey)")
NASTY = ["..", ".", "", "/", "a/b", "../../etc/passwd", "nul", "NUL.txt", "com1", "-rf", ".kinetics-tui"]
NASTY += ["a\0b", "a\nb", "\x1b[31m", "x" * 300, "é" * 150, "a.", "a ", " a", "\u202egnp", "\ud800", "a\\b"]
NASTY += ["a:b", "a*b", "a~0123456789ab", "stats.csv", "x.mp4", "CON ", "lpt¹", "\u2028"]

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.text(st.sampled_from("./\\- ~_aA\0é\u202e"), max_size=12),
)
layouts = st.sampled_from(LayoutName)


@pytest.mark.parametrize(
    ("layout", "clip", "path"),
    [
        (LayoutName.ACTIVITYNET, CLIP, "val/massaging person's head/0wR5jVB-WPk_000417_000427.mp4"),
        (LayoutName.SHOWMAX, CLIP, "valid/massaging_person's_head/0wR5jVB-WPk.mp4"),
        (LayoutName.TORCHVISION, CLIP, "val/massaging_persons_head/0wR5jVB-WPk_000417_000427.mp4"),
        (LayoutName.ACTIVITYNET, RIDE, "train/riding mule (or donkey)/-3B32lodo2M_000059_000069.mp4"),
        (LayoutName.SHOWMAX, RIDE, "train/riding_mule_(or_donkey)/-3B32lodo2M.mp4"),
        (LayoutName.TORCHVISION, RIDE, "train/riding_mule_or_donkey/-3B32lodo2M_000059_000069.mp4"),
        (LayoutName.ACTIVITYNET, Clip("--6bJUbfpnQ", 17, 27, "test"), "test/--6bJUbfpnQ_000017_000027.mp4"),
        (LayoutName.SHOWMAX, Clip("--6bJUbfpnQ", 17, 27, "test", "x"), "test/--6bJUbfpnQ.mp4"),
        (LayoutName.ACTIVITYNET, Clip("--6bJUbfpnQ", 1.5, 27), "all/--6bJUbfpnQ_000001.500_000027.mp4"),
    ],
)
def test_a_clip_lies_where_readers_of_the_layout_look(layout: LayoutName, clip: Clip, path: str) -> None:
    assert str(clip_path(layout, clip)) == path


def test_times_go_into_the_name_where_asked_for() -> None:
    path = clip_path(LayoutName.SHOWMAX, CLIP, Naming.TIMED)
    assert path.name == "0wR5jVB-WPk_000417_000427.mp4"


@pytest.mark.parametrize(
    "label",
    [
        "abseiling",
        "tying knot (not on a tie)",
        "massaging person's head",
        "Größe 9",
        "球をつく",
        "a.b",
        "con man",
    ],
)
def test_ordinary_labels_stand_as_they_are(label: str) -> None:
    assert safe_component(label) == label


@given(texts)
def test_a_component_is_harmless(text: str) -> None:
    component = safe_component(text)
    assert component not in ("", ".", "..")
    assert component[0] not in ".- "
    assert component[-1] not in ". "
    assert not set(component) & set('/\\:*?"<>|\0\n\r\x1b\u202e\u2028')
    assert len(component.encode()) <= MAX_COMPONENT_BYTES
    assert component.split(".")[0].rstrip().lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")
    assert PurePosixPath(component).parts == (component,)


@given(texts, texts)
@example("a/b", safe_component("a/b"))
@example("x" * 300, "x" * 301)
def test_different_texts_become_different_components(one: str, other: str) -> None:
    assert (safe_component(one) == safe_component(other)) == (one == other)


@given(layouts, texts, texts, texts, st.sampled_from(Naming))
def test_no_clip_leaves_the_dataset_folder(
    layout: LayoutName, video: str, split: str, label: str, naming: Naming
) -> None:
    path = clip_path(layout, Clip(video, 1, 11, split, label), naming)
    assert not path.is_absolute()
    assert 2 <= len(path.parts) <= 3
    assert not {"..", "."} & set(path.parts)
    assert "/".join(path.parts) == str(path)
    assert path.suffix == ".mp4"
    assert path.parts[0].lower() not in (".kinetics-tui", "stats.csv", "failed.csv")


# Ids that differ in capitals alone are for the ledger to tell apart: only one of them keeps its name.
keys = st.tuples(texts | st.from_regex(r"[a-z0-9_-]{11}", fullmatch=True), st.integers(0, 99), texts, texts)


@given(layouts, st.lists(keys, min_size=2, max_size=6, unique_by=lambda key: key[:2]))
def test_different_clips_have_different_files_and_none_is_a_folder(
    layout: LayoutName, keys: list[tuple[str, int, str, str]]
) -> None:
    paths = [
        clip_path(layout, Clip(video, start, start + 10, split, label), Naming.TIMED)
        for video, start, split, label in keys
    ]
    assert len({same_to_some(path) for path in paths}) == len(keys)
    for one, other in itertools.permutations(paths, 2):
        assert one not in other.parents


def test_a_marked_name_is_like_no_other_in_any_capitals() -> None:
    names = ["aaaaaaaaaaa", "aaaaaaaaaaA", "AAAAAAAAAAA"]
    paths = [clip_path(LayoutName.SHOWMAX, Clip(name, 1, 11), Naming.MARKED) for name in names]
    plain = clip_path(LayoutName.SHOWMAX, Clip(names[0], 1, 11))
    assert len({same_to_some(path) for path in [*paths, plain]}) == 4
    assert all(
        path.name.startswith(f"{name}_000001_000011~") for path, name in zip(paths, names, strict=True)
    )


@pytest.mark.parametrize(
    ("one", "other"), [("Größe", "GRÖSSE"), ("e\u0301", "\u00e9"), ("Archery", "archery")]
)
def test_paths_that_some_file_systems_take_for_one_are_known(one: str, other: str) -> None:
    assert same_to_some(PurePosixPath(one)) == same_to_some(PurePosixPath(other))
