"""A file is written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kinetics_tui.base.whole_file import whole_file, whole_text, write_whole

NOBODY = 65534
OLD, NEW = b"the file before", b"the file after"

HALF_WAY = """
import pathlib, sys, time
from kinetics_tui.base.whole_file import whole_text
with whole_text(pathlib.Path(sys.argv[1])) as text:
    text.write("the file af")
    text.flush()
    print("half way", flush=True)
    time.sleep(60)
"""
TOO_LARGE = """
import pathlib, resource, signal, sys
from kinetics_tui.base.whole_file import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    write_whole(pathlib.Path(sys.argv[1]), b"x" * 10_000)
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "place" / "file.txt"
    place.parent.mkdir()
    return place


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def test_a_file_is_written_and_an_older_one_replaced(path: Path) -> None:
    for content in (OLD, NEW):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert beside(path) == ["file.txt"]


def test_the_older_file_stands_until_the_new_one_is_whole(path: Path) -> None:
    write_whole(path, OLD)
    with whole_file(path) as making:
        making.write_bytes(NEW)
        assert path.read_bytes() == OLD
        assert making.parent == path.parent
    assert path.read_bytes() == NEW


def test_an_error_leaves_the_older_file_and_nothing_beside_it(path: Path) -> None:
    write_whole(path, OLD)
    with pytest.raises(KeyboardInterrupt), whole_text(path) as text:
        raise KeyboardInterrupt(text.write("half"))
    assert path.read_bytes() == OLD
    assert beside(path) == ["file.txt"]


def test_text_keeps_its_line_ends_and_what_no_file_can_hold_is_replaced(path: Path) -> None:
    with whole_text(path) as text:
        text.write("a\r\nb\n\udcff é")
    assert path.read_bytes() == "a\r\nb\n? é".encode()


def test_a_process_that_is_killed_half_way_leaves_the_older_file(path: Path) -> None:
    write_whole(path, OLD)
    with subprocess.Popen([sys.executable, "-c", HALF_WAY, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half way\n"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("before", [True, False])
def test_where_there_is_no_room_the_older_file_stands_and_nothing_half_made_is_left(
    before: bool, path: Path
) -> None:
    if before:
        write_whole(path, OLD)
    done = subprocess.run([sys.executable, "-c", TOO_LARGE, path], capture_output=True, text=True, check=True)
    assert done.stdout == "OSError 27\n"
    assert [found.read_bytes() for found in path.parent.iterdir()] == [OLD] * before


def test_a_folder_that_may_not_be_written_is_an_error_and_keeps_its_file() -> None:
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:  # the folders of pytest are closed to others
        path = Path(name) / "file.txt"
        write_whole(path, OLD)
        path.parent.chmod(0o555)
        if root:
            os.seteuid(NOBODY)  # permissions do not bind root
        try:
            with pytest.raises(PermissionError):
                write_whole(path, NEW)
        finally:
            if root:
                os.seteuid(0)
            path.parent.chmod(0o700)
        assert path.read_bytes() == OLD


def test_a_folder_that_is_not_there_is_an_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(path.parent / "none" / "file.txt", NEW)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(
    path: Path, umask: Callable[[int], int]
) -> None:
    umask(0o027)
    write_whole(path, NEW)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_the_permissions_of_the_older_file_are_kept(
    mode: int, path: Path, umask: Callable[[int], int]
) -> None:
    umask(0o022)
    write_whole(path, OLD)
    path.chmod(mode)
    write_whole(path, NEW)
    assert path.stat().st_mode & 0o777 == mode


def test_what_takes_the_place_of_a_private_file_is_private_from_the_beginning(
    path: Path, umask: Callable[[int], int]
) -> None:
    umask(0)
    write_whole(path, OLD)
    path.chmod(0o400)
    with whole_file(path) as making:
        assert making.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o400


def test_a_private_file_is_nobody_elses_from_the_beginning(path: Path, umask: Callable[[int], int]) -> None:
    umask(0)
    with whole_file(path, mode=0o600) as making:
        assert making.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_came_meanwhile_is_not_replaced_unless_that_is_wanted(path: Path) -> None:
    with pytest.raises(FileExistsError), whole_file(path, replace=False):
        path.write_bytes(OLD)
    assert path.read_bytes() == OLD
    assert beside(path) == ["file.txt"]


def test_a_file_system_without_hard_links_gets_its_file_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with whole_file(path, replace=False) as making:
        making.write_bytes(NEW)
    assert path.read_bytes() == NEW
    assert beside(path) == ["file.txt"]


def test_it_can_be_made_in_another_folder(path: Path, tmp_path: Path) -> None:
    with whole_file(path, folder=tmp_path) as making:
        assert making.parent == tmp_path
        assert beside(path) == []
        making.write_bytes(NEW)
    assert path.read_bytes() == NEW
    assert [entry.name for entry in tmp_path.iterdir()] == ["place"]


def test_a_name_as_long_as_a_file_system_takes_is_written(path: Path) -> None:
    long = path.with_name("é" * 127)
    write_whole(long, NEW)
    assert long.read_bytes() == NEW


def test_a_pipe_keeps_its_place_and_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_text)
        with whole_text(pipe) as text:
            text.write("rows\n")
        assert read.result(30) == "rows\n"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
