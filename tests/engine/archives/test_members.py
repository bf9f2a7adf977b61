"""Archives that mean harm, and ordinary ones of every packing."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, cast

import psutil
import pytest

from kinetics_tui.engine.archives import members as members_module
from kinetics_tui.engine.archives.members import (
    LARGEST_CLIP_BYTES,
    ArchiveError,
    leads_out,
    members_of,
    members_of_tar,
    unpack,
)
from tests.archive_mirror import odd_member, tar_of, zip_of

NAMES = [f"aaaaaaaaa{number:02d}_000001_000011.mp4" for number in range(4)]
FILES = [(name, name.encode() * 1000) for name in NAMES]


class Passed:
    """The members of an archive unpacked, those that were refused, and why it could not be read on."""

    def __init__(self, place: Path, folder: Path) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.refused: list[tuple[str, str]] = []
        self.why = ""
        try:
            for number, member in enumerate(members_of(place, self.refuse)):
                path = folder / f"copy-{number}"
                unpack(member, path)
                self.files.append((member.name, path.read_bytes()))
        except ArchiveError as error:
            self.why = str(error)

    def refuse(self, name: str, why: str) -> None:
        self.refused.append((name, why))


@pytest.fixture
def passed(tmp_path: Path) -> Callable[[bytes], Passed]:
    def passed(content: bytes, name: str = "a.tar.gz") -> Passed:
        place = tmp_path / name
        place.write_bytes(content)
        before = set(tmp_path.parent.rglob("*"))
        (tmp_path / "copies").mkdir()
        found = Passed(place, tmp_path / "copies")
        outside = set(tmp_path.parent.rglob("*")) - before
        assert all(path.is_relative_to(tmp_path / "copies") for path in outside)
        return found

    return passed


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_is_read_as_it_is_packed_whatever_its_name_says(
    passed: Callable[[bytes], Passed], mode: str, kind: int
) -> None:
    long = "/".join(["a folder of a long name"] * (4 if kind == tarfile.USTAR_FORMAT else 20))
    files = [(f"{long}/{name}", content) for name, content in FILES]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    found = passed(packed.getvalue())
    assert (found.files, found.refused, found.why) == (files, [], "")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_read_whatever_its_name(passed: Callable[[bytes], Passed], packing: int) -> None:
    found = passed(zip_of(FILES, packing))
    assert (found.files, found.why) == (FILES, "")


def test_a_folder_gives_its_clips_and_follows_no_link_out_of_it(tmp_path: Path) -> None:
    outside = tmp_path / NAMES[0]
    outside.write_bytes(b"outside")
    folder = tmp_path / "mine"
    (folder / "archery").mkdir(parents=True)
    (folder / "archery" / NAMES[1]).write_bytes(b"inside")
    (folder / ("._" + NAMES[1])).write_bytes(b"macOS")
    (folder / "notes.txt").write_bytes(b"")
    (folder / NAMES[2]).symlink_to(outside)
    (folder / "link").symlink_to(tmp_path)
    os.mkfifo(folder / NAMES[3])
    found = Passed(folder, tmp_path)
    assert found.files == [(f"archery/{NAMES[1]}", b"inside")]


def test_links_devices_and_what_macos_left_are_passed_over_and_named(
    passed: Callable[[bytes], Passed],
) -> None:
    odd = [
        odd_member(NAMES[0], tarfile.SYMTYPE),
        odd_member(NAMES[0], tarfile.LNKTYPE, NAMES[1]),
        odd_member(NAMES[0], tarfile.CHRTYPE),
        odd_member(NAMES[0], tarfile.BLKTYPE),
        odd_member(NAMES[0], tarfile.FIFOTYPE),
        odd_member(NAMES[0], tarfile.DIRTYPE),
    ]
    found = passed(tar_of([("._" + NAMES[0], b"macOS"), ("readme.txt", b""), FILES[1]], odd=odd))
    assert found.files == [FILES[1]]
    assert [name.rstrip("/") for name, _ in found.refused] == [NAMES[0]] * 6
    assert {why for _, why in found.refused} == {"it is a link or something else than a plain file"}


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("../" + NAMES[0], True),
        ("a/../../" + NAMES[0], True),
        ("/etc/" + NAMES[0], True),
        ("./a/" + NAMES[0], False),
        ("..." + NAMES[0], False),
    ],
)
def test_names_that_lead_out_are_known(name: str, out: bool) -> None:
    assert leads_out(name) is out


def test_a_member_that_says_it_is_larger_than_any_clip_is_passed_over(
    passed: Callable[[bytes], Passed],
) -> None:
    packed = bytearray(tar_of([FILES[0], FILES[1]], "w"))
    lying = tarfile.TarInfo(NAMES[2])
    lying.size = LARGEST_CLIP_BYTES + 1
    found = passed(
        bytes(packed[:-1024]).rstrip(b"\0") + bytes(-len(packed.rstrip(b"\0")) % 512) + lying.tobuf()
    )
    assert [name for name, _ in found.files] == NAMES[:2]
    assert found.refused[0][0] == NAMES[2]
    assert "more than a clip" in found.refused[0][1]
    assert found.why  # its content is not there


def test_a_member_whose_size_is_a_lie_ends_the_reading_with_what_came_before(
    passed: Callable[[bytes], Passed],
) -> None:
    packed = bytearray(tar_of(FILES[:2], "w"))
    second = tarfile.TarInfo(NAMES[1])
    second.size = 10_000_000
    at = packed.index(NAMES[1].encode())
    packed[at : at + 512] = second.tobuf(tarfile.GNU_FORMAT)
    found = passed(bytes(packed))
    assert [name for name, _ in found.files] == NAMES[:1]
    assert found.why


def test_a_zip_whose_member_swells_beyond_what_it_says_gives_no_more_than_a_clip(
    passed: Callable[[bytes], Passed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members_module, "LARGEST_CLIP_BYTES", 100_000)
    found = passed(zip_of([(NAMES[0], bytes(50_000_000)), FILES[1]], zipfile.ZIP_DEFLATED))
    assert [name for name, _ in found.files] == [NAMES[1]]
    assert found.refused[0][0] == NAMES[0]


@pytest.mark.parametrize("inside", [NAMES[0], "readme"])
def test_a_bomb_is_given_up_before_it_fills_anything(passed: Callable[[bytes], Passed], inside: str) -> None:
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as packed:
        head = tarfile.TarInfo(inside)
        head.size = 400_000_000
        packed.write(head.tobuf())
        for _ in range(400):
            packed.write(bytes(1_000_000))
    found = passed(bomb.getvalue())
    assert found.why == "it swells beyond all that clips do"
    assert found.files == []


def test_gzip_in_gzip_without_end_is_no_archive(passed: Callable[[bytes], Passed]) -> None:
    assert passed(gzip.compress(gzip.compress(tar_of(FILES)))).why


def test_members_without_end_are_given_up(
    passed: Callable[[bytes], Passed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members_module, "MAX_MEMBERS", 100)
    found = passed(tar_of(((f"{number}.txt", b"") for number in range(200)), "w"))
    assert found.why == "more than 100 files are in it"


def test_a_description_without_end_is_not_read(passed: Callable[[bytes], Passed]) -> None:
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    found = passed(head.tobuf(tarfile.GNU_FORMAT) + bytes(10_000))
    assert "description" in found.why


def cuts() -> Iterable[int]:
    return (1, 100, 512, 1000, 5000, 20_000)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("cut", cuts())
def test_an_archive_that_is_cut_off_is_told_and_gives_what_came_before(
    passed: Callable[[bytes], Passed], mode: str, cut: int
) -> None:
    files = [(name, os.urandom(10_000)) for name in NAMES]
    whole = tar_of(files, mode).rstrip(b"\0") if mode == "w" else tar_of(files, mode)
    found = passed(whole[:-cut])
    assert found.why
    assert found.files == files[: len(found.files)]


@pytest.mark.parametrize("content", [b"", b"x", b"\x1f\x8b", b"<html>" * 500, b"PK\x03\x04", bytes(20_000)])
def test_what_is_no_archive_gives_nothing_and_breaks_nothing(
    passed: Callable[[bytes], Passed], content: bytes
) -> None:
    found = passed(content)
    assert found.files == []
    assert bool(found.why) or content == bytes(20_000)  # an empty tar is one


def test_a_zip_with_a_damaged_or_locked_member_gives_the_others(tmp_path: Path) -> None:
    content = bytearray(zip_of(FILES))
    at = content.index(FILES[1][1])
    content[at] ^= 0xFF
    place = tmp_path / "a.zip"
    place.write_bytes(content)
    came, damaged = [], []
    for member in members_of(place, lambda _name, _why: None):
        try:
            unpack(member, tmp_path / "copy")
            came.append(member.name)
        except ArchiveError:
            assert member.alone
            damaged.append(member.name)
    assert damaged == [NAMES[1]]
    assert came == [NAMES[0], *NAMES[2:]]


class Endless(io.RawIOBase):
    """A tar of so many tiny members, made as it is read."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._number = 0
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._ready) < size and self._left:
            batch = []
            for _ in range(min(200, self._left)):
                self._left -= 1
                self._number += 1
                head = tarfile.TarInfo(f"a{self._number:010d}_000001_000011.mp4")
                head.size = 3
                batch.append(head.tobuf() + b"abc" + bytes(509))
            self._ready += b"".join(batch)
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


def test_a_hundred_thousand_tiny_members_take_no_memory() -> None:
    this, names, early_bytes = psutil.Process(), deque[str](maxlen=1), 0
    members = members_of_tar(cast("IO[bytes]", Endless(100_000)), lambda _name, _why: None)
    for count, member in enumerate(members, start=1):
        names.append(member.name)
        if count == 5_000:
            early_bytes = this.memory_info().rss
    assert count == 100_000
    assert names.pop() == "a0000100000_000001_000011.mp4"
    assert this.memory_info().rss - early_bytes < 20_000_000
