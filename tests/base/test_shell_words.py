"""Command lines to copy: a shell gets the very name, whatever it is."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics_tui.base.safe_text import for_screen, shell_word
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.view_state import Moment

NAMES = [
    "/data/kinetics",
    "/data/my kinetics",
    "/data/it's",
    "/data/two  blanks",
    "/data/line\nfeed",
    "/data/\x1b[31mred\x07",
    "/data/\x01" + "7 after a control character",
    "/data/back\\slash\n$HOME `id`",
    "/data/caf\u00e9",
    "/data/cafe\u0301",
    "/data/\u202egnp",
    "/data/no\u00a0break",
    "/data/not-utf8-\udcff",
]


def in_bash(word: str) -> str:
    """What bash makes of a word."""
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    return os.fsdecode(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_gets_the_name_from_what_is_shown(name: str) -> None:
    word = shell_word(name)
    assert for_screen(word) == word
    assert in_bash(word) == name


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1))
def test_any_name_comes_through(name: str) -> None:
    word = shell_word(name)
    assert for_screen(word) == word
    assert in_bash(word) == name


def test_a_command_names_the_dataset_by_its_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/tmp")
    run = Moment(RunState(), 0.0)
    run.state.dataset = "my kinetics"
    assert run.command("run") == "kinetics-tui run '/tmp/my kinetics'"
