"""What torchvision and fiftyone are given, file by file."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.annotations.releases import class_names
from kinetics_tui.dataset.export.make import Exporting, export
from kinetics_tui.model.clip import Clip
from tests.dataset.export.conftest import Export, listing, make_dataset, rows

NO_NEWS = lambda line: None  # noqa: E731


def test_torchvision_gets_its_folders_and_annotations(exported: Export, out: Path) -> None:
    exported("torchvision")
    assert listing(out) == [
        "annotations/test.csv",
        "annotations/train.csv",
        "annotations/val.csv",
        "label_map.csv",
        "missing.csv",
        "test/_unlabeled/ddddddddddd_000020_000030.mp4",
        "train/playing_organ/ddddddddddd_000040_000050.mp4",
        "train/skiing_not_slalom_or_crosscountry/-cccccccccc_000000_000010.mp4",
        "val/massaging_persons_head/bbbbbbbbbbb_000010.500_000020.500.mp4",
        "val/playing_organ/aaaaaaaaaaa_000005_000015.mp4",
    ]
    assert rows(out / "annotations" / "val.csv") == [
        ["label", "youtube_id", "time_start", "time_end", "split"],
        ["playing organ", "aaaaaaaaaaa", "5", "15", "val"],
        ["massaging person's head", "bbbbbbbbbbb", "10.5", "20.5", "val"],
        ["archery", "ggggggggggg", "30", "40", "val"],
    ]


def test_the_label_map_leads_from_torchvisions_numbers_to_the_official_ones(
    exported: Export, out: Path
) -> None:
    said = exported("torchvision", release="kinetics-400").notes
    header, *found = rows(out / "label_map.csv")
    assert header == ["index", "label", "folder", "test_index", "train_index", "val_index"]
    assert [row[1] for row in found] == list(class_names("kinetics-400"))
    numbered = [row for row in found if row[2]]
    assert [row[1:] for row in numbered] == [
        ["massaging person's head", "massaging_persons_head", "", "", "0"],
        ["playing organ", "playing_organ", "", "0", "1"],
        [
            "skiing (not slalom or crosscountry)",
            "skiing_not_slalom_or_crosscountry",
            "",
            "1",
            "",
        ],
    ]
    assert len(said) == 2
    assert "in train, 2 of 2 have another number" in said[0]


def test_of_a_whole_release_torchvision_re_orders_the_classes_that_are_known_for_it(tmp_path: Path) -> None:
    for release, others in (("kinetics-400", 2), ("kinetics-600", 4), ("kinetics-700", 5)):
        clips = [
            Clip(f"{number:011}", 0, 10, "val", label) for number, label in enumerate(class_names(release))
        ]
        dataset = make_dataset(tmp_path / release, clips, clips, release=release)
        made = export(dataset, Exporting(reader="torchvision"), NO_NEWS)
        (note,) = made.notes
        assert f"in val, {others} of {len(clips)} have another number" in note
        assert made.folder == str(tmp_path / f"{release}-torchvision")


def test_fiftyone_gets_labels_as_they_are_and_its_own_word_for_val(exported: Export, out: Path) -> None:
    exported("fiftyone")
    assert listing(out) == [
        "label_map.csv",
        "missing.csv",
        "test/_unlabeled/ddddddddddd_000020_000030.mp4",
        "train/playing organ/ddddddddddd_000040_000050.mp4",
        "train/skiing (not slalom or crosscountry)/-cccccccccc_000000_000010.mp4",
        "validation/massaging person's head/bbbbbbbbbbb_000010.500_000020.500.mp4",
        "validation/playing organ/aaaaaaaaaaa_000005_000015.mp4",
    ]


def test_classes_that_become_one_folder_are_told_of(tmp_path: Path) -> None:
    clips = [Clip("aaaaaaaaaaa", 0, 10, "val", "a b"), Clip("bbbbbbbbbbb", 0, 10, "val", "a_b")]
    dataset = make_dataset(tmp_path / "set", clips, clips)
    made = export(dataset, Exporting(reader="torchvision"), NO_NEWS)
    assert made.notes[0].startswith("1 classes share the folder")
