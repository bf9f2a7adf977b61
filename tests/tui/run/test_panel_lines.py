"""What each panel has to say, as lines of text, without an app."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC

import msgspec
import pytest

from kinetics_tui.base.words import until_text
from kinetics_tui.model.events import (
    AnyEvent,
    ClipExtracted,
    ClipReturned,
    ClipStarted,
    DiskMeasured,
    EngineStatus,
    Logged,
    LogLine,
    NetworkChanged,
    NetworkNews,
    OptionsChanged,
    Phase,
    RunOpened,
    SplitCounts,
    SplitSwitched,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import HostState, HostStatus, NetworkState, NetworkStatus
from kinetics_tui.model.options import LayoutName, Trim
from kinetics_tui.model.reasons import NO_REASON, Reason, Why
from kinetics_tui.model.run import WorkerState
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.bars import Hint, header_line, place
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.network_words import longer_wait_s
from kinetics_tui.tui.parts.view_state import Moment, headline, window_title
from kinetics_tui.tui.run.countdown import cooling_lines, pace_lines
from kinetics_tui.tui.run.failures import FailuresPanel, failure_lines
from kinetics_tui.tui.run.splits import counts_and_end, overall_lines, split_columns, split_line
from kinetics_tui.tui.run.stage import log_line, log_lines
from kinetics_tui.tui.run.throttle import throttle_lines
from kinetics_tui.tui.run.workers import WorkersPanel, worker_line, worker_lines
from kinetics_tui.tui.terminal.terminal import farewell
from tests.clip_figures import clip_done
from tests.tui.run_fakes import (
    NOW,
    PHONE,
    at_rest,
    at_work,
    clip,
    cooling,
    finished,
    hosts,
    network,
    opened,
    paused,
    switching,
    used_now,
)


def moment(*events: AnyEvent, workers: int = 16, connected: bool = True, now: float = NOW) -> Moment:
    state = RunState()
    state.apply_all([*opened(workers), *events])
    return Moment(state, now, connected, UTC)


def status(value: EngineStatus, reason: Reason = NO_REASON) -> StatusChanged:
    return StatusChanged(at=NOW, status=value, reason=reason)


def texts(lines: Sequence[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


# -- header and title ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "RUNNING"),
        ([status(EngineStatus.PAUSING)], "PAUSING - 13 clips in hand"),
        (paused(), "PAUSED - safe to switch networks"),
        (cooling(), "COOLING DOWN"),
        (switching(), "SWITCHING - 13 clips in hand"),
        ([status(EngineStatus.PROBING)], "PROBING"),
        ([status(EngineStatus.OFFLINE)], "OFFLINE"),
        ([status(EngineStatus.DISK_FULL)], "DISK FULL"),
        ([status(EngineStatus.HELD)], "HELD"),
        ([status(EngineStatus.STOPPING)], "STOPPING"),
        ([status(EngineStatus.STOPPED)], "STOPPED"),
        ([status(EngineStatus.DONE)], "DONE"),
    ],
)
def test_the_headline_names_the_state(events: list[AnyEvent], words: str) -> None:
    assert headline(moment(*events)).words == words


def test_an_engine_that_answers_no_more_is_said_to_be_gone() -> None:
    assert headline(moment(connected=False)).words == "DISCONNECTED - engine not answering"


@pytest.mark.parametrize("end", [EngineStatus.DONE, EngineStatus.STOPPED])
def test_an_engine_that_has_ended_is_not_missed(end: EngineStatus) -> None:
    assert headline(moment(status(end), connected=False)).words == end.value.upper()


def test_an_engine_that_never_answered_yet_is_starting() -> None:
    assert headline(Moment(RunState(), NOW, connected=False)).words == "STARTING"


def test_the_header_gives_up_network_and_pace_where_it_is_narrow() -> None:
    wide = header_line(moment(), 80).text
    assert wide == " RUNNING   Kinetics-400                          wlan0 192.168.1.23   pace 300/h"
    assert header_line(moment(), 50).text.endswith("wlan0 192.168.1.23")
    assert header_line(moment(), 30).text == " RUNNING   Kinetics-400"


def test_the_header_says_how_often_a_slow_line_is_painted() -> None:
    slow = moment()._replace(every_s=0.5)
    assert "slow line: every 0.5 s " in header_line(slow, 80).text
    assert header_line(slow, 80).text.endswith("wlan0 192.168.1.23")
    assert header_line(slow, 30).text == " RUNNING   Kinetics-400"


def test_the_title_says_how_far_the_run_is_and_until_when_it_waits() -> None:
    assert window_title(moment()) == "RUNNING, 47 % of 278,373 clips done · Kinetics-400 · kinetics-tui"
    assert window_title(moment(*cooling())).startswith("COOLING DOWN until 16:40, 47 % of 278,373 clips done")


# -- splits ----------------------------------------------------------------------------------------


def test_a_split_row_has_bar_counts_percent_failed_and_left() -> None:
    run = moment()
    columns = split_columns(run.state, 76)
    rows = [split_line(split, columns, cursor=name == "val").text for name, split in run.state.splits.items()]
    assert rows == [
        " [x] train  ████████████▒░░░░░░░░░░░░ 112,371/219,782  51 %   2,700  104,711",
        "›[x] val    ███████████████████████▒░  18,900/ 19,906  94 %     424      582",
        " [ ] test   ░░░░░░░░░░░░░░░░░░░░░░░░░       0/ 38,685   0 %       0   38,685",
    ]


@pytest.mark.parametrize("width", [20, 40, 50, 60, 80, 200])
def test_split_columns_give_way_to_the_bar_and_counts(width: int) -> None:
    columns = split_columns(moment().state, width)
    assert columns.done == len("112,371/219,782")
    assert bool(columns.left) == (width >= 80)
    assert bool(columns.failed) == (width >= 60)


def test_a_split_of_which_clips_only_failed_is_not_done_by_a_percent() -> None:
    counts = SplitCounts("val", 84, failed=4)
    run = Moment(RunState(), NOW)
    run.state.splits["val"] = counts
    columns = split_columns(run.state, 76)
    row = split_line(counts, columns, cursor=False)
    assert " 0/84   0 %" in row.text
    assert [text for text, tone in row.spans(76) if tone is Tone.WARN] == ["▒"]


def test_the_totals_say_what_is_left_in_splits_that_are_off() -> None:
    counts, rates, end = texts(overall_lines(moment()))
    assert counts == "131,271 done   3,124 failed   105,293 left   38,685 switched off"
    assert rates == "10.0 clips/min   0.11 MB/s   disk 138 GB used, 402 GB free"
    assert end == "done in 14 d 14 h  (pace is the limit: 300/h)"


def test_switching_a_split_off_takes_no_clip_from_the_disk() -> None:
    run = moment(SplitSwitched(at=NOW, split="train", enabled=False))
    assert texts(overall_lines(run))[0] == "131,271 done   3,124 failed   582 left   143,396 switched off"
    failures = FailuresPanel().figures(run)
    assert failures.startswith("3,124, 2.3 % of settled"), "the panel beside counts the same clips"
    done = moment(SplitSwitched(at=NOW, split="train", enabled=False), status(EngineStatus.DONE))
    assert "131,271 of 278,373 clips done, 3,124 failed" in " ".join(texts(throttle_lines(done, 78, 6)))
    assert farewell(done).line.startswith(
        "Done: 131,271 of 278,373 clips done, 3,124 failed, 582 left, 143,396 switched off (train, test)."
    )


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "131,271 done   3,124 failed   105,293 left   38,685 switched off         done in 14 d 14 h"),
        (78, "131,271 done   3,124 failed   105,293 left   38,685 off      done in 14 d 14 h"),
        (64, "131,271 done   3,124 failed   105,293 left     done in 14 d 14 h"),
    ],
)
def test_counts_and_end_share_a_line_where_lines_are_short(width: int, line: str) -> None:
    assert counts_and_end(moment(), width).text == line


def test_a_cooldown_is_said_to_be_in_the_time_left() -> None:
    end = texts(overall_lines(moment(*cooling(until=NOW + 86400))))[2]
    assert end == "done in 15 d 14 h  (cooldown included; pace is the limit: 300/h)"


@pytest.mark.parametrize(
    ("value", "end"),
    [
        (EngineStatus.PAUSED, "paused: 14 d 14 h of work left"),
        (EngineStatus.OFFLINE, "offline: 14 d 14 h of work left"),
        (EngineStatus.DISK_FULL, "disk full: 14 d 14 h of work left"),
        (EngineStatus.HELD, "held: 14 d 14 h of work left"),
        (EngineStatus.STOPPED, "stopped: 14 d 14 h of work left"),
    ],
)
def test_a_run_that_stands_still_promises_no_end(value: EngineStatus, end: str) -> None:
    for now in (NOW, NOW + 7200):
        _, rates, said = texts(overall_lines(moment(status(value), now=now)))
        assert said == end
        assert "MB/s" not in rates


def test_a_run_with_nothing_left_but_frames_and_sound_says_of_how_many_clips_they_are_made() -> None:
    extracted = ClipExtracted(at=NOW, slot=1, clip=clip(1), frames=50, through=8_120)
    run = moment(*finished(), status(EngineStatus.RUNNING), extracted)
    assert texts(overall_lines(run))[2] == "frames and sound: 8,120 of 236,568 clips"


def test_an_engine_that_is_gone_has_no_rates_and_no_end() -> None:
    _, rates, end = texts(overall_lines(moment(connected=False, now=NOW + 99)))
    assert rates == "disk 138 GB used, 402 GB free"
    assert end == "as of 14:02:11"


def test_the_chart_of_a_young_run_agrees_with_its_rate() -> None:
    run = Moment(RunState(), NOW + 20, zone=UTC)
    young = RunOpened(
        at=NOW, dataset="d", title="t", pid=1, started_at=NOW, splits=(SplitCounts("train", 99),)
    )
    run.state.apply(young)
    for second in range(1, 20):
        run.state.apply(clip_done(at=NOW + second, slot=1, clip=clip(second), duration_s=10, output_bytes=1))
    assert texts(overall_lines(run))[1].startswith("60.0 clips/min")
    assert "clips/min over 2 h, waits included, tallest 60.0" in texts(throttle_lines(run, 60, 9))


def test_an_empty_run_has_totals_too() -> None:
    assert texts(overall_lines(Moment(RunState(), NOW)))[2] == "no split is switched on"


def test_without_a_rate_no_end_is_promised() -> None:
    state = RunState()
    state.apply(
        RunOpened(at=NOW, dataset="d", title="t", pid=1, started_at=NOW, splits=(SplitCounts("a", 9),))
    )
    unlimited = OptionsChanged(
        at=NOW,
        workers=1,
        pace_per_hour=None,
        height_px=360,
        trim=Trim.EXACT,
        layout=LayoutName.ACTIVITYNET,
        audio=True,
    )
    state.apply(unlimited)
    assert texts(overall_lines(Moment(state, NOW)))[2] == "no rate yet to tell the end by"


# -- workers ---------------------------------------------------------------------------------------


def test_a_worker_row_says_what_is_done_with_which_clip() -> None:
    worker = WorkerState(3, phase=Phase.DOWNLOAD, clip=clip(0), fraction=0.78, since=NOW - 2)
    assert worker_line(worker, NOW, 1_100_000, 60).text == (
        " 3   2 s ████░░  78 %  download  1.1 MB/s  air drumming"
    )
    assert worker_line(worker, NOW, 1_100_000, 40).text == " 3   2 s ███░░  78 %  download  air drumming"
    assert worker_line(worker, NOW, 0, 70).text.endswith("  0wR5jVB-W00")


@pytest.mark.parametrize(
    ("label", "width", "speed", "end"),
    [
        ("blowing out candles", 65, 0.0, "  trim      blowing out candles  0wR5jVB-W00"),
        ("catching or throwing frisbee", 78, 0.0, "  trim        catching or throwing frisbee  0wR5jVB-W00"),
        ("catching or throwing frisbee", 65, 0.0, "  trim      catching or throwi…  0wR5jVB-W00"),
        ("catching or throwing frisbee", 65, 1_100_000.0, "  1.1 MB/s  catching…  0wR5jVB-W00"),
        ("catching or throwing frisbee", 45, 0.0, "  trim      catching or…"),
    ],
)
def test_a_class_uses_the_blanks_beside_it_and_gives_way_to_the_id(
    label: str, width: int, speed: float, end: str
) -> None:
    labelled = msgspec.structs.replace(clip(0), label=label)
    phase = Phase.DOWNLOAD if speed else Phase.TRIM
    worker = WorkerState(3, phase=phase, clip=labelled, fraction=0.78, since=NOW - 2)
    line = worker_line(worker, NOW, speed, width)
    assert "".join(text for text, _ in line.spans(width)).rstrip().endswith(end)


def test_a_wide_row_has_the_clip_to_its_segment() -> None:
    worker = WorkerState(3, phase=Phase.DOWNLOAD, clip=clip(0), fraction=0.78, since=NOW - 2)
    assert worker_line(worker, NOW, 0, 100).text.endswith("  0wR5jVB-W00_000417_000427")


def test_a_worker_without_a_clip_says_what_it_waits_for() -> None:
    pace = WorkerState(4, phase=Phase.PACE, until=NOW + 11)
    assert worker_line(pace, NOW, 0, 60).text == " 4         pace: next in 11 s"
    assert worker_line(pace, NOW + 11, 0, 60).text == " 4         waiting for pace"
    assert worker_line(WorkerState(12), NOW, 0, 60).text == "12         starting"


def test_a_clip_without_a_label_goes_by_its_name() -> None:
    worker = WorkerState(1, phase=Phase.TRIM, clip=clip(3), since=NOW)
    worker.clip = type(clip(3))("-dash_first1", 1.0, 11.0)
    assert worker_line(worker, NOW, 0, 80).text.endswith("-dash_first1_000001_000011")


def test_workers_that_do_not_fit_are_counted() -> None:
    lines = texts(worker_lines(moment(), {}, 78, 7, beside=False))
    assert len(lines) == 7
    assert lines[-1] == "+10 more, 8 with a clip in hand"


def test_in_one_line_workers_are_counted() -> None:
    assert texts(worker_lines(moment(*paused()), {}, 78, 1)) == ["16 workers, none with a clip in hand"]


def test_many_workers_stand_in_columns() -> None:
    lines = texts(worker_lines(moment(workers=64), {}, 78, 32))
    assert len(lines) == 32
    assert lines[0].startswith(" 1 ")
    assert lines[0][40:43] == "33 "
    assert lines[-1].startswith("32 ")


@pytest.mark.parametrize("workers", [1, 2, 16, 63, 64])
@pytest.mark.parametrize("width", [10, 34, 70, 150])
@pytest.mark.parametrize("height", [1, 2, 9, 70])
def test_every_worker_is_shown_or_counted(workers: int, width: int, height: int) -> None:
    lines = texts(worker_lines(moment(workers=workers), {}, width, height))
    assert 1 <= len(lines) <= height
    text = "\n".join(lines)
    left_out = re.search(r"^\+?(\d+) (?:more|workers)", text, re.MULTILINE)
    shown = len(re.findall(r"(?:^|  )[ \d]\d (?:[ \d]{2}\d s|     )", text, re.MULTILINE))
    if width == 150:
        assert shown + (int(left_out[1]) if left_out else 0) == workers


def test_workers_on_hosts_have_the_name_before_the_slot_and_stand_aligned() -> None:
    lab = HostState(name="lab2", workers=2)
    farm = HostState(name="farm", workers=1, status=HostStatus.AWAY, last_word="is away")
    run = moment(*hosts(lab, farm), workers=2)
    lines = texts(worker_lines(run, {}, 66, 9))
    assert [line[:7] for line in lines] == ["     1 ", "     2 ", "lab2·1 ", "lab2·2 ", "farm·1 "]
    assert {re.search("[█▉▊▋▌▍▎▏░]", line).start() for line in lines[:4]} == {13}  # type: ignore[union-attr]
    assert lines[4] == f"farm·1         away  {clip(201).label}{'':12}{clip(201).name}"
    assert WorkersPanel().figures(run) == "2 + 3 on 2 hosts  5 clips in hand"
    assert header_line(run, 100).text.startswith(" RUNNING   Kinetics-400  farm AWAY  ")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("workstation-of-ann", "lab2"), ("workstatio…·1", "       lab2·1")),
        (("node-of-the-cluster-17", "node-of-the-cluster-18"), ("…cluster-17·1", "…cluster-18·1")),
    ],
)
def test_long_names_of_hosts_are_cut_where_they_stay_apart(
    names: tuple[str, str], shown: tuple[str, str]
) -> None:
    run = moment(*hosts(*(HostState(name=name, workers=1) for name in names)), workers=1)
    lines = texts(worker_lines(run, {}, 78, 9))
    assert tuple(line[: len(shown[0])] for line in lines[1:]) == shown


@pytest.mark.parametrize("height", [1, 5, 9, 33])
def test_dozens_of_workers_on_hosts_stand_in_columns_and_are_counted(height: int) -> None:
    many = [HostState(name=f"lab{n}", workers=16) for n in range(1, 4)]
    lines = texts(worker_lines(moment(*hosts(*many), workers=16), {}, 78, height))
    assert len(lines) == min(height, 32)
    if height == 33:
        assert lines[0].startswith("      1 ")
        assert lines[0][40:].startswith(" lab2·1   3 s  13 %  download  ")
    else:
        assert re.match(r"\+?\d+ (more|workers)", lines[-1])


def test_workers_of_an_engine_that_is_gone_do_not_count_seconds() -> None:
    assert texts(worker_lines(moment(connected=False, now=NOW + 99), {}, 60, 9)) == [
        "engine not answering; last seen 14:02:11",
        "13 clips in hand then",
    ]
    assert WorkersPanel().figures(moment(connected=False)) == ""


@pytest.mark.parametrize("end", [EngineStatus.STOPPED, EngineStatus.DONE])
def test_a_run_that_is_over_has_no_workers_to_wait_for(end: EngineStatus) -> None:
    run = moment(status(end))
    run.state.workers.clear()
    assert texts(worker_lines(run, {}, 60, 9)) == ["no workers"]
    assert texts(worker_lines(moment(status(end), connected=False), {}, 60, 9)) == ["no workers"]
    assert texts(worker_lines(Moment(RunState(), NOW), {}, 60, 9)) == ["no worker yet"]


def test_in_full_view_no_worker_is_left_out() -> None:
    lines = texts(worker_lines(moment(workers=64), {}, 60, 10, full=True))
    assert len(lines) == 64


# -- failures --------------------------------------------------------------------------------------


def test_failures_are_ranked_with_count_share_and_bar() -> None:
    lines = texts(failure_lines(moment(), 70, 12))
    assert lines[0] == "Video not available        2,150   68.8 % of failed  ███████████▊░░░░░"
    assert lines[1] == "Content warning              497   15.9 % of failed  ██▊░░░░░░░░░░░░░░"
    assert texts(failure_lines(moment(), 52, 12))[0] == "Video not available        2,150  ████████████▍░░░░░"
    assert lines[-1] == "tried again later: 12 timeout, 3 forbidden"


def test_categories_that_do_not_fit_are_summed() -> None:
    lines = texts(failure_lines(moment(), 52, 7))
    assert len(lines) == 7
    assert lines[-2:] == [
        "4 more categories             82",
        "tried again later: 12 timeout, 3 forbidden",
    ]


def test_four_lines_show_the_four_most_frequent() -> None:
    lines = texts(failure_lines(moment(), 78, 4))
    assert [line.split("  ")[0] for line in lines] == [
        "Video not available",
        "Content warning",
        "HTTP Error 404",
        "Copyright",
    ]


@pytest.mark.parametrize(("height", "said"), [(5, True), (9, False)])
def test_a_brief_panel_says_how_many_categories_it_leaves_out(height: int, said: bool) -> None:
    run = moment()
    panel = FailuresPanel()
    panel.flat = True
    title = panel.compose_lines(run, 80, height)[0].text
    assert ("─ +5 more: key 3 " in title) is said
    panel.set_full(full=True)
    assert "more" not in panel.compose_lines(run, 80, height)[0].text


def test_in_full_view_each_category_has_its_advice() -> None:
    lines = texts(failure_lines(moment(), 50, 5, full=True))
    assert all(len(line) <= 50 for line in lines)
    said = " ".join(" ".join(lines).split())
    for category in moment().state.failures:
        assert f"{category.kind.value}: {category.advice}" in said


def test_a_run_without_failures_says_so() -> None:
    assert texts(failure_lines(Moment(RunState(), NOW), 40, 5)) == ["no clip has failed"]


# -- throttle --------------------------------------------------------------------------------------


def test_an_open_network_says_how_far_it_got_and_what_comes_next() -> None:
    lines = texts(throttle_lines(moment(), 52, 7))
    assert lines[0] == "OPEN                              wlan0 192.168.1.23"
    assert lines[1:4] == [
        "12,345 clips since the throttle 1 h 02 min ago",
        "pace 600/h, allowed 300/h on guest's 900 requests",
        "if it throttles: wait 15 min, then 1 h, 3 h ...",
    ]
    assert lines[4].startswith("clips/min over 2 h, waits included, tallest ")
    assert set(lines[-2]) <= set(" ·▁▂▃▄▅▆▇█")
    assert lines[-1].strip() == "▲ throttled"


@pytest.mark.parametrize(
    ("event", "width", "lines"),
    [
        (
            network(learned_per_hour=290.0),
            72,
            ["pace 600/h, allowed 300/h on guest's 900 requests, learned 290/h here"],
        ),
        (
            network(learned_per_hour=290.0, allowed_per_hour=290.0, budget_per_hour=None),
            46,
            ["pace 600/h, allowed 290/h, learned 290/h here"],
        ),
        (
            network(learned_per_hour=290.0, allowed_per_hour=290.0, budget_per_hour=870.0),
            52,
            ["pace 600/h now, allowed 290/h, learned 290/h here"],
        ),
        (
            network(allowed_per_hour=1200.0, budget_per_hour=3600.0),
            60,
            ["pace 600/h now, allowed 1,200/h on account's 3,600 requests"],
        ),
        (network(allowed_per_hour=None, budget_per_hour=None), 60, ["pace 600/h now, unlimited"]),
        (status(EngineStatus.OFFLINE), 60, ["pace: allowed 300/h on guest's 900 requests"]),
    ],
)
def test_the_pace_is_told_as_it_is_as_it_may_be_and_as_it_was_learned(
    event: AnyEvent, width: int, lines: list[str]
) -> None:
    assert texts(pace_lines(moment(event), width)) == lines


def test_before_a_network_is_known_the_user_s_pace_is_in_force() -> None:
    assert Moment(RunState(), NOW).allowed_per_hour == 300


def test_the_header_has_the_pace_in_force() -> None:
    run = moment(network(learned_per_hour=240.0, allowed_per_hour=240.0))
    assert header_line(run, 80).text.endswith("pace 240/h")


def test_a_suspicion_against_an_open_network_is_explained() -> None:
    run = moment(status(EngineStatus.PROBING, Reason(Why.SUSPICIOUS, 12)))
    reason = "12 clips failed, too many to be chance; a video that must be there is asked for."
    assert reason in " ".join(texts(throttle_lines(run, 47, 9)))
    assert "12 clips failed, too many" in texts(throttle_lines(run, 100, 2))[0]
    assert "12 clips" not in " ".join(texts(throttle_lines(moment(status(EngineStatus.RUNNING)), 47, 9)))


def test_a_network_that_is_held_is_asked_for_a_video_and_no_clip_goes_first() -> None:
    asking = status(EngineStatus.PROBING, Reason(Why.ASKING))
    said = " ".join(texts(throttle_lines(moment(network(NetworkStatus.PROBING), asking), 47, 9)))
    assert "YouTube is asked for a video that must be there." in said
    assert "goes first" not in said


def test_a_switch_says_how_many_clips_are_still_by_the_old_network() -> None:
    lines = texts(throttle_lines(moment(*switching()), 78, 6))
    assert lines[0].startswith("SWITCHING  ")
    assert lines[0].endswith("phone socks5://127.0.0.1:1080")
    assert lines[2] == "13 clips in hand still by wlan0 192.168.1.23; then one clip goes first."
    bare = " ".join(texts(throttle_lines(moment(status(EngineStatus.SWITCHING)), 78, 6)))
    assert "13 clips in hand finish by the old network, then one clip goes first." in bare
    assert window_title(moment(*switching())).startswith("SWITCHING - 13 clips in hand, 47 % of")


def test_a_switch_to_a_network_that_cools_down_says_both() -> None:
    cools = network(NetworkStatus.COOLING, until=NOW + 600, step=1).network
    phone = msgspec.structs.replace(cools, name=PHONE, label="phone")
    text = " ".join(texts(throttle_lines(moment(*switching(), *used_now(phone)), 78, 6)))
    assert "SWITCHING" in text
    assert "The network cools down until 14:12. 13 clips in hand" in text


def test_while_it_cools_down_the_pace_is_shown_where_there_is_room() -> None:
    roomy = texts(throttle_lines(moment(*cooling()), 46, 11))
    assert "pace: allowed 300/h on guest's 900 requests" in roomy
    assert roomy[-1] == "p probe now · n switch network · e 1 h longer"


def test_two_lines_hold_state_and_rate() -> None:
    lines = texts(throttle_lines(moment(), 78, 2))
    assert lines[0].startswith("OPEN   12,345 clips since the throttle 1 h 02 min ago")
    assert lines[1].startswith("pace 600/h now, allowed 300/h on guest's 900 requests   last 2 h  ▄▅")


def test_a_network_never_throttled_says_so() -> None:
    run = moment(network(last_throttle_at=None, clips=1))
    assert texts(throttle_lines(run, 52, 7))[1] == "1 clip, no throttle so far"


def test_a_ramping_network_says_how_many_workers_may_work() -> None:
    run = moment(network(NetworkStatus.RAMPING, workers_allowed=3))
    assert texts(throttle_lines(run, 60, 7))[0].startswith("RAMPING   up to 3 workers for now")


def throttled(ago_min: float) -> NetworkChanged:
    at = NOW - 60 * ago_min
    return NetworkChanged(
        at=at,
        network=NetworkState(
            name="a", label="a", signal=Category.CAPTCHA, step=1, until=at + 900, in_use=True
        ),
        news=NetworkNews.THROTTLED,
    )


@pytest.mark.parametrize(
    ("ages_min", "marks"),
    [
        # Two minutes a column, the newest at the right; one is 62 minutes old.
        ([], " " * 28 + "▲ throttled"),
        ([118], "▲" + " " * 27 + "▲ throttled"),
        ([30, 1], " " * 17 + "throttled  ▲" + " " * 15 + "▲" + " " * 14 + "▲"),
        ([119, 121, 9999], "▲" + " " * 27 + "▲ throttled"),
    ],
)
def test_every_throttle_is_marked_under_the_chart(ages_min: list[float], marks: str) -> None:
    run = moment(*(throttled(ago) for ago in ages_min))
    lines = texts(throttle_lines(run, 60, 13))
    assert lines[-1].replace("throttled", "").split() == marks.replace("throttled", "").split()
    assert [x for x, cell in enumerate(lines[-1]) if cell == "▲"] == expected_marks([62, *ages_min])
    assert "throttled" in lines[-1]


def expected_marks(ages_min: list[float]) -> list[int]:
    return sorted(59 - int(age / 2) for age in ages_min if age < 120)


def test_marks_are_worth_more_than_the_waits_to_come() -> None:
    taught = network(learned_per_hour=290.0)
    assert texts(throttle_lines(moment(taught), 40, 7))[-1].strip() == "▲ throttled"
    assert not any("if it throttles" in line for line in texts(throttle_lines(moment(taught), 40, 7)))
    assert any("if it throttles" in line for line in texts(throttle_lines(moment(taught), 40, 8)))


def test_marks_without_room_for_the_word_stand_alone() -> None:
    run = moment(*(throttled(ago) for ago in range(1, 120, 12)))
    mark = texts(throttle_lines(run, 60, 13))[-1]
    assert set(mark) == {" ", "▲"}
    assert len(mark) <= 60


def test_the_throttle_is_marked_under_the_chart() -> None:
    lines = texts(throttle_lines(moment(), 60, 13))
    assert any(line.strip() in ("▲ throttled", "throttled ▲") for line in lines)


def test_a_cooldown_shows_big_digits_end_step_and_choices() -> None:
    assert texts(throttle_lines(moment(*cooling()), 52, 7)) == [
        "COOLING DOWN   session limit      wlan0 192.168.1.23",
        "",
        " ▀▀█ ▄ ▀▀█ ▀▀█ ▄ █ █ █▀█   until 16:40",
        " █▀▀ ▄ ▀▀█   █ ▄ ▀▀█ ▀▀█   step 2 of 8 (1 h)",
        " ▀▀▀   ▀▀▀   ▀     ▀ ▀▀▀   then 3 h",
        "",
        "p probe now · n switch network · e 1 h longer",
    ]


@pytest.mark.parametrize(("width", "step"), [(60, "step 3 of 3 (5 min, repeats)"), (34, "step 3 of 3")])
def test_the_last_step_is_said_to_repeat_where_there_is_room(width: int, step: str) -> None:
    cools = network(NetworkStatus.COOLING, until=NOW + 600, step=8).network
    beyond = NetworkChanged(at=NOW, network=msgspec.structs.replace(cools, steps_s=(60.0, 120.0, 300.0)))
    run = moment(*cooling(), beyond)
    assert any(line.endswith(step) for line in texts(throttle_lines(run, width, 7)))
    assert "step 3 of 3" in texts(throttle_lines(run, 78, 2))[0]


def test_a_cooldown_in_two_lines_keeps_the_countdown() -> None:
    lines = texts(throttle_lines(moment(*cooling()), 78, 2))
    assert lines[0] == "2:37:49  COOLING DOWN  until 16:40  step 2 of 8 (1 h), then 3 h"
    assert lines[1] == "session limit  p probe now · n switch network · e 1 h longer"
    narrow = texts(throttle_lines(moment(*cooling()), 50, 2))
    assert narrow == [
        "2:37:49  COOLING DOWN  until 16:40  step 2 of 8",
        "session limit  p probe · n switch · e 1 h",
    ]


def test_more_room_makes_the_digits_larger() -> None:
    heights = {
        width: len([t for t in texts(cooling_lines(moment(*cooling()), width, 14)) if "█" in t])
        for width in (30, 50, 90)
    }
    assert heights[30] < heights[50] < heights[90]


REFUSED = Reason(
    Why.REFUSED,
    label="403 on media",
    at=NOW - 900,
    text="uv tool upgrade kinetics-tui",
    version="2026.10.26",
    until=NOW + 900,
)


def test_a_run_that_is_held_says_which_yt_dlp_is_refused_since_when_and_until_when() -> None:
    said = texts(throttle_lines(moment(status(EngineStatus.HELD, REFUSED)), 78, 9))
    assert said[0].startswith("HELD  YouTube refuses yt-dlp 2026.10.26")
    since, until = (until_text(at, NOW, UTC) for at in (REFUSED.at, REFUSED.until) if at)
    assert f"Since {since} every video: 403 on media." in " ".join(said)
    assert f"Next look {until}, at once with another yt-dlp or by space." in " ".join(said)


def test_a_countdown_past_its_end_stands_at_zero() -> None:
    lines = texts(cooling_lines(moment(*cooling(until=NOW - 5)), 60, 2))
    assert lines[0].startswith("00:00  COOLING DOWN")


def test_waiting_longer_adds_the_step_that_the_network_is_on() -> None:
    assert longer_wait_s(moment(*cooling()).state.network) == 3600
    assert longer_wait_s(RunState().network) == 3600


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (status(EngineStatus.PAUSED), "press space"),
        (status(EngineStatus.PAUSING), "press P to put them back"),
        (status(EngineStatus.OFFLINE), "Check the line"),
        (status(EngineStatus.DISK_FULL), "Make room"),
        (status(EngineStatus.HELD), "look again now"),
        (status(EngineStatus.STOPPING), "put back"),
        (status(EngineStatus.DONE), "see what failed and retry it (f)"),
        (status(EngineStatus.STOPPED), "kinetics-tui run '/data/my kinetics'"),
    ],
)
def test_what_holds_the_run_up_comes_with_what_to_do(event: StatusChanged, expected: str) -> None:
    assert expected in " ".join(texts(throttle_lines(moment(event), 60, 9)))


@pytest.mark.parametrize(
    ("value", "reason", "last_words"),
    [
        (EngineStatus.PAUSED, Reason(Why.SAFE), "keeps its cooldown."),
        (EngineStatus.PAUSING, Reason(Why.FINISHING), "back at once."),
        (EngineStatus.OFFLINE, Reason(Why.OFFLINE), "for another network."),
        (
            EngineStatus.DISK_FULL,
            Reason(Why.PROBLEM, text="The disk is full: make room."),
            "again now.",
        ),
        (
            EngineStatus.HELD,
            Reason(
                Why.PROBLEM,
                text="The ledger /data/set/.kinetics-tui/ledger.sqlite3 is in use by another process; wait "
                "for it or stop it.",
            ),
            "again now.",
        ),
        (EngineStatus.HELD, REFUSED, "or by space. Update: uv tool upgrade kinetics-tui"),
        (EngineStatus.STOPPING, NO_REASON, "the engine ends."),
        (EngineStatus.STOPPED, Reason(Why.LEFT, 470), "'/data/my kinetics'"),
        (EngineStatus.DONE, Reason(Why.SETTLED), "or leave (q)."),
    ],
)
@pytest.mark.parametrize(("width", "height"), [(78, 6), (47, 7)])
def test_what_to_do_is_said_to_the_last_word(
    value: EngineStatus, reason: Reason, last_words: str, width: int, height: int
) -> None:
    lines = throttle_lines(moment(status(value, reason)), width, height)
    said = " ".join(" ".join(texts(lines)).split())
    assert last_words in said
    assert all(line.width <= width for line in lines)
    assert said.lower().count("every clip is settled") <= 1


@pytest.mark.parametrize("height", [2, 3, 4])
def test_what_to_do_is_cut_by_the_sentence(height: int) -> None:
    lines = texts(throttle_lines(moment(status(EngineStatus.PAUSED, Reason(Why.SAFE))), 78, height))
    assert len(lines) <= height
    assert lines[-1].endswith(".")


@pytest.mark.parametrize("height", [3, 4, 5])
def test_a_command_is_there_however_little_room_there_is(height: int) -> None:
    for value, reason, command in (
        (EngineStatus.HELD, REFUSED, "uv tool upgrade kinetics-tui"),
        (EngineStatus.STOPPED, NO_REASON, "kinetics-tui run '/data/my kinetics'"),
    ):
        lines = texts(throttle_lines(moment(status(value, reason)), 78, height))
        assert lines[-2].endswith(":")
        assert lines[-1] == command


def test_with_every_split_off_the_key_for_them_is_named() -> None:
    off = [SplitSwitched(at=NOW, split=split, enabled=False) for split in ("train", "val")]
    run = moment(*off, status(EngineStatus.PAUSED, Reason(Why.SWITCHED_OFF)))
    text = " ".join(texts(throttle_lines(run, 78, 6)))
    assert "Every split is switched off; switch one on. The key x does so at the cursor." in text
    assert "press space" not in text


def test_a_command_to_copy_stands_in_lines_of_its_own_to_the_last_blank() -> None:
    run = moment(status(EngineStatus.STOPPED))
    run.state.dataset = "/data/two  blanks " + "and a long name " * 6
    lines = texts(throttle_lines(run, 60, 9))
    start = lines.index("105,293 clips are left. Press space to continue, or type:") + 1
    wanted = f"kinetics-tui run '{run.state.dataset}'"
    raw = [line.text for line in throttle_lines(run, 60, 9)][start:]
    assert "".join(raw).startswith(wanted)


def test_a_retry_is_offered_of_a_run_that_is_over_without_an_engine_too() -> None:
    text = " ".join(texts(throttle_lines(moment(status(EngineStatus.DONE), connected=False), 60, 9)))
    assert "131,271 of 278,373 clips done, 3,124 failed" in text
    assert "retry it (f)" in text


def test_an_engine_that_is_gone_comes_with_the_commands_to_look() -> None:
    text = " ".join(texts(throttle_lines(moment(connected=False), 60, 9)))
    assert "Last seen 14:02:11" in text
    assert "kinetics-tui run '/data/my kinetics'" in text


def test_a_cooldown_that_is_over_is_not_told_of_where_no_engine_tells_the_end() -> None:
    run = moment(*cooling(until=NOW - 60), status(EngineStatus.STOPPED), connected=False)
    assert "cools down" not in " ".join(texts(throttle_lines(run, 60, 7)))


def test_a_pause_does_not_hide_the_countdown() -> None:
    run = moment(*cooling(), status(EngineStatus.PAUSED))
    lines = texts(throttle_lines(run, 60, 7))
    assert lines[0].startswith("COOLING DOWN, paused")
    assert "until 16:40" in lines[2]


def test_the_engine_s_reason_is_shown() -> None:
    run = moment(status(EngineStatus.OFFLINE, Reason(Why.OFFLINE)))
    assert (
        texts(throttle_lines(run, 60, 7))[2] == "No way to YouTube; the run goes on by itself when the line"
    )


# -- log, keys, farewell ---------------------------------------------------------------------------


def test_a_log_line_has_time_word_subject_and_detail() -> None:
    line = log_line(LogLine(NOW, "done", "val/archery/x_000001_000011", "1.1 MB"), UTC)
    assert line.text == "14:02:11  done      val/archery/x_000001_000011  1.1 MB"
    assert log_line(LogLine(NOW, "cooling down", detail="session limit"), UTC).text == (
        "14:02:11  cooling down  session limit"
    )


def test_why_a_clip_failed_stands_before_which_it_was() -> None:
    entry = LogLine(NOW, "failed", "val/playing accordion/0wR5jVB-W24_000441_000451", "Private  (permanent)")
    assert log_line(entry, UTC).text.startswith("14:02:11  failed    Private  (permanent)  val/playing")


def test_in_full_view_the_log_is_wrapped_not_cut() -> None:
    entry = LogLine(
        NOW, "failed", "val/playing accordion/0wR5jVB-W24_000441_000451", "Video not available  (permanent)"
    )
    lines = log_lines(entry, UTC, 78)
    assert texts(lines) == [
        "14:02:11  failed    Video not available  (permanent)",
        "                    val/playing accordion/0wR5jVB-W24_000441_000451",
    ]
    assert len(log_lines(entry, UTC, 200)) == 1
    assert all(line.width <= 40 for line in log_lines(entry, UTC, 40))


def test_hostile_labels_reach_no_line() -> None:
    evil = type(clip(1))("\x1b[2Jabcdefg", 1.0, 2.0, "va\nl", "\x1b]0;t\x07lab\u202eel\u0301\u0301")
    run = moment(
        ClipStarted(at=NOW, slot=1, clip=evil),
        ClipReturned(at=NOW, slot=2, clip=evil, reason="\x07bell"),
        Logged(at=NOW, text="\x1b[31m"),
        NetworkChanged(at=NOW, network=msgspec.structs.replace(network().network, label="\x1b[5mblink")),
    )
    makers: list[Callable[[], Sequence[Line]]] = [
        lambda: worker_lines(run, {}, 120, 20),
        lambda: [log_line(entry, UTC) for entry in run.state.log],
        lambda: throttle_lines(run, 60, 7),
        lambda: [header_line(run, 100)],
    ]
    for make in makers:
        for line in make():
            assert line.text.isprintable()
    assert "\x1b" not in window_title(run)


def test_keys_that_do_not_fit_are_left_out_from_the_end() -> None:
    left = [Hint("space", "pause", "a"), Hint("q", "stop", "b"), Hint("d", "detach", "c")]
    right = [Hint("?", "help", "d")]
    assert [item.hint.words for item in place(left, right, 80)] == ["pause", "stop", "detach", "help"]
    assert [item.hint.words for item in place(left, right, 30)] == ["pause", "stop", "help"]
    assert [item.hint.words for item in place(left, right, 9)] == ["help"]
    assert place(left, right, 3) == []


def test_keys_are_put_briefly_where_that_makes_room_for_more() -> None:
    left = [Hint("p", "probe now", "a", "probe"), *(Hint(key, "do it", key) for key in "bcdefg")]
    assert [item.hint.words for item in place(left, [], 80)][:2] == ["probe now", "do it"]
    assert place(left, [], 40)[0].hint.words == "probe"


@pytest.mark.parametrize(
    ("events", "connected", "line", "code"),
    [
        ([], True, "The run continues. Come back with: kinetics-tui attach '/data/my kinetics'", 0),
        (
            [status(EngineStatus.STOPPED)],
            True,
            "Stopped: 131,271 of 278,373 clips done, 3,124 failed, 105,293 left, 38,685 switched off (test). "
            "Continue with: kinetics-tui run",
            3,
        ),
        ([status(EngineStatus.DONE)], False, "Done: 131,271 of 278,373 clips done, 3,124 failed, ", 0),
        ([], False, "The engine does not answer. Continue with: kinetics-tui run", 0),
    ],
)
def test_the_farewell_says_how_to_go_on(
    events: list[AnyEvent], connected: bool, line: str, code: int
) -> None:
    parting = farewell(moment(*events, connected=connected))
    assert parting.line.startswith(line)
    assert parting.code == code


def test_a_user_who_stopped_the_run_is_told_so_even_if_the_engine_could_not() -> None:
    parting = farewell(moment(connected=False), stopped=True)
    assert parting.line.startswith("Stopped: 131,271 of 278,373 clips done, 3,124 failed, 105,293 left, ")


@pytest.mark.parametrize("width", range(1, 13))
@pytest.mark.parametrize("height", [1, 2, 3, 5, 9])
def test_no_width_is_too_small(width: int, height: int) -> None:
    weird: list[list[AnyEvent]] = [
        [],
        cooling(until=NOW + 9e9),
        paused(),
        switching(),
        [network(NetworkStatus.OFFLINE, learned_per_hour=1e12), status(EngineStatus.OFFLINE), *at_rest()],
        [throttled(ago) for ago in range(120)],
        [status(EngineStatus.DONE)],
        [
            DiskMeasured(at=NOW, free_bytes=0),
            *at_work(77),
            WorkerIdle(at=NOW, slot=99),
            WorkerStarted(at=NOW, slot=3, pid=1),
        ],
    ]
    for events in weird:
        run = moment(*events)
        for lines in (
            throttle_lines(run, width, height),
            failure_lines(run, width, height),
            worker_lines(run, {}, width, height),
            [split_line(s, split_columns(run.state, width), cursor=True) for s in run.state.splits.values()],
            [header_line(run, width)],
        ):
            for line in lines:
                assert sum(len(text) for text, _ in line.spans(width)) == width


# -- several networks in use -----------------------------------------------------------------------


def in_use(name: str, state: NetworkStatus = NetworkStatus.OPEN, **fields: object) -> NetworkChanged:
    network = NetworkState(name=name, label=f"{name} usb0", in_use=True, status=state, allowed_per_hour=300.0)
    return NetworkChanged(at=NOW, network=msgspec.structs.replace(network, **fields))


LONG = "phone http://127.0.0.1:8080"
PHONE_COOLS = in_use("phone", NetworkStatus.COOLING, until=NOW + 761, step=2, steps_s=(900.0, 3600.0))


def test_each_network_in_use_has_a_line_those_that_can_send_first_and_their_sum() -> None:
    here = moment(network(), PHONE_COOLS, in_use("office", clips=1204))
    lines = texts(throttle_lines(here, 60, 4))
    assert [line.split()[0] for line in lines[:3]] == ["OPEN", "OPEN", "COOLING"]
    assert "of 300" in lines[0]
    assert "1,204 so far" in "".join(lines[:2])
    assert f"12:41 until {until_text(NOW + 761, NOW, UTC)}  step 2 of 2" in lines[2]
    assert lines[3] == "in all 0/h now, allowed 900/h"
    assert "3 networks   pace 900/h" in header_line(here, 100).text


def test_networks_whose_names_begin_alike_are_told_apart_where_they_are_cut() -> None:
    labs = [f"http://proxy.lab.example:{port}" for port in (3128, 3129)]
    here = moment(*(in_use(lab, label=lab) for lab in labs), network())
    for width in range(30, 80):
        lines = texts(throttle_lines(here, width, 4))
        assert len({line.split()[1] for line in lines[:3]}) == 3


def test_networks_that_do_not_fit_are_counted() -> None:
    here = moment(network(), *(in_use(f"lab{number}") for number in range(6)))
    for height in range(1, 12):
        lines = texts(throttle_lines(here, 60, height))
        assert len(lines) <= height
        if height == 4:
            assert lines[-1] == "+4 more networks"


def test_a_long_name_has_the_blanks_beside_it_and_the_place_of_the_time_of_day() -> None:
    cooling = msgspec.structs.replace(PHONE_COOLS.network, label=LONG)
    here = moment(network(), msgspec.structs.replace(PHONE_COOLS, network=cooling))
    assert f"COOLING    {LONG}    12:41" in texts(throttle_lines(here, 47, 8))
    assert f"COOLING    {LONG}  12:41 until 14:14  step 2 of 2" in texts(throttle_lines(here, 80, 8))


def test_the_countdown_comes_only_when_no_network_can_send() -> None:
    here = moment(network(), PHONE_COOLS)
    assert not here.cooling
    nobody = moment(
        network(NetworkStatus.COOLING, until=NOW + 3600, step=1), PHONE_COOLS, status(EngineStatus.COOLING)
    )
    assert nobody.cooling
    assert "12:41" in texts(throttle_lines(nobody, 60, 3))[0]


def test_the_end_of_a_run_is_reckoned_with_the_paces_of_all_networks_in_use() -> None:
    one = moment(network(allowed_per_hour=300.0))
    three = moment(network(allowed_per_hour=300.0), in_use("a"), in_use("b"))
    assert (one.allowed_per_hour, three.allowed_per_hour) == (300.0, 900.0)
    assert moment(network(allowed_per_hour=None), in_use("a")).allowed_per_hour is None
