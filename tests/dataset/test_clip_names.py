"""What paths of clips tell, in the layouts that readers and crawlers of the dataset use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.dataset.clip_names import Named, is_clip_file, is_same_label, named
from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName

ID = "-a_bcdefghi"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"val/{ID}_000005_000015.mp4", ("val", "", 5000, 15_000)),
        (f"k400/train/air drumming/{ID}_000005_000015.mp4", ("train", "air drumming", 5000, 15_000)),
        (f"videos_train/air_drumming/{ID}_000005_000015.MP4", ("train", "air_drumming", 5000, 15_000)),
        (f"train_256/{ID}_000005.500_000015.500.mp4", ("train", "", 5500, 15_500)),
        (f"{ID}_5_10.mp4", ("", "", 5000, 10_000)),
        (f"valid/air_drumming/{ID}.mp4", ("val", "air_drumming", None, None)),
        (f"test/{ID}.mp4", ("test", "", None, None)),
        (f"val/{ID}_000005_000015.mkv", ("val", "", 5000, 15_000)),
        (f"val/{ID}_5_15.WebM", ("val", "", 5000, 15_000)),
    ],
)
def test_every_layout_is_read(path: str, told: tuple[str, str, int | None, int | None]) -> None:
    split, label, start_ms, second_ms = told
    assert is_clip_file(path)
    assert named(path) == Named(
        youtube_id=ID, start_ms=start_ms, second_ms=second_ms, split=split, label=label
    )


def test_the_folder_at_the_top_tells_the_split_where_no_other_does() -> None:
    told, other = named(f"{ID}.mp4", top="valid"), named(f"test/{ID}.mp4", top="train")
    assert told is not None
    assert other is not None
    assert (told.split, told.label, other.split) == ("val", "", "test")


@pytest.mark.parametrize(
    "name",
    [
        f"{ID}_5.mp4",
        f"{ID}_5_.mp4",
        f"x{ID}.mp4",
        "holidays.mp4",
        f"{ID}_5_9_1.mp4",
        ".mp4",
        f"{ID}.mp4.mp4",
        f"{ID}.mp4.mkv",
        f"{ID}_000005_000015~0123456789ab.mp4",
    ],
)
def test_other_names_tell_nothing(name: str) -> None:
    assert named(name) is None


def test_labels_are_the_same_however_folders_write_them() -> None:
    assert is_same_label("massaging_persons_head", "massaging person's head")
    assert is_same_label("cooking_on_campfire", "cooking on campfire")
    assert not is_same_label("archery", "abseiling")


@given(
    st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True),
    st.integers(0, 900_000_000),
    st.integers(1, 600_000),
    st.sampled_from([Naming.TIMED, Naming.MARKED]),
    st.sampled_from(list(LayoutName)),
)
def test_our_own_names_are_read_back(
    youtube_id: str, start_ms: int, length_ms: int, naming: Naming, layout: LayoutName
) -> None:
    clip = Clip(youtube_id, start_ms / 1000, (start_ms + length_ms) / 1000, "val", "archery")
    told = named(str(clip_path(layout, clip, naming)))
    assert told is not None
    assert (told.youtube_id, told.start_ms, told.second_ms, told.split) == (
        youtube_id,
        start_ms,
        start_ms + length_ms,
        "val",
    )
