"""The archives' turn on the run screen, as lines of text, without an app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import msgspec
import pytest

from kinetics_tui.model.events import AnyEvent, EngineStatus, Phase, StatusChanged, WorkerIdle
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.bars import header_line
from kinetics_tui.tui.parts.lines import Line
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.run.archives import archive_lines, archive_rows
from kinetics_tui.tui.run.splits import overall_lines
from kinetics_tui.tui.run.throttle import throttle_lines
from kinetics_tui.tui.run.workers import WorkersPanel
from tests.tui.run_fakes import NOW, cooling, from_archives, network, opened, reading


def moment(*events: AnyEvent, now: float = NOW) -> Moment:
    state = RunState()
    state.apply_all([*opened(), *from_archives(), *events])
    return Moment(state, now, True, UTC)


def texts(lines: Sequence[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def test_an_archive_has_a_line_each_with_all_that_is_known_of_it() -> None:
    assert texts(archive_lines(moment(), 78, 5)) == [
        "train/part_3.tar.gz  ██████░░░░   61 %  11.8 MB/s   598/981     00:50",
        "train/part_4.tar.gz  █░░░░░░░░░   18 %   9.1 MB/s  171/~990     02:11",
        "val/part_0.tar.gz    ░░░░░░░░░░      ?      12/?  HTTP 503; again in 15 s",
        "4,211 taken · 12 damaged · 3 not needed",
    ]


def test_files_that_are_no_clips_are_said_where_there_are_some() -> None:
    *_, last = texts(archive_lines(moment(reading(refused=7, damaged=0)), 78, 5))
    assert last == "4,211 taken · 3 not needed · 7 refused"


@pytest.mark.parametrize("height", [1, 2, 3, 12])
def test_no_room_is_too_small(height: int) -> None:
    at_work = moment()
    for width in range(1, 140):
        lines = archive_lines(at_work, width, height)
        assert 1 <= len(lines) <= height
        assert lines[-1].text.endswith("3 not needed")


def test_where_room_is_short_bars_give_way_before_the_counts_do() -> None:
    wide, narrow, least = (texts(archive_lines(moment(), width, 5))[0] for width in (110, 50, 36))
    assert wide.startswith("train/part_3.tar.gz  ████████████░░░░░░░░   61 %")
    assert narrow == "part_3.tar.…   61 %  11.8 MB/s   598/981     00:50"
    assert least == "part_3.t…   61 %   598/981     00:50"


def test_why_an_archive_waits_is_said_in_full_where_a_shorter_bar_makes_room() -> None:
    *_, waiting, _ = texts(archive_lines(moment(), 65, 5))
    assert waiting == "part_0.tar.gz  ░░░░░░      ?      12/?  HTTP 503; again in 15 s"


def test_names_that_are_alike_keep_their_folders() -> None:
    one, *others = reading().reading
    alike = (msgspec.structs.replace(one, name="val/part_4.tar.gz"), *others)
    first, second, *_ = texts(archive_lines(moment(reading(reading=alike)), 65, 5))
    assert first.startswith("val/part_4.tar.gz")
    assert second.startswith("train/part_4.tar.gz")


def test_what_does_not_fit_is_counted() -> None:
    assert texts(archive_lines(moment(), 78, 3))[1:] == ["+2 more", "4,211 taken · 12 damaged · 3 not needed"]
    assert texts(archive_lines(moment(), 78, 2))[0] == "3 archives on their way  20.0 MB/s"
    assert texts(archive_lines(moment(), 78, 1)) == [
        "3 archives on their way · 4,211 taken · 12 damaged · 3 not needed"
    ]


def test_an_archive_that_is_here_is_not_told_to_take_no_time() -> None:
    one = msgspec.structs.replace(reading().reading[0], got_bytes=1_500_000_000)
    assert texts(archive_lines(moment(reading(reading=(one,))), 78, 5))[0].endswith("598/981      here")


def test_bars_of_a_paused_run_say_so() -> None:
    stands = moment(StatusChanged(at=NOW, status=EngineStatus.PAUSED))
    assert all(text.endswith("  paused") for text in texts(archive_lines(stands, 78, 5))[:-1])
    assert "MB/s" not in "".join(texts(archive_lines(stands, 78, 5)))


def test_between_two_archives_the_panel_says_what_is_done() -> None:
    between = moment(reading(reading=()))
    assert texts(archive_lines(between, 78, 5))[0] == "the next archive is looked for"
    assert archive_rows(between.state.archives) == archive_rows(reading())


def test_the_panel_takes_the_place_of_the_workers() -> None:
    panel, at_work = WorkersPanel(), moment()
    assert (panel.title(at_work), panel.figures(at_work)) == ("Archives", "2 of 20 read")
    assert texts(panel.body(at_work, 78, 8)) == texts(archive_lines(at_work, 78, 8))
    after = moment(reading(turn=False))
    assert panel.title(after) == "Workers"
    assert "part_3" not in "".join(texts(panel.body(after, 78, 8)))


def test_in_full_the_workers_follow_and_none_waits_for_pace() -> None:
    panel = WorkersPanel()
    panel.set_full(full=True)
    waits = WorkerIdle(at=NOW, slot=5, phase=Phase.PACE, until=NOW + 11)
    lines = texts(panel.body(moment(waits), 78, 30))
    assert lines[:5] == [*texts(archive_lines(moment(), 78, 30)), ""]
    assert lines[9] == " 5         idle"
    assert "pace" not in "".join(lines)


def test_no_pace_and_no_network_in_the_top_line() -> None:
    text = header_line(moment(), 110).text
    assert text.endswith("archives: 2 of 20 read")
    assert "pace" not in text


@pytest.mark.parametrize("height", [2, 3, 9])
def test_networks_have_nothing_to_do_and_that_is_no_fault(height: int) -> None:
    said = "\n".join(texts(throttle_lines(moment(), 60, height)))
    assert said.startswith("YOUTUBE IS NOT ASKED")
    assert "YouTube is asked for the rest after them" in said
    assert "pace" not in said


def test_a_cooldown_from_before_is_not_counted_down_but_said() -> None:
    at_work = moment(*cooling()[:1], network(NetworkStatus.COOLING, until=NOW + 1661))
    assert not at_work.cooling
    said = "\n".join(texts(throttle_lines(at_work, 60, 9)))
    assert "cools down until 14:29" in said


def test_the_end_is_told_by_the_bytes_that_are_left() -> None:
    _, rates, end = texts(overall_lines(moment()))
    assert "20.0 MB/s" in rates
    assert end == ("archives read in 22 min  (27 GB at 20.0 MB/s; then YouTube)")
    _, _, nearly = texts(overall_lines(moment(reading(left_bytes=0))))
    assert nearly == "the last clips of the archives"


def test_clips_that_youtube_has_lost_are_no_end_of_the_run() -> None:
    """They are settled as failed, and yet the archives are read for them."""
    state = moment(reading(then_youtube=False)).state
    state.splits = {
        name: msgspec.structs.replace(split, failed=split.total - split.done)
        for name, split in state.splits.items()
    }
    assert state.left == 0
    assert texts(overall_lines(Moment(state, NOW, True, UTC)))[2].startswith("done in 22 min")
