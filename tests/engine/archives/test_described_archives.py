"""Archives of a set of one's own, as its description has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.annotations.releases import find_release
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.engine.archives.download import Head
from kinetics_tui.engine.archives.places import Found, find_archives
from kinetics_tui.model.clip import Clip

CLIPS = [Clip("aaaaaaaaaaa", 0, 10, "train", "archery"), Clip("bbbbbbbbbbb", 0, 10, "val", "rowing")]


def described(folder: Path, archives: str) -> Found:
    path = folder / "sports.toml"
    path.write_text(
        'title = "Sports"\nclasses = ["archery", "rowing", "ski jumping"]\n[splits]\ntrain = 1\nval = 1\n'
        f'[annotations]\ntrain = "train.csv"\nval = "val.csv"\n{archives}'
    )

    def nothing(address: str) -> tuple[object, None]:
        raise OSError(f"asked for {address}")

    return find_archives(
        find_release(str(path)),
        [],
        [],
        CLIPS,
        annotated=lambda _release: CLIPS,
        opener=nothing,  # type: ignore[arg-type]  # it gives nothing
        ask=lambda _address: Head(1000, '"one"'),
    )


def test_addresses_and_files_beside_the_description_are_archives_with_what_is_said_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "packed").mkdir()
    for name in ("archery.tar", "ski_jumping.zip"):
        (tmp_path / "packed" / name).write_bytes(b"x")
    (tmp_path / "list.txt").write_text("https://example.org/val/rowing.tar.gz\n")
    found = described(
        tmp_path,
        '[[archives]]\naddress = "packed"\nsplit = "train"\nholds = "class"\n'
        '[[archives]]\naddress = "list.txt"\nsplit = "val"\nholds = "class"\n'
        '[[archives]]\naddress = "https://example.org/new.tgz"\nreplaces = true\n',
    )
    assert [(one.address, one.split, one.label, one.replaces) for one in found.archives] == [
        (str(tmp_path / "packed" / "archery.tar"), "train", "archery", False),
        ("https://example.org/val/rowing.tar.gz", "val", "rowing", False),
        ("https://example.org/new.tgz", "", "", True),
    ]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"There is no {tmp_path}/none"):
        described(tmp_path, '[[archives]]\naddress = "none"\n')
