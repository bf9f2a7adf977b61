"""A file is linked or copied into its place, whole or not at all, and stays as it is where it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinetics_tui.upkeep.adopt.place import ChangedError, Look, look_at, place
from kinetics_tui.upkeep.adopt.result import LinkMode


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "old.mp4"
    path.write_bytes(b"a clip" * 1000)
    (tmp_path / "scratch").mkdir()
    return path


def seen(path: Path) -> Look:
    look = look_at(path)
    assert look is not None
    return look


@pytest.mark.parametrize("how", list(LinkMode))
def test_it_has_its_place_and_its_old_one(tmp_path: Path, source: Path, how: LinkMode) -> None:
    before, target = source.read_bytes(), tmp_path / "set" / "val" / "new.mp4"
    place(source, target, seen(source), how, tmp_path / "scratch")
    assert target.read_bytes() == source.read_bytes() == before
    assert (target.stat().st_ino == source.stat().st_ino) is (how is LinkMode.HARD)
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("how", list(LinkMode))
def test_one_that_was_changed_since_it_was_read_is_not_taken(
    tmp_path: Path, source: Path, how: LinkMode
) -> None:
    look, target = seen(source), tmp_path / "new.mp4"
    source.write_bytes(b"another clip")
    with pytest.raises(ChangedError):
        place(source, target, look, how, tmp_path / "scratch")
    assert not target.exists()
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("how", list(LinkMode))
def test_a_link_put_in_its_place_meanwhile_is_not_followed(
    tmp_path: Path, source: Path, how: LinkMode
) -> None:
    look, target, secret = seen(source), tmp_path / "new.mp4", tmp_path / "secret"
    source.rename(secret)
    source.symlink_to(secret)
    with pytest.raises(OSError, match=r"changed|symbolic links"):
        place(source, target, look, how, tmp_path / "scratch")
    assert not os.path.lexists(target)


def test_what_lies_in_the_place_is_never_linked_over(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "new.mp4"
    target.write_bytes(b"what was there")
    with pytest.raises(FileExistsError):
        place(source, target, seen(source), LinkMode.HARD, tmp_path / "scratch")
    assert target.read_bytes() == b"what was there"


def test_only_files_are_looked_at(tmp_path: Path, source: Path) -> None:
    link, pipe = tmp_path / "link.mp4", tmp_path / "pipe.mp4"
    link.symlink_to(source)
    os.mkfifo(pipe)
    assert look_at(link) is look_at(pipe) is look_at(tmp_path) is None
