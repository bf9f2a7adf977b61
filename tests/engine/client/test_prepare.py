"""A dataset made, or brought up to what is asked now."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.base.errors import AnnotationError, DatasetError, EngineError, SettingsError
from kinetics_tui.dataset.folder import has_ledger
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.client.prepare import BAD_ROWS_FILE, create, prepare
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Options, Selection, Source

ROWS = """label,youtube_id,time_start,time_end,split
yoga,0wR5jVB-WPk,1,11,val
archery,3caPS4FHFF8,2,12,val
yoga,0wR5jVB-WPk,1,11,val
yoga,tooshort,2,12,val
archery,4caPS4FHFF8,2,12,train
"""


@pytest.fixture
def annotation_file(tmp_path: Path) -> str:
    path = tmp_path / "k.csv"
    path.write_text(ROWS)
    return str(path)


@pytest.fixture
def ready(tmp_path: Path) -> Callable[..., list[str]]:
    """``prepare`` on ``tmp_path / "set"``; returns what was told."""

    def ready(selection: dict[str, object], **given: object) -> list[str]:
        told: list[str] = []

        def load(asked: Selection) -> Annotations:
            return read_annotations([Path(path) for path in asked.annotations])

        prepare(
            tmp_path / "set",
            selection=selection,
            options=msgspec.structs.replace(Options(), **given),
            given=given,
            load=load,
            tell=told.append,
            find_archives=find_archives,
        )
        return told

    def find_archives(_asked: Selection, options: Options, clips: Sequence[Clip]) -> Sequence[ArchiveRow]:
        if "unreachable" in options.archives:
            raise DatasetError("No archive can be reached.")
        return [ArchiveRow(address=place, name=f"{len(clips)} clips") for place in options.archives]

    return ready


def test_a_new_dataset_gets_its_clips_and_names_the_rows_left_out(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    told = ready({"annotations": (annotation_file,)})
    assert told[0] == "3 clips selected of 3 annotated."
    assert "1 row cannot be used and 1 repeat a clip" in told[1]
    assert any("line 5" in line for line in told)
    with (tmp_path / "set" / ".kinetics-tui" / BAD_ROWS_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["line"] for row in rows) == ["4", "5"]
    with Ledger.open(tmp_path / "set") as ledger:
        assert {split.name: split.total for split in ledger.split_counts()} == {"train": 1, "val": 2}


def test_columns_with_names_of_their_own_are_told_with_how_they_were_read(
    tmp_path: Path, ready: Callable[..., list[str]]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("url,start_seconds,end_seconds\nhttps://youtu.be/AAAAAAAAAAA,10,20\n")
    reading = f"{path}: read 'url' as youtube_id, 'start_seconds' as time_start, 'end_seconds' as time_end."
    assert reading in ready({"annotations": (str(path),)})
    assert reading in ready({"annotations": (str(path),)})


def test_options_given_once_are_kept_and_others_are_replaced(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)}, workers=3, height_px=144)
    ready({}, workers=5)
    with Ledger.open(tmp_path / "set") as ledger:
        assert (ledger.options.workers, ledger.options.height_px) == (5, 144)


def test_another_selection_replaces_the_first_and_keeps_what_is_known(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,), "splits": ("val",)})
    told = ready({"splits": ("val", "train")})
    assert told[0] == "3 clips are selected now, 1 of them new to this dataset."
    ready({"classes": ("yoga",)})
    with Ledger.open(tmp_path / "set") as ledger:
        assert sum(split.total for split in ledger.split_counts()) == 1
        assert ledger.selection.classes == ("yoga",)


def test_a_new_dataset_without_annotations_is_refused(ready: Callable[..., list[str]]) -> None:
    with pytest.raises(DatasetError, match="--annotations"):
        ready({})


def test_another_layout_is_refused_and_nothing_changed(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)}, workers=3)
    with pytest.raises(DatasetError, match="laid out as activitynet"):
        ready({}, layout=LayoutName.SHOWMAX, workers=9)
    with Ledger.open(tmp_path / "set") as ledger:
        assert (ledger.options.layout, ledger.options.workers) == (LayoutName.ACTIVITYNET, 3)


@pytest.mark.parametrize(
    ("selection", "given", "error"),
    [
        ({"classes": ("yogga",)}, {}, AnnotationError),
        ({"release": "kinetics-500"}, {}, AnnotationError),
        ({}, {"yt_dlp": ("--no-such-option",)}, SettingsError),
    ],
)
def test_bad_input_makes_no_dataset(
    tmp_path: Path,
    ready: Callable[..., list[str]],
    annotation_file: str,
    selection: dict[str, object],
    given: dict[str, object],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        ready({"annotations": (annotation_file,), **selection}, **given)
    assert not (tmp_path / "set").exists()


def test_a_dataset_in_the_hand_of_an_engine_is_left_alone(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)})
    with WriterLock(tmp_path / "set"), pytest.raises(EngineError, match="already runs"):
        ready({}, workers=5)


def test_a_bad_selection_changes_no_options_either(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)}, workers=3)
    with pytest.raises(AnnotationError):
        ready({"classes": ("yogga",)}, workers=9)
    with Ledger.open(tmp_path / "set") as ledger:
        assert ledger.options.workers == 3


def test_a_release_beside_annotations_is_known_as_people_write_it(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,), "release": "K400"})
    with Ledger.open(tmp_path / "set") as ledger:
        assert (ledger.release, ledger.title) == ("kinetics-400", "Kinetics-400")


def test_the_release_gives_the_run_its_title(tmp_path: Path) -> None:
    clip = Clip("0wR5jVB-WPk", 1, 11, "val", "yoga")
    create(tmp_path / "set", Selection(release="kinetics-400"), Options(), [clip])
    assert has_ledger(tmp_path / "set")
    with Ledger.open(tmp_path / "set") as ledger:
        assert ledger.title == "Kinetics-400"


def test_archives_that_cannot_be_reached_change_nothing_of_a_dataset(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)}, sources=(Source.ARCHIVES,), archives=("/mine.tar",))
    with pytest.raises(DatasetError, match="can be reached"):
        ready({"splits": ("val",)}, archives=("unreachable",))
    with Ledger.open(tmp_path / "set") as ledger:
        assert ledger.split_counts()[0].total + ledger.split_counts()[1].total == 3
        assert ledger.options.archives == ("/mine.tar",)
        assert [row.name for row in ledger.archives()] == ["3 clips"]
    ready({"splits": ("val",)}, archives=("/other.tar",))
    with Ledger.open(tmp_path / "set") as ledger:
        assert [(row.address, row.name) for row in ledger.archives()] == [("/other.tar", "2 clips")]


def test_youtube_is_asked_for_what_archives_did_not_give_once_it_is_a_source(
    tmp_path: Path, ready: Callable[..., list[str]], annotation_file: str
) -> None:
    ready({"annotations": (annotation_file,)}, sources=(Source.ARCHIVES,), archives=("/mine.tar",))
    with Ledger.open(tmp_path / "set") as ledger:
        for number, category in enumerate((Category.NOT_IN_ARCHIVES, Category.PRIVATE), start=1):
            ledger.record(
                Attempt(clip_id=number, at=1.0, network="", outcome=Outcome.FAILED, category=category)
            )
    ready({}, workers=3)
    with Ledger.open(tmp_path / "set") as ledger:
        assert sum(split.failed for split in ledger.split_counts()) == 2
    ready({}, sources=(Source.ARCHIVES, Source.YOUTUBE))
    with Ledger.open(tmp_path / "set") as ledger:
        assert ledger.failure_counts() == {Category.PRIVATE: 1}


def test_hosts_that_could_not_be_let_in_are_told_of_before_anything_is_read(
    ready: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"kinetics-tui\[cluster\]"):
        ready({"annotations": (str(tmp_path / "not-there.csv"),)}, listen="127.0.0.1")
    assert not has_ledger(tmp_path / "set")
