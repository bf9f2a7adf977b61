"""What is to be made of clips is kept with the dataset, and never of two kinds at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.engine.run.extraction import keep_extras
from kinetics_tui.model.options import Extras, SoundFormat
from tests.engine.engine_clips import some_clips

AT_5, AT_10, NONE = Extras(frames_fps=5.0), Extras(frames_fps=10.0), Extras()


@pytest.fixture
def dataset(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Path:
    make_ledger(some_clips(2)).close()
    return tmp_path / "set"


def kept(dataset: Path) -> Extras:
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.options.extras


def test_frames_of_another_kind_are_not_mixed_in(dataset: Path) -> None:
    keep_extras(dataset, AT_5)
    keep_extras(dataset, AT_10)  # none were made yet
    (dataset / "frames").mkdir()
    keep_extras(dataset, Extras(frames_fps=10.0, sound=SoundFormat.WAV))
    with pytest.raises(DatasetError, match="move it away"):
        keep_extras(dataset, AT_5)
    assert (kept(dataset).frames_fps, kept(dataset).sound) == (10.0, SoundFormat.WAV)


def test_frames_that_were_taken_back_are_remembered_as_long_as_they_are_there(dataset: Path) -> None:
    keep_extras(dataset, AT_10)
    (dataset / "frames").mkdir()
    for _ in range(2):
        keep_extras(dataset, NONE)
    assert not kept(dataset).any
    with pytest.raises(DatasetError, match="move it away"):
        keep_extras(dataset, AT_5)
    keep_extras(dataset, AT_10)
    keep_extras(dataset, NONE)
    (dataset / "frames").rmdir()
    keep_extras(dataset, AT_5)


def test_frames_that_somebody_else_made_are_not_taken_for_ours(dataset: Path) -> None:
    (dataset / "frames").mkdir()
    with pytest.raises(DatasetError, match="move it away"):
        keep_extras(dataset, AT_5)
    keep_extras(dataset, Extras(sound=SoundFormat.MP3))


def test_beside_an_engine_or_without_a_ledger_it_is_refused(dataset: Path, tmp_path: Path) -> None:
    with WriterLock(dataset), pytest.raises(EngineError):
        keep_extras(dataset, AT_5)
    with pytest.raises(DatasetError):
        keep_extras(tmp_path / "nowhere", AT_5)
    assert not (tmp_path / "nowhere").exists()
