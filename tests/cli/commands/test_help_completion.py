"""``kinetics-tui completion``: the script printed, and put where a shell finds it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.cli.command_line import BAD_INPUT, SETTLED
from kinetics_tui.cli.commands.help import SCRIPTS, install, script, this_shell


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_printed_and_is_one_that_the_shell_reads(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["completion", shell]) == SETTLED
    out = capsys.readouterr().out
    assert out == script(shell)
    assert "VARIABLE" not in out.replace("_KINETICS_TUI_COMPLETE", "")
    assert "PROGRAM" not in out
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=out, text=True, capture_output=True).stderr == ""


@pytest.mark.parametrize(("shell", "start_up"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_one_command_installs_it_and_changes_the_start_up_file_once(
    shell: str, start_up: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / start_up).write_bytes(b"# mine \xff, without an end")
    path = tmp_path / ".local" / "share" / "kinetics-tui" / f"completion.{shell}"
    for _ in range(2):
        assert run_command(["completion", shell, "--install"]) == SETTLED
        assert str(path) in capsys.readouterr().out
    assert path.read_text() == script(shell)
    lines = (tmp_path / start_up).read_bytes().splitlines()
    assert lines == [b"# mine \xff, without an end", lines[1]]
    assert str(path).encode() in lines[1]


def test_fish_finds_it_by_itself(tmp_path: Path) -> None:
    path, start_up = install("fish", tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert path == tmp_path / "config" / "fish" / "completions" / "kinetics-tui.fish"
    assert start_up is None
    assert path.read_text() == script("fish")


def test_a_bash_that_starts_knows_it(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    install("bash", tmp_path, {})
    asked = [bash, "--norc", "-c", f". {tmp_path}/.bashrc; complete -p kinetics-tui"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "-F _kinetics_tui_completion kinetics-tui" in told


@pytest.mark.parametrize(("login_shell", "meant"), [("/usr/bin/fish", "fish"), ("/bin/tcsh", ""), ("", "")])
def test_the_shell_is_the_one_that_called_else_the_users(
    login_shell: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.Process.parents", lambda self: [])
    assert this_shell({"SHELL": login_shell}) == meant


@pytest.mark.parametrize(
    ("args", "said"), [([], "Say completion --install"), (["tcsh"], "bash, zsh and fish; name the one")]
)
def test_what_is_no_shell_is_refused(
    args: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["completion", *args]) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert not (tmp_path / ".bashrc").exists()


def test_a_start_up_file_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".local").write_text("a file in the way")
    assert run_command(["completion", "bash", "--install"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "kinetics-tui completion bash prints the script" in said
