"""A command line carried out: what people leave out, and how every end becomes an exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.exceptions import Exit

from kinetics_tui import __version__
from kinetics_tui.base.errors import EngineDiedError, EngineError
from kinetics_tui.cli import COMMANDS, app, run_command
from kinetics_tui.cli.command_line import (
    BAD_INPUT,
    DEFAULT_COMMAND,
    INTERRUPTED,
    OUR_FAULT,
    SETTLED,
    carry_out,
    completed,
    spread,
)
from kinetics_tui.cli.options import several
from kinetics_tui.model.events import WorkerStarted
from kinetics_tui.model.state import RunState


def failing(error: BaseException) -> click.Group:
    """A program whose only command fails."""
    program = click.Group()

    @program.command()
    def fail() -> None:
        raise error

    return program


def test_a_folder_alone_opens_the_app_on_it() -> None:
    assert completed(app, ["/data/k400"]) == ["open", "/data/k400"]
    assert completed(app, []) == ["open"]
    assert completed(app, ["status", "/data/k400"]) == ["status", "/data/k400"]
    assert completed(app, ["--version"]) == ["--version"]


def test_ids_of_videos_may_begin_like_an_option_and_a_command_without_a_dataset_is_clear() -> None:
    assert spread(["retry", "d", "--clip", "-abc", "def", "--transient"]) == [
        "retry", "d", "--clip", "-abc", "--clip", "def", "--transient",
    ]  # fmt: skip
    assert completed(app, ["probe", "--annotations", "a", "b", "--json"]) == [
        "probe", "--annotations", "a", "--annotations", "b", "--json",
    ]  # fmt: skip


def test_options_may_take_several_values_in_a_row_behind_the_dataset() -> None:
    assert spread(["run", "d", "--split", "val", "test", "--class", "yoga"]) == [
        "run", "d", "--split", "val", "--split", "test", "--class", "yoga",
    ]  # fmt: skip
    assert completed(app, ["run", "--split", "val", "d"]) == ["run", "--split", "val", "d"]
    assert spread(["run", "d", "--split=val", "--workers", "4"]) == [
        "run", "d", "--split=val", "--workers", "4",
    ]  # fmt: skip
    assert spread(["run", "d", "--split", "val", "--", "test"]) == [
        "run", "d", "--split", "val", "--", "test",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (EngineError("No engine runs."), BAD_INPUT, "kinetics-tui: No engine runs."),
        (EngineDiedError("The engine died."), OUR_FAULT, "kinetics-tui: The engine died."),
        (KeyboardInterrupt(), INTERRUPTED, ""),
        (Exit(3), 3, ""),
        (Exit(), SETTLED, ""),
    ],
)
def test_every_end_is_an_exit_code_and_at_most_one_sentence(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(failing(error), ["fail"]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", said)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["status"], "Missing argument 'DATASET'"),
        (["status", "d", "e"], "Got unexpected extra argument (e)"),
        (["status", "d", "--jsn"], "No such option: --jsn (possible options: --json)"),
        *(
            (
                ["check", "d", "--workers", given],
                f"Invalid value for '--workers': '{given}' is not a whole number from 1 to 64",
            )
            for given in ("many", "65", "-1")
        ),
    ],
)
def test_usage_errors_are_one_sentence_and_point_to_the_help(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(app, args) == BAD_INPUT
    assert capsys.readouterr().err == f"kinetics-tui: {said}. See kinetics-tui {args[0]} --help.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["staus"], "There is no command staus; did you mean status? A folder is given as ./staus."),
        (["rnu", "d", "--release", "400"], "There is no command rnu; did you mean run? A folder is given as"),
        (["rnu"], "There is no command rnu; did you mean run?"),
        (["dmeo"], "There is no command dmeo; did you mean demo?"),
        (["statsu", "d"], "There is no command statsu; did you mean status?"),
        (["quux", "d"], "There is no command quux; kinetics-tui help lists them all."),
        (["./d", "status"], "The command stands before the dataset: kinetics-tui status ./d."),
        (["there", "resume"], "The command stands before the dataset: kinetics-tui resume there."),
        (["./d", "--split", "a b"], "to begin a run: kinetics-tui run ./d --split 'a b'."),
        (["a\x1b[31m", "d"], "There is no command 'a"),
    ],
)
def test_a_first_word_that_is_neither_command_nor_dataset_is_refused_and_nothing_is_made(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    assert carry_out(app, args) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("kinetics-tui: ")
    assert said in captured.err
    assert "\x1b" not in captured.err
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("xdg")] == ["there"]


def test_a_folder_that_is_there_is_opened_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "staus").mkdir()
    assert completed(app, ["staus"]) == ["open", "staus"]
    assert completed(app, ["./rnu"]) == ["open", "./rnu"]
    for name in ("kinetics", "k400", "data", "videos", "work", "sets", "results", "d"):
        assert completed(app, [name]) == ["open", name]
    assert completed(app, ["kinetics", "-h"]) == ["open", "kinetics", "-h"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_and_version_are_had_behind_every_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []
    for flag in ("-h", "--help"):
        assert carry_out(app, [*command, flag]) == SETTLED
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert carry_out(app, [*command, "--version"]) == SETTLED
    assert capsys.readouterr().out == f"{__version__}\n"


def test_help_behind_a_command_is_that_of_the_command_unless_a_folder_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed(app, ["run", "help"]) == ["help", "run"]
    (tmp_path / "help").mkdir()
    assert completed(app, ["run", "help"]) == ["run", "help"]


def test_the_help_lists_every_command_but_the_one_that_need_not_be_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert carry_out(app, ["--help"]) == SETTLED
    listed = capsys.readouterr().out.partition("Examples:\n")[0]
    names = re.findall(r"(?m)^  ([a-z]+)  ", listed)
    assert names == [name for name in COMMANDS if name != DEFAULT_COMMAND]
    assert names[0] == "run"


def test_the_help_is_listed_without_loading_a_command() -> None:
    code = (
        "import sys; from kinetics_tui.cli import run_command; run_command(['-h']);"
        "assert not [name for name in sys.modules if name.startswith('kinetics_tui.cli.commands.')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(("given", "handed_on"), [([], None), (["--class", "a", "--class", "b"], ["a", "b"])])
def test_an_option_given_several_times_is_a_list_and_one_not_given_is_nothing(
    given: list[str], handed_on: list[str] | None
) -> None:
    taken: list[list[str] | None] = []

    @click.command()
    @several("--class", "class_")
    def take(class_: list[str] | None) -> None:
        taken.append(class_)

    take.main(given, standalone_mode=False)
    assert taken == [handed_on]


def test_a_fault_of_ours_exits_1_with_a_sentence_and_keeps_the_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(failing(RuntimeError("not meant to happen")), ["fail"]) == OUR_FAULT
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "Traceback" not in said
    assert "not meant to happen" in next((tmp_path / "xdg_state_home").rglob("crash-*.log")).read_text()


@pytest.mark.parametrize("workers", [0, 64])
def test_the_json_of_status_is_whole_however_many_workers_there_are(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = RunState()
    for slot in range(1, workers + 1):
        state.apply(WorkerStarted(at=0.0, slot=slot, pid=slot))
    monkeypatch.setattr("kinetics_tui.cli.commands.steer.read_state", lambda dataset: state)
    assert run_command(["status", str(tmp_path), "--json"]) == SETTLED
    assert len(json.loads(capsys.readouterr().out)["workers"]) == workers
