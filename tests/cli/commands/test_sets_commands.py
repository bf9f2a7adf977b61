"""``export``, ``manifest`` and ``compare`` from the shell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.cli import run_command
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.manifest import COLUMNS
from kinetics_tui.demo.dataset import SOURCE_S, Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.options import LayoutName
from tests.dataset.export.conftest import make_dataset
from tests.program import Program
from tests.upkeep.conftest import DONE, finished  # noqa: F401 - a fixture

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def dataset(tmp_path: Path, finished: Callable[[LayoutName], Path]) -> Path:  # noqa: F811
    return Path(shutil.copytree(finished(LayoutName.ACTIVITYNET), tmp_path / "set"))


def test_an_export_says_what_it_came_to(dataset: Path, capsys: Capture) -> None:
    assert run_command(["export", str(dataset), "--for", "slowfast"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        f"5 of 7 clips are in {dataset}-slowfast.",
        "2 are missing: missing.csv says why of each.",
        "5 clips have another short side than the 256 px that the published recipes expect; "
        "kinetics-tui run --short-side 256 makes them so.",
    ]
    assert run_command(["export", str(dataset), "--for", "slowfast"]) == 0
    assert capsys.readouterr().out.startswith(f"5 of 7 clips are in {dataset}-slowfast, 0 of them new.")


def test_an_export_inside_of_the_dataset_is_not_taken_for_clips(dataset: Path, capsys: Capture) -> None:
    for reader in ("torchvision", "webdataset", "csv"):
        to = str(dataset / "exports" / reader)
        assert run_command(["export", str(dataset), "--for", reader, "--to", to]) == 0
    assert run_command(["manifest", str(dataset), "--to", str(dataset / "manifest.csv")]) == 0
    capsys.readouterr()
    assert run_command(["check", str(dataset), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["whole"], found["faults"]) == (5, 0)


def test_a_manifest_is_the_same_on_standard_output_and_in_a_file(
    dataset: Path, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "manifest.csv"
    assert run_command(["manifest", str(dataset), "--to", str(file)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "5 of 7 clips are here; 2 are missing.\n")
    assert run_command(["manifest", str(dataset), "--trust-unchanged"]) == 0
    out, err = capsys.readouterr()
    assert out == file.read_text()
    assert out.splitlines()[0] == ",".join(COLUMNS)
    assert "5 of them unchanged and not read again" in err


def test_a_manifest_that_cannot_be_written_leaves_the_one_before(
    dataset: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "manifest.csv").mkdir()
    assert run_command(["manifest", str(dataset), "--to", str(tmp_path / "manifest.csv")]) == 2
    assert run_command(["manifest", str(dataset), "--to", str(tmp_path / "no" / "manifest.csv")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 2
    assert "cannot be used" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.csv", "set"]


def test_two_sets_are_compared_for_people_and_for_scripts(
    dataset: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = Path(shutil.copytree(dataset, tmp_path / "other"))
    (other / clip_path(LayoutName.ACTIVITYNET, DONE[1])).unlink()
    common = tmp_path / "common.csv"
    assert run_command(["compare", str(dataset), str(other), "--common", str(common)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"A                 5  {dataset}",
        f"B                 4  {other}",
        "in both           4  80.0% of all that either has",
        "  same bytes      4",
        "  other bytes     0",
        "only in A         1",
        "only in B         0",
        "",
        "Classes that differ most, 1 of 1:",
        f"{'':<40}        A        B     both",
        f"{'archery':<40}        2        1        1",
    ]
    assert len(read_annotations([common]).clips) == 4
    assert run_command(["compare", str(dataset), str(other), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["common"], told["same_bytes"], told["only_a"], told["unknown_bytes"]) == (4, 4, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "{}/none", "--for", "csv"], "There is no folder"),
        (["export", "{}/set", "--for", "slowfst"], "did you mean 'slowfast'"),
        (["export", "{}/set"], "--for"),
        (["export", "{}/set", "--for", "slowfast", "--link", "soft"], "give hard, sym or copy"),
        (["export", "{}/set", "--for", "csv", "--link", "hard"], "csv takes none"),
        (["export", "{}/set", "--for", "csv", "--to", "{}"], "choose another folder"),
        (["manifest", "{}/none"], "There is no folder"),
        (["manifest", "{}/set", "--workers", "0"], "from 1 to 64"),
        (["compare", "{}/set", "{}/none"], "cannot be read"),
        (["compare", "{}/set"], "B"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    dataset: Path, tmp_path: Path, capsys: Capture, arguments: list[str], said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run_command([argument.format(tmp_path) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_common_list_makes_a_run_of_its_own(
    program: Program, serve: Callable[..., tuple[Demo, LoopbackYouTube]], tmp_path: Path
) -> None:
    demo, youtube = serve(6)
    plain = [clip for clip in demo.clips if clip.time_end <= SOURCE_S]
    a = make_dataset(tmp_path / "a", plain, plain[:3])
    b = make_dataset(tmp_path / "b", plain, plain[1:])
    common = tmp_path / "common.csv"
    assert program("compare", str(a), str(b), "--common", str(common)).returncode == 0
    options = ["--headless", "--workers", "2", "--retry", "none", f"--yt-dlp={youtube.yt_dlp_options()}"]
    run = program("run", str(program.dataset), "--annotations", str(common), *options)
    assert run.returncode == 0, run.stderr
    told = json.loads(program("compare", str(program.dataset), str(b), "--json").stdout)
    assert (told["clips_a"], told["common"], told["relabelled"]) == (2, 2, 0)
    assert told["other_bytes"] == 2  # those of the other two were made up
