"""What exports, manifests and comparisons come to, in words."""

from __future__ import annotations

from kinetics_tui.cli.commands.sets import (
    comparison_text,
    export_progress,
    export_text,
    manifest_progress,
    manifest_text,
)
from kinetics_tui.dataset.export.make import Exported
from kinetics_tui.upkeep.compare import ClassCounts, Comparison
from kinetics_tui.upkeep.manifest import Tally


def test_an_export_tells_what_was_new_copied_missing_and_in_the_way() -> None:
    exported = Exported(
        "/out\x1b[2J", 100, added=60, there=30, copied=60, missing=10, others=2, notes=["So."]
    )
    assert export_text(exported).splitlines() == [
        "90 of 100 clips are in /out�[2J, 60 of them new.",
        "60 were copied.",
        "10 are missing: missing.csv says why of each.",
        "Of these, 2 have something else in their place, which was left alone; "
        "move it away and export again.",
        "So.",
    ]
    assert export_progress(exported, 10.0).startswith("100 of 100 clips, 10/s")


def test_a_manifest_tells_what_is_here_damaged_and_missing() -> None:
    tally = Tally(10, here=7, damaged=1, missing=2, trusted=3)
    assert manifest_text(tally) == (
        "7 of 10 clips are here, 3 of them unchanged and not read again; 1 is damaged; 2 are missing."
    )
    assert manifest_text(Tally(7, here=7)) == "7 of 7 clips are here."
    assert manifest_progress(Tally(10, here=5), 10.0) == "5 of 10 clips, 0.5/s, 10 s left"


def test_a_comparison_names_classes_harmlessly_and_the_unlabelled_as_such() -> None:
    found = Comparison("a", "b", 10, 8, 5, same_bytes=3, other_bytes=1, relabelled=2)
    found.classes = [ClassCounts("", 5, 3, 0), ClassCounts("x\x1b[0m", 4, 4, 4), ClassCounts("y\n", 1, 1, 0)]
    text = comparison_text(found)
    assert "\x1b" not in text
    assert "  cannot be told" in text
    assert "relabelled" in text
    assert text.splitlines()[-2:] == [
        f"{'(no label)':<40}        5        3        0",
        f"{'y�':<40}        1        1        0",
    ]
    assert "Classes that differ most, 2 of 2:" in text


def test_two_empty_sets_have_no_share_and_no_classes() -> None:
    assert comparison_text(Comparison("a", "b")).splitlines()[-1] == "only in B         0"
