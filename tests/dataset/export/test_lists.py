"""What mmaction2, SlowFast and PyTorchVideo are given, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kinetics_tui.annotations.releases import class_names
from kinetics_tui.dataset.export.make import Exporting, export
from kinetics_tui.model.clip import Clip
from tests.dataset.export.conftest import DONE, Export, content_of, listing, make_dataset

SKIING = "skiing_(not_slalom_or_crosscountry)"


def test_mmaction2_gets_its_lists_and_folders(exported: Export, out: Path) -> None:
    exported("mmaction2", release="kinetics-400")
    assert listing(out) == [
        "kinetics400_test_list_videos.txt",
        "kinetics400_train_list_videos.txt",
        "kinetics400_val_list_videos.txt",
        "label_map.csv",
        "label_map.txt",
        "missing.csv",
        "videos_test/ddddddddddd_000020_000030.mp4",
        "videos_train/playing_organ/ddddddddddd_000040_000050.mp4",
        f"videos_train/{SKIING}/-cccccccccc_000000_000010.mp4",
        "videos_val/massaging_person's_head/bbbbbbbbbbb_000010.500_000020.500.mp4",
        "videos_val/playing_organ/aaaaaaaaaaa_000005_000015.mp4",
    ]
    index = {label: number for number, label in enumerate(class_names("kinetics-400"))}
    assert (out / "kinetics400_train_list_videos.txt").read_text() == (
        f"{SKIING}/-cccccccccc_000000_000010.mp4 {index['skiing (not slalom or crosscountry)']}\n"
        f"playing_organ/ddddddddddd_000040_000050.mp4 {index['playing organ']}\n"
    )
    assert (out / "kinetics400_test_list_videos.txt").read_text() == "ddddddddddd_000020_000030.mp4 -1\n"
    assert (out / "label_map.txt").read_text().splitlines()[:2] == ["abseiling", "air drumming"]


@pytest.mark.parametrize("reader", ["slowfast", "pytorchvideo"])
def test_slowfast_and_pytorchvideo_get_paths_from_the_top_of_the_export(
    exported: Export, out: Path, reader: str
) -> None:
    made = exported(reader)
    assert (out / "val.csv").read_text() == (
        "val/playing_organ/aaaaaaaaaaa_000005_000015.mp4 2\n"
        "val/massaging_person's_head/bbbbbbbbbbb_000010.500_000020.500.mp4 1\n"
    )
    assert json.loads((out / "label_map.json").read_text()) == {
        "archery": 0,
        "massaging person's head": 1,
        "playing organ": 2,
        "skiing (not slalom or crosscountry)": 3,
    }
    for line in (out / "val.csv").read_text().splitlines():
        path, _ = line.split()
        assert (out / path).read_bytes() in [content_of(clip) for clip in DONE]
    assert made.notes == []  # their short side is what the recipes expect


def test_clips_of_another_size_than_the_recipes_expect_are_told_of(tmp_path: Path) -> None:
    clips = [Clip("aaaaaaaaaaa", 0, 10, "val", "archery")]
    dataset = make_dataset(tmp_path / "set", clips, clips, height_px=360)
    made = export(dataset, Exporting(reader="slowfast"), lambda line: None)
    assert made.notes[0].startswith("1 clip has another short side than the 256 px")


def test_no_kind_of_blank_is_left_where_readers_split(tmp_path: Path) -> None:
    labels = [f"two{chr(code)}words" for code in range(0x3001) if chr(code).isspace()]
    clips = [Clip(f"{number:011}", 0, 10, "val", label) for number, label in enumerate(labels)]
    dataset = make_dataset(tmp_path / "set", clips, clips)
    made = export(dataset, Exporting(reader="slowfast"), lambda line: None)
    lines = (Path(made.folder) / "val.csv").read_text().splitlines()
    assert len(lines) == len(labels) == made.added
    for line in lines:
        path, _ = line.split()
        assert (Path(made.folder) / path).is_file()
