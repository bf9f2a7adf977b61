"""The real library, with files and folders of this machine."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from kinetics_tui.annotations import fetch
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.model.options import Selection
from kinetics_tui.tui.setup.ports import PublishedLibrary, Source

ROWS = "label,youtube_id,time_start,time_end,split\nyoga,abcdefghijk,1,11,val\narchery,abcdefghijl,1,11,val\n"


@pytest.fixture
def library(tmp_path: Path) -> PublishedLibrary:
    return PublishedLibrary(tmp_path / "cache")


def test_it_offers_the_four_releases_with_their_classes(library: PublishedLibrary) -> None:
    assert [release.name for release in library.releases()] == [
        "kinetics-400",
        "kinetics-600",
        "kinetics-700",
        "kinetics-700-2020",
    ]
    assert [len(library.classes(release.name)) for release in library.releases()] == [400, 600, 700, 700]
    assert "music" in library.categories("kinetics-400")
    assert library.categories("kinetics-700") == {}


def test_files_are_read_and_selected(library: PublishedLibrary, tmp_path: Path) -> None:
    file = tmp_path / "val.csv"
    file.write_text(ROWS)
    source = Source(files=(file,))
    said: list[str] = []
    assert library.is_at_hand(source)
    annotations = library.load(source, said.append)
    assert said[-1] == "reading: 2 clips"
    clips = library.select(annotations, Selection(classes=("yoga",)))
    assert [clip.youtube_id for clip in clips] == ["abcdefghijk"]


def test_a_release_is_fetched_with_progress_and_at_hand_from_then_on(
    library: PublishedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opener(url: str) -> tuple[io.BytesIO, int]:
        if url.endswith("/val.csv"):
            return io.BytesIO(ROWS.encode()), len(ROWS)
        raise OSError("no route")

    monkeypatch.setattr(fetch, "open_url", opener)
    source = Source(release="kinetics-400", splits=("val",))
    said: list[str] = []
    assert not library.is_at_hand(source)
    assert len(library.load(source, said.append).clips) == 2
    assert any(text.startswith("fetching val.csv: ") for text in said)
    assert library.is_at_hand(source)
    assert not library.is_at_hand(Source(release="kinetics-400", splits=("train", "val")))


def test_a_release_is_fetched_by_the_opener_it_is_given(tmp_path: Path) -> None:
    asked: list[str] = []

    def opener(url: str) -> tuple[io.BytesIO, int]:
        asked.append(url)
        if url.endswith("/val.csv"):
            return io.BytesIO(ROWS.encode()), len(ROWS)
        raise OSError("no route")

    library = PublishedLibrary(tmp_path / "cache", opener)
    assert len(library.load(Source(release="kinetics-400", splits=("val",)), lambda text: None).clips) == 2
    assert asked[-1].endswith("/val.csv")


def test_without_a_connection_there_is_one_sentence(
    library: PublishedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opener(url: str) -> tuple[io.BytesIO, int]:
        raise OSError("no route")

    monkeypatch.setattr(fetch, "open_url", opener)
    with pytest.raises(AnnotationError, match="Kinetics-400"):
        library.load(Source(release="kinetics-400", splits=("val",)), lambda text: None)


def test_a_folder_that_is_not_there_yet_is_as_good_as_the_one_above_it(
    library: PublishedLibrary, tmp_path: Path
) -> None:
    folder = library.look_at(tmp_path / "new" / "kinetics")
    assert folder.problem == ""
    assert folder.free_bytes is not None
    assert folder.free_bytes > 0
    assert not folder.has_ledger
    assert not (tmp_path / "new").exists()


def test_a_ledger_tells_a_dataset(library: PublishedLibrary, tmp_path: Path) -> None:
    ledger_path(tmp_path).parent.mkdir()
    ledger_path(tmp_path).touch()
    assert library.look_at(tmp_path).has_ledger


def test_a_file_is_no_folder(library: PublishedLibrary, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert library.look_at(file / "below").problem == f"{file} is a file: choose a folder."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_a_problem(library: PublishedLibrary, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "cannot be written" in library.look_at(tmp_path / "x").problem
    finally:
        tmp_path.chmod(0o700)


def test_access_is_asked_of_the_nearest_folder(
    library: PublishedLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    problem = library.look_at(tmp_path / "x" / "y").problem
    assert problem == f"{tmp_path} cannot be written: choose another folder."


def test_a_path_that_no_file_system_takes_is_a_problem(library: PublishedLibrary) -> None:
    assert "cannot be used" in library.look_at(Path("/tmp") / ("x" * 5000)).problem
