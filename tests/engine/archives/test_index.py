"""An index of archives: written by one dataset, loaded by another."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives.index import COLUMNS, Loaded, load_index, write_index
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection

CLIPS = [Clip(f"{number:011d}", 10 * number, 10 * number + 10, "train", "archery") for number in range(6)]
_ledgers = ExitStack()
"""Those of a test, closed as it ends."""
PART, ZIP = "https://example.org/train/part_0.tar.gz", "https://example.org/train/more.zip"


def archive(address: str = PART, size_bytes: int | None = 5000, validator: str = '"one"') -> ArchiveRow:
    name = "/".join(address.partition("?")[0].split("/")[-2:])
    return ArchiveRow(address=address, name=name, size_bytes=size_bytes, validator=validator)


def passed(clip: Clip, offset: int) -> Passed:
    return Passed(clip.youtube_id, round(clip.time_start * 1000), round(clip.time_end * 1000), offset, 100)


def made(folder: Path, archives: Sequence[ArchiveRow]) -> Ledger:
    create(folder, Selection(), Options(), CLIPS, archives=archives)
    return _ledgers.enter_context(Ledger.open(folder))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    with _ledgers:
        yield


@pytest.fixture
def ours(tmp_path: Path) -> Ledger:
    """One archive was read to its end, of the other one clip was seen."""
    ledger = made(tmp_path / "ours", [archive(), archive(ZIP, 900)])
    ledger.add_members(1, [passed(clip, 512 * at) for at, clip in enumerate(CLIPS[:3])])
    ledger.settle_archive(1, passed=True, wire_bytes=5000, why="")
    ledger.add_members(2, [passed(CLIPS[3], 30)])
    return ledger


@pytest.fixture
def index(ours: Ledger, tmp_path: Path) -> Path:
    path = tmp_path / "index.csv"
    write_index(ours, path)
    return path


def state(ledger: Ledger) -> list[object]:
    return [ledger.archives(), list(ledger.members())]


@pytest.mark.parametrize("name", ["index.csv", "index.csv.gz"])
def test_what_one_saw_is_known_to_another(name: str, ours: Ledger, tmp_path: Path) -> None:
    assert write_index(ours, tmp_path / name) == (4, 2)
    theirs = made(tmp_path / "theirs", [archive(ZIP, 900), archive()])
    assert load_index(theirs, tmp_path / name) == Loaded(members=4, archives=2, whole=1)
    assert [(one.address, one.passed) for one in theirs.archives()] == [(ZIP, False), (PART, True)]
    assert [(3 - number, one) for number, one in theirs.members()] == list(ours.members())
    expected = theirs.expected(theirs.archives())
    assert expected[2].clips == 3
    assert expected[2].end == 1124


def test_the_same_index_is_the_same_file(ours: Ledger, tmp_path: Path) -> None:
    write_index(ours, tmp_path / "a.csv.gz")
    write_index(ours, tmp_path / "b.csv.gz")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_no_secret_of_an_address_is_written_and_it_is_found_without_them(tmp_path: Path) -> None:
    ours = made(tmp_path / "ours", [archive("https://me:secret@example.org/train/part_0.tar.gz?sig=secret2")])
    ours.add_members(1, [passed(CLIPS[0], 0)])
    write_index(ours, tmp_path / "i.csv")
    assert "secret" not in (tmp_path / "i.csv").read_text()
    assert f"\n{PART}," in (tmp_path / "i.csv").read_text()
    theirs = made(tmp_path / "theirs", [archive("https://you:other@example.org/train/part_0.tar.gz?sig=9")])
    assert load_index(theirs, tmp_path / "i.csv").members == 1


def test_a_copy_on_this_machine_is_known_by_its_name_and_size(index: Path, tmp_path: Path) -> None:
    mine = made(
        tmp_path / "mine", [archive("/data/cvdf/part_0.tar.gz", validator="5000-17"), archive(ZIP, 901)]
    )
    assert load_index(mine, index) == Loaded(members=3, archives=1, whole=1, changed=1)
    (copy, _) = mine.archives()
    assert (copy.passed, copy.validator) == (True, "5000-17")
    write_index(mine, tmp_path / "mine.csv")
    assert "\ncvdf/part_0.tar.gz,5000," in (tmp_path / "mine.csv").read_text()


def test_two_archives_of_one_name_and_size_are_not_taken_for_each_other(index: Path, tmp_path: Path) -> None:
    mine = made(tmp_path / "mine", [archive("/a/part_0.tar.gz"), archive("/b/part_0.tar.gz")])
    assert load_index(mine, index) == Loaded(unknown=2)


def test_an_index_of_another_version_of_an_archive_is_not_believed(index: Path, tmp_path: Path) -> None:
    theirs = made(tmp_path / "theirs", [archive(validator='"two"')])
    assert load_index(theirs, index) == Loaded(changed=1, unknown=1)
    assert not list(theirs.members())


def test_an_archive_that_was_not_asked_is_held_against_the_index_when_it_is(
    index: Path, tmp_path: Path
) -> None:
    theirs = made(tmp_path / "theirs", [archive(size_bytes=None, validator="")])
    assert load_index(theirs, index).whole == 1
    theirs.seen(1, 5000, '"two"')
    assert not theirs.archives()[0].passed
    assert not list(theirs.members())


def test_an_archive_that_was_read_here_keeps_what_was_seen(ours: Ledger, index: Path) -> None:
    before = state(ours)
    index.write_text(index.read_text().replace(",1024,", ",7,"))
    assert load_index(ours, index) == Loaded(members=1, archives=1, known=1)
    assert state(ours) == before


def test_an_archive_without_clips_is_known_to_have_none(tmp_path: Path) -> None:
    ours = made(tmp_path / "ours", [archive()])
    ours.settle_archive(1, passed=True, wire_bytes=5000, why="")
    write_index(ours, tmp_path / "i.csv")
    theirs = made(tmp_path / "theirs", [archive()])
    assert load_index(theirs, tmp_path / "i.csv") == Loaded(archives=1, whole=1)
    assert theirs.archives()[0].passed


@pytest.mark.parametrize(
    ("before", "after", "line", "why"),
    [
        ("archive,", "place,", 1, "the columns are not archive, archive_bytes"),
        (",00000000001,", ",0000000/001,", 3, "'0000000/001' is no YouTube id"),
        (",10,20,", ",nan,20,", 3, "the time 'nan' is out of all bounds"),
        (",10,20,", ",10,2e9,", 3, "the time '2e9' is out of all bounds"),
        (",10,20,", ",10,later,", 3, "could not convert string to float: 'later'"),
        (",512,100", ",-512,100", 3, "offset is '-512', which is no whole number"),
        (",512,100", ",512", 3, "8 cells, not 9"),
        (f",{5000},", ",5 kB,", 2, "archive_bytes is '5 kB', which is no whole number"),
        (f"{PART},", ",", 2, "the archive has no name"),
        (",3,00000000002,", ",9,00000000002,", 5, "has 2 rows of 3"),
        (",10,20,", f",10,{'9' * 10_000},", 3, "the line has more than 10,000 characters"),
        ('"""one""",3,00000000000', '"one,3,00000000000', 3, "',' expected after"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_changed(
    before: str, after: str, line: int, why: str, index: Path, tmp_path: Path
) -> None:
    text = index.read_text()
    assert before in text
    index.write_text(text.replace(before, after, 1))
    theirs = made(tmp_path / "theirs", [archive()])
    untouched = state(theirs)
    with pytest.raises(DatasetError) as error:
        load_index(theirs, index)
    assert f"{index} line {line}: " in str(error.value)
    assert why in str(error.value)
    assert str(error.value).endswith("Nothing was changed.")
    assert state(theirs) == untouched


def test_a_file_that_ends_early_or_is_no_text_is_refused(index: Path, tmp_path: Path) -> None:
    theirs = made(tmp_path / "theirs", [archive()])
    packed = tmp_path / "i.csv.gz"
    packed.write_bytes(gzip.compress(index.read_bytes())[:-20])
    binary = tmp_path / "i.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    plain = tmp_path / "plain.csv.gz"
    plain.write_bytes(index.read_bytes())
    for path in (packed, binary, plain, tmp_path / "missing.csv", tmp_path):
        with pytest.raises(DatasetError, match=r"; (fetch it again|give )"):
            load_index(theirs, path)
    assert not list(theirs.members())


def test_a_folder_of_loose_clips_is_not_shared(tmp_path: Path) -> None:
    ours = made(tmp_path / "ours", [archive("/data/clips", None), archive()])
    ours.add_members(1, [passed(CLIPS[0], 0)])
    assert write_index(ours, tmp_path / "i.csv") == (0, 1)
    assert (tmp_path / "i.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_an_index_can_be_replaced_and_forgotten_until_its_archive_is_read_here(
    index: Path, tmp_path: Path
) -> None:
    theirs = made(tmp_path / "theirs", [archive(), archive(ZIP, 900)])
    theirs.add_members(2, [passed(CLIPS[5], 7)])
    load_index(theirs, index)
    assert [one.indexed for one in theirs.archives()] == [True, False]
    assert load_index(theirs, index).archives == 2  # another one may be right
    assert theirs.forget_indexes() == 1
    assert [(one.passed, one.indexed) for one in theirs.archives()] == [(False, False)] * 2
    assert {number for number, _ in theirs.members()} == {2}
    load_index(theirs, index)
    theirs.settle_archive(1, passed=False, wire_bytes=1, why="")  # read as far as the index says
    assert theirs.archives()[0].indexed
    theirs.settle_archive(1, passed=True, wire_bytes=1, why="")
    assert (theirs.archives()[0].passed, theirs.archives()[0].indexed) == (True, False)
    assert theirs.forget_indexes() == 0
    assert load_index(theirs, index).known == 1
