"""The program that reads an archive: a job goes in, lines come out, and it ends when its input does."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from kinetics_tui.base.any_text import to_json
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives.members import version_of
from kinetics_tui.engine.archives.reader import (
    AnyLine,
    Begun,
    Ended,
    Found,
    Job,
    Moved,
    Refused,
    Seen,
    lines,
)
from kinetics_tui.engine.archives.reading import READER
from kinetics_tui.model.clip import Clip
from tests.archive_mirror import ArchiveMirror, tar_of, zip_of
from tests.engine.engine_clips import some_clips

CLIPS = some_clips(4)
CONTENT = b"a clip" * 500

_L = TypeVar("_L", bound=AnyLine)


def name_of(clip: Clip) -> str:
    return f"{clip.youtube_id}_{clip.time_start:06.0f}_{clip.time_end:06.0f}.mp4"


FILES = [(name_of(clip), CONTENT) for clip in CLIPS]


class Reader:
    """A reader at work; ``input`` is the engine's end of its input."""

    def __init__(self, job: Job, *, largest_bytes: int | None = None) -> None:
        limit = (
            partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest_bytes,) * 2)
            if largest_bytes
            else None
        )
        self.process = subprocess.Popen(
            READER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=limit,
        )
        assert self.process.stdin is not None
        self.input = self.process.stdin
        self.input.write(to_json(job) + b"\n")
        self.input.flush()

    def line(self) -> AnyLine:
        assert self.process.stdout is not None
        return lines.decode(self.process.stdout.readline())

    def rest(self) -> list[AnyLine]:
        """What it says to its end, which is a clean one."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        said = [lines.decode(text) for text in self.process.stdout]
        assert (self.process.wait(30), self.process.stderr.read()) == (0, b"")
        return said

    def close(self) -> None:
        for file in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert file is not None
            file.close()
        self.process.kill()
        self.process.wait()


Start = Callable[..., Reader]


@pytest.fixture
def mirror() -> Iterator[ArchiveMirror]:
    with ArchiveMirror() as mirror:
        yield mirror


@pytest.fixture
def start(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Iterator[Start]:
    """Starts a reader for a dataset of some clips, on a file or an address."""
    make_ledger(CLIPS)
    started: list[Reader] = []

    def start(place: Path | str, *, largest_bytes: int | None = None, **fields: Any) -> Reader:
        where = {"path": str(place)} if isinstance(place, Path) else {"part": str(tmp_path / "1.part")}
        into = str(tmp_path / "into")
        job = Job(dataset=str(tmp_path / "set"), address=str(place), into=into, **{**where, **fields})
        started.append(Reader(job, largest_bytes=largest_bytes))
        return started[-1]

    yield start
    for reader in started:
        reader.close()


def only(said: list[AnyLine], kind: type[_L]) -> list[_L]:
    return [line for line in said if isinstance(line, kind)]


def test_a_job_gives_its_copies_its_members_and_how_far_it_came(
    start: Start, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    other = Clip("xxxxxxxxxxx", 3, 13)
    odd = [("../" + FILES[0][0], b""), ("a name of no clip.mp4", b""), (name_of(other), b"other")]
    mirror.files["a.tar.gz"] = content = tar_of([*odd, *FILES[:2]])
    said = start(f"{mirror.url}/a.tar.gz").rest()
    (begun,) = only(said, Begun)
    assert (begun.size_bytes, begun.validator[:1]) == (len(content), '"')
    assert [Path(found.path).read_bytes() for found in only(said, Found)] == [CONTENT] * 2
    assert [found.clip_id for found in only(said, Found)] == [1, 2]
    assert all(Path(found.path).parent == tmp_path / "into" for found in only(said, Found))
    seen = [one.youtube_id for line in only(said, Seen) for one in line.members]
    assert seen == ["xxxxxxxxxxx", CLIPS[0].youtube_id, CLIPS[1].youtube_id]
    assert [line.name for line in only(said, Refused)] == ["../" + FILES[0][0], "a name of no clip.mp4"]
    last = only(said, Moved)[-1]
    assert (last.got_bytes, last.passed_bytes, last.wire_bytes) == (len(content),) * 3
    assert last.unwanted == 1
    assert said[-1] == Ended()
    # A copy is told after the members up to it, so that it can be found damaged.
    assert said.index(only(said, Found)[0]) > said.index(only(said, Seen)[0])


@pytest.mark.parametrize("pack", [tar_of, partial(tar_of, mode="w"), zip_of])
def test_a_file_on_this_machine_is_read_where_it_is(start: Start, tmp_path: Path, pack: Any) -> None:
    place = tmp_path / "mine"
    place.write_bytes(pack(FILES))
    said = start(place).rest()
    assert len(only(said, Found)) == 4
    assert only(said, Begun)[0].validator == version_of(place.stat())
    assert place.exists()


def test_a_folder_is_read_where_it_is(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    for name, content in FILES:
        (place / name).write_bytes(content)
    said = start(place).rest()
    assert sorted(found.clip_id for found in only(said, Found)) == [1, 2, 3, 4]
    assert said[-1] == Ended()


def test_it_ends_with_its_input_and_what_came_lies_on_the_disk(
    start: Start, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    mirror.files["a.tar"] = tar_of([("padding", bytes(4_000_000)), *FILES], "w")
    mirror.slow_s = 0.05
    reader = start(f"{mirror.url}/a.tar")
    while not isinstance(reader.line(), Begun):
        pass
    reader.input.close()
    assert reader.process.wait(20) == 0
    assert (tmp_path / "1.part").stat().st_size > 0


def test_what_it_may_take_of_the_line_can_change_while_it_reads(start: Start, mirror: ArchiveMirror) -> None:
    mirror.files["a.tar"] = tar_of([("padding", bytes(1_000_000)), *FILES], "w")
    reader = start(f"{mirror.url}/a.tar", max_bytes_per_s=10_000.0)
    while not isinstance(reader.line(), Begun):
        pass
    reader.input.write(b"null\n")
    reader.input.flush()
    assert reader.rest()[-1] == Ended()  # it would take two minutes


def test_it_tells_of_itself_while_nothing_comes(start: Start, mirror: ArchiveMirror) -> None:
    mirror.files["a.tar"] = tar_of(FILES, "w")
    mirror.hangs.add("a.tar")
    reader = start(f"{mirror.url}/a.tar")
    assert all(isinstance(reader.line(), Moved) for _ in range(3))


def test_what_an_archive_is_changed_to_in_the_middle_is_read_from_its_beginning(
    start: Start, mirror: ArchiveMirror
) -> None:
    padding = ("padding", bytes(200_000))
    mirror.files["a.tar"] = before = tar_of([(FILES[0][0], b"old"), padding, padding], "w")
    mirror.cut_once["a.tar"] = len(before) // 2
    mirror.swap_after["a.tar"] = after = tar_of([padding, *FILES[1:], padding], "w")
    said = start(f"{mirror.url}/a.tar").rest()
    first, second = only(said, Begun)
    assert (first.size_bytes, second.size_bytes) == (len(before), len(after))
    assert said[-1] == Ended()
    found = [(one.clip_id, Path(one.path).read_bytes()) for one in only(said, Found)]
    assert found == [(1, b"old"), (2, CONTENT), (3, CONTENT), (4, CONTENT)]
    assert only(said, Moved)[-1].passed_bytes == len(after)


def test_nothing_is_read_behind_the_last_wanted_clip_of_the_same_version(
    start: Start, tmp_path: Path
) -> None:
    place = tmp_path / "mine.tar"
    place.write_bytes(tar_of(FILES, "w"))
    validator = version_of(place.stat())
    second = only(start(place).rest(), Found)[1].member
    until = second.offset + second.size_bytes
    said = start(place, until=until, validator=validator).rest()
    assert [found.clip_id for found in only(said, Found)] == [1, 2]
    assert said[-1] == Ended(early=True)
    said = start(place, until=until, validator="another").rest()
    assert len(only(said, Found)) == 4
    assert said[-1] == Ended()


def test_of_a_zip_all_is_read_as_the_order_in_it_says_nothing(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "mine.zip"
    place.write_bytes(zip_of(FILES, packing=8))
    said = start(place, until=1, validator=version_of(place.stat())).rest()
    assert len(only(said, Found)) == 4


def test_a_name_that_may_be_two_segments_is_the_one_that_ends_there(
    make_ledger: Callable[..., Ledger], start: Start, tmp_path: Path
) -> None:
    two = [Clip("twoatatimeX", 5, 10), Clip("twoatatimeX", 5, 15)]
    with Ledger.open(tmp_path / "set") as ledger:
        ledger.set_selection(ledger.selection, [*CLIPS, *two])
    place = tmp_path / "mine.tar"
    place.write_bytes(tar_of([(name_of(clip), CONTENT) for clip in two], "w"))
    said = start(place).rest()
    assert [found.member.end_ms for found in only(said, Found)] == [10_000, 15_000]


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "it cannot be read on"), (b"<html>" * 99, "it cannot be read on")]
)
def test_what_is_no_archive_is_told(start: Start, tmp_path: Path, content: bytes, why: str) -> None:
    place = tmp_path / "mine.tar.gz"
    place.write_bytes(content)
    ended = start(place).rest()[-1]
    assert isinstance(ended, Ended)
    assert ended.why.startswith(why)
    assert not ended.unreachable


def test_a_file_that_is_not_there_is_unreachable(start: Start, tmp_path: Path) -> None:
    ended = start(tmp_path / "nowhere.tar").rest()[-1]
    assert ended == Ended(why="there is no such file", unreachable=True)


def test_an_address_that_is_refused_is_unreachable(start: Start, mirror: ArchiveMirror) -> None:
    assert start(f"{mirror.url}/nothing.tar").rest()[-1] == Ended(why="HTTP 404", unreachable=True)


@pytest.mark.parametrize("remote", [True, False])
def test_a_disk_that_is_full_is_told_as_that_and_not_held_against_the_archive(
    start: Start, mirror: ArchiveMirror, tmp_path: Path, remote: bool
) -> None:
    # Of an archive that lies here it is the copy that has no room, of another what is fetched of it.
    content = tar_of([(FILES[0][0], bytes(3_000_000))], "w")
    mirror.files["a.tar"] = content
    (tmp_path / "mine.tar").write_bytes(content)
    place = f"{mirror.url}/a.tar" if remote else tmp_path / "mine.tar"
    ended = start(place, largest_bytes=1_000_000).rest()[-1]
    assert isinstance(ended, Ended)
    assert (ended.of_disk, ended.full, ended.unreachable) == (True, True, False)
    assert ended.why == "no room on the disk"


def test_copies_that_nobody_takes_hold_it_up(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "mine.tar"
    place.write_bytes(tar_of([(name, bytes(40_000_000)) for name, _ in FILES], "w"))
    reader = start(place)
    found: list[Found] = []
    told = 0
    while told < 8:
        line = reader.line()
        told = told + 1 if isinstance(line, Moved) else 0
        found += [line] if isinstance(line, Found) else []
    assert len(found) == 2
    for one in found:
        Path(one.path).unlink()
    assert len(only(reader.rest(), Found)) == 2


def test_a_ledger_that_is_not_there_ends_it_with_an_error(tmp_path: Path) -> None:
    job = Job(dataset=str(tmp_path), address="", into=str(tmp_path / "into"), path=str(tmp_path))
    reader = Reader(msgspec.structs.replace(job))
    try:
        assert reader.process.wait(30) != 0
    finally:
        reader.close()
