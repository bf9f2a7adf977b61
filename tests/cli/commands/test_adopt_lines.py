"""What was taken over, as people and scripts read it."""

from __future__ import annotations

from kinetics_tui.cli.commands.adopt import adoption_json, adoption_text, progress_text, table_row
from kinetics_tui.upkeep.adopt.result import Adopted, Adoption, Fate, LinkMode


def adoption(**fields: object) -> Adoption:
    return Adoption(dataset="/data/set", source="/data/old", link=LinkMode.HARD, **fields)  # type: ignore[arg-type]  # fields by name


def test_the_table_counts_and_refused_files_are_named_without_what_a_terminal_obeys() -> None:
    told = adoption(files=1207, taken_bytes=1_260_000_000, short=3)
    for number in range(1200):
        told.note(Adopted(f"val/{number}.mp4", Fate.TAKEN))
    for number in range(7):
        told.note(Adopted(f"val/a\x1b[2Jb/{number}.mp4", Fate.UNPLAYABLE, "it holds no pictures"))
    text = adoption_text(told)
    assert text.splitlines()[:2] == [
        "taken          1,200  linked, 1,260.0 MB, 3 shorter than their segment",
        "does not play      7",
    ]
    assert "\x1b" not in text
    assert text.count("it holds no pictures") == 5
    assert "and 2 more" in text


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    text = adoption_text(adoption(dry_run=True, files=1))
    assert text.startswith("would be taken")
    assert "Nothing was changed" in text


def test_what_is_left_to_do_is_said() -> None:
    told = adoption(files=9, interrupted=True, others=4)
    told.note(Adopted("a.mp4", Fate.TOO_LONG, "it lasts 11.000 s where 10.000 s are due"))
    text = adoption_text(told)
    assert "--tolerance" in text
    assert "4 other files" in text
    assert "1 of 9 files" in text
    assert "No file called .mp4" in adoption_text(adoption())


def test_progress_says_how_many_were_taken_and_refused() -> None:
    told = adoption(files=4)
    assert progress_text(adoption(), 1.0) == "Listing the files and the clips"
    told.note(Adopted("a.mp4", Fate.TAKEN))
    told.note(Adopted("b.mp4", Fate.AMBIGUOUS))
    assert progress_text(told, 2.0) == "2 of 4 files, 1.0/s, 2 s left, 1 taken, 1 refused"


def test_scripts_get_every_count_by_name_and_tables_a_row_a_file() -> None:
    one = Adopted("a\n.mp4", Fate.THERE, "", "aaaaaaaaaaa_000005_000015")
    told = adoption(files=1)
    told.note(one)
    as_json = adoption_json(told)
    assert set(as_json["counts"]) == {fate.value for fate in Fate}
    assert (as_json["counts"]["there already"], as_json["refused"]) == (1, 0)
    assert table_row(one) == ("a\ufffd.mp4", "aaaaaaaaaaa_000005_000015", "there already", "")
