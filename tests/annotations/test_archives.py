from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from kinetics_tui.annotations import archives
from kinetics_tui.annotations.archives import read_members
from kinetics_tui.base.errors import AnnotationError
from tests.annotations.annotation_files import HEADER, ROW, entry, json_bytes, member, tar_bytes

CSV = f"{HEADER}\n{ROW}\n"


def read(path: Path, data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    path.write_bytes(data)
    refused: dict[str, str] = {}
    return dict(read_members(path, refused.__setitem__)), refused


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info, data = member(name)
    info.type, info.linkname = kind, target
    return info, data


def test_reads_csv_and_json_members_and_nothing_else(tmp_path: Path) -> None:
    data = tar_bytes(
        special("k", tarfile.DIRTYPE),
        member("k/readme.txt", "read me"),
        member("k/._val.csv", b"\0\1"),
        member("k/val.csv", CSV),
        member("k/test.json", json_bytes({"AAAAAAAAAAA": entry()})),
    )
    found, refused = read(tmp_path / "a.tar.gz", data)
    assert list(found) == ["k/val.csv", "k/test.json"]
    assert found["k/val.csv"] == CSV.encode()
    assert refused == {}


@pytest.mark.parametrize("order", [("k/val.json", "k/val.csv"), ("k/val.csv", "k/val.json")])
def test_json_is_left_out_where_csv_says_the_same(tmp_path: Path, order: tuple[str, str]) -> None:
    found, _ = read(tmp_path / "a.tar.gz", tar_bytes(*(member(name, CSV) for name in order)))
    assert list(found) == ["k/val.csv"]


@pytest.mark.parametrize(
    "unsafe",
    [
        member("../val.csv", CSV),
        member("/etc/val.csv", CSV),
        member("k/../../val.csv", CSV),
        special("val.csv", tarfile.SYMTYPE, "/etc/passwd"),
        special("val.csv", tarfile.LNKTYPE, "good.csv"),
        special("val.csv", tarfile.CHRTYPE),
        special("val.csv", tarfile.BLKTYPE),
        special("val.csv", tarfile.FIFOTYPE),
    ],
)
def test_unsafe_members_are_named_and_not_read(tmp_path: Path, unsafe: tuple[tarfile.TarInfo, bytes]) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    found, refused = read(inside / "a.tar.gz", tar_bytes(unsafe, member("good.csv", CSV)))
    assert list(found) == ["good.csv"]
    assert list(refused) == [unsafe[0].name]
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "a.tar.gz"]


def test_a_member_beyond_all_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 100)
    found, refused = read(
        tmp_path / "a.tar.gz", tar_bytes(member("big.csv", b"x" * 101), member("a.csv", CSV))
    )
    assert list(found) == ["a.csv"]
    assert refused == {"big.csv": "it has 101 bytes, more than 100"}


def test_an_archive_that_swells_beyond_reason_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    with pytest.raises(AnnotationError, match=r"bomb\.tar\.gz: unpacks to more than 16,777,216 bytes"):
        read(path, tar_bytes(member("nothing.bin", b"\0" * 20_000_000)))


WHOLE = tar_bytes(member("k/val.csv", CSV * 1000))


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-4],
        WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:],
        WHOLE[:60] + b"\xff" * 20 + WHOLE[80:],
        gzip.compress(b"not a tar archive"),
        gzip.compress(CSV.encode() * 100),
    ],
    ids=["magic only", "half", "no length", "wrong sum", "damaged", "no tar", "csv.gz"],
)
def test_a_damaged_archive_is_refused_with_the_remedy(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AnnotationError, match=r"a\.tar\.gz: not a whole \.tar\.gz archive .*fetch it again"):
        read(tmp_path / "a.tar.gz", data)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_description_beyond_all_size_ends_the_reading(tmp_path: Path, kind: bytes) -> None:
    info, data = member("k/description", b"x" * (archives.MAX_HEADER_BYTES + 1))
    info.type = kind
    with pytest.raises(AnnotationError, match=r"a\.tar\.gz: not a whole \.tar\.gz archive .*description has"):
        read(tmp_path / "a.tar.gz", tar_bytes(member("k/val.csv", CSV), (info, data)))


def test_an_archive_of_far_too_many_files_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    with pytest.raises(AnnotationError, match=r"a\.tar\.gz: more than 5 files are in it"):
        read(tmp_path / "a.tar.gz", tar_bytes(*(member(f"{n}.txt") for n in range(6))))
