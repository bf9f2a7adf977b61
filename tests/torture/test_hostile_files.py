"""The whole program on hostile files: real clips, harmless names, a harmless terminal, plain refusals."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import resource
import tarfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.annotations.annotation_files import member, tar_bytes
from tests.program import Program
from tests.terminal_child import TerminalChild

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

TAKEN = [
    "../../../etc",
    "a/b\\c:d",
    "CON",
    "\u202egnp.exe\u200b",
    "e" + "\u0301" * 150,
    "x" * 200,
    "[bold]$(reboot)",
]
"""Labels that are taken for what they are, as strange as they are."""
REFUSED = [
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b]8;;http://evil\x1b\\",
    "a\x9b2Jb",
    "a\x90q\x9c",
    "nul\0",
    "x" * 10_000,
]
FLOOD = re.compile("\u0301{10}")
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def hostile_csv(path: Path, demo: Demo, count: int) -> Path:
    """An annotation file with so many clips of the demo, under hostile labels, and bad rows between them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "youtube_id", "time_start", "time_end", "split"])
        for clip, label in zip(demo.clips[:count], TAKEN, strict=False):
            writer.writerow([label, clip.youtube_id, clip.time_start, clip.time_end, clip.split])
        for number, label in enumerate(REFUSED):
            writer.writerow([label, f"BAD{number:08}", 1, 11, "val"])
            writer.writerow(["archery", label, 1, 11, "val"])
    return path


def run_flags(path: Path, youtube: LoopbackYouTube, *more: str) -> list[str]:
    options = ["--pace", "unlimited", "--workers", "2", "--retry", "1s"]
    return ["--annotations", str(path), *options, f"--yt-dlp={youtube.yt_dlp_options()}", *more]


def check_harmless(printed: str) -> None:
    for line in printed.split("\n"):
        assert not any(unicodedata.category(c) in OBEYED for c in line), repr(line)


def check_files(dataset: Path, count: int) -> None:
    """Every clip is there, and nothing lies outside the dataset folder or under a name that does harm."""
    assert sorted(path.name for path in dataset.parent.iterdir() if path.name not in KNOWN_BESIDE) == [
        dataset.name
    ]
    clips = [path.relative_to(dataset) for path in dataset.rglob("*.mp4")]
    assert len(clips) == count
    for path in clips:
        for part in path.parts:
            assert not any(unicodedata.category(c) in OBEYED for c in part), path
            assert part.partition(".")[0].lower() != "con", path
            assert len(os.fsencode(part)) <= 255


KNOWN_BESIDE = {"made-up", "hostile.csv", "xdg_config_home", "xdg_cache_home", "xdg_state_home"}


def run_hostile_labels(program: Program, serve: Serve, labels: int, *mode: str) -> None:
    """Run on a file with so many hostile labels that are taken, and all that are refused."""
    demo, youtube = serve(labels)
    path = hostile_csv(program.folder / "hostile.csv", demo, labels)
    done = program("run", str(program.dataset), *run_flags(path, youtube), "--headless", *mode)
    assert f"{2 * len(REFUSED)} rows cannot be used" in done.stderr
    status = program.status()
    assert status["pending"] == 0
    assert status["done"] + status["failed"] == labels
    assert status["done"] >= labels - 1  # one clip of the demo begins after its video ends
    check_files(program.dataset, status["done"])
    said = program("status", str(program.dataset))
    for printed in (done.stdout, done.stderr, said.stdout, said.stderr):
        check_harmless(printed)
        assert not FLOOD.search(printed)
    assert done.stdout.isascii() or not mode
    for record in ("stats.csv", "failed.csv"):
        check_harmless((program.dataset / record).read_text(encoding="utf-8"))


def test_hostile_labels_make_clips_and_do_nothing_to_the_terminal(program: Program, serve: Serve) -> None:
    run_hostile_labels(program, serve, 3, "--json")


@pytest.mark.torture
@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_all_hostile_labels_make_clips_and_do_nothing_to_the_terminal(
    program: Program, serve: Serve, mode: Sequence[str]
) -> None:
    run_hostile_labels(program, serve, len(TAKEN), *mode)


def test_hostile_labels_are_painted_without_being_obeyed(program: Program, serve: Serve) -> None:
    demo, youtube = serve(3)
    path = hostile_csv(program.folder / "hostile.csv", demo, 3)
    app = TerminalChild(
        "kinetics_tui", ["run", str(program.dataset), *run_flags(path, youtube)], columns=120, rows=40
    )
    try:
        app.read_until(b"DONE", 60)
        app.type(b"5")
        app.type(b"q")
        app.exit_code()
    finally:
        app.close()
    painted = app.output.decode("utf-8", "replace")
    assert not any("\x80" <= c <= "\x9f" or c in "\u202e\u200b" for c in painted)
    assert not FLOOD.search(painted)
    assert "\x1b]52" not in painted
    assert "\x1b]8;" not in painted


# -- files that cannot be read ----------------------------------------------------------------------------

GOOD = "label,youtube_id,time_start,time_end,split\narchery,AAAAAAAAAAA,10,20,val\n"


def bomb(size_bytes: int) -> bytes:
    """A .tar.gz of a file of so many zeros."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as out:
        info = tarfile.TarInfo("val.csv")
        info.size = size_bytes
        out.write(info.tobuf())
        zeros = bytes(1 << 20)
        for _ in range(size_bytes >> 20):
            out.write(zeros)
    return packed.getvalue()


UNREADABLE = {
    "utf-16.csv": (GOOD.encode("utf-16"), "not text in UTF-8; give a CSV"),
    "latin-1.csv": (
        f"{GOOD}caf\xe9,BBBBBBBBBBB,1,2,val\n".encode("latin-1"),
        "line 3: byte .* save it as UTF-8",
    ),
    "binary.csv": (bytes(range(256)) * 100, "not text in UTF-8; give a CSV"),
    "empty.csv": (b"", "is empty; give a CSV"),
    "columns.csv": (b"x," * 1_000_000, "line 1 is neither a header nor an annotation row; give a CSV"),
    "field.csv": (b"x" * 10_000_000, "line 1 is neither a header nor an annotation row; give a CSV"),
    "lacking.csv": (b"label,youtube_id,time_start\n", "line 1: the header lacks time_end; give a CSV"),
    "bad.csv": (
        b"id,start,end\nAAAAAAAAAAA,20,10\n",
        "line 2: time_end 10 is not after .* give an annotation file",
    ),
    "deep.json": (b'{"a":' * 200 + b"1" + b"}" * 200, "key 'a'.* give an annotation file"),
    "deeper.json": (b'{"a":' * 100_000, "not JSON of the shape .* give the CSV file"),
    "broken.json": (b'{\n"AAAAAAAAAAA": {"annot', "not JSON of the shape .* give the CSV file"),
    "long.json": (
        b'{"AAAAAAAAAAA": "' + b"x" * 10_000_000 + b'"}',
        "key 'AAAAAAAAAAA'.* give an annotation file",
    ),
    "cut.tar.gz": (tar_bytes(member("val.csv", GOOD))[:-20], "not a whole .tar.gz archive .* fetch it again"),
    "up.tar.gz": (tar_bytes(member("../val.csv", GOOD)), "its name leads out of the archive"),
    "none.tar.gz": (tar_bytes(member("readme.txt", "x")), "holds no annotation row; give a file"),
    "nested.tar.gz": (tar_bytes(member("val.csv", tar_bytes(member("val.csv", GOOD)))), "not text in UTF-8"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_ends_the_command_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    data, message = UNREADABLE[name]
    path = tmp_path / name
    path.write_bytes(data)
    check_refused(tmp_path, path, capsys, message)


@pytest.mark.parametrize(
    "name", ["\x1b]52;c;eA==\x07.csv", "\u202evsc.csv", "a\nb.csv", "x" * 300, "\udcff.csv", "\x9b2J"]
)
def test_a_hostile_name_of_a_file_is_told_without_being_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    check_refused(tmp_path, tmp_path / name, capsys, "does not exist|cannot be read")


def test_zeros_without_end_are_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_bomb(tmp_path, capsys, 64 << 20)


@pytest.mark.torture
def test_a_gigabyte_of_zeros_is_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_bomb(tmp_path, capsys, 1 << 30)


def check_bomb(folder: Path, capsys: pytest.CaptureFixture[str], size_bytes: int) -> None:
    path = folder / "bomb.tar.gz"
    path.write_bytes(bomb(size_bytes))
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_refused(folder, path, capsys, "unpacks to more than .* bytes, which no release does; unpack it")
    grown_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_bytes
    assert grown_bytes < 600 << 20


def check_refused(folder: Path, path: Path, capsys: pytest.CaptureFixture[str], message: str) -> None:
    dataset = folder / "set"
    code = run_command(["run", str(dataset), "--annotations", str(path), "--headless"])
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    check_harmless(said.err)
    sentence = said.err.replace("\n", " ")
    assert re.search(message, sentence), sentence
    assert len(sentence) < 1000
    assert path.name in sentence or not path.name.isprintable()
    assert not dataset.exists()
