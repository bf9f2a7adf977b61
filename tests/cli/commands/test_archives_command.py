"""``archives`` from the shell: which archives hold clips of a dataset, and an index of them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.cli import run_command
from kinetics_tui.cli.commands import archives as archives_command
from kinetics_tui.cli.commands.archives import archives_text, loaded_text
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Coverage, Expected, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives.index import Loaded
from kinetics_tui.engine.archives.order import Overview, ToRead
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection, Source

Capture = pytest.CaptureFixture[str]
CLIPS = [Clip(f"{number:011d}", 10 * number, 10 * number + 10, "train", "archery") for number in range(4)]


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Two archives, of which the second one is larger."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for number, size in enumerate((100, 50_000)):
        with tarfile.open(folder / f"part_{number}.tar", "w") as tar:
            member = tarfile.TarInfo(f"./{CLIPS[number].name}.mp4")
            member.size = size
            tar.addfile(member, io.BytesIO(b"x" * size))
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    def made(name: str = "set", **options: object) -> Path:
        create(tmp_path / name, Selection(), Options(**options), CLIPS)  # type: ignore[arg-type]
        return tmp_path / name

    return made


def know(dataset: Path, number: int, clip: Clip) -> None:
    with Ledger.open(dataset) as ledger:
        start_ms, end_ms = round(clip.time_start * 1000), round(clip.time_end * 1000)
        ledger.add_members(number, [Passed(clip.youtube_id, start_ms, end_ms, 0, 100)])
        ledger.settle_archive(number, passed=True, wire_bytes=0, why="")


def test_archives_that_were_not_looked_for_yet_are_found_and_listed(
    make: Callable[..., Path], mirror: Path, capsys: Capture
) -> None:
    dataset = make(archives=(str(mirror),))
    assert run_command(["archives", str(dataset)]) == 0
    out, err = capsys.readouterr()
    assert "2 archives may hold some" in err
    lines = out.splitlines()
    assert lines[0] == "archives: 4 of 4 clips, 2 archives, 72 kB"
    assert lines[1].startswith("0 of these were seen in archives, 4 may be in those")
    assert [line.split("  ")[0] for line in lines[-2:]] == ["mirror/part_0.tar", "mirror/part_1.tar"]
    run_command(["archives", str(dataset)])
    assert "may hold some" not in capsys.readouterr().err


def test_places_that_are_given_hold_from_then_on(
    make: Callable[..., Path], mirror: Path, capsys: Capture
) -> None:
    dataset = make()
    assert run_command(["archives", str(dataset)]) == 2
    assert "name some with --archives" in capsys.readouterr().err
    assert run_command(["archives", str(dataset), "--archives", str(mirror / "part_1.tar"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["to_read"] == 1
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.options.archives == (str(mirror / "part_1.tar"),)


def test_scripts_get_every_figure(make: Callable[..., Path], mirror: Path, capsys: Capture) -> None:
    dataset = make(archives=(str(mirror),), sources=(Source.ARCHIVES,), max_archive_bytes=1e9)
    assert run_command(["archives", str(dataset), "--json"]) == 0
    know(dataset, 1, CLIPS[0])
    capsys.readouterr()
    assert run_command(["archives", str(dataset), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clips"] == {"wanted": 4, "seen": 1, "may_be_there": 3, "in_none": 0}
    assert found["sources"] == ["archives"]
    assert found["limits"]["max_archive_bytes"] == 1e9
    assert found["to_read_bytes"] == sum(path.stat().st_size for path in mirror.iterdir())
    first = found["archives"][0]
    assert (first["name"], first["wanted"], first["wanted_is_known"], first["passed"]) == (
        *("mirror/part_0.tar", 1, True),
        True,
    )
    assert found["archives"][1]["wanted"] is None


def test_an_index_is_written_and_loaded_by_another_dataset(
    make: Callable[..., Path], mirror: Path, tmp_path: Path, capsys: Capture
) -> None:
    one, other = (make(name, archives=(str(mirror),)) for name in ("one", "other"))
    run_command(["archives", str(one)])
    know(one, 1, CLIPS[0])
    know(one, 2, CLIPS[1])
    index = tmp_path / "index.csv.gz"
    capsys.readouterr()
    assert run_command(["archives", str(one), "--write-index", str(index)]) == 0
    assert capsys.readouterr().out.startswith(f"Written: {index}, 2 clips in 2 archives.\narchives: 2 of 4")
    assert run_command(["archives", str(other), "--index", str(index)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Loaded from {index}: 2 clips in 2 archives, 2 of them known to the end now.\n")
    assert "archives: 2 of 4 clips, 2 archives" in out
    assert run_command(["archives", str(other)]) == 0
    text = capsys.readouterr().out
    assert "known by an index" in text
    assert "Of 2 clips no whole copy is in them, as far as is known." in text
    assert run_command(["archives", str(other), "--index", "none"]) == 0
    out, err = capsys.readouterr()
    assert "What an index told of 2 archives is forgotten." in err
    assert out.startswith("archives: 4 of 4 clips")


def test_a_bad_index_is_refused_and_changes_nothing(
    make: Callable[..., Path], mirror: Path, tmp_path: Path, capsys: Capture
) -> None:
    dataset = make(archives=(str(mirror),))
    bad = tmp_path / "bad.csv"
    bad.write_text("id,start\n")
    assert run_command(["archives", str(dataset), "--index", str(bad)]) == 2
    assert f"{bad} line 1: the columns are not archive" in capsys.readouterr().err
    for where in (tmp_path, tmp_path / "missing" / "i.csv"):
        assert run_command(["archives", str(dataset), "--write-index", str(where)]) == 2
        assert str(where) in capsys.readouterr().err


def test_beside_an_engine_archives_are_listed_and_not_looked_for(
    make: Callable[..., Path], mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    dataset = make(archives=(str(mirror),))
    with WriterLock(dataset):
        assert run_command(["archives", str(dataset)]) == 2
        monkeypatch.setattr(archives_command, "is_running", lambda _dataset: True)
        assert run_command(["archives", str(dataset)]) == 2
        assert f"while its engine runs: kinetics-tui stop {dataset} first" in capsys.readouterr().err
    monkeypatch.undo()
    assert run_command(["archives", str(dataset)]) == 0
    with WriterLock(dataset):
        monkeypatch.setattr(archives_command, "is_running", lambda _dataset: True)
        assert run_command(["archives", str(dataset), "--write-index", str(dataset / "i.csv")]) == 0
        assert run_command(["archives", str(dataset), "--refresh"]) == 2
        assert run_command(["archives", str(dataset), "--index", str(dataset / "i.csv")]) == 2


def test_no_dataset_is_no_dataset(tmp_path: Path, capsys: Capture) -> None:
    assert run_command(["archives", str(tmp_path / "nothing")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    with pytest.raises(EngineError), WriterLock(tmp_path / "nothing"):
        pass


# -- words ------------------------------------------------------------------------------------------------


def overview(**options: object) -> Overview:
    part = ArchiveRow(
        id=1,
        address="https://e/1",
        name="train/part_1.tar.gz",
        size_bytes=1_500_000_000,
        why="it\x1b[2J broke",
    )
    new = ArchiveRow(id=2, address="https://e/2", name="new.tgz", replaces=True)
    through = ArchiveRow(id=3, address="https://e/3", name="x" * 60, passed=True, size_bytes=7, wire_bytes=7)
    return Overview(
        options=Options(sources=(Source.ARCHIVES, Source.YOUTUBE), **options),  # type: ignore[arg-type]
        done=0,
        coverage=Coverage(100, 20, 70),
        to_read=[ToRead(new, Expected(None)), ToRead(part, Expected(90))],
        others=[through],
        members={1: 5},
    )


def test_sums_come_first_then_limits_then_a_line_an_archive() -> None:
    options = {"max_bytes_per_s": 12e6, "max_archive_bytes": 2e11, "max_disk_bytes": 1e10}
    assert archives_text(overview(**options, keep_archives=True)).splitlines() == [
        "archives: 90 of 100 clips, 2 of 3 archives to be read, 1.5 GB, 2 min 05 s at 12.0 MB/s",
        "20 of these were seen in archives, 70 may be in those not read yet.",
        "Of 10 clips no whole copy is in them, as far as is known.",
        "The size of 1 archive is not known.",
        "Sources: archives, then youtube. Archives: 3 at once, 200 GB in all (--max-gb; 7 B fetched), "
        "10 GB of disk (--max-disk), 12.0 MB/s (--max-rate), kept when they are read (--keep-archives).",
        "",
        f"{'archive':44}     wanted  seen    size",
        f"{'new.tgz':44}  not known     0          to be read first",
        f"{'train/part_1.tar.gz':44}   about 90     5  1.5 GB  could not be read: it�[2J broke",
        f"...{'x' * 41}          0     0     7 B  nothing more is wanted of it",
    ]


def test_what_an_index_did_not_tell_is_said_too() -> None:
    loaded = Loaded(members=2, archives=1, whole=1, unknown=3, changed=1, known=2)
    assert loaded_text(loaded, Path("i.csv")) == (
        "Loaded from i.csv: 2 clips in 1 archive, 1 of them known to the end now. 2 archives were read here "
        "already. Of 1 archive there is another version now. 3 archives are not of this dataset."
    )
