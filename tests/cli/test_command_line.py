"""A command line carried out: what people leave out, and how every end becomes an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.exceptions import Exit

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
        (["status", "d", "-h"], "No such option: -h"),
        (
            ["check", "d", "--workers", "many"],
            "Invalid value for '--workers': 'many' is not a valid integer",
        ),
        (["check", "d", "--workers", "65"], "Invalid value for '--workers': 65 is not in the range 1<=x<=64"),
    ],
)
def test_usage_errors_are_one_sentence_and_point_to_the_help(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(app, args) == BAD_INPUT
    assert capsys.readouterr().err == f"kinetics-tui: {said}. See kinetics-tui --help.\n"


def test_the_help_lists_every_command_but_the_one_that_need_not_be_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert carry_out(app, ["--help"]) == SETTLED
    listed = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == [name for name in COMMANDS if name != DEFAULT_COMMAND]
    assert listed[0].split()[0] == "run"


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
