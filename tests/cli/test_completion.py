"""Completion in a shell: the names that may stand where the cursor is, as a shell asks for them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kinetics_tui.annotations.releases import PUBLISHED, class_names
from kinetics_tui.cli import COMMANDS, run_command
from kinetics_tui.cli.command_line import SETTLED
from kinetics_tui.cli.commands.help import script
from kinetics_tui.cli.completion import SHELLS, VARIABLE
from kinetics_tui.dataset.export.make import READERS
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options, Selection

CLIPS = (
    Clip("0wR5jVB-WPk", 1, 11, "train", "playing ukulele"),
    Clip("3caPS4FHFF8", 2, 12, "all", "tying knot (not on a tie)"),
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    create(tmp_path / "set", Selection(), Options(), CLIPS)
    return tmp_path / "set"


def completed(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str = "bash"
) -> list[str]:
    """What a shell is told for a line whose last word is being typed; without the kind of each."""
    words = re.split(r"(?<!\\) ", line)
    monkeypatch.setenv(VARIABLE, f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    assert run_command([]) == SETTLED
    told = [one for one in capsys.readouterr().out.splitlines() if one]
    if shell == "zsh":
        return told[1::3]
    return [one.partition(",")[2].partition("\t")[0] for one in told]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("st", ["status", "stop"]),
        ("run d --layout ", ["activitynet", "showmax", "torchvision"]),
        ("run d --release ", list(PUBLISHED)),
        ("run d --split v", ["val"]),
        ("run d --split val t", ["train", "test"]),
        ("run d --class playing\\ uk", ["playing ukulele"]),
        ("run d --class Playing_Uk", ["playing ukulele"]),
        ("run d --release 400 --class archery zu", ["zumba"]),
        ("run d --source ", ["youtube", "archives", "archives,youtube", "youtube,archives"]),
        ("run d --pace ", ["guest", "account", "unlimited"]),
        ("run d --reso", ["--resolution", "--resolve"]),
        ("run d --logged-out ", ["hold", "guest"]),
        ("extract d --sound ", ["wav", "mp3", "opus", "none"]),
        ("retry d --category copy", ["Copyright"]),
        ("export d --for ", list(READERS)),
        ("export d --link ", ["hard", "sym", "copy"]),
        ("adopt d --link ", ["hard", "copy"]),
        ("help net", ["networks"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("d --ver", ["--version"]),
        ("switch d ", []),
        ("frobnicate x ", []),
    ],
)  # fmt: skip
def test_names_are_completed_in_every_shell(
    line: str, names: list[str], shell: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert completed(f"kinetics-tui {line}", monkeypatch, capsys, shell) == names


def test_all_commands_are_offered_and_paths_are_left_to_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed("kinetics-tui ", monkeypatch, capsys) == [name for name in COMMANDS if name != "open"]
    monkeypatch.setenv("COMP_CWORD", "2")
    for line, kind in (("kinetics-tui run ", "dir"), ("kinetics-tui compare ", "file")):
        monkeypatch.setenv("COMP_WORDS", line)
        run_command([])
        assert capsys.readouterr().out == f"{kind},\n"


@pytest.mark.parametrize("begun", ["s3://bucket/", "//bucket/"])  # bash parts words at a colon
def test_an_address_is_completed_with_no_folders(
    begun: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(f"kinetics-tui export set --for csv --to {begun}", monkeypatch, capsys) == []


def test_a_dataset_gives_its_own_classes_splits_and_networks(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def names(line: str) -> list[str]:
        return completed(f"kinetics-tui {line}", monkeypatch, capsys)

    assert names(f"retry {dataset} --class ") == sorted(clip.label for clip in CLIPS)
    assert names(f"run {dataset} --class pl") == ["playing ukulele"]
    assert names(f"run {dataset} --split ") == ["train", "all"]
    assert set(names(f"run {dataset} --release 400 --class ")) == set(class_names("kinetics-400"))
    assert names(f"switch {dataset} de")[0] == "default"
    assert names(f"networks {dataset} --check de")[0] == "default"


def test_failure_categories_are_completed_as_they_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = completed("kinetics-tui retry d --category ", monkeypatch, capsys)
    assert found == [category.value for category in Category]


def test_only_categories_of_which_a_clip_has_failed_are_completed_for_a_dataset(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"kinetics-tui retry {dataset} --category "
    assert completed(line, monkeypatch, capsys) == []
    with Ledger.open(dataset) as ledger:
        for clip_id, category in enumerate((Category.PRIVATE, Category.COPYRIGHT), start=1):
            ledger.record(
                Attempt(clip_id=clip_id, at=1.0, network="n", outcome=Outcome.FAILED, category=category)
            )
    assert completed(line, monkeypatch, capsys) == ["Copyright", "private"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("word", "replies"),
    [
        ("playing\\ uk", ["playing\\ ukulele"]),
        ("'playing uk", ["playing ukulele"]),
        ("tying", ["tying\\ knot\\ \\(not\\ on\\ a\\ tie\\)"]),
    ],
)
def test_bash_is_given_names_that_it_reads_back_as_one_word(
    word: str, replies: list[str], dataset: Path, tmp_path: Path
) -> None:
    called = tmp_path / "kinetics-tui"
    called.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m kinetics_tui "$@"\n')
    called.chmod(0o755)
    (tmp_path / "script").write_text(script("bash"))
    asked = f"""source {tmp_path}/script
COMP_WORDS=(kinetics-tui retry {dataset} --class {shlex.quote(word)}) COMP_CWORD=4
_kinetics_tui_completion {called}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "--norc", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == replies
