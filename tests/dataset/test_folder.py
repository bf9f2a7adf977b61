"""The state folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset import folder


def test_the_state_folder_is_for_the_user_alone_whatever_it_was(dataset: Path) -> None:
    assert folder.make_state_folder(dataset) == dataset / ".kinetics-tui"
    folder.state_folder(dataset).chmod(0o755)
    folder.make_state_folder(dataset)
    assert folder.state_folder(dataset).stat().st_mode & 0o777 == 0o700


def test_all_that_is_kept_lies_in_the_state_folder(dataset: Path) -> None:
    for path in (folder.ledger_path, folder.scratch_path, folder.log_path, folder.lock_path):
        assert path(dataset).parent == folder.state_folder(dataset)


def test_a_link_in_its_place_is_refused(dataset: Path, tmp_path: Path) -> None:
    dataset.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    folder.state_folder(dataset).symlink_to(elsewhere)
    with pytest.raises(DatasetError, match="is a link"):
        folder.make_state_folder(dataset)
    assert elsewhere.stat().st_mode & 0o777 == 0o755


def test_a_file_in_its_place_is_refused(dataset: Path) -> None:
    dataset.mkdir()
    folder.state_folder(dataset).write_text("")
    with pytest.raises(DatasetError, match="is not a folder"):
        folder.make_state_folder(dataset)
