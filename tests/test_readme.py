"""The README says what the program does: its tables are held against the code."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from kinetics_tui.cli import app
from kinetics_tui.model.failure import Category
from kinetics_tui.settings.settings import EXAMPLE_TOML

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_failure_category_is_listed_with_its_kind_and_advice() -> None:
    for category in Category:
        assert f"| {category.heading} | {category.kind.value} | {category.advice} |" in README


def test_the_settings_example_is_the_one_that_is_tested() -> None:
    assert EXAMPLE_TOML in README


def test_every_option_of_run_is_named() -> None:
    shown = CliRunner().invoke(app, ["run", "--help"]).output
    for word in shown.split():
        if word.startswith("--") and word not in ("--help", "--audio"):
            assert word in README, word


def test_every_picture_is_there() -> None:
    pictures = [part.partition(")")[0] for part in README.split("](")[1:] if part.startswith("screenshots/")]
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file(), picture
