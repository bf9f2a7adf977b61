"""The reducer: events in, the run as a view sees it out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Reply
from kinetics_tui.model.events import (
    AnyEvent,
    ArchivesChanged,
    ArchiveState,
    ClipExtracted,
    ClipFailed,
    ClipProgress,
    ClipReturned,
    ClipsRetried,
    ClipStarted,
    DiskMeasured,
    EngineStatus,
    HostChanged,
    Logged,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
    NoticeKind,
    Phase,
    RunOpened,
    SplitCounts,
    SplitSwitched,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
    WorkerStopped,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import HostState, HostStatus, NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.model.state import RunState, forecast
from tests.clip_figures import clip_done
from tests.network_events import listing

CLIP = Clip("0wR5jVB-WPk", 417, 427, "val", "abseiling")
AT = 1_700_000_000.0


def opened(total: int = 100) -> RunState:
    state = RunState()
    state.apply(
        RunOpened(
            at=AT,
            dataset="/d",
            title="Kinetics-400",
            pid=7,
            started_at=AT,
            splits=(SplitCounts("val", total),),
        )
    )
    return state


def test_a_done_clip_moves_from_left_to_done_and_frees_its_worker() -> None:
    state = opened()
    state.apply(ClipStarted(at=AT, slot=1, clip=CLIP))
    assert state.in_hand == 1
    state.apply(
        clip_done(at=AT + 5, slot=1, clip=CLIP, duration_s=10, output_bytes=1_000_000, wire_bytes=500)
    )
    assert (state.done, state.left, state.in_hand) == (1, 99, 0)
    assert state.total_bytes == 1_000_000
    assert state.log[-1].subject == "val/abseiling/0wR5jVB-WPk_000417_000427"


def test_only_a_settled_failure_counts_as_failed() -> None:
    state = opened()
    for settled in (False, True):
        state.apply(
            ClipFailed(
                at=AT, slot=1, clip=CLIP, category=Category.TIMEOUT, message="stood still", settled=settled
            )
        )
    assert state.failed == 1
    assert state.failures == {Category.TIMEOUT: 1}
    assert state.retried == {Category.TIMEOUT: 1}


def test_a_returned_clip_counts_nowhere() -> None:
    state = opened()
    state.apply(ClipStarted(at=AT, slot=1, clip=CLIP))
    state.apply(ClipReturned(at=AT, slot=1, clip=CLIP, reason="put back"))
    assert (state.done, state.failed, state.left, state.in_hand) == (0, 0, 100, 0)


def test_a_clip_that_frames_are_made_of_counts_once() -> None:
    state = opened()
    state.apply(clip_done(at=AT, slot=1, clip=CLIP, duration_s=10, output_bytes=1_000_000, wire_bytes=500))
    state.apply(ClipStarted(at=AT, slot=1, clip=CLIP))
    state.apply(ClipProgress(at=AT, slot=1, phase=Phase.EXTRACT, fraction=0.5))
    assert (state.workers[1].phase, state.in_hand) == (Phase.EXTRACT, 1)
    state.apply(ClipExtracted(at=AT, slot=1, clip=CLIP, frames=50, sound=True))
    assert (state.done, state.left, state.in_hand, state.total_bytes) == (1, 99, 0, 1_000_000)
    assert (state.log[-1].word, state.log[-1].detail) == ("extract", "50 frames  sound")
    state.apply(ClipExtracted(at=AT, slot=1, clip=CLIP, why="It holds no pictures.", through=7))
    assert state.extracted == 7
    assert (state.log[-1].word, state.log[-1].detail) == ("no extract", "It holds no pictures.")


def test_retried_failures_are_left_again() -> None:
    state = opened()
    state.apply(
        ClipFailed(at=AT, slot=1, clip=CLIP, category=Category.PRIVATE, message="private", settled=True)
    )
    state.apply(ClipsRetried(at=AT, by_split={"val": 1}, by_category={Category.PRIVATE: 1}))
    assert (state.failed, state.left) == (0, 100)
    assert state.failures == {}


def test_a_split_that_is_switched_off_keeps_what_is_done_and_leaves_nothing_to_do() -> None:
    state = opened()
    state.apply(clip_done(at=AT, slot=1, clip=CLIP, duration_s=10, output_bytes=1, wire_bytes=1))
    state.apply(SplitSwitched(at=AT, split="val", enabled=False))
    assert (state.total, state.done, state.left, state.switched_off) == (100, 1, 0, 99)
    assert state.tally == "1 of 100 clips done, 0 failed, 0 left, 99 switched off (val)"


def test_a_run_opened_again_has_only_the_networks_that_its_engine_tells_of() -> None:
    state, again = opened(), opened()
    state.apply(NetworkChanged(at=AT, network=NetworkState(name="old", label="old", in_use=True)))
    again.apply(NetworkChanged(at=AT, network=NetworkState(name="new", label="new", in_use=True)))
    for event in again.as_events():
        state.apply(event)
    assert [network.name for network in state.in_use] == ["new"]


def test_rates_are_means_over_the_last_minutes() -> None:
    state = opened()
    for second in range(60):
        state.apply(
            clip_done(at=AT + second, slot=1, clip=CLIP, duration_s=10, output_bytes=1, wire_bytes=600_000)
        )
    assert round(state.clips_per_minute(AT + 60)) == 60
    assert round(state.bytes_per_s(AT + 60)) == 600_000
    assert state.clips_per_minute(AT + 3600) == 0


def at_work(seconds: int, *, start: float = AT, total: int = 10_000) -> RunState:
    """A run without a pace that has done a clip a second, of 600 kB, for so long."""
    state = opened(total)
    state.options = msgspec.structs.replace(state.options, pace_per_hour=None)
    state.apply(StatusChanged(at=start, status=EngineStatus.RUNNING))
    work(state, start, seconds)
    return state


def work(state: RunState, start: float, seconds: int) -> None:
    for second in range(1, seconds + 1):
        state.apply(
            clip_done(at=start + second, slot=1, clip=CLIP, duration_s=10, output_bytes=1, wire_bytes=600_000)
        )


IDLE = [
    EngineStatus.PAUSED,
    EngineStatus.COOLING,
    EngineStatus.OFFLINE,
    EngineStatus.DISK_FULL,
    EngineStatus.HELD,
    EngineStatus.STOPPED,
]


@pytest.mark.parametrize("status", IDLE)
@pytest.mark.parametrize("worked_s", [60, 900])
def test_rates_stand_still_while_no_work_can_be_done(status: EngineStatus, worked_s: int) -> None:
    state = at_work(worked_s)
    state.apply(StatusChanged(at=AT + worked_s, status=status))
    for idle_s in (0, 10, 4000):
        now = AT + worked_s + idle_s
        assert round(state.clips_per_minute(now)) == 60
        assert round(state.bytes_per_s(now)) == 600_000


@pytest.mark.parametrize("worked_s", [60, 900])
def test_after_a_cooldown_rates_go_on_as_if_it_had_not_been(worked_s: int) -> None:
    state = at_work(worked_s)
    at = AT + worked_s
    # Changes from one idle status to the next count once, and so does a new reason for the same one.
    for status, idle_s in (
        (EngineStatus.PAUSING, 5),
        (EngineStatus.PAUSED, 900),
        (EngineStatus.COOLING, 600),
        (EngineStatus.COOLING, 600),
        (EngineStatus.PROBING, 0),
    ):
        state.apply(StatusChanged(at=at, status=status))
        at += idle_s
    assert round(state.clips_per_minute(at)) == 60
    work(state, at, 100)
    assert round(state.clips_per_minute(at + 100)) == 60


def test_clips_finished_while_the_run_pauses_do_not_raise_its_rate() -> None:
    state = at_work(300)
    state.apply(StatusChanged(at=AT + 300, status=EngineStatus.PAUSING))
    work(state, AT + 300, 30)
    assert state.done == 330
    assert round(state.clips_per_minute(AT + 330)) == 60


def test_a_view_that_comes_back_during_a_cooldown_takes_its_idle_time_out_once() -> None:
    engine = at_work(60)
    view = RunState()
    view.apply_all(engine.as_events())
    for at, status in ((AT + 60, EngineStatus.COOLING), (AT + 960, EngineStatus.COOLING)):
        engine.apply(StatusChanged(at=at, status=status))
        view.apply(StatusChanged(at=at, status=status))
    engine.apply(Logged(at=AT + 1000, text="the line was lost and is back"))
    view.apply_all(engine.as_events())
    for state in (engine, view):
        state.apply(StatusChanged(at=AT + 1560, status=EngineStatus.RUNNING))
    assert vars(view) == vars(engine)
    assert round(view.clips_per_minute(AT + 1560)) == 60


def test_without_a_pace_a_cooldown_does_not_change_the_time_of_work() -> None:
    state = at_work(300, total=3900)
    state.apply(
        NetworkChanged(
            at=AT + 300,
            network=NetworkState(
                name="n",
                label="n",
                kind=NetworkKind.DEFAULT_ROUTE,
                status=NetworkStatus.COOLING,
                until=AT + 2100,
                in_use=True,
            ),
        )
    )
    state.apply(StatusChanged(at=AT + 300, status=EngineStatus.COOLING))
    for waited_s in (0, 600, 1799):
        ahead = forecast(state, AT + 300 + waited_s)
        assert ahead is not None
        assert (round(ahead.work_s), round(ahead.wait_s), ahead.held) == (3600, 1800 - waited_s, False)


@pytest.mark.parametrize(
    "status", [status for status in (*IDLE, EngineStatus.PROBING) if status is not EngineStatus.COOLING]
)
def test_a_run_that_is_held_has_work_left_but_no_end(status: EngineStatus) -> None:
    state = at_work(300, total=3900)
    state.apply(StatusChanged(at=AT + 300, status=status))
    ahead = forecast(state, AT + 7500)
    assert ahead is not None
    assert (round(ahead.work_s), ahead.wait_s, ahead.held) == (3600, 0.0, True)


def test_a_single_clip_is_retried_in_the_singular() -> None:
    state = opened()
    state.apply(ClipsRetried(at=AT, by_split={"val": 1}, by_category={Category.PRIVATE: 1}))
    assert state.log[-1].subject == "1 clip"


def test_the_forecast_is_limited_by_the_pace_and_says_so() -> None:
    state = opened(total=300)
    time_left = forecast(state, AT)
    assert time_left is not None
    assert time_left.seconds == 3600
    assert time_left.limit == "pace is the limit: 300/h"


def test_the_forecast_adds_the_cooldown_in_front() -> None:
    state = opened(total=300)
    state.apply(
        NetworkChanged(
            at=AT,
            network=NetworkState(
                name="n",
                label="n",
                kind=NetworkKind.DEFAULT_ROUTE,
                status=NetworkStatus.COOLING,
                until=AT + 1800,
                in_use=True,
            ),
        )
    )
    state.apply(StatusChanged(at=AT, status=EngineStatus.COOLING))
    time_left = forecast(state, AT)
    assert time_left is not None
    assert time_left.seconds == 1800 + 3600


def test_nothing_left_has_no_forecast() -> None:
    assert forecast(opened(total=0), AT) is None


def test_a_clip_is_counted_for_the_network_it_came_by() -> None:
    state = opened()
    state.apply_all(listing(AT, INFOS))
    done = clip_done(
        at=AT, slot=1, clip=CLIP, duration_s=10, output_bytes=1, wire_bytes=1, network="socks5://h:1"
    )
    state.apply(done)
    assert {name: network.clips for name, network in state.networks.items()} == {
        "192.168.1.23": 5,
        "socks5://h:1": 1,
    }
    state.apply(
        NetworkChanged(
            at=AT,
            network=NetworkState(
                name="192.168.1.23",
                label="n",
                kind=NetworkKind.DEFAULT_ROUTE,
                status=NetworkStatus.OPEN,
                in_use=True,
            ),
        )
    )
    state.apply(done)
    assert state.network.clips_since_throttle == 0
    state.apply(msgspec.structs.replace(done, network="192.168.1.23"))
    assert state.network.clips_since_throttle == 1


def throttled(at: float, *, probe: bool) -> NetworkChanged:
    return NetworkChanged(
        at=at,
        network=NetworkState(
            name="n", label="wlan0", signal=Category.BOT_CHECK, step=1, until=at + 900, in_use=True
        ),
        news=NetworkNews.PROBE_REFUSED if probe else NetworkNews.THROTTLED,
    )


def test_a_throttle_is_marked_and_people_are_called() -> None:
    state = opened()
    state.apply(throttled(AT, probe=False))
    assert list(state.throttled_at) == [AT]
    assert state.notice is not None
    assert (state.notice.kind, state.notice.at) == (NoticeKind.THROTTLED, AT)
    state.apply(throttled(AT + 900, probe=True))
    assert state.notice.kind is NoticeKind.PROBE_FAILED
    assert "wlan0" in state.notice.text


def test_the_log_names_the_network_that_is_throttled_where_several_are_in_use() -> None:
    state = opened()
    state.apply(throttled(AT, probe=False))
    assert state.log[-1].detail.startswith("bot check: ")
    state.apply(NetworkChanged(at=AT, network=NetworkState(name="m", label="usb0", in_use=True)))
    state.apply(throttled(AT + 900, probe=True))
    assert state.log[-1].detail.startswith("wlan0: bot check: ")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (EngineStatus.COOLING, EngineStatus.PROBING, None),
        (EngineStatus.RUNNING, EngineStatus.DISK_FULL, NoticeKind.DISK_FULL),
        (EngineStatus.RUNNING, EngineStatus.HELD, NoticeKind.HELD),
        (EngineStatus.RUNNING, EngineStatus.DONE, NoticeKind.DONE),
        (EngineStatus.SWITCHING, EngineStatus.PROBING, None),
        (EngineStatus.STOPPING, EngineStatus.DONE, None),
        (EngineStatus.PAUSED, EngineStatus.RUNNING, None),
    ],
)
def test_people_are_called_at_the_turns_of_a_run_that_matter(
    before: EngineStatus, after: EngineStatus, kind: NoticeKind | None
) -> None:
    state = opened()
    state.apply(StatusChanged(at=AT, status=before))
    state.notice = None
    state.apply(StatusChanged(at=AT + 1, status=after))
    assert (state.notice.kind if state.notice else None) is kind


def test_each_look_at_a_network_that_stays_held_calls_nobody_again() -> None:
    state = opened()
    held = Reason(Why.REFUSED, label="media 403", at=AT, version="2026.1", until=AT + 900)
    state.apply(StatusChanged(at=AT + 1, status=EngineStatus.HELD, reason=held))
    first = state.notice
    assert first is not None
    for look in range(1, 4):
        at = AT + 900 * look
        state.apply(StatusChanged(at=at, status=EngineStatus.PROBING))
        again = msgspec.structs.replace(held, until=at + 900)
        state.apply(StatusChanged(at=at + 1, status=EngineStatus.HELD, reason=again))
        assert state.notice is first
    state.apply(StatusChanged(at=AT + 4000, status=EngineStatus.RUNNING))
    anew = msgspec.structs.replace(held, at=AT + 5000)
    state.apply(StatusChanged(at=AT + 5001, status=EngineStatus.HELD, reason=anew))
    assert state.notice is not first, "another hold is news"


@pytest.mark.parametrize("in_use", [True, False])
def test_people_are_called_when_the_cooldown_of_a_network_in_use_ends(in_use: bool) -> None:
    state = opened()
    cooling = NetworkState(
        name="phone", label="phone usb0", in_use=in_use, status=NetworkStatus.COOLING, until=AT + 900
    )
    state.apply(NetworkChanged(at=AT, network=cooling))
    probing = msgspec.structs.replace(cooling, status=NetworkStatus.PROBING, until=None)
    state.apply(NetworkChanged(at=AT + 900, network=probing))
    assert bool(state.notice) is in_use
    if state.notice is not None:
        assert state.notice.kind is NoticeKind.COOLDOWN_ENDED
        assert "phone usb0" in state.notice.text


def test_the_same_status_with_another_reason_calls_nobody_again() -> None:
    state = opened()
    state.apply(StatusChanged(at=AT, status=EngineStatus.DISK_FULL, reason=Reason(Why.PROBLEM, text="a")))
    first = state.notice
    state.apply(StatusChanged(at=AT + 5, status=EngineStatus.DISK_FULL, reason=Reason(Why.PROBLEM, text="b")))
    assert state.notice is first


def test_a_learned_pace_lengthens_the_forecast() -> None:
    state = opened(total=300)
    state.apply(
        NetworkChanged(
            at=AT,
            network=NetworkState(
                name="n",
                label="n",
                kind=NetworkKind.DEFAULT_ROUTE,
                status=NetworkStatus.OPEN,
                learned_per_hour=150,
                in_use=True,
            ),
        )
    )
    ahead = forecast(state, AT)
    assert ahead is not None
    assert (ahead.work_s, ahead.limit) == (7200, "pace is the limit: 150/h")


INFOS = (
    NetworkState(name="192.168.1.23", label="wlan0 192.168.1.23", kind=NetworkKind.DEFAULT_ROUTE, clips=5),
    NetworkState(name="socks5://h:1", label="office socks5://h:1", kind=NetworkKind.PROXY, given_as="office"),
)
slots = st.integers(1, 4)
reasons = st.builds(Reason, st.sampled_from(Why), count=st.integers(0, 99), text=st.text(max_size=5))
times = st.integers(2, 400).map(lambda second: AT + second)
events = st.one_of(
    st.builds(ClipStarted, at=st.just(AT), slot=slots, clip=st.just(CLIP)),
    st.builds(
        ClipProgress,
        at=st.just(AT + 1),
        slot=slots,
        phase=st.sampled_from(Phase),
        fraction=st.floats(0, 1),
        wire_bytes=st.integers(0, 10**9),
        bytes_per_s=st.floats(0, 1e9),
    ),
    st.builds(
        clip_done,
        at=times,
        slot=slots,
        clip=st.just(CLIP),
        duration_s=st.just(10.0),
        output_bytes=st.integers(0, 10**7),
    ),
    st.builds(
        ClipFailed,
        at=st.just(AT + 2),
        slot=slots,
        clip=st.just(CLIP),
        category=st.sampled_from(Category),
        message=st.text(max_size=5),
        settled=st.booleans(),
    ),
    st.builds(WorkerStarted, at=st.just(AT), slot=slots, pid=st.integers(1, 9999)),
    st.builds(WorkerStopped, at=st.just(AT), slot=slots, reason=st.sampled_from(["", "killed by signal 9"])),
    st.builds(WorkerIdle, at=st.just(AT), slot=slots, phase=st.just(Phase.PACE), until=st.just(AT + 12)),
    st.builds(
        StatusChanged,
        at=times,
        status=st.sampled_from(EngineStatus),
        reason=reasons,
    ),
    st.builds(
        NetworkChanged,
        at=times,
        network=st.sampled_from(INFOS),
        news=st.sampled_from(NetworkNews),
    ),
    st.builds(
        NetworkChecked,
        at=times,
        name=st.just("n"),
        label=st.just("n"),
        ok=st.booleans(),
        text=st.text(max_size=5),
    ),
    st.builds(SplitSwitched, at=st.just(AT), split=st.just("val"), enabled=st.booleans()),
    st.builds(DiskMeasured, at=st.just(AT), free_bytes=st.integers(0, 10**12)),
    st.builds(Logged, at=st.just(AT), text=st.text(max_size=5)),
)


@given(st.lists(events, max_size=40))
def test_a_view_that_comes_later_sees_the_same_run(history: list[AnyEvent]) -> None:
    state = opened()
    state.apply_all(history)
    later = RunState()
    later.apply_all(state.as_events())
    assert vars(later) == vars(state)


@given(st.lists(events, max_size=20))
def test_events_are_the_same_after_the_wire(history: list[AnyEvent]) -> None:
    decoder: msgspec.json.Decoder[AnyEvent | Reply] = msgspec.json.Decoder(AnyEvent | Reply)
    for event in history:
        assert decoder.decode(msgspec.json.encode(event)) == event


# -- the archives' turn ------------------------------------------------------------------------------


def at_archives(**fields: Any) -> RunState:
    asked: dict[str, Any] = {"left_bytes": 6_000_000_000, "bytes_per_s": 10e6, "total": 4, **fields}
    state = opened()
    state.apply(ArchivesChanged(at=AT, turn=True, **asked))
    return state


def test_the_end_goes_by_the_bytes_of_archives_that_are_left() -> None:
    ahead = forecast(at_archives(), AT + 60)
    assert ahead is not None
    assert (ahead.seconds, ahead.of_archives) == (600.0, False)
    assert ahead.limit == "6.0 GB of archives at 10.0 MB/s"


def test_the_end_waits_for_the_slowest_of_the_last_archives() -> None:
    slow = ArchiveState(name="a.tar", size_bytes=6_000_000_000, bytes_per_s=1e6)
    quick = ArchiveState(name="b.tar", size_bytes=1_000_000, bytes_per_s=9e6)
    last = forecast(at_archives(reading=(slow, quick), left_bytes=6_001_000_000), AT + 60)
    amid = forecast(at_archives(reading=(slow, quick), left_bytes=8_000_000_000), AT + 60)
    assert last is not None
    assert amid is not None
    assert last.seconds == pytest.approx(6_000)
    assert amid.seconds == pytest.approx(800)


def test_without_a_rate_of_archives_there_is_no_end() -> None:
    assert forecast(at_archives(bytes_per_s=0.0), AT + 60) is None


def test_where_archives_are_guessed_at_their_end_alone_is_told() -> None:
    ahead = forecast(at_archives(then_youtube=True), AT + 60)
    assert ahead is not None
    assert (ahead.seconds, ahead.of_archives) == (600.0, True)


def test_where_it_is_known_what_archives_hold_the_rest_at_the_pace_is_added() -> None:
    state = at_archives(then_youtube=True)
    rest = 30
    state.apply(msgspec.structs.replace(state.archives, expected=state.left - rest))
    ahead = forecast(state, AT + 60)
    pace_per_s = (state.options.pace_per_hour or 0.0) / 3600
    assert ahead is not None
    assert pace_per_s
    assert ahead.seconds == pytest.approx(600.0 + rest / pace_per_s)
    assert ahead.limit.endswith("then 30 clips from YouTube")


def test_a_clip_of_a_host_counts_for_it_and_its_workers_are_named_by_it() -> None:
    state = opened()
    state.apply(HostChanged(at=AT, host=HostState(name="lab2", workers=4, clips=7, networks=("n",))))
    state.apply(HostChanged(at=AT, host=HostState(name="farm", workers=9, status=HostStatus.LEFT)))
    state.apply(WorkerStarted(at=AT, slot=103, pid=9, host="lab2", place=3))
    state.apply(ClipStarted(at=AT, slot=103, clip=CLIP))
    state.apply(clip_done(at=AT + 1, slot=103, clip=CLIP))
    state.apply(WorkerStopped(at=AT + 2, slot=103, reason="killed"))
    assert state.hosts["lab2"].clips == 8
    assert state.hosts["farm"].clips == 0
    assert (state.log[-1].word, state.log[-1].subject) == ("worker", "lab2·3")
    assert state.workers_wanted == state.options.workers + 4


def test_a_host_that_was_met_in_another_run_is_not_missed_in_this_one() -> None:
    state = opened()
    away = HostState(name="lab2", status=HostStatus.AWAY)
    state.apply(HostChanged(at=AT, host=away))
    assert state.hosts_gone == []
    heard = msgspec.structs.replace(away, last_word="is away: nothing is heard of it")
    state.apply(HostChanged(at=AT, host=heard))
    assert state.hosts_gone == [heard]
