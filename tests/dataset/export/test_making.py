"""Exports as a whole: what they add, what they leave alone, and what stays inside of them."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.base.errors import AnnotationError, DatasetError
from kinetics_tui.dataset.export.clip_files import Link
from kinetics_tui.dataset.export.make import READERS, Exporting, export
from kinetics_tui.dataset.ledger.database import NoLedger
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from tests.dataset.conftest import NOBODY
from tests.dataset.export.conftest import (
    CLIPS,
    DONE,
    FAILED,
    PENDING,
    Export,
    content_of,
    listing,
    make_dataset,
    rows,
    settle,
)
from tests.upkeep.tree import tree

ORGAN = Path("val/playing_organ/aaaaaaaaaaa_000005_000015.mp4")
SOURCE = Path("val/playing organ/aaaaaaaaaaa_000005_000015.mp4")


def quiet(_line: str) -> None:
    pass


def test_missing_clips_are_listed_with_the_reason_and_can_be_run_again(
    exported: Export, dataset: Path, out: Path
) -> None:
    (dataset / SOURCE).unlink()
    made = exported("torchvision")
    assert (made.clips, made.added, made.missing) == (7, 4, 3)
    assert rows(out / "missing.csv") == [
        ["label", "youtube_id", "time_start", "time_end", "split", "why", "message"],
        ["playing organ", "aaaaaaaaaaa", "5", "15", "val", "its file is gone", ""],
        ["archery", "fffffffffff", "1", "11", "train", "private", "Private video."],
        ["archery", "ggggggggggg", "30", "40", "val", "not tried to the end yet", ""],
    ]
    assert read_annotations([out / "missing.csv"]).clips == [DONE[0], FAILED, PENDING]


def test_clips_are_other_names_of_the_same_files(exported: Export, dataset: Path, out: Path) -> None:
    exported("torchvision")
    assert (out / ORGAN).samefile(dataset / SOURCE)
    assert not (out / ORGAN).is_symlink()


def test_symbolic_links_and_copies_if_asked_for(dataset: Path, tmp_path: Path) -> None:
    for link in (Link.SYM, Link.COPY):
        made = export(dataset, Exporting(reader="torchvision", to=tmp_path / link, link=link), quiet)
        assert (tmp_path / link / ORGAN).read_bytes() == content_of(DONE[0])
        assert (tmp_path / link / ORGAN).is_symlink() is (link is Link.SYM)
        assert made.copied == (len(DONE) if link is Link.COPY else 0)
    assert not (tmp_path / "copy" / ORGAN).samefile(dataset / SOURCE)


@pytest.mark.parametrize("link", Link)
def test_again_adds_what_is_new_and_changes_nothing_else(
    exported: Export, dataset: Path, out: Path, link: Link
) -> None:
    exported("torchvision", link)
    (out / "mine.txt").write_text("keep")
    (out / "mine").mkdir()
    before = tree(out)
    again = exported("torchvision", link)
    assert (again.added, again.there, again.copied) == (0, len(DONE), 0)
    assert tree(out) == before
    with Ledger.open(dataset) as ledger:
        settle(dataset, ledger, CLIPS, [PENDING])
    again = exported("torchvision", link)
    assert (again.added, again.there, again.missing) == (1, len(DONE), 1)
    assert (out / "val/archery/ggggggggggg_000030_000040.mp4").read_bytes() == content_of(PENDING)
    assert (out / "mine.txt").read_text() == "keep"


def test_what_is_in_the_place_of_a_clip_is_left_alone_and_told_of(exported: Export, out: Path) -> None:
    (out / ORGAN).parent.mkdir(parents=True)
    (out / ORGAN).write_text("mine")
    made = exported("slowfast")
    assert (made.others, made.added) == (1, 4)
    assert (out / ORGAN).read_text() == "mine"
    assert "aaaaaaaaaaa" not in (out / "val.csv").read_text()
    assert "something else is in its place" in (out / "missing.csv").read_text()


def test_a_list_that_no_export_wrote_is_never_replaced(exported: Export, out: Path) -> None:
    out.mkdir()
    (out / "missing.csv").write_text("mine")
    with pytest.raises(DatasetError, match=r"missing\.csv was not written by an export; move it away"):
        exported("slowfast")
    assert (out / "missing.csv").read_text() == "mine"
    assert listing(out) == ["missing.csv"]


@pytest.mark.parametrize("reader", READERS)
def test_no_link_is_followed_out_of_the_target(
    exported: Export, out: Path, tmp_path: Path, reader: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out.mkdir()
    for name in (
        "val",
        "videos_val",
        "validation",
        "annotations",
        "missing.csv",
        "clips.csv",
        "val-000000.tar",
    ):
        (out / name).symlink_to(outside / name if "." in name else outside)
    with pytest.raises(DatasetError, match="move it away"):
        exported(reader)
    assert list(outside.iterdir()) == []


HOSTILE = ["..", ".", "/", "../../x", "a/b", "nul\0byte", "new\nline", "x" * 10_000, "~", "-rf", "\u202e"]


@pytest.mark.parametrize("reader", READERS)
def test_hostile_labels_and_splits_stay_inside(tmp_path: Path, reader: str) -> None:
    clips = [Clip(f"{number:011}", 0, 10, "val", label) for number, label in enumerate(HOSTILE)]
    clips += [
        Clip(f"{number:011}", 0, 10, split or "x", "archery")
        for number, split in enumerate(HOSTILE, start=100)
    ]
    clips += [Clip(f"../{name}", 0, 10, "val", "archery") for name in ("x y", "x\ty", "..")]
    dataset = make_dataset(tmp_path / "set", clips, clips)
    out = tmp_path / "deep" / "out"
    made = export(dataset, Exporting(reader=reader, to=out), quiet)
    assert made.added + made.there == len(clips)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "set"]
    assert list((tmp_path / "deep").iterdir()) == [out]
    for path in out.rglob("*"):
        assert path.resolve().is_relative_to(out)
    if reader in ("slowfast", "pytorchvideo", "mmaction2"):
        lists = [*out.glob("*.csv"), *out.glob("*_list_videos.txt")]
        lines = [
            line
            for path in lists
            if path.name not in ("missing.csv", "label_map.csv")
            for line in path.read_text().splitlines()
        ]
        assert len(lines) == len(clips)
        assert {len(line.split()) for line in lines} == {2}


def test_files_that_are_links_are_exported_as_what_they_lead_to(
    exported: Export, dataset: Path, out: Path, tmp_path: Path
) -> None:
    (dataset / SOURCE).rename(tmp_path / "elsewhere.mp4")
    (dataset / SOURCE).symlink_to(tmp_path / "elsewhere.mp4")
    exported("torchvision")
    assert not (out / ORGAN).is_symlink()
    assert (out / ORGAN).samefile(tmp_path / "elsewhere.mp4")


def test_where_hard_links_cannot_be_the_clips_are_copied_with_a_word(
    dataset: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_link = os.link

    def link(source: object, name: str, **fds: int) -> None:
        if "src_dir_fd" not in fds:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real_link(source, name, **fds)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(os, "link", link)
    said: list[str] = []
    made = export(dataset, Exporting(reader="torchvision", to=out), said.append)
    assert said == [f"{out} lies on another file system than the dataset: the clips are copied."]
    assert (made.copied, (out / ORGAN).read_bytes()) == (len(DONE), content_of(DONE[0]))


def test_copies_work_where_there_are_no_links_at_all(
    dataset: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    made = export(dataset, Exporting(reader="torchvision", to=out), quiet)
    assert made.copied == len(DONE)
    assert export(dataset, Exporting(reader="torchvision", to=out), quiet).there == len(DONE)


def test_a_full_disk_is_one_sentence_and_nothing_half_made_is_left(
    exported: Export, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"The disk is full: .*out could not be written; make room"):
        exported("torchvision", Link.COPY)
    monkeypatch.undo()
    assert all(".part" not in str(path) for path in out.rglob("*"))
    assert exported("torchvision", Link.COPY).added == len(DONE)


def test_a_target_that_cannot_be_used_is_one_sentence(exported: Export, out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(DatasetError, match="is not a folder"):
        exported("torchvision")


def test_places_where_the_dataset_keeps_its_own_are_refused(dataset: Path) -> None:
    before = tree(dataset)
    for to in (dataset, dataset.parent, dataset / "val", dataset / "train" / "x", dataset / ".kinetics-tui"):
        with pytest.raises(DatasetError, match="choose another"):
            export(dataset, Exporting(reader="torchvision", to=to), quiet)
    assert tree(dataset) == before


def test_a_folder_is_for_one_reader_of_one_dataset(exported: Export, dataset: Path, out: Path) -> None:
    exported("torchvision")
    with pytest.raises(DatasetError, match="an export for torchvision; choose another folder for mmaction2"):
        exported("mmaction2")
    copy = shutil.copytree(dataset, dataset.with_name("other"))
    with pytest.raises(DatasetError, match=r"holds an export of .*set; choose another"):
        export(Path(copy), Exporting(reader="torchvision", to=out), quiet)


def test_two_exports_into_one_folder_wait_for_each_other(exported: Export, out: Path) -> None:
    exported("torchvision")
    with (out / ".kinetics-tui-export" / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatasetError, match="Another export is writing"):
            exported("torchvision")
    (out / ".kinetics-tui-export" / "copy.99.part").write_text("of an export that was killed")
    exported("torchvision")
    assert not (out / ".kinetics-tui-export" / "copy.99.part").exists()


def test_an_unknown_reader_or_release_suggests_the_nearest(exported: Export, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="did you mean 'torchvision'"):
        exported("torchvison")
    with pytest.raises(AnnotationError, match="kinetics-400"):
        exported("csv", release="kinetics-40")
    with pytest.raises(NoLedger):
        export(tmp_path / "nowhere", Exporting(reader="csv"), quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_a_dataset_without_times_in_its_names_is_exported_with_them(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "set", DONE, DONE, layout=LayoutName.SHOWMAX)
    assert (dataset / "valid/playing_organ/aaaaaaaaaaa.mp4").exists()
    made = export(dataset, Exporting(reader="torchvision"), quiet)
    assert (Path(made.folder) / ORGAN).read_bytes() == content_of(DONE[0])


def test_an_export_goes_on_beside_an_engine_that_writes(exported: Export, dataset: Path) -> None:
    with Ledger.open(dataset) as ledger:
        settle(dataset, ledger, CLIPS, [PENDING])
        ledger.flush()
        assert exported("torchvision").added == len(DONE) + 1
        settle(dataset, ledger, CLIPS, [FAILED])
        ledger.flush()
        assert exported("torchvision").added == 1


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_on_another_file_system_clips_are_copied(dataset: Path) -> None:
    out = Path("/dev/shm") / f"kinetics-tui-export-{os.getpid()}"
    if Path("/dev/shm").stat().st_dev == dataset.stat().st_dev:
        pytest.skip("it is the same file system")
    said: list[str] = []
    try:
        made = export(dataset, Exporting(reader="torchvision", to=out), said.append)
        assert (made.copied, len(said)) == (len(DONE), 1)
        assert export(dataset, Exporting(reader="torchvision", to=out), said.append).there == len(DONE)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def test_a_folder_that_may_not_be_written_is_one_sentence(dataset: Path) -> None:
    with tempfile.TemporaryDirectory() as name:  # the folders of pytest are closed to others
        moved = Path(shutil.copytree(dataset, Path(name) / "set"))
        for path in (Path(name), *moved.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)  # permissions do not bind root
        try:
            with pytest.raises(DatasetError, match=r"out cannot be used \(Permission denied\)"):
                export(moved, Exporting(reader="csv", to=Path(name) / "out"), quiet)
        finally:
            if root:
                os.seteuid(0)
            for path in (Path(name), moved, *moved.rglob("*")):
                path.chmod(0o755)
