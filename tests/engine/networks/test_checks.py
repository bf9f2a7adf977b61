"""Checks of a network: who is asked for what, and what follows from the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from kinetics_tui.base.programs import Ended
from kinetics_tui.engine.networks import checks as module
from kinetics_tui.engine.networks.checks import ask_youtube
from kinetics_tui.engine.workers.messages import Cancel
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.events import NetworkChecked
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus, Route
from kinetics_tui.model.options import Options
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts
from tests.engine.engine_run import ANSWERED, HOME, PHONE

Make = Callable[..., Parts]
REFUSED = CheckAnswer(ok=False, category=Category.CAPTCHA, text="", took_s=0.2)
GONE = CheckAnswer(ok=False, category=Category.TIMEOUT, text="", took_s=30.0)
NONE_MADE = CheckAnswer(ok=False, category=None, text="The check could not be made.", took_s=0.0)


async def through(parts: Parts) -> None:
    """Wait for the checks under way."""
    await asyncio.gather(*parts.checks._tasks)


async def check(parts: Parts, answer: CheckAnswer) -> NetworkChecked:
    """Check the network in use; what views hear of it."""
    parts.answer = answer
    assert parts.checks.check(parts.networks.current) == ""
    await through(parts)
    return parts.told(NetworkChecked)[-1]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (ANSWERED, "YouTube answers by wlan0 192.168.1.23 (0.1 s)."),
        (REFUSED, f"No answer by wlan0 192.168.1.23: captcha. {Category.CAPTCHA.advice}"),
        (GONE, f"No answer by wlan0 192.168.1.23: timeout. {Category.TIMEOUT.advice}"),
        (NONE_MADE, "No answer by wlan0 192.168.1.23: The check could not be made."),
    ],
)
async def test_an_answer_is_told_in_one_sentence(make_parts: Make, answer: CheckAnswer, text: str) -> None:
    told = await check(make_parts(some_clips(1)), answer)
    assert (told.at, told.name, told.ok, told.text, told.signal) == (
        NOW,
        HOME.name,
        answer.ok,
        text,
        answer.signal,
    )


async def test_an_answer_ends_the_cooldown_of_the_network_that_gave_it(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.networks.throttle.saw_signal(Category.CAPTCHA, NOW)
    await check(parts, ANSWERED)
    assert parts.networks.throttle.status is NetworkStatus.PROBING


async def test_a_refusal_begins_a_cooldown_and_takes_the_clips_back(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    parts.hand_out()
    await check(parts, REFUSED)
    assert parts.networks.throttle.status is NetworkStatus.COOLING
    assert parts.sent(1)[-1] == Cancel(network_only=True)


@pytest.mark.parametrize("answer", [GONE, NONE_MADE])
async def test_what_is_no_refusal_changes_nothing(make_parts: Make, answer: CheckAnswer) -> None:
    parts = make_parts(some_clips(2))
    parts.hand_out()
    await check(parts, answer)
    assert parts.networks.throttle.status is NetworkStatus.OPEN
    assert not any(isinstance(told, Cancel) for told in parts.sent(1))


async def test_the_refusal_of_a_network_that_is_not_in_use_takes_no_clip_back(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    parts.hand_out()
    parts.answer = REFUSED
    parts.checks.check(PHONE)
    await through(parts)
    assert parts.networks.throttle.status is NetworkStatus.OPEN
    assert parts.ledger.networks()[PHONE.name].status is NetworkStatus.COOLING
    assert not any(isinstance(told, Cancel) for told in parts.sent(1))


async def test_a_network_is_asked_once_at_a_time(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.checks.check(HOME)
    await asyncio.sleep(0)
    assert parts.checks.check(HOME) == "wlan0 192.168.1.23 is being checked already."
    assert parts.checks.check(PHONE) == ""
    await through(parts)
    assert parts.checks.check(HOME) == ""
    await through(parts)
    assert len(parts.asked) == 3


async def test_a_video_that_came_through_is_asked_for_else_one_that_is_still_to_come(
    make_parts: Make,
) -> None:
    parts = make_parts(some_clips(2))
    await check(parts, ANSWERED)
    parts.outcomes.suspicion.came_through("older", HOME.name, 0.0)
    parts.outcomes.suspicion.came_through("newer", HOME.name, 0.0)
    await check(parts, ANSWERED)
    assert [youtube_id for _, _, youtube_id in parts.asked] == ["va000000000", "newer"]


async def test_without_a_clip_there_is_nothing_to_ask_for(make_parts: Make) -> None:
    parts = make_parts([])
    assert parts.checks.check(HOME) == "There is no clip in this dataset to ask YouTube for."
    assert parts.asked == []


async def test_it_is_asked_by_the_options_in_force_and_the_network_s_route(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.context.change_options(height_px=720)
    await check(parts, ANSWERED)
    ((options, route, _),) = parts.asked
    assert (options.height_px, route) == (720, HOME.route)


async def test_the_end_of_a_run_ends_its_checks(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    parts.checks.start(wait())
    async with asyncio.timeout(5):
        await parts.checks.close()
    assert not parts.checks._tasks


@pytest.mark.parametrize(
    ("said", "category", "text"),
    [
        (TimeoutError(), Category.TIMEOUT, "The check got no answer."),
        (OSError("no process"), None, "The check could not be made."),
        (Ended(0, b"nonsense", b""), None, "The check could not be made."),
    ],
)
async def test_whatever_goes_wrong_with_the_program_is_an_answer_too(
    monkeypatch: pytest.MonkeyPatch, said: Exception | Ended, category: Category | None, text: str
) -> None:
    async def run(*given: str, told: bytes) -> Ended:
        if isinstance(said, Ended):
            return said
        raise said

    monkeypatch.setattr(module, "run_program", run)
    answer = await ask_youtube(Options(), Route(), "x")
    assert (answer.ok, answer.category, answer.text) == (False, category, text)
