"""A finished run is harmed in every way a disk can be; check, repair and another run bring all of it back."""

from __future__ import annotations

import csv
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import ledger_path, scratch_path, state_folder
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.verify import verify
from kinetics_tui.model.options import Selection
from kinetics_tui.upkeep.check.check import Checking, check
from kinetics_tui.upkeep.check.findings import Fault, LedgerState, Report
from kinetics_tui.upkeep.check.rebuild import Wanted
from tests.program import Program
from tests.torture.small_videos import shrink
from tests.upkeep.conftest import CLIPS, DONE, make_dataset
from tests.upkeep.tree import statuses, tree
from tests.waiting import is_left, until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

GARBLED_BYTES = 4000


class Harm:
    """Random harm to the files of a finished dataset, each clip harmed once at most; what check must find."""

    def __init__(self, dataset: Path, chance: random.Random) -> None:
        self.dataset = dataset
        self.due: Counter[Fault] = Counter()
        self._chance = chance
        self._whole = sorted(path for path in dataset.glob("*/*/*.mp4"))
        chance.shuffle(self._whole)
        self._ways = [self.delete, self.cut_off, self.flip, self.swap, self.rename, self.add]

    def do(self, times: int) -> None:
        for _ in range(times):
            if len(self._whole) >= 2:
                self._chance.choice(self._ways)()

    def delete(self) -> None:
        self._whole.pop().unlink()
        self.due[Fault.MISSING] += 1

    def cut_off(self) -> None:
        path = self._whole.pop()
        os.truncate(path, self._chance.randrange(path.stat().st_size))
        self.due[Fault.UNPLAYABLE] += 1

    def flip(self) -> None:
        path = self._whole.pop()
        data = bytearray(path.read_bytes())
        at = self._chance.randrange(data.index(b"mdat") + 4, len(data) - GARBLED_BYTES)
        data[at : at + GARBLED_BYTES] = self._chance.randbytes(GARBLED_BYTES)
        path.write_bytes(data)
        self.due[Fault.UNPLAYABLE] += 1

    def swap(self) -> None:
        one, other = self._whole.pop(), self._whole.pop()
        if one.stat().st_size == other.stat().st_size:
            return  # nothing but the pictures would tell
        between = one.with_name("between")
        one.rename(between)
        other.rename(one)
        between.rename(other)
        self.due[Fault.MISPLACED] += 2

    def rename(self) -> None:
        path = self._whole.pop()
        path.rename(path.with_name(f"copy of {path.name}"))
        self.due[Fault.MISSING] += 1
        self.due[Fault.STRAY] += 1

    def add(self) -> None:
        where = self._chance.choice([self.dataset, self._whole[-1].parent])
        (where / f"stray {self.due[Fault.STRAY]}").write_bytes(self._chance.randbytes(50))
        self.due[Fault.STRAY] += 1

    def leave_scratch(self) -> None:
        folder = scratch_path(self.dataset) / "1-2" / "clip-3"
        folder.mkdir(parents=True)
        (folder / "video.mp4").write_bytes(b"half")
        self.due[Fault.SCRATCH] += 1


def checked(dataset: Path, *, repair: bool = False) -> Report:
    return check(dataset, Checking(workers=2, repair=repair))


def counts(program: Program) -> tuple[object, ...]:
    status = program.status()
    return status["done"], status["failed"], status["pending"], status["failures"], status["splits"]


def by_kind(faults: Counter[Fault]) -> Counter[Fault]:
    """Noise among the sound may decode, and then be too short: either way the file is found."""
    kinds = {Fault.WRONG_LENGTH: Fault.UNPLAYABLE}
    return Counter(kinds.get(fault, fault) for fault in faults.elements())


def settled(dataset: Path) -> Counter[str]:
    """How often each clip is settled in the records."""
    with (dataset / "stats.csv").open(newline="") as file:
        return Counter(row["video_id"] for row in csv.DictReader(file) if row["status"] == "success")


def whole_files(dataset: Path) -> Iterator[Path]:
    for path in dataset.glob("*/*/*_*_*.mp4"):
        try:
            verify(path)
        except ClipFailure:
            continue
        yield path.relative_to(dataset)


def run(program: Program, *flags: str) -> None:
    done = program("run", str(program.dataset), *flags, "--headless", timeout_s=300)
    assert done.returncode == 0, done.stderr
    until(lambda: is_left(program.dataset))


def finish(program: Program, serve: Serve, sources: Path, clips: int) -> tuple[list[str], str]:
    """A finished run; the flags of its annotations, and yt-dlp's options."""
    demo, youtube = serve(clips)
    shrink(demo, sources)
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    yt_dlp = f"--yt-dlp={youtube.yt_dlp_options()}"
    run(program, *annotations, "--pace", "unlimited", "--workers", "2", "--retry", "1s,1s", yt_dlp)
    return annotations, yt_dlp


def harm_and_bring_back(
    program: Program, serve: Serve, sources: Path, *, clips: int, rounds: int, seed: int
) -> Counter[Fault]:
    """Harm files of a finished run, find all of it, repair, run; so many rounds. How much harm was done."""
    finish(program, serve, sources, clips)
    dataset = program.dataset
    before = checked(dataset)
    assert (before.faults, before.counts[Fault.STRAY]) == (0, 0)
    stood, names, files = counts(program), settled(dataset), set(whole_files(dataset))
    harmed: Counter[Fault] = Counter()
    for number in range(rounds):
        harm = Harm(dataset, random.Random(f"{seed} {number}"))
        harm.do(max(3, clips // 4))
        harm.leave_scratch()
        spoilt = tree(dataset)
        report = checked(dataset)
        assert by_kind(report.counts) == by_kind(harm.due)
        assert tree(dataset) == spoilt
        assert checked(dataset, repair=True).left == 0
        after = tree(dataset, contents_of_ledger=False)
        again = checked(dataset, repair=True)
        assert (again.faults, again.repaired.total()) == (0, 0)
        assert tree(dataset, contents_of_ledger=False) == after
        run(program)
        end = checked(dataset)
        assert (end.faults, end.counts[Fault.STRAY]) == (0, harm.due[Fault.STRAY])
        assert counts(program) == stood
        assert settled(dataset) == names
        assert {path for path in whole_files(dataset) if "copy of" not in path.name} == files
        for path in [*dataset.glob("*/*/copy of *"), *dataset.glob("**/stray *")]:
            path.unlink()
        shutil.rmtree(state_folder(dataset) / "quarantine", ignore_errors=True)
        harmed += harm.due
    return harmed


def lose_and_rebuild(
    program: Program, serve: Serve, sources: Path, *, clips: int, rounds: int, seed: int
) -> Counter[str]:
    """Lose or spoil the ledger of a finished run, have it made anew, run; so many rounds. How it went."""
    annotations, yt_dlp = finish(program, serve, sources, clips)
    dataset = program.dataset
    stood, stood_clips = counts(program), statuses(dataset)
    done = {name: account for name, account in stood_clips.items() if account[0] == "done"}
    went: Counter[str] = Counter()
    for number in range(rounds):
        chance = random.Random(f"{seed} {number}")
        for aside in state_folder(dataset).glob("ledger-damaged-*"):
            aside.unlink()
        _checkpoint(dataset)
        if number % 2 == 0:
            for path in state_folder(dataset).glob("ledger.sqlite3*"):
                path.unlink()
        else:
            _spoil(ledger_path(dataset), chance)
        rebuilt = program("check", str(dataset), "--repair", "--json", *annotations)
        assert rebuilt.returncode == 0, (number, rebuilt.stdout, rebuilt.stderr)
        found = statuses(dataset)
        assert {name: account for name, account in found.items() if account[0] == "done"} == done, number
        assert set(found) >= set(stood_clips)  # flipped letters make clips that nobody wants
        again = checked(dataset, repair=True)
        assert (again.ledger, again.faults) == (LedgerState.WHOLE, 0)
        run(program, "--pace", "unlimited", "--workers", "2", "--retry", "1s,1s", yt_dlp)
        assert counts(program) == stood
        went["lost" if number % 2 == 0 else "spoilt"] += 1
    return went


def _checkpoint(dataset: Path) -> None:
    connection = sqlite3.connect(ledger_path(dataset))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _spoil(path: Path, chance: random.Random) -> None:
    """Overwrite a page, any of them, cut the file off, or flip bytes all over it until it shows."""
    data = bytearray(path.read_bytes())
    match chance.randrange(3):
        case 0:
            at = chance.randrange(len(data) // 4096) * 4096
            data[at : at + 4096] = chance.randbytes(4096)
        case 1:
            del data[chance.randrange(100, len(data) - 4096) :]
        case _:
            for _ in range(200):
                data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    path.write_bytes(data)


def test_harmed_files_are_found_and_brought_back(program: Program, serve: Serve, demo_sources: Path) -> None:
    assert harm_and_bring_back(program, serve, demo_sources, clips=10, rounds=1, seed=1)


def test_a_lost_ledger_is_made_anew_from_files_and_annotations(
    program: Program, serve: Serve, demo_sources: Path
) -> None:
    assert lose_and_rebuild(program, serve, demo_sources, clips=4, rounds=1, seed=1).total() == 1


@pytest.mark.torture
def test_harmed_files_are_found_and_brought_back_many_times(
    program: Program, serve: Serve, demo_sources: Path
) -> None:
    assert harm_and_bring_back(program, serve, demo_sources, clips=30, rounds=8, seed=2)


@pytest.mark.torture
def test_a_lost_ledger_is_made_anew_many_times(program: Program, serve: Serve, demo_sources: Path) -> None:
    assert lose_and_rebuild(program, serve, demo_sources, clips=20, rounds=10, seed=2).total() == 10


def spoil_and_rebuild(dataset: Path, folder: Path, *, rounds: int, seed: int) -> Counter[str]:
    """Spoil the ledger of copies of a small dataset, each in another way. How it was found each time.

    Whatever the damage, a repair ends without a fault of ours, with every file that was whole where it
    was or in quarantine, and a second repair finds nothing.
    """
    went: Counter[str] = Counter()
    wanted = Wanted("Custom dataset", Selection(), CLIPS)
    for number in range(rounds):
        copy = Path(shutil.copytree(dataset, folder / "copy"))
        _checkpoint(copy)
        _spoil(ledger_path(copy), random.Random(f"{seed} {number}"))
        contents = sorted(path.read_bytes() for path in dataset.rglob("*.mp4"))
        first = check(copy, Checking(workers=2, repair=True, wanted=lambda: wanted))
        assert first.left == 0, number
        assert sorted(path.read_bytes() for path in copy.rglob("*.mp4")) == contents, number
        again = checked(copy, repair=True)
        assert (again.ledger, again.faults) == (LedgerState.WHOLE, 0), number
        done = [name for name, (status, _) in statuses(copy).items() if status == "done"]
        went[f"{first.ledger.value}, {len(done)} of {len(DONE)} done"] += 1
        shutil.rmtree(copy)
    return went


@pytest.fixture
def small_dataset(tmp_path: Path) -> Path:
    make_dataset(tmp_path / "small")
    return tmp_path / "small"


def test_any_damage_to_a_ledger_is_mended(small_dataset: Path, tmp_path: Path) -> None:
    assert spoil_and_rebuild(small_dataset, tmp_path, rounds=4, seed=1).total() == 4


@pytest.mark.torture
def test_any_damage_to_a_ledger_is_mended_many_times(small_dataset: Path, tmp_path: Path) -> None:
    assert spoil_and_rebuild(small_dataset, tmp_path, rounds=100, seed=2).total() == 100
