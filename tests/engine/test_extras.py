"""What is to be made of clips is kept with the dataset, and never of two kinds at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.address import WriterLock
from kinetics_tui.engine.extras import keep_extras
from kinetics_tui.model.errors import DatasetError, EngineError, SettingsError
from kinetics_tui.model.extras import Extras, SoundFormat
from tests.engine.engine_clips import some_clips


@pytest.fixture
def dataset(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Path:
    make_ledger(some_clips(2)).close()
    return tmp_path / "set"


def kept(dataset: Path) -> Extras:
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.options.extras


def test_what_is_given_is_kept_and_the_rest_stays(dataset: Path) -> None:
    keep_extras(dataset, {"frames_fps": 5.0})
    keep_extras(dataset, {"sound": SoundFormat.OPUS})
    assert kept(dataset) == Extras(frames_fps=5.0, sound=SoundFormat.OPUS)
    keep_extras(dataset, {"frames_fps": None, "sound": None})
    assert not kept(dataset).any


def test_nothing_to_make_is_refused(dataset: Path) -> None:
    with pytest.raises(SettingsError, match="--frames"):
        keep_extras(dataset, {})


def test_frames_of_another_kind_are_not_mixed_in(dataset: Path) -> None:
    keep_extras(dataset, {"frames_fps": 5.0})
    keep_extras(dataset, {"frames_fps": 10.0})  # none were made yet
    (dataset / "frames").mkdir()
    keep_extras(dataset, {"frames_fps": 10.0, "sound": SoundFormat.WAV})
    with pytest.raises(DatasetError, match="move it away"):
        keep_extras(dataset, {"frames_fps": 5.0})
    assert kept(dataset).frames_fps == 10.0


def test_beside_an_engine_or_without_a_ledger_it_is_refused(dataset: Path, tmp_path: Path) -> None:
    with WriterLock(dataset), pytest.raises(EngineError):
        keep_extras(dataset, {"frames_fps": 5.0})
    with pytest.raises(DatasetError):
        keep_extras(tmp_path / "nowhere", {"frames_fps": 5.0})
    assert not (tmp_path / "nowhere").exists()
