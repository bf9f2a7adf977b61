"""The set-up form as plain data."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import as_path
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.tui.setup.draft import (
    OTHER_PACE,
    Draft,
    Field,
    class_groups,
    draft_of,
    missing_file,
    problems,
    split_paths,
    whole_number,
)
from kinetics_tui.tui.setup.estimate import published_table
from kinetics_tui.tui.setup.more import texts_of
from kinetics_tui.tui.setup.ports import Folder
from tests.tui.setup_fakes import CATEGORIES, CLASSES, WRITTEN

TABLE = published_table({"train": 1000, "val": 100}, CLASSES)
DRAFT = Draft(release="kinetics-400", folder="/data")
FOLDER = Folder(Path("/data"), free_bytes=10_000)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" 2,000 ", 2000), ("0", None), ("", None), ("-1", None), ("1.5", None), ("x", None)],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["９", "²", "1" * 5000])
def test_odd_digits_are_no_number(text: str) -> None:
    assert whole_number(text) is None


def test_one_path_may_have_blanks_and_several_are_quoted(tmp_path: Path) -> None:
    blank = tmp_path / "my file.csv"
    blank.touch()
    assert split_paths(str(blank)) == (blank,)
    assert split_paths(f"'{blank}' other.csv") == (blank, Path("other.csv"))
    assert split_paths("an open ' quote") == (Path("an open ' quote"),)
    assert split_paths("  ") == ()


@pytest.mark.parametrize("text", ["~nobody-of-that-name/x", "x" * 5000, "nul\0"])
def test_no_text_is_too_odd_for_a_path(text: str) -> None:
    assert str(as_path(text)) == text
    draft = Draft(release="", files=text)
    assert missing_file(draft).startswith("There is no file")


def test_a_home_is_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert as_path("~/kinetics") == Path("/home/me/kinetics")


def test_a_form_filled_in_from_options_gives_them_back() -> None:
    options = Options(workers=5, pace_per_hour=450.0, height_px=240, audio=False)
    selection = Selection(annotations=("/a b.csv", "c.csv"), per_class=3, seed=9, limit=4)
    draft = draft_of(Path("/data"), options, selection, None, texts_of(options, selection, WRITTEN))
    assert draft.pace == OTHER_PACE
    assert draft.options(Options()) == options
    assert draft.selection(published_table({}, ())) == selection


def test_all_splits_and_all_classes_are_not_spelt_out() -> None:
    draft = Draft(release="kinetics-400", splits=frozenset({"train", "val"}), classes=None)
    assert draft.selection(TABLE) == Selection(release="kinetics-400")


def test_a_possible_form_has_no_problem() -> None:
    assert problems(DRAFT, TABLE, CLASSES, FOLDER, needed_bytes=10_000) == {}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"folder": " "}, Field.FOLDER),
        ({"workers": "none"}, Field.WORKERS),
        ({"pace": OTHER_PACE, "pace_number": "fast"}, Field.PACE),
        ({"release": "", "files": "/no/such"}, Field.FILES),
        ({"per_class": "x"}, Field.PER_CLASS),
        ({"seed": "-1"}, Field.SEED),
        ({"splits": frozenset()}, Field.SPLITS),
        ({"classes": frozenset()}, Field.CLASSES),
        ({"classes": frozenset({"no such class"})}, Field.CLASSES),
    ],
)
def test_each_impossible_choice_is_found_at_its_field(changed: dict[str, object], field: Field) -> None:
    values = {name: getattr(DRAFT, name) for name in Draft.__struct_fields__} | changed
    found = problems(Draft(**values), TABLE, CLASSES, FOLDER, needed_bytes=0)
    assert list(found) == [field]


def test_a_disk_that_is_too_small() -> None:
    found = problems(DRAFT, TABLE, CLASSES, FOLDER, needed_bytes=2e9)
    assert found == {Field.FOLDER: "The disk is too small: about 2.0 GB needed, 10 kB free."}


def test_a_folder_with_a_dataset_needs_no_selection() -> None:
    folder = Folder(Path("/data"), free_bytes=1, has_ledger=True)
    draft = Draft(release="kinetics-400", folder="/data", splits=frozenset(), seed="x", workers="")
    assert problems(draft, TABLE, CLASSES, folder, needed_bytes=1e9) == {}
    assert draft.selection(TABLE).seed == 0


def test_classes_by_category_keep_those_without_one() -> None:
    groups = class_groups((*CLASSES, "zumba"), CATEGORIES)
    assert groups["music"] == ("air drumming", "playing drums")
    assert groups["no category"] == ("zumba",)


def test_classes_without_categories_go_by_first_letter() -> None:
    assert class_groups(("yoga", "archery", "Abseiling", "\x1bx"), {}) == {
        "?": ("\x1bx",),
        "A": ("Abseiling", "archery"),
        "Y": ("yoga",),
    }
