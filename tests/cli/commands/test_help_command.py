"""``kinetics-tui help``: lists topics, shows one as the output can take it, and minds what reads it."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kinetics_tui.base.topics import find_topic, topic_names, topic_text
from kinetics_tui.cli import COMMANDS, app, run_command
from kinetics_tui.cli import GROUPS as COMMAND_GROUPS
from kinetics_tui.cli.command_line import BAD_INPUT, BROKEN_PIPE, DEFAULT_COMMAND, SETTLED, completed
from kinetics_tui.cli.commands.help import rendered, topics_list
from kinetics_tui.cli.help_text import EXAMPLES
from tests.terminal_child import TerminalChild

COMMAND = [sys.executable, "-m", "kinetics_tui", "help"]
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(
    topic: str, *, columns: int = 80, rows: int = 24, typed: bytes = b"", **variables: str
) -> tuple[int, str]:
    """Run help on a terminal of that size; the exit code and all that was written."""
    environ = {"PAGER": "", "LESS": "", **variables}
    child = TerminalChild("kinetics_tui", ["help", topic], columns=columns, rows=rows, environ=environ)
    try:
        child.type(typed)
        return child.exit_code(), child.output.decode().replace("\r\n", "\n")
    finally:
        child.close()


# -- what is shown -----------------------------------------------------------------------------------------


def test_without_a_name_every_command_and_topic_is_listed_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["help"]) == SETTLED
    out = capsys.readouterr().out
    for entries in COMMAND_GROUPS.values():
        for name, entry in entries.items():
            assert f"  {name:10}  {entry.does}\n" in out
    for name in topic_names():
        assert f"  {name:16}{find_topic(name).summary}\n" in out
    assert "kinetics-tui COMMAND --help" in out
    assert max(map(len, out.splitlines())) <= 80


def test_on_a_narrow_terminal_the_list_is_wrapped() -> None:
    assert max(map(len, topics_list(40).splitlines())) <= 40


@pytest.mark.parametrize("name", topic_names())
def test_a_topic_is_plain_markdown_where_no_terminal_reads_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["help", name]) == SETTLED
    assert capsys.readouterr().out == topic_text(name)


@pytest.mark.parametrize("columns", [20, 40, 80, 100])
@pytest.mark.parametrize("name", topic_names())
def test_a_topic_fits_the_terminal_and_nothing_is_cut_off(name: str, columns: int) -> None:
    shown = STYLE.sub("", rendered(topic_text(name), columns))
    assert max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown
    assert ".md)" not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns_and_cuts_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([name, "--help"]) == SETTLED
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert not [line for line in out.splitlines() if line.endswith("...") and "15m,1h,3h,..." not in line]


def test_every_command_has_examples_and_each_is_a_line_that_the_program_takes() -> None:
    assert set(EXAMPLES) == {"", *COMMANDS} - {DEFAULT_COMMAND}
    for lines in EXAMPLES.values():
        for line in lines:
            args = completed(app, shlex.split(line, comments=True))
            found = app.get_command(click.Context(app), args[0])
            assert found is not None
            found.make_context(args[0], args[1:])


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in topic_names()])
def test_the_name_of_a_command_shows_its_help(name: str) -> None:
    shown = CliRunner().invoke(app, ["help", name])
    asked = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert shown.output.replace("Usage: app", "Usage:") == asked.output.replace("Usage: app", "Usage:")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("netwroks", "'netwroks'; did you mean networks?"),
        ("rn", "'rn'; did you mean run?"),
        ("quux", "'quux'; kinetics-tui help lists them."),
        ("a\x1b[31mb", "kinetics-tui help lists them."),
    ],
)
def test_an_unknown_topic_gets_one_sentence_with_the_nearest_name(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["help", typed]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("kinetics-tui: No command or topic is called ")
    assert captured.err.endswith(f"{said}\n")
    assert captured.err.count("\n") == 1
    assert "\x1b" not in captured.err


def test_a_dataset_folder_called_help_is_reached_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["./help"]) == BAD_INPUT  # no terminal here: it was the app that was to open
    assert "terminal" in capsys.readouterr().err


# -- who reads it ------------------------------------------------------------------------------------------


def test_whoever_stops_reading_is_left_in_peace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, "speed"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (BROKEN_PIPE, "")


def test_a_topic_that_fits_the_terminal_is_not_paged() -> None:
    code, out = on_a_terminal("changes", rows=1000, PAGER="false")
    assert code == SETTLED
    assert "0.2.0" in out
    assert "\x1b[1m" in out


def test_a_long_topic_goes_through_the_pager() -> None:
    code, out = on_a_terminal("networks", PAGER="head -n 3")
    assert code == SETTLED
    assert "Networks and throttling" in out
    assert len(out.splitlines()) == 3


@pytest.mark.skipif(not Path("/usr/bin/less").exists(), reason="needs less")
def test_less_is_left_with_q() -> None:
    code, out = on_a_terminal("networks", typed=b"q")
    assert code == SETTLED
    assert "Networks and throttling" in out
    assert "Keys of the network screen" not in out


@pytest.mark.parametrize("pager", ["cat", "no-such-pager-anywhere", "less '", "{broken}"])
@pytest.mark.parametrize("columns", [40, 80])
def test_all_of_it_is_shown_whatever_the_pager_is(pager: str, columns: int, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF no program at all")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    code, out = on_a_terminal("networks", columns=columns, PAGER=pager.format(broken=broken))
    assert code == SETTLED
    assert "Traceback" not in out
    shown = STYLE.sub("", out)
    assert "Networks and throttling" in shown
    assert "Keys of the network screen" in shown
    assert max(map(len, shown.splitlines())) <= columns


def test_without_colours_none_is_sent() -> None:
    code, out = on_a_terminal("networks", rows=500, NO_COLOR="1")
    assert code == SETTLED
    assert not re.search(r"\x1b\[[0-9;]*\b(3[0-7]|4[0-7]|9[0-7]|38|48)\b", out)
