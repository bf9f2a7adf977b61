"""Shards for WebDataset, as tarfile reads them."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.dataset.export import clip_files as source
from kinetics_tui.dataset.export import shards
from kinetics_tui.dataset.export.make import Exporting, export
from kinetics_tui.dataset.ledger.ledger import Ledger
from tests.dataset.export.conftest import CLIPS, DONE, PENDING, Export, content_of, listing, settle


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one))}


def keys(folder: Path) -> dict[str, list[str]]:
    return {
        path.name: [name.removesuffix(".mp4") for name in members(path) if name.endswith(".mp4")]
        for path in sorted(folder.glob("*.tar"))
    }


def test_each_sample_has_its_clip_its_class_and_what_is_known_of_it(exported: Export, out: Path) -> None:
    exported("webdataset")
    assert listing(out) == [
        "label_map.csv",
        "missing.csv",
        "test-000000.tar",
        "train-000000.tar",
        "val-000000.tar",
    ]
    found = members(out / "val-000000.tar")
    assert list(found) == [
        "aaaaaaaaaaa_000005_000015.mp4",
        "aaaaaaaaaaa_000005_000015.cls",
        "aaaaaaaaaaa_000005_000015.json",
        "bbbbbbbbbbb_000010-500_000020-500.mp4",  # a key ends at its first dot
        "bbbbbbbbbbb_000010-500_000020-500.cls",
        "bbbbbbbbbbb_000010-500_000020-500.json",
    ]
    assert found["aaaaaaaaaaa_000005_000015.mp4"] == content_of(DONE[0])
    assert found["aaaaaaaaaaa_000005_000015.cls"] == b"2"
    about = json.loads(found["bbbbbbbbbbb_000010-500_000020-500.json"])
    assert (about["label"], about["time_start"], about["index"], about["height_px"]) == (
        "massaging person's head",
        10.5,
        1,
        256,
    )
    assert members(out / "test-000000.tar")["ddddddddddd_000020_000030.cls"] == b"-1"


def test_a_full_shard_is_followed_by_another(
    exported: Export, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", len(content_of(DONE[0])) + 1)
    exported("webdataset")
    assert {name: len(found) for name, found in keys(out).items()} == {
        "test-000000.tar": 1,
        "train-000000.tar": 1,
        "train-000001.tar": 1,
        "val-000000.tar": 1,
        "val-000001.tar": 1,
    }


def test_the_next_export_puts_what_is_new_into_a_further_shard(
    exported: Export, dataset: Path, out: Path
) -> None:
    exported("webdataset")
    before = {path: path.read_bytes() for path in out.glob("*.tar")}
    with Ledger.open(dataset) as ledger:
        settle(dataset, ledger, CLIPS, [PENDING])
    again = exported("webdataset")
    assert (again.added, again.there, again.missing) == (1, len(DONE), 1)
    assert keys(out)["val-000001.tar"] == ["ggggggggggg_000030_000040"]
    assert {path: path.read_bytes() for path in before} == before


def test_clips_of_a_shard_that_is_gone_are_exported_anew(exported: Export, out: Path) -> None:
    exported("webdataset")
    before = members(out / "val-000000.tar")
    (out / "val-000000.tar").unlink()
    again = exported("webdataset")
    assert (again.added, again.there) == (2, 3)
    assert members(out / "val-000000.tar") == before


def test_a_clip_that_cannot_be_read_to_its_end_leaves_no_trace_in_the_shard(
    exported: Export, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: source.Source, size: int) -> bytes:
        if self.path.name.startswith("aaaaaaaaaaa"):
            raise source.UnreadableError("its file cannot be read (Input/output error)")
        return whole(self, size)

    whole = source.Source.read
    monkeypatch.setattr(source.Source, "read", read)
    made = exported("webdataset")
    assert (made.added, made.missing) == (4, 3)
    assert keys(out)["val-000000.tar"] == ["bbbbbbbbbbb_000010-500_000020-500"]
    assert "aaaaaaaaaaa,5,15,val,its file cannot be read" in (out / "missing.csv").read_text()


def test_an_export_that_is_broken_off_leaves_whole_shards_alone(
    dataset: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", len(content_of(DONE[0])) + 1)

    def break_off(exported: Any) -> None:
        if exported.added == 4:
            raise KeyboardInterrupt

    asked = Exporting(reader="webdataset", to=out)
    with pytest.raises(KeyboardInterrupt):
        export(dataset, asked, lambda line: None, break_off)
    assert all(path.endswith(".tar") for path in listing(out))
    done = sum(map(len, keys(out).values()))
    again = export(dataset, asked, lambda line: None)
    assert (again.there, again.added) == (done, len(DONE) - done)
    found = sorted(key for some in keys(out).values() for key in some)
    assert found == sorted(set(found))
    assert len(found) == len(DONE)
