"""The views without a screen, built from events alone."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.cli.follow import Bar, json_lines, line_text, tell_totals, text_lines, totals_text
from kinetics_tui.cli.status import status_json, summary_text
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import (
    AnyEvent,
    ArchivesChanged,
    ClipFailed,
    ClipProgress,
    ClipStarted,
    EngineStatus,
    LogLine,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
    Phase,
    RunOpened,
    SplitCounts,
    StatusChanged,
    WorkerStarted,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.model.state import RunState
from tests.clip_figures import clip_done

AT = 1_700_000_000.0
CLIP = Clip("0wR5jVB-WPk", 417, 427, "val", "abseiling")
HOME = NetworkState(
    name="10.0.0.2",
    label="eth0 10.0.0.2",
    kind=NetworkKind.DEFAULT_ROUTE,
    family=Family.IPV4,
    status=NetworkStatus.COOLING,
    signal=Category.SESSION_LIMIT,
    until=AT + 900,
    step=1,
    in_use=True,
    last_throttle_at=AT - 5,
    allowed_per_hour=280.0,
    learned_per_hour=280.0,
)
PHONE = NetworkState(name="10.0.0.3", label="phone 10.0.0.3", in_use=True)
EVENTS: list[AnyEvent] = [
    RunOpened(at=AT, dataset="/d", title="Kinetics-400", pid=7, started_at=AT,
              splits=(SplitCounts("val", 9),)),
    NetworkChanged(at=AT, network=HOME),
    WorkerStarted(at=AT, slot=1, pid=71),
    ClipStarted(at=AT, slot=1, clip=CLIP),
    ClipProgress(at=AT, slot=1, phase=Phase.DOWNLOAD, fraction=0.5, bytes_per_s=1e6),
]  # fmt: skip


def state() -> RunState:
    state = RunState()
    state.apply_all(EVENTS)
    return state


def test_the_status_for_scripts_has_what_scripts_need() -> None:
    status = json.loads(json.dumps(status_json(state())))
    assert status["pid"] == 7
    assert (status["total"], status["done"], status["failed"], status["pending"]) == (9, 0, 0, 9)
    shown = {
        "name": "10.0.0.2",
        "label": "eth0 10.0.0.2",
        "kind": "default route",
        "family": "IPv4",
        "state": "cooling",
        "signal": "session limit",
        "until": AT + 900,
        "step": 1,
        "clips_since_throttle": 0,
        "last_throttle_at": AT - 5,
        "allowed_per_hour": 280.0,
        "learned_per_hour": 280.0,
    }
    assert {name: status["network"][name] for name in shown} == shown
    assert [(network["name"], network["in_use"]) for network in status["networks"]] == [("10.0.0.2", True)]
    assert status["workers"][0]["pid"] == 71
    assert status["workers"][0]["phase"] == "download"
    assert status["workers"][0]["clip"] == CLIP.name


def test_the_summary_is_one_line() -> None:
    assert summary_text(state()) == "starting: 0 of 9 clips done, 0 failed, 9 left."


def test_json_lines_are_events_and_leave_out_what_comes_many_times_a_clip() -> None:
    out = io.StringIO()
    run, write = RunState(), json_lines(out)
    for event in EVENTS:
        run.apply(event)
        write(run, event)
    kinds = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert kinds == ["run-opened", "network-changed", "worker-started", "clip-started"]


def test_text_lines_begin_where_the_view_began_to_look() -> None:
    out = io.StringIO()
    old = state()
    old.apply(clip_done(at=AT, slot=1, clip=CLIP, duration_s=10, output_bytes=10**6))
    run, write = RunState(), text_lines(out)
    failed = ClipFailed(at=AT, slot=1, clip=CLIP, category=Category.PRIVATE, message="Private", settled=True)
    for event in [*old.as_events(), failed]:
        run.apply(event)
        write(run, event)
    lines = out.getvalue().splitlines()
    assert lines[0] == "Kinetics-400, starting: 1 of 9 clips done, 0 failed, 8 left."
    assert len(lines) == 2
    assert "failed" in lines[1]
    assert "private  (permanent)" in lines[1]


COOLING = StatusChanged(at=AT, status=EngineStatus.COOLING, reason=Reason(Why.COOLING, at=AT + 900))


def test_the_first_line_says_what_state_the_view_begins_in() -> None:
    out = io.StringIO()
    old, run, write = state(), RunState(), text_lines(out)
    old.apply(COOLING)
    for event in old.as_events():
        run.apply(event)
        write(run, event)
    assert out.getvalue().splitlines() == [f"Kinetics-400, {summary_text(old)}"]
    assert summary_text(old).startswith("cooling down: 0 of 9 clips done, 0 failed, 9 left. YouTube refuses")


def test_totals_tell_how_fast_it_goes_while_it_does() -> None:
    run = state()
    run.apply(StatusChanged(at=AT, status=EngineStatus.RUNNING))
    for second in range(1, 4):
        run.apply(clip_done(at=AT + 20 * second, slot=1, clip=CLIP, duration_s=10, output_bytes=10**6))
    told = "running: 3 of 9 clips done, 0 failed, 6 left. 3.0 clips a minute, about 16 min more."
    assert totals_text(run, AT + 60) == told
    run.apply(COOLING)
    assert totals_text(run, AT + 60) == summary_text(run)


def test_the_last_minute_is_told_in_seconds() -> None:
    run = RunState()
    run.apply(
        RunOpened(at=AT, dataset="/d", title="t", pid=7, started_at=AT, splits=(SplitCounts("val", 69),))
    )
    run.options = msgspec.structs.replace(run.options, pace_per_hour=None, budget_per_hour=None)
    run.apply(StatusChanged(at=AT, status=EngineStatus.RUNNING))
    for second in range(1, 61):
        run.apply(clip_done(at=AT + second, slot=1, clip=CLIP, duration_s=10, output_bytes=10**6))
    assert totals_text(run, AT + 60).endswith(" 60.0 clips a minute, about 9 s more.")


ARCHIVES = ArchivesChanged(
    at=AT, turn=True, passed=2, total=20, taken=4_211, damaged=12, left_bytes=27_000_000_000, bytes_per_s=20e6
)


def test_totals_tell_how_far_the_archives_are_while_it_is_their_turn() -> None:
    run = state()
    run.apply_all([StatusChanged(at=AT, status=EngineStatus.RUNNING), ARCHIVES])
    said = "2 of 20 archives read, 20.0 MB/s: 4,211 taken · 12 damaged."
    assert totals_text(run, AT).endswith(f"{said} About 22 min more.")
    run.apply(msgspec.structs.replace(ARCHIVES, then_youtube=True))
    assert totals_text(run, AT).endswith(f"{said} About 22 min more of archives, then YouTube.")
    assert status_json(run)["archives"]["total"] == 20
    run.apply(StatusChanged(at=AT, status=EngineStatus.STOPPED))
    assert "archives read" not in summary_text(run)
    run.apply(msgspec.structs.replace(ARCHIVES, turn=False))
    assert status_json(run)["archives"] is None


def test_a_bar_tells_how_far_the_archives_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    out, run = Terminal(), state()
    run.apply_all([StatusChanged(at=AT, status=EngineStatus.RUNNING), ARCHIVES])
    with Bar(out) as bar:
        bar.show(run, AT)
    assert "running, archives 2/20 " in out.getvalue()
    assert "done, 20.0 MB/s, 22 min left" in out.getvalue()


async def test_totals_come_now_and_then_and_seldom_while_nothing_changes() -> None:
    client = EngineClient(Path("none"))
    client.state, out = state(), io.StringIO()
    telling = asyncio.create_task(tell_totals(client, out, 0.01))
    await asyncio.sleep(0.1)
    assert not out.getvalue(), "nothing is known before the engine answers"
    client.connected = True
    while out.getvalue().count("\n") < 2:
        await asyncio.sleep(0.01)
    telling.cancel()
    first, second = (line.split("  ", 1) for line in out.getvalue().splitlines()[:2])
    assert first[1] == second[1] == "so far     starting: 0 of 9 clips done, 0 failed, 9 left."


class Terminal(io.StringIO):
    """What a terminal of 80 columns is sent."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("status", EngineStatus)
def test_a_bar_fits_80_columns_below_the_lines_and_leaves_nothing_behind(
    status: EngineStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    out, run = Terminal(), state()
    run.splits["val"] = SplitCounts("val", 650_000, 316_875, 8_125)
    run.apply(StatusChanged(at=AT, status=status, reason=Reason(Why.COOLING, at=AT + 4 * 86_400 + 3_600)))
    with Bar(out) as bar:
        bar.show(run, AT)
        bar.write("a line [bold]as it is[/bold] " + "x" * 80 + "\n")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    shown = [line for line in re.split(r"[\r\n]+", plain) if "316,875/650,000 done, 8,125 failed, " in line]
    assert shown
    assert max(map(len, shown)) <= 80
    assert all(line.startswith(status.value) and line.rstrip().endswith(" left") for line in shown)
    assert ("4d 01:00:00" in shown[0]) == (status is EngineStatus.COOLING)
    assert "a line [bold]as it is[/bold] " + "x" * 80 + "\n" in plain.replace("\r", "")
    assert out.getvalue().rindex("\x1b[?25h") > out.getvalue().rindex("\x1b[?25l")


def test_what_becomes_of_networks_is_a_line_each_in_both_ways() -> None:
    told: list[AnyEvent] = [
        NetworkChanged(
            at=AT,
            network=msgspec.structs.replace(HOME, signal=Category.BOT_CHECK),
            news=NetworkNews.THROTTLED,
        ),
        NetworkChanged(at=AT, network=msgspec.structs.replace(HOME, in_use=False)),
        NetworkChanged(at=AT, network=PHONE),
        NetworkChanged(at=AT, network=msgspec.structs.replace(HOME, in_use=False), news=NetworkNews.LEFT),
        NetworkChecked(at=AT, name="10.0.0.2", label="eth0 10.0.0.2", ok=False, text="YouTube refuses it."),
    ]
    run, text, scripts = state(), io.StringIO(), io.StringIO()
    writers = (text_lines(text), json_lines(scripts))
    for event in [*run.as_events(), *told]:
        run.apply(event)
        for write in writers:
            write(run, event)
    throttled, switched, checked = text.getvalue().splitlines()[-3:]
    assert "throttle   bot check: Wait for the cooldown" in throttled
    assert "network    Switched from eth0 10.0.0.2 to phone 10.0.0.3." in switched
    assert "network    YouTube refuses it." in checked
    lines = [json.loads(line) for line in scripts.getvalue().splitlines()]
    assert [line["event"] for line in lines[-5:]] == [
        "network-throttled",
        "network-changed",
        "network-changed",
        "network-switched",
        "network-checked",
    ]
    assert lines[-5] == {
        "event": "network-throttled",
        "at": AT,
        "name": "10.0.0.2",
        "label": "eth0 10.0.0.2",
        "signal": "bot check",
        "step": 1,
        "until": AT + 900,
        "probe": False,
    }
    assert (lines[-2]["before"], lines[-2]["label"]) == ("eth0 10.0.0.2", "phone 10.0.0.3")
    assert {"name", "status", "steps_s", "allowed_per_hour"} < lines[-3].keys(), "flat, as it was"


def test_nothing_from_outside_reaches_the_terminal_raw() -> None:
    assert "\x1b" not in line_text(LogLine(AT, "failed", "val/\x1b[31mred/x", "\x07\u202e"))
