"""Clips in archives are taken over as loose ones are, and nothing else in them gets anywhere."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from kinetics_tui.upkeep.adopt import unpack
from kinetics_tui.upkeep.adopt.adopt import adopt
from kinetics_tui.upkeep.adopt.result import Adoption, Fate
from kinetics_tui.upkeep.adopt.take import Adopting
from tests.upkeep.conftest import DONE, SHORT
from tests.upkeep.tree import tree

Finished = Callable[[LayoutName], Path]
WHOLE = [clip for clip in DONE if clip != SHORT]
Contents = Callable[[Clip], bytes]


@pytest.fixture
def content(finished: Finished) -> Contents:
    return lambda clip: (
        finished(LayoutName.ACTIVITYNET) / clip_path(LayoutName.ACTIVITYNET, clip)
    ).read_bytes()


def pack(path: Path, mode: str, files: list[tuple[str, bytes]]) -> Path:
    """A tar of plain files, packed as ``mode`` says and not as its name does."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]  # any mode
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def packed_zip(path: Path, files: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def take(dataset: Path, source: Path, **how: object) -> Adoption:
    return adopt(dataset, Adopting(source=source, workers=2, **how))  # type: ignore[arg-type]


def there(dataset: Path) -> list[str]:
    return sorted(path.stem for path in dataset.rglob("*.mp4"))


@pytest.mark.parametrize(
    ("name", "mode"), [("part_0.tar.gz", "w:gz"), ("part_0.tar.gz", "w"), ("all.tar", "w"), ("all.zip", "")]
)
def test_clips_in_an_archive_are_taken_over_whatever_it_is(
    target: Path, content: Contents, tmp_path: Path, name: str, mode: str
) -> None:
    files = [(f"./{clip.name}.mp4", content(clip)) for clip in WHOLE]
    source = pack(tmp_path / name, mode, files) if mode else packed_zip(tmp_path / name, files)
    before = source.read_bytes()
    adoption = take(target, source)
    assert adoption.counts == {Fate.TAKEN: len(WHOLE)}
    assert (adoption.archives, adoption.files, adoption.settled) == (1, len(WHOLE), len(WHOLE))
    assert there(target) == sorted(clip.name for clip in WHOLE)
    with Ledger.open(target, read_only=True) as ledger:
        assert sum(split.done for split in ledger.split_counts()) == len(WHOLE)
    assert source.read_bytes() == before
    assert list((target / ".kinetics-tui").glob("scratch/*")) == []


def test_archives_beside_loose_files_are_read_and_the_replacement_comes_first(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    folder = tmp_path / "cvdf"
    folder.mkdir()
    one, two, three, four = WHOLE
    (folder / f"{one.name}.mp4").write_bytes(content(one))
    broken = content(two)[:2000]
    pack(
        folder / "part_0.tar.gz", "w:gz", [(f"{two.name}.mp4", broken), (f"{three.name}.mp4", content(three))]
    )
    pack(folder / "replacement.tgz", "w:gz", [(f"replacement/{two.name}.mp4", content(two))])
    pack(folder / "part_1.tar", "w", [(f"archery/{four.name}.mp4", content(four))])
    adoption = take(target, folder)
    assert adoption.counts == {Fate.TAKEN: 4, Fate.THERE: 1}
    assert adoption.archives == 3
    assert there(target) == sorted(clip.name for clip in WHOLE)


def test_a_second_copy_of_a_damaged_clip_gets_its_turn(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    clip = WHOLE[0]
    files = [(f"{clip.name}.mp4", b""), (f"{clip.name}.mp4", content(clip)), (f"{clip.name}.mp4", b"again")]
    adoption = take(target, pack(tmp_path / "a.tar", "w", files))
    assert adoption.counts == {Fate.UNPLAYABLE: 1, Fate.TAKEN: 1, Fate.THERE: 1}
    assert [one.path for one in adoption.first[Fate.UNPLAYABLE]] == [f"a.tar/{clip.name}.mp4"]


def test_nothing_leads_out_of_the_folder_and_what_is_no_plain_file_is_passed_over(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    one, two, three, _ = WHOLE
    source = tmp_path / "evil.tar"
    with tarfile.open(source, "w") as tar:
        for name in (f"../../../{one.name}.mp4", f"/tmp/{two.name}.mp4", f"._{three.name}.mp4"):
            member = tarfile.TarInfo(name)
            data = content(one) if one.name in name else content(two)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo(f"{three.name}.mp4")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    before = tree(tmp_path)
    adoption = take(target, source)
    assert adoption.counts == {Fate.TAKEN: 2}
    assert there(target) == sorted((one.name, two.name))
    assert {path: about for path, about in tree(tmp_path).items() if "set" not in path} == {
        path: about for path, about in before.items() if "set" not in path
    }


def test_names_that_are_long_odd_or_in_each_others_way_harm_nothing(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    one, two, three, four = WHOLE
    names = [
        f"{one.name}.mp4",
        f"{one.name}.mp4/{two.name}.mp4",
        "\N{SNOWMAN}" * 200 + f"/{three.name}.mp4",
        f"new\nline/tab\t/\udcff/{four.name}.mp4",
        f"{'x' * 300}.mp4",
    ]
    files = [(name, content(clip)) for name, clip in zip(names, [*WHOLE, one], strict=True)]
    adoption = take(target, pack(tmp_path / "a.tar", "w", files))
    assert adoption.counts == {Fate.TAKEN: 4, Fate.NO_NAME: 1}


def test_of_a_tar_that_is_cut_off_what_stands_before_is_taken(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    files = [(f"{clip.name}.mp4", content(clip)) for clip in WHOLE]
    source = pack(tmp_path / "a.tar", "w", files)
    whole = source.read_bytes()
    cut = whole.index(files[-1][1]) + 100
    source.write_bytes(whole[:cut])
    adoption = take(target, source)
    assert adoption.counts[Fate.TAKEN] == len(WHOLE) - 1
    assert [one.path for one in adoption.first[Fate.UNREADABLE]] == ["a.tar"]
    assert "fetch it again" in adoption.first[Fate.UNREADABLE][0].why
    source.write_bytes(whole)
    assert take(target, source).counts == {Fate.TAKEN: 1, Fate.THERE: len(WHOLE) - 1}


def test_a_packed_tar_that_is_cut_off_behind_its_last_clip_is_told(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    files = [(f"{WHOLE[0].name}.mp4", content(WHOLE[0])), ("notes.bin", os.urandom(100_000))]
    source = pack(tmp_path / "a.tar.gz", "w:gz", files)
    source.write_bytes(source.read_bytes()[:-4])
    assert take(target, source).counts == {Fate.TAKEN: 1, Fate.UNREADABLE: 1}


def test_a_zip_with_a_damaged_file_gives_the_others(target: Path, content: Contents, tmp_path: Path) -> None:
    source = packed_zip(tmp_path / "a.zip", [(f"{clip.name}.mp4", content(clip)) for clip in WHOLE])
    data = bytearray(source.read_bytes())
    data[data.index(content(WHOLE[1])) + 5000] ^= 0xFF
    source.write_bytes(data)
    adoption = take(target, source)
    assert adoption.counts[Fate.TAKEN] == len(WHOLE) - 1
    assert adoption.refused == 1


def test_unpacked_clips_take_no_more_room_than_a_batch(
    target: Path, content: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "BATCH_BYTES", 1)
    most = 0

    def look(_adoption: Adoption) -> None:
        nonlocal most
        most = max(most, len(list((target / ".kinetics-tui").rglob("unpacked/**/*.mp4"))))

    files = [(f"{clip.name}.mp4", content(clip)) for clip in WHOLE]
    adoption = take(target, pack(tmp_path / "a.tar", "w", files), on_progress=look)
    assert adoption.counts == {Fate.TAKEN: len(WHOLE)}
    assert most == 1


def test_clips_outside_of_the_selection_are_never_unpacked(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    stranger = Clip("zzzzzzzzzzz", 1, 3)
    files = [
        (f"{stranger.name}.mp4", b"x" * 100),
        ("notes.txt", b"y"),
        (f"{WHOLE[0].name}.mp4", content(WHOLE[0])),
    ]
    adoption = take(target, pack(tmp_path / "a.tar", "w", files))
    assert adoption.counts == {Fate.NOT_SELECTED: 1, Fate.TAKEN: 1}


def test_a_rehearsal_reads_an_archive_and_changes_nothing(
    target: Path, content: Contents, tmp_path: Path
) -> None:
    source = pack(tmp_path / "a.tar", "w", [(f"{clip.name}.mp4", content(clip)) for clip in WHOLE])
    before = tree(target)
    assert take(target, source, dry_run=True).counts == {Fate.TAKEN: len(WHOLE)}
    assert tree(target) == before


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b\x08", b"PK\x03\x04 nothing", b"no archive at all"])
def test_what_is_no_archive_is_told(target: Path, tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "a.tar.gz"
    source.write_bytes(data)
    adoption = take(target, source)
    assert (adoption.counts, adoption.files) == ({Fate.UNREADABLE: 1}, 1)


def test_a_file_that_is_called_otherwise_is_refused(target: Path, tmp_path: Path) -> None:
    (tmp_path / "clips.rar").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"neither a folder nor an archive \(\.tar, "):
        take(target, tmp_path / "clips.rar")


def test_an_archive_that_is_stopped_in_the_middle_goes_on_where_it_was(
    target: Path, content: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "BATCH_BYTES", 1)
    source = pack(tmp_path / "a.tar", "w", [(f"{clip.name}.mp4", content(clip)) for clip in WHOLE])
    taken: list[str] = []
    adoption = take(
        target, source, on_settled=lambda one: taken.append(one.clip), stopped=lambda: len(taken) >= 2
    )
    assert adoption.interrupted
    assert adoption.counts == {Fate.TAKEN: 2}
    rest = take(target, source)
    assert (rest.counts, rest.interrupted) == ({Fate.THERE: 2, Fate.TAKEN: 2}, False)
