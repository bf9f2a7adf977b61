"""Tables of the clips, as CSV and as Parquet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.dataset.export import tables
from kinetics_tui.dataset.export.clip_files import Link
from tests.dataset.export.conftest import DONE, Export, content_of, listing, rows


def test_a_table_names_the_files_of_the_dataset_itself(exported: Export, dataset: Path, out: Path) -> None:
    made = exported("csv")
    assert listing(out) == ["clips.csv", "label_map.csv", "missing.csv"]
    header, *found = rows(out / "clips.csv")
    assert header == list(tables.COLUMNS)
    assert len(found) == made.added == len(DONE)
    by_key = {(row[4], float(row[5])): row for row in found}
    for clip in DONE:
        row = by_key[clip.youtube_id, clip.time_start]
        assert Path(row[0]).read_bytes() == content_of(clip)
        assert row[0].startswith(str(dataset))
        assert row[7:] == [str(len(content_of(clip))), "10.0", "340", "256", "25.0", "True", "False", "True"]


def test_parquet_holds_the_same_with_types(
    exported: Export, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(tables, "ROWS_AT_A_TIME", 2)
    exported("parquet")
    table = parquet.read_table(out / "clips.parquet")
    assert {
        field.name: str(field.type).replace("double", "float64") for field in table.schema
    } == tables.COLUMNS
    found = table.to_pylist()
    assert {(row["youtube_id"], row["time_start"]) for row in found} == {
        (clip.youtube_id, clip.time_start) for clip in DONE
    }
    (organ,) = [row for row in found if row["youtube_id"] == "aaaaaaaaaaa"]
    assert (organ["label"], organ["index"], organ["sound"], organ["duration_s"]) == (
        "playing organ",
        2,
        True,
        10.0,
    )


def test_without_pyarrow_one_sentence_says_what_to_install(
    exported: Export, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SettingsError, match=r"pip install 'kinetics-tui\[export\]'"):
        exported("parquet")
    assert listing(out) == []


def test_a_table_takes_no_links(exported: Export, out: Path) -> None:
    with pytest.raises(SettingsError, match="csv takes none"):
        exported("csv", Link.SYM)
    assert not out.exists()
