"""Commands of users: carried out where that can be, else refused in one sentence with nothing changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.run.commands import LONGEST_WAIT_S, NONE_FAILED
from kinetics_tui.engine.workers.messages import Cancel
from kinetics_tui.model.commands import (
    AddNetwork,
    AnyCommand,
    CheckNetwork,
    ForgetNetwork,
    Pause,
    ProbeNow,
    Reply,
    Resume,
    Retry,
    SetPace,
    SetWorkers,
    Stop,
    SwitchNetwork,
    SwitchSplit,
    WaitLonger,
    WantExtras,
)
from kinetics_tui.model.events import ClipsRetried, OptionsChanged, SplitSwitched, WorkerIdle
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkStatus
from kinetics_tui.model.options import WORKERS, Extras
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts

Make = Callable[..., Parts]
OFFICE = "http://proxy.example:3128"


def ids(parts: Parts) -> list[int]:
    """Hand out; the clips that are in hand then."""
    return [row.id for _, row in parts.hand_out()]


def ask(parts: Parts, *commands: AnyCommand) -> Reply:
    """The reply to the last of some commands."""
    return [parts.commands.obey(command) for command in commands][-1]


def fail(parts: Parts, clip_ids: Sequence[int], category: Category = Category.PRIVATE) -> None:
    """Have clips stand as failed."""
    for clip_id in clip_ids:
        parts.ledger.record(
            Attempt(clip_id=clip_id, at=1.0, network="x", outcome=Outcome.FAILED, category=category)
        )
    parts.ledger.flush()
    parts.queue.restart()


def test_a_reply_carries_the_number_of_its_command(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    assert parts.commands.obey(Pause(id=7)) == Reply(id=7, ok=True)
    assert parts.commands.obey(SetWorkers(id=8, workers=0)).id == 8


def test_after_a_pause_nothing_is_handed_out_until_the_run_is_to_go_on(make_parts: Make) -> None:
    parts = make_parts(some_clips(4))
    parts.hand_out()
    ask(parts, Pause())
    assert parts.commands.paused
    assert not any(isinstance(told, Cancel) for told in parts.sent(1))
    parts.queue.settle(parts.take()[1])
    assert ids(parts) == [2]
    ask(parts, Resume())
    assert ids(parts) == [3, 2]


def test_a_pause_at_once_takes_the_clips_out_of_hand(make_parts: Make) -> None:
    parts = make_parts(some_clips(4))
    parts.hand_out()
    ask(parts, Pause(now=True))
    assert [parts.sent(number)[-1] for number in (1, 2)] == [Cancel(), Cancel()]


def test_to_go_on_is_to_look_at_the_disk_again(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.disk.measure()
    parts.disk.hold("The ledger is in use.")
    ask(parts, Pause(), Resume())
    assert parts.disk.problem == ""


def test_a_stop_hands_out_no_more_and_lasts(make_parts: Make) -> None:
    parts = make_parts(some_clips(4))
    ask(parts, Stop())
    assert parts.context.stopping
    ask(parts, Resume())
    assert ids(parts) == []


def test_the_number_of_workers_is_kept_told_and_made_so(make_parts: Make) -> None:
    parts = make_parts(some_clips(9))
    assert ask(parts, SetWorkers(workers=5)).ok
    assert parts.ledger.options.workers == parts.context.options.workers == 5
    assert parts.told(OptionsChanged)[-1].workers == parts.context.state.options.workers == 5
    assert len(ids(parts)) == 5


@pytest.mark.parametrize("workers", [0, -1, WORKERS[1] + 1])
def test_a_number_of_workers_out_of_bounds_is_refused(make_parts: Make, workers: int) -> None:
    parts = make_parts(some_clips(1))
    reply = ask(parts, SetWorkers(workers=workers))
    assert (reply.ok, reply.message) == (False, f"The number of workers is 1 to 64, not {workers}.")
    assert (parts.ledger.options.workers, parts.pool.size) == (2, 2)


def test_another_pace_is_kept_and_holds_from_the_next_clip_on(make_parts: Make) -> None:
    parts = make_parts(some_clips(4), pace_per_hour=60)
    assert ids(parts) == [1]
    assert ask(parts, SetPace(per_hour=None)).ok
    assert parts.ledger.options.pace_per_hour is None
    assert ids(parts) == [1, 2]


def test_who_waits_for_the_pace_hears_how_long_by_the_new_one(make_parts: Make) -> None:
    parts = make_parts(some_clips(4), pace_per_hour=60)
    parts.hand_out()
    ask(parts, SetPace(per_hour=30))
    parts.hand_out()
    assert [event.until for event in parts.told(WorkerIdle)] == pytest.approx([NOW + 60, NOW + 120])


@pytest.mark.parametrize("per_hour", [0.0, -1.0, math.nan])
def test_a_pace_that_is_none_is_refused(make_parts: Make, per_hour: float) -> None:
    parts = make_parts(some_clips(1), pace_per_hour=60)
    reply = ask(parts, SetPace(per_hour=per_hour))
    assert (reply.ok, reply.message) == (False, "The pace is a number of clips an hour above 0.")
    assert parts.ledger.options.pace_per_hour == 60


def test_options_that_the_ledger_does_not_take_are_refused_and_not_in_force(
    make_parts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = make_parts(some_clips(1))

    def refuse(ledger: Ledger, options: object) -> None:
        raise DatasetError("The ledger is in use.")

    monkeypatch.setattr(Ledger, "set_options", refuse)
    told = len(parts.events)
    assert ask(parts, SetWorkers(workers=5)) == Reply(id=0, ok=False, message="The ledger is in use.")
    assert (parts.context.options.workers, parts.pool.size, len(parts.events)) == (2, 2, told)


def test_frames_asked_for_are_kept_and_made_of_the_clips_that_are_here(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.ledger.record(Attempt(clip_id=1, at=1.0, network="x", outcome=Outcome.DONE))
    parts.queue.restart()
    assert ids(parts) == []
    assert ask(parts, WantExtras(extras=Extras(frames_fps=5))).ok
    assert parts.ledger.options.extras.frames_fps == 5
    assert ids(parts) == [1]
    refused = ask(parts, WantExtras(extras=Extras(frames_fps=10)))
    assert not refused.ok
    assert parts.ledger.options.extras.frames_fps == 5


def test_a_split_that_is_switched_off_is_left_alone_at_once(make_parts: Make) -> None:
    parts = make_parts([*some_clips(2, "train"), *some_clips(2, "val")])
    assert ask(parts, SwitchSplit(split="train", enabled=False)).ok
    assert [(event.split, event.enabled) for event in parts.told(SplitSwitched)] == [("train", False)]
    assert ids(parts) == [3, 4]
    assert [split.enabled for split in parts.ledger.split_counts()] == [False, True]


def test_a_split_that_is_none_is_refused_by_the_names_there_are(make_parts: Make) -> None:
    parts = make_parts([*some_clips(2, "train"), *some_clips(2, "val")])
    reply = ask(parts, SwitchSplit(split="dev", enabled=False))
    assert reply.message == "There is no split dev in this run; there are train, val."


def test_a_cooldown_can_be_ended_or_made_longer_and_only_a_cooldown(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    throttle = parts.networks.throttle
    assert ask(parts, ProbeNow()).message == "Nothing to probe: the network is not cooling down."
    assert ask(parts, WaitLonger(seconds=60)).message.startswith("Nothing to wait for")
    throttle.saw_signal(Category.CAPTCHA, NOW)
    until = throttle.until
    assert until is not None
    for seconds in (0.0, -5.0, math.nan, LONGEST_WAIT_S + 1):
        assert not ask(parts, WaitLonger(seconds=seconds)).ok
    assert ask(parts, WaitLonger(seconds=60)).ok
    assert throttle.until == until + 60
    assert ask(parts, ProbeNow()).ok
    assert throttle.status is NetworkStatus.PROBING


def test_a_switch_lets_the_clips_in_hand_finish(make_parts: Make) -> None:
    parts = make_parts(some_clips(4))
    parts.hand_out()
    assert ask(parts, SwitchNetwork(way=OFFICE)).ok
    assert parts.networks.current.kind is NetworkKind.PROXY
    assert not any(isinstance(told, Cancel) for told in parts.sent(1))


def test_a_switch_at_once_puts_the_clips_in_hand_back(make_parts: Make) -> None:
    parts = make_parts(some_clips(4))
    parts.hand_out()
    assert ask(parts, SwitchNetwork(way=OFFICE, finish=False)).ok
    assert parts.sent(1)[-1] == Cancel(network_only=True)


def test_a_switch_that_leads_nowhere_new_is_refused(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    assert ask(parts, SwitchNetwork(way="default")).message.endswith("already.")
    assert not ask(parts, SwitchNetwork(way="no such network")).ok
    gone = ask(parts, SwitchNetwork(way="198.51.100.77"))
    assert gone.message.endswith("leads nowhere now: connect it, then switch.")
    assert parts.networks.current.name == parts.network.name


def test_networks_are_added_and_forgotten_for_the_next_run_too(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    assert ask(parts, AddNetwork(way=OFFICE, given_as="office")).ok
    assert list(parts.ledger.ways()) == ["office"]
    assert ask(parts, ForgetNetwork(name="office")).ok
    assert parts.ledger.ways() == {}
    assert not ask(parts, ForgetNetwork(name="office")).ok


def test_a_network_that_leads_nowhere_is_not_checked(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    reply = ask(parts, CheckNetwork(name="198.51.100.77"))
    assert reply.message.endswith("leads nowhere now: connect it, then check.")


def test_failed_clips_are_pending_again_counted_once_by_split_and_category(make_parts: Make) -> None:
    parts = make_parts([*some_clips(2, "train"), *some_clips(3, "val")])
    fail(parts, (1, 3, 4))
    fail(parts, (5,), Category.CAPTCHA)
    assert parts.queue.take(NOW) is not None  # the only one that is left
    reply = ask(parts, Retry(id=3, categories=(Category.PRIVATE, Category.CAPTCHA)))
    assert (reply.id, reply.ok, reply.message) == (3, True, "4 clips are pending again.")
    assert reply.retried == {Category.PRIVATE: 3, Category.CAPTCHA: 1}
    (event,) = parts.told(ClipsRetried)
    assert (event.by_split, event.by_category) == ({"train": 1, "val": 3}, reply.retried)
    assert ids(parts) == [1, 3]


def test_one_clip_is_spoken_of_as_one(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    fail(parts, (1,))
    assert ask(parts, Retry(clip_ids=(1,))).message == "The clip is pending again."


def test_a_retry_of_nothing_is_refused_and_tells_nobody(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    fail(parts, (1,))
    assert ask(parts, Retry()).message == NONE_FAILED
    assert ask(parts, Retry(clip_ids=(2,))).message == NONE_FAILED
    assert not parts.told(ClipsRetried)
