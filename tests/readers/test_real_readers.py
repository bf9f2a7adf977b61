"""Exports read by the readers themselves: ``pip install '.[readers]'``, then ``pytest -m readers``.

A reader that is not installed is passed over. torchvision, pytorchvideo and mmaction2 want torch; whoever
has them can try them too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from kinetics_tui.annotations.releases import class_names
from kinetics_tui.model.clip import Clip
from tests.dataset.export.object_store import Bucket
from tests.readers.conftest import label_map
from tests.upkeep.conftest import DONE, SHORT

pytestmark = [pytest.mark.readers, pytest.mark.filterwarnings("ignore")]

Exported = Callable[..., Path]
NUMBERS = {"air drumming": 0, "archery": 1}


def clips_of(split: str) -> dict[str, Clip]:
    """The clips of a split by the ids of their videos."""
    return {clip.youtube_id: clip for clip in DONE if clip.split == split}


def lasts(clip: Clip) -> float:
    return 1.5 if clip == SHORT else clip.duration_s


def test_torchvision(exported: Exported) -> None:
    kinetics = pytest.importorskip("torchvision.datasets", exc_type=ImportError).Kinetics
    torch = pytest.importorskip("torch")
    folder = exported("torchvision", release="kinetics-400")
    for split in ("train", "val", "test"):
        paths = sorted(str(path) for path in (folder / split).rglob("*.mp4"))
        # What it would find by decoding, which has moved to a package that wants FFmpeg on the machine.
        known = {
            "video_paths": paths,
            "video_pts": [torch.arange(_frames(path)) for path in paths],
            "video_fps": [30.0] * len(paths),
        }
        dataset = kinetics(folder, frames_per_clip=10, split=split, _precomputed_metadata=known)
        clips = clips_of(split)
        assert {Path(path).name[:11] for path, _ in dataset.samples} == set(clips)
        assert len(dataset) == sum(_frames(path) - 9 for path in paths)
        official = {row[f"{split}_index"]: row for row in label_map(folder)}
        for path, number in dataset.samples:
            label = clips[Path(path).name[:11]].label
            if not label:
                assert dataset.classes == ["_unlabeled"]
                continue
            row = official[str(number)]
            assert row["label"] == label
            assert row["folder"] == dataset.classes[number]
            assert class_names("kinetics-400")[int(row["index"])] == label


def test_pytorchvideo(exported: Exported) -> None:
    paths = pytest.importorskip("pytorchvideo.data.labeled_video_paths", exc_type=ImportError)
    folder = exported("pytorchvideo")
    found = 0
    for split in ("train", "val", "test"):
        listed = paths.LabeledVideoPaths.from_path(str(folder / f"{split}.csv"))
        listed.path_prefix = str(folder)
        clips = clips_of(split)
        for number in range(len(listed)):
            path, about = listed[number]
            clip = clips[Path(path).name[:11]]
            assert about["label"] == NUMBERS.get(clip.label, -1)
            assert _frames(path) > 0
            found += 1
    assert found == len(DONE)


def test_mmaction2(exported: Exported) -> None:
    datasets = pytest.importorskip("mmaction.datasets", exc_type=ImportError)
    pytest.importorskip("mmengine.registry").DefaultScope.get_instance("exports", scope_name="mmaction")
    folder = exported("mmaction2", release="kinetics-400")
    pipeline: list[dict[str, Any]] = []
    if _installed("decord"):
        pipeline = [
            {"type": "DecordInit"},
            {"type": "SampleFrames", "clip_len": 8, "frame_interval": 2, "num_clips": 1},
            {"type": "DecordDecode"},
        ]
    found = 0
    for split in ("train", "val", "test"):
        dataset = datasets.VideoDataset(
            str(folder / f"kinetics400_{split}_list_videos.txt"),
            pipeline=pipeline,
            data_prefix={"video": str(folder / f"videos_{split}")},
            test_mode=True,
        )
        clips = clips_of(split)
        numbers = {label: number for number, label in enumerate(class_names("kinetics-400"))}
        for sample in dataset:
            clip = clips[Path(sample["filename"]).name[:11]]
            assert sample["label"] == numbers.get(clip.label, -1)
            if pipeline:
                assert len(sample["imgs"]) == 8
                assert sample["total_frames"] == _frames(sample["filename"])
            found += 1
    assert found == len(DONE)


def test_fiftyone(exported: Exported) -> None:
    data = pytest.importorskip("fiftyone.utils.data", exc_type=ImportError)
    folder = exported("fiftyone")
    found = 0
    for split, name in (("train", "train"), ("val", "validation"), ("test", "test")):
        with data.VideoClassificationDirectoryTreeImporter(dataset_dir=str(folder / name)) as samples:
            for path, _, label, *_ in samples:
                clip = clips_of(split)[Path(path).name[:11]]
                assert (label.label if label else "") == clip.label
                found += 1
    assert found == len(DONE)


def test_webdataset(exported: Exported) -> None:
    webdataset = pytest.importorskip("webdataset")
    folder = exported("webdataset")
    found = 0
    for split in ("train", "val", "test"):
        shards = sorted(map(str, folder.glob(f"{split}-*.tar")))
        samples = webdataset.WebDataset(shards, shardshuffle=False).decode().to_tuple("mp4", "cls", "json")
        for video, number, about in samples:
            clip = clips_of(split)[about["youtube_id"]]
            assert number == about["index"] == NUMBERS.get(clip.label, -1)
            (folder / "one.mp4").write_bytes(video)
            with av.open(str(folder / "one.mp4")) as container:
                assert abs((container.duration or 0) / 1e6 - lasts(clip)) < 0.1
            found += 1
    assert found == len(DONE)


def test_webdataset_from_an_object_store(exported: Exported, bucket: Bucket, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    exported("webdataset", to=bucket.address)
    found = []
    for split in ("train", "val", "test"):
        for shard in bucket.fs.glob(f"{bucket.address}/{split}-*.tar"):
            with bucket.fs.open(shard) as file:
                samples = webdataset.tariterators.tar_file_expander([{"url": shard, "stream": file}])
                for sample in webdataset.tariterators.group_by_keys(samples):
                    assert json.loads(sample["json"])["split"] == split
                    (tmp_path / "one.mp4").write_bytes(sample["mp4"])
                    assert _frames(str(tmp_path / "one.mp4"))
                    found.append(sample["__key__"])
    assert len(found) == len(set(found)) == len(DONE)


def test_pyarrow(exported: Exported) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(exported("parquet") / "clips.parquet").to_pylist()
    assert len(rows) == len(DONE)
    for row in rows:
        clip = clips_of(row["split"])[row["youtube_id"]]
        assert (row["label"], row["index"]) == (clip.label, NUMBERS.get(clip.label, -1))
        assert Path(row["path"]).stat().st_size == row["size_bytes"]
        assert abs(row["duration_s"] - lasts(clip)) < 0.1


def test_slowfasts_rule_of_two_words_a_line(exported: Exported) -> None:
    # SlowFast itself is not on the package index: its loader asserts this of every line.
    folder = exported("slowfast")
    for split in ("train", "val", "test"):
        for line in (folder / f"{split}.csv").read_text(encoding="utf-8").splitlines():
            assert len(line.split()) == 2
            path, number = line.split()
            assert (folder / path).is_file()
            int(number)
    assert json.loads((folder / "label_map.json").read_text()) == NUMBERS


def _frames(path: str | Path) -> int:
    with av.open(str(path)) as container:
        return sum(packet.pts is not None for packet in container.demux(video=0))


def _installed(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True
