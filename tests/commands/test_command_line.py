"""A command line carried out: what people leave out, and how every end becomes an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from kinetics_tui.cli import app
from kinetics_tui.commands.command_line import (
    BAD_INPUT,
    INTERRUPTED,
    OUR_FAULT,
    SETTLED,
    carry_out,
    completed,
    spread,
)
from kinetics_tui.model.errors import EngineDiedError, EngineError


def failing(error: BaseException) -> typer.Typer:
    """A program whose only command fails."""
    program = typer.Typer()

    @program.callback()
    def main() -> None:
        pass

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
        (typer.Exit(3), 3, ""),
        (typer.Exit(), SETTLED, ""),
    ],
)
def test_every_end_is_an_exit_code_and_at_most_one_sentence(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(failing(error), ["fail"]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", said)


def test_usage_errors_point_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(app, ["status"]) == BAD_INPUT
    assert capsys.readouterr().err.strip().endswith("See kinetics-tui --help.")


def test_a_fault_of_ours_exits_1_with_a_sentence_and_keeps_the_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(failing(RuntimeError("not meant to happen")), ["fail"]) == OUR_FAULT
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "Traceback" not in said
    assert "not meant to happen" in next((tmp_path / "xdg_state_home").rglob("crash-*.log")).read_text()
