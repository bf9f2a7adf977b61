"""What a check found, as people and scripts read it."""

from __future__ import annotations

from kinetics_tui.cli.commands.check import progress_text, report_json, report_text
from kinetics_tui.upkeep.check.findings import Fault, Finding, LedgerState, Report


def report(**fields: object) -> Report:
    return Report(dataset="/data/set", clips=650_000, checked=1000, whole=998, **fields)  # type: ignore[arg-type]


def test_the_table_counts_and_the_first_paths_are_named_without_what_a_terminal_obeys() -> None:
    found = report()
    for number in range(7):
        found.note(Finding(Fault.MISSING, f"val/a\x1b[2Jb/{number}.mp4", "there is no such file"))
    text = report_text(found)
    assert text.splitlines()[:2] == ["whole    998", "missing    7"]
    assert "\x1b" not in text
    assert text.count("there is no such file") == 5
    assert "and 2 more" in text
    assert "--repair" in text


def test_a_repair_says_what_was_done_and_what_could_not_be() -> None:
    found = report(repair=True, quarantined=1)
    for path in ("a", "b"):
        found.note(Finding(Fault.UNPLAYABLE, path, "it holds no pictures"))
    found.repaired[Fault.UNPLAYABLE] += 1
    found.not_repaired.append(Finding(Fault.UNPLAYABLE, "b", "it cannot be moved: Read-only file system"))
    text = report_text(found)
    assert "1 set aside" in text
    assert "not repaired: b: it cannot be moved: Read-only file system" in text
    assert "/data/set/.kinetics-tui/quarantine" in text
    assert "1 of these could not be put right." in text


def test_nothing_wrong_is_said_in_three_words() -> None:
    assert report_text(report()).splitlines() == ["whole  998", "All is well."]


def test_strays_are_no_fault() -> None:
    found = report()
    found.note(Finding(Fault.STRAY, "notes.txt"))
    assert (found.faults, found.left) == (0, 0)
    assert "stray" in report_text(found)


def test_a_ledger_that_cannot_be_used_is_told_with_the_way_out() -> None:
    text = report_text(report(ledger=LedgerState.DAMAGED, why="file is not a database"))
    assert "damaged (file is not a database)" in text
    assert "--repair" in text


def test_scripts_get_every_count_by_name() -> None:
    found = report(repair=True)
    found.note(Finding(Fault.SIZE_DIFFERS, "a", "2 bytes where 3 are recorded"))
    found.repaired[Fault.SIZE_DIFFERS] += 1
    told = report_json(found)
    assert set(told["found"]) == {fault.value for fault in Fault}
    assert told["found"]["size differs"] == told["repaired"]["size differs"] == 1
    assert told["first"]["size differs"] == [{"path": "a", "why": "2 bytes where 3 are recorded"}]
    assert (told["whole"], told["faults"], told["left"], told["ledger"]) == (998, 1, 0, "whole")


def test_progress_has_the_rate_and_the_time_left() -> None:
    assert progress_text(report(), 20.0) == "1,000 of 650,000 files, 50/s, 3 h 36 min left"
    assert progress_text(Report(dataset="/data/set"), 5.0) == "Listing the files and the clips"
