"""Figures beside their bars: how they are summed up and written."""

from __future__ import annotations

import json

import pytest

from tests.bench.__main__ import main
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread

FOUND = Figures(
    figures=(
        Figure(
            what="clips/min",
            ours=spread([30, 10, 20]),
            bar=">= 3x",
            met=True,
            form=".0f",
            rival="classic",
            theirs=spread([5]),
            ratio=ratios([30, 10, 20], [10, 5, 5]),
        ),
        Figure(what="start, s", ours=spread([1.5]), bar="<= 0.7", met=False),
        Figure(what="memory, MB", ours=spread([7]), bar="", met=True, form=".0f"),
    ),
    notes=("On a shaped line.",),
)


def test_a_spread_is_the_middle_one_and_the_ends() -> None:
    assert spread([3, 1, 2, 10]) == (found := spread([10, 3, 2, 1]))
    assert (found.median, found.low, found.high, found.runs) == (2.5, 1, 10, 4)


def test_ratios_are_taken_of_what_was_measured_side_by_side() -> None:
    assert ratios([2, 9], [1, 3]) == spread([2.0, 3.0])


def test_subjects_are_measured_in_turn() -> None:
    order: list[str] = []
    side_by_side(2, {"a": lambda: order.append("a"), "b": lambda: order.append("b")})
    assert order == ["a", "b", "a", "b"]


def test_all_figures_stand_in_one_table_with_the_machine_named(capsys: pytest.CaptureFixture[str]) -> None:
    main([], {"rate": lambda seed: FOUND, "more": lambda seed: FOUND})
    told = capsys.readouterr().out
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines() if "|" in line]
    assert lines[0] == ["bench", "what", "ours", "rival", "ratio", "bar", "met"]
    assert lines[2] == [
        "rate",
        "clips/min",
        "20 (10 to 30)",
        "classic: 5",
        "3.00 (2.00 to 4.00)",
        ">= 3x",
        "yes",
    ]
    assert lines[3] == ["rate", "start, s", "1.50", "", "", "<= 0.7", "NO"]
    assert lines[4] == ["rate", "memory, MB", "7", "", "", "", ""]
    assert [line[0] for line in lines[5:]] == ["more"] * 3
    assert "rate: On a shaped line." in told
    assert "cores" in told


def test_json_holds_every_figure_with_its_spread(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json"], {"rate": lambda seed: FOUND})
    figure = json.loads(capsys.readouterr().out)["rate"]["figures"][0]
    assert figure["ours"] == {"median": 20, "low": 10, "high": 30, "runs": 3}
    assert figure["ratio"]["high"] == 4
