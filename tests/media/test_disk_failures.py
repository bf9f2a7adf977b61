"""Whose fault an error of the system is."""

from __future__ import annotations

import errno
from pathlib import Path

import av
import pytest

from kinetics_tui.media.failures import failure_of, is_of_disk
from kinetics_tui.model.failure import Category


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / ".kinetics-tui" / "scratch"
    folder.mkdir(parents=True)
    return folder


def category(error: OSError, scratch: Path) -> Category:
    return failure_of(error, scratch.parents[1] / "val" / "yoga" / "x.mp4", scratch).category


def test_a_refused_file_of_the_dataset_is_not_writable(scratch: Path) -> None:
    dataset = scratch.parents[1]
    for path in (
        dataset,
        dataset / "val" / "yoga",
        dataset / "val" / "yoga" / "x.mp4",
        scratch / "c" / "a.mp4",
    ):
        assert category(PermissionError(errno.EACCES, "no", str(path)), scratch) is Category.NOT_WRITABLE


def test_a_refused_file_elsewhere_is_the_clips_own(scratch: Path) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/home/me/cookies.txt")
    assert category(error, scratch) is Category.TRIM_FAILED


def test_a_folder_that_went_away_is_not_writable(scratch: Path) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file")
    assert category(error, scratch) is Category.TRIM_FAILED
    scratch.rmdir()
    assert category(error, scratch) is Category.NOT_WRITABLE


def test_a_folder_that_went_away_and_is_back_took_with_it_what_was_made_there(scratch: Path) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file", str(scratch / "clip-1" / "clip.mp4"))
    assert category(error, scratch) is Category.NOT_WRITABLE


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError("timed out"), OSError()])
def test_errors_without_a_number_are_the_clips_own_and_say_something(error: OSError, scratch: Path) -> None:
    failure = failure_of(error, scratch / "x.mp4", scratch)
    assert failure.category is Category.TRIM_FAILED
    assert failure.message == f"The clip cannot be made: {str(error) or type(error).__name__}."


@pytest.mark.parametrize("number", [errno.EIO, errno.EPERM])
def test_what_libav_says_of_broken_media_is_not_the_disks(number: int, scratch: Path) -> None:
    error = av.error.OSError(number, "broken")
    assert isinstance(error, OSError)
    assert not is_of_disk(error)
    assert is_of_disk(OSError(number, "broken"))
    assert category(error, scratch) is Category.TRIM_FAILED
