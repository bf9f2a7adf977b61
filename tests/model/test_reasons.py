"""Reasons of the run's status in words, to the letter: scripts and people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from kinetics_tui.model.events import AnyEvent, EngineStatus, StatusChanged
from kinetics_tui.model.reasons import NO_REASON, Reason, Why, reason_text

TODAY = datetime.now(UTC).replace(hour=16, minute=40, second=59).timestamp()
EARLIER = datetime(2026, 8, 28, 16, 40, tzinfo=UTC).timestamp()

WORDS = [
    (NO_REASON, ""),
    (Reason(Why.SWITCHED_OFF), "Every split is switched off; switch one on."),
    (Reason(Why.SETTLED), "Every clip is settled."),
    (Reason(Why.LEFT, 1234), "1,234 clips are left; continue with kinetics-tui run."),
    (Reason(Why.LEFT, 7, "/data/set"), "7 clips are left; continue with kinetics-tui run /data/set."),
    (Reason(Why.FINISHING), "The clips in hand are being finished."),
    (Reason(Why.SAFE), "It is safe to switch networks."),
    (Reason(Why.PROBLEM, text="The disk is full."), "The disk is full. The run then goes on by itself."),
    (Reason(Why.EXTRACTING), "Every clip is settled; frames and sound are made of them."),
    (
        Reason(Why.SWITCHING, 1, "wlan0 1.2.3.4"),
        "1 clip in hand still by wlan0 1.2.3.4; then one clip goes first.",
    ),
    (
        Reason(Why.SWITCHING, 3, "wlan0 1.2.3.4"),
        "3 clips in hand still by wlan0 1.2.3.4; then one clip goes first.",
    ),
    (
        Reason(Why.SUSPICIOUS, 10),
        "10 clips failed, too many to be chance; a video that must be there is asked for.",
    ),
    (
        Reason(Why.REFUSED, 0, "403 on media", TODAY, "pip install it", "2026.10.26", TODAY),
        "YouTube refuses every video to yt-dlp 2026.10.26 since 16:40 (403 on media): probably a change on"
        " YouTube's side. Update yt-dlp: `pip install it`, or try another network. The run asks again at"
        " 16:40, and at once with another yt-dlp.",
    ),
    (Reason(Why.ASKING), "YouTube is asked for a video that must be there."),
    (Reason(Why.COOLING, at=TODAY), "YouTube refuses this network; the next try is by 16:40."),
    (Reason(Why.COOLING, at=EARLIER), "YouTube refuses this network; the next try is by Aug 28 16:40."),
    (
        Reason(Why.COOLING, 2, at=TODAY),
        "YouTube refuses the networks in use; the next try is by 16:40.",
    ),
    (Reason(Why.COOLING), "YouTube refuses this network; the next try is later."),
    (Reason(Why.COOLING, at=1e20), "YouTube refuses this network; the next try is by an unknown time."),
    (Reason(Why.PROBING), "One clip goes first."),
    (Reason(Why.OFFLINE), "No way to YouTube; the run goes on by itself when the line is back."),
    (Reason(Why.OTHER_VERSION, text="The engine is old."), "The engine is old."),
    (Reason(Why.OTHER_USER, text="It is of bob."), "It is of bob."),
    (
        Reason(Why.SILENT, 4711, at=EARLIER, text="It is stopped."),
        "The engine (pid 4711) does not answer since Aug 28 16:40: It is stopped.",
    ),
    (Reason(Why.SILENT, text="It is stopped."), "The engine does not answer: It is stopped."),
    (Reason(Why.ARCHIVES), "Clips are taken out of archives; nothing is asked of YouTube."),
    (Reason(Why.RETRIES, at=TODAY), "Only clips to be tried again are left, the next by 16:40."),
]


@pytest.mark.parametrize(("reason", "words"), WORDS)
def test_each_reason_has_its_words(reason: Reason, words: str) -> None:
    assert reason_text(reason, UTC) == words


def test_no_reason_is_without_words() -> None:
    assert {reason.why for reason, _ in WORDS} == set(Why)


def test_each_view_says_times_of_day_by_its_own_zone() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert "Aug 28 22:10" in reason_text(Reason(Why.COOLING, at=EARLIER), kolkata)


@pytest.mark.parametrize("odd", ["{text}", "{0}", "{", "100 %s"])
def test_what_is_said_of_a_machine_is_taken_as_it_is(odd: str) -> None:
    assert reason_text(Reason(Why.PROBLEM, text=odd)) == f"{odd} The run then goes on by itself."
    assert f"by {odd};" in reason_text(Reason(Why.SWITCHING, 2, odd))


def test_a_reason_travels_as_a_code_with_its_figures() -> None:
    event = StatusChanged(at=1.0, status=EngineStatus.SWITCHING, reason=Reason(Why.SWITCHING, 3, "wlan0"))
    told = msgspec.json.encode(event)
    assert b"goes first" not in told
    assert msgspec.json.decode(told, type=AnyEvent) == event
