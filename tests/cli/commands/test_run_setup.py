"""The dataset that is made of what was set up."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.cli.commands.run import write_plan
from kinetics_tui.dataset.folder import has_ledger
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection, Source
from kinetics_tui.settings.settings import load_settings
from kinetics_tui.tui.setup.ports import Plan

CLIPS = (Clip("aaaaaaaaaaa", 1, 3, "val", "yoga"),)


def plan(dataset: Path, sources: tuple[Source, ...], *archives: str) -> Plan:
    options = Options(sources=sources, archives=archives)
    return Plan(dataset, Selection(annotations=("val.csv",)), options, CLIPS)


def test_a_run_that_is_set_up_on_archives_finds_them(tmp_path: Path) -> None:
    (tmp_path / "yoga.tar").write_bytes(b"0" * 512)
    told: list[str] = []
    made = plan(tmp_path / "set", (Source.ARCHIVES, Source.YOUTUBE), str(tmp_path / "yoga.tar"))
    write_plan(made, load_settings({}), told.append)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert [(one.name, one.size_bytes) for one in ledger.archives()] == [
            (f"{tmp_path.name}/yoga.tar", 512)
        ]
    assert told == ["Asking for archives of the clips ...", "1 archive may hold some, 512 B in all."]


def test_where_archives_cannot_be_asked_for_nothing_is_made(tmp_path: Path) -> None:
    made = plan(tmp_path / "set", (Source.ARCHIVES,), "http://127.0.0.1:1/list.txt")
    with pytest.raises(DatasetError, match="could not be fetched"):
        write_plan(made, load_settings({}), lambda _line: None)
    assert not (tmp_path / "set").exists()


def test_without_archives_none_are_asked_for(tmp_path: Path) -> None:
    write_plan(plan(tmp_path / "set", (Source.YOUTUBE,)), load_settings({}), pytest.fail)
    assert has_ledger(tmp_path / "set")
