"""Every key of the run screen: the command that goes to the engine, and what is then on screen."""

from __future__ import annotations

import asyncio

import pytest

from kinetics_tui.base.errors import EngineDiedError, EngineError
from kinetics_tui.model.commands import (
    AnyCommand,
    Pause,
    ProbeNow,
    Reply,
    Resume,
    Retry,
    SetPace,
    SetWorkers,
    Stop,
    SwitchSplit,
    WaitLonger,
)
from kinetics_tui.model.events import (
    EngineStatus,
    NetworkChanged,
    NetworkNews,
    OptionsChanged,
    SplitSwitched,
    StatusChanged,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkState
from kinetics_tui.model.options import LayoutName, Preset, Trim
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.parts.line_speed import LineSpeed
from kinetics_tui.tui.parts.palette import RunCommands
from kinetics_tui.tui.run.keys import KEYS
from kinetics_tui.tui.run.undo import UNDO_S
from kinetics_tui.tui.terminal.terminal import Farewell
from tests.tui.run_fakes import NOW, WLAN, cooling, finished, network, paused
from tests.tui.run_stand import resize, stand


def options(workers: int) -> OptionsChanged:
    return OptionsChanged(
        at=NOW,
        workers=workers,
        pace_per_hour=300.0,
        height_px=360,
        trim=Trim.EXACT,
        layout=LayoutName.ACTIVITYNET,
        audio=True,
    )


# -- keys that send a command ----------------------------------------------------------------------


async def test_space_pauses_and_resumes() -> None:
    async with stand() as run:
        assert await run.press("space") == [Pause()]
        await run.fold(*paused())
        assert " PAUSED - safe to switch networks " in run.rows[0]
        assert "space resume" in run.rows[-1]
        assert await run.press("space") == [Resume()]


@pytest.mark.parametrize("status", [EngineStatus.DISK_FULL, EngineStatus.HELD])
async def test_space_looks_again_where_nothing_could_be_written(status: EngineStatus) -> None:
    async with stand(StatusChanged(at=NOW, status=status)) as run:
        assert "space look again" in run.rows[-1]
        assert await run.press("space") == [Resume()]


async def test_where_looks_come_seldom_what_presses_is_shown_at_once_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LineSpeed, "due", lambda _line: False)
    async with stand(size=(80, 24)) as run:
        clock = run.rows[0].split()[-1]
        run.clock.now += 20
        await asyncio.sleep(4 * run.screen.looking.line.base_s)
        await run.pilot.pause()
        assert run.rows[0].split()[-1] == clock
        run.link.fold(*paused())
        async with asyncio.timeout(20):
            while " PAUSED " not in run.rows[0]:
                await run.pilot.pause(0.05)


async def test_p_and_e_are_for_a_run_that_is_held_as_well() -> None:
    refused = Reason(Why.REFUSED, label="403 on media", text="pip", version="1", at=NOW, until=NOW + 900)
    async with stand(StatusChanged(at=NOW, status=EngineStatus.HELD, reason=refused)) as run:
        assert await run.press("p") == [ProbeNow()]
        assert [type(command) for command in await run.press("e")] == [WaitLonger]


async def test_y_copies_the_command_that_the_throttle_panel_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(KineticsApp, "copy_to_clipboard", lambda _app, text: copied.append(text))
    refused = Reason(Why.REFUSED, label="403 on media", text='pip install "it"', version="1", at=NOW)
    async with stand(StatusChanged(at=NOW, status=EngineStatus.HELD, reason=refused)) as run:
        assert "y copy" in run.rows[-1]
        assert await run.press("y") == []
        assert copied == ['pip install "it"']
        assert run.said == 'Copied, if this terminal lets programs copy: pip install "it"'
    async with stand(StatusChanged(at=NOW, status=EngineStatus.STOPPED)) as run:
        assert "y copy the command" in run.rows[-1]
        await run.press("y")
        assert copied.pop() == "kinetics-tui run '/data/my kinetics'"
    async with stand() as run:
        await run.press("y")
        assert len(copied) == 1
        assert "no command to copy" in run.said


async def test_capital_p_pauses_at_once() -> None:
    async with stand() as run:
        assert await run.press("P") == [Pause(now=True)]


async def test_plus_and_minus_change_the_number_of_workers() -> None:
    async with stand() as run:
        assert await run.press("plus") == [SetWorkers(workers=17)]
        await run.fold(options(17))
        assert "16 of 17" in run.text
        assert await run.press("minus", "minus") == [SetWorkers(workers=16), SetWorkers(workers=15)]


async def test_what_a_key_brought_about_is_shown_as_soon_as_the_engine_answers() -> None:
    async with stand() as run:
        run.link.before_reply = (StatusChanged(at=NOW, status=EngineStatus.PAUSING),)
        run.screen.action_pause_or_resume()
        await run.app.workers.wait_for_complete(
            [worker for worker in run.app.workers if worker.group == "commands"]
        )
        assert run.screen._seen == (run.link.version, True, int(NOW))


@pytest.mark.parametrize(("workers", "key"), [(64, "plus"), (1, "minus")])
async def test_workers_stay_between_1_and_64(workers: int, key: str) -> None:
    async with stand(workers=workers) as run:
        assert await run.press(key) == []
        assert "A run has 1 to 64 workers." in run.said


async def test_p_and_e_ask_and_then_probe_or_wait_longer_while_the_network_cools() -> None:
    async with stand(*cooling()) as run:
        assert "p probe now" in run.rows[-1]
        assert await run.press("p") == []
        assert run.asked.endswith("If YouTube refuses it, the network cools down for 3 h.")
        assert await run.press("g", "p", "p") == [ProbeNow()]
        assert await run.press("e") == []
        assert run.asked == "1 h longer: the cooldown then ends 17:40 instead of 16:40."
        assert await run.press("enter", "e", "e") == [WaitLonger(seconds=3600.0)]


async def test_p_and_e_say_why_they_do_nothing_while_the_network_is_open() -> None:
    async with stand() as run:
        assert await run.press("p") == []
        assert run.said.startswith("! Nothing to probe: the network is not cooling down.")
        assert await run.press("e") == []
        assert run.said.startswith("! Nothing to wait for: the network is not cooling down.")
        names = [str(hit.text) async for hit in RunCommands(run.screen).discover()]
        assert "Probe now" not in names


@pytest.mark.parametrize("key", ["x", "enter"])
async def test_the_split_under_the_cursor_is_switched(key: str) -> None:
    async with stand() as run:
        assert await run.press(key) == [SwitchSplit(split="train", enabled=False)]
        assert await run.press("down", "down", "down", key) == [SwitchSplit(split="test", enabled=True)]
        await run.fold(SplitSwitched(at=NOW, split="test", enabled=True))
        assert "›[x] test" in run.text
        assert await run.press("up", key) == [SwitchSplit(split="val", enabled=False)]


async def test_a_click_on_a_split_switches_it() -> None:
    async with stand() as run:
        await run.pilot.click("#splits", offset=(5, 2))
        await run.pilot.pause()
        assert run.link.commands == [SwitchSplit(split="val", enabled=False)]
        assert "›[x] val" in run.text


async def test_a_click_on_a_key_hint_does_what_the_key_does() -> None:
    async with stand() as run:
        await run.pilot.click("#keys", offset=(3, 0))
        await run.pilot.pause()
        assert run.link.commands == [Pause()]


# -- slips of the finger ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "done", "back", "undone"),
    [
        (
            "x",
            "Split train is switched off.",
            SwitchSplit(split="train", enabled=True),
            "Undone. Split train is switched on.",
        ),
        ("+", "17 workers from now on.", SetWorkers(workers=16), "Undone. 16 workers from now on."),
        ("+++", "19 workers from now on.", SetWorkers(workers=16), "Undone. 16 workers from now on."),
        (" ", "Pausing: the clips in hand are finished first.", Resume(), "Undone."),
        ("P", "Paused: the clips in hand are put back.", Resume(), "Undone."),
    ],
)
async def test_z_takes_back_what_a_key_did(keys: str, done: str, back: AnyCommand, undone: str) -> None:
    async with stand(size=(80, 24)) as run:
        assert len(await run.press(*keys)) == len(keys)
        assert run.said == f"{done} z undoes it."
        assert run.rows[-1].startswith(" z undo  space ")
        assert await run.press("z") == [back]
        assert run.said == undone
        assert "z undo" not in run.rows[-1]
        assert await run.press("z") == []
        assert run.said.startswith("! There is nothing to undo")


async def test_z_takes_back_what_the_engine_has_not_answered_yet() -> None:
    async with stand() as run:
        assert await run.burst("x", "z") == [
            SwitchSplit(split="train", enabled=False),
            SwitchSplit(split="train", enabled=True),
        ]
        assert run.said == "Undone. Split train is switched on."


async def test_what_was_done_can_be_undone_for_some_seconds_only() -> None:
    async with stand() as run:
        await run.press("x")
        run.clock.now += UNDO_S - 1
        await run.tick()
        assert "z undo" in run.rows[-1]
        run.clock.now += 1
        await run.tick()
        assert "z undo" not in run.rows[-1]
        assert await run.press("z") == []


async def test_what_the_engine_refused_is_not_undone() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="No.")]
        await run.press("x")
        assert "z undo" not in run.rows[-1]
        assert await run.press("z") == []


async def test_z_works_on_the_screens_of_the_run_too() -> None:
    async with stand() as run:
        await run.press("x")
        for key in "nfr":
            await run.press(key)
            assert run.rows[-1].startswith(" z undo  ")
            await run.press("escape")
        await run.press("f")
        assert await run.press("z") == [SwitchSplit(split="train", enabled=True)]


# -- keys that do nothing now ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("pageup", "No panel is shown in full: 1 to 5 open one."),
        ("home", "No panel is shown in full: 1 to 5 open one."),
        ("escape", "No panel is shown in full: 1 to 5 open one. q leaves."),
        ("z", "There is nothing to undo: that can be done for 15 s."),
        ("v", "The key v does nothing here; ? lists the keys."),
        ("f5", "The key f5 does nothing here; ? lists the keys."),
        ("left", "The key ← does nothing here; ? lists the keys."),
    ],
)
async def test_a_key_that_does_nothing_now_says_why(key: str, why: str) -> None:
    async with stand() as run:
        assert await run.press(key) == []
        assert run.said == f"! {why}"


@pytest.mark.parametrize("key", ["space", "P", "plus"])
async def test_a_run_that_has_ended_says_that_it_cannot_be_steered(key: str) -> None:
    async with stand(*finished()) as run:
        assert await run.press(key) == []
        assert run.said.startswith("! The run has ended")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_run_that_is_stopping_offers_no_key_that_would_change_it(size: tuple[int, int]) -> None:
    async with stand(*cooling(), size=size) as run:
        assert "pause" in run.rows[-1]
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.STOPPING))
        assert run.rows[-1].startswith(" q leave  f failures  c clips  r report")
        for word in ("pause", "detach", "stop", "probe", "longer", "continue"):
            assert word not in run.rows[-1]
        for key in ("space", "P", "plus", "minus", "p", "e", "x"):
            assert await run.press(key) == []
            assert run.said.startswith("! The run is stopping: nothing can be changed until it has ended.")
        await run.press("q")
    assert run.app.return_value is not None
    assert run.app.return_value.line.startswith("Stopped")


# -- what the engine answers -----------------------------------------------------------------------


async def test_a_refusal_is_shown_in_one_line_and_goes_away() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="The run is stopping\nalready.")]
        await run.press("space")
        assert run.said.startswith("! The run is stopping?already.")
        run.clock.now += 9
        await run.tick()
        assert "space pause" in run.rows[-1]


@pytest.mark.parametrize("full", [False, True])
async def test_a_notice_is_whole_and_leaves_the_keys_where_they_are(full: bool) -> None:
    sentence = "The disk has no room for this, and so nothing of what was asked for " * 2 + "is done."
    async with stand(size=(80, 24), workers=4) as run:
        await run.press(*["5"] * full)
        keys, newest = run.rows[-1], run.link.state.log[-1].subject
        run.link.replies = [Reply(id=0, ok=False, message=sentence)]
        await run.press("space")
        assert run.said == f"! {sentence}"
        assert run.rows[-1] == keys
        assert newest in run.text
        run.clock.now += 9
        await run.tick()
        assert run.said == ""
        assert run.rows[-1] == keys


async def test_an_engine_that_cannot_be_reached_is_named() -> None:
    async with stand() as run:
        run.link.replies = [EngineError("The engine does not answer.")]
        await run.press("space")
        assert run.said.startswith("! The engine does not answer.")


async def test_what_the_engine_has_to_say_to_a_granted_command_is_shown() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=True, message="Waiting until 17:40.")]
        await run.press("space")
        assert run.said.startswith("Waiting until 17:40.")


async def test_a_refused_change_of_workers_is_forgotten() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="No.")]
        await run.press("plus")
        assert await run.press("plus") == [SetWorkers(workers=17)]


async def test_a_lost_engine_is_said_to_be_gone_at_once() -> None:
    async with stand() as run:
        run.link.connected = False
        await run.tick()
        assert "DISCONNECTED - engine not answering" in run.rows[0]
        run.link.connected = True
        await run.tick()
        assert "RUNNING" in run.rows[0]


# -- panels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "heading"),
    [("1", "Splits"), ("2", "Workers"), ("3", "Failures"), ("4", "Throttle"), ("5", "Log")],
)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_number_shows_a_panel_in_full_and_escape_goes_back(
    key: str, heading: str, size: tuple[int, int]
) -> None:
    async with stand(size=size) as run:
        before = run.text
        await run.press(key)
        headings = [
            name for name in ("Splits", "Workers", "Failures", "Throttle", "Log") if f" {name} " in run.text
        ]
        assert headings == [heading]
        assert "esc back" in run.rows[-1]
        await run.press("escape")
        assert run.text == before
        await run.press(key, key)
        assert run.text == before


async def test_a_click_on_a_title_opens_the_panel() -> None:
    async with stand() as run:
        await run.pilot.click("#failures", offset=(5, 0))
        await run.pilot.pause()
        assert Category.PRIVATE.advice in run.text


async def test_a_panel_in_full_scrolls() -> None:
    async with stand(size=(60, 24), workers=64) as run:
        await run.press("2")
        assert run.rows[2].startswith("  1 ")
        await run.press("down")
        assert run.rows[2].startswith("  2 ")
        await run.press("pagedown")
        assert run.rows[2].startswith(" 22 ")
        await run.press("end")
        assert run.rows[-2].startswith(" 64 ")
        await run.press("pageup", "up")
        assert run.rows[2].startswith(" 23 ")
        await run.press("home", "up")
        assert run.rows[2].startswith("  1 ")


async def test_the_log_in_full_starts_at_its_end_and_follows_it() -> None:
    async with stand(size=(80, 14)) as run:
        await run.press("5")
        assert "14:02:07" in run.rows[-2]
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.PAUSING))
        assert "pausing" in run.rows[-2]
        await run.press("up", "up")
        assert "pausing" not in run.text
        await run.press("end")
        assert "pausing" in run.rows[-2]


# -- leaving ---------------------------------------------------------------------------------------


async def test_d_detaches_and_says_how_to_come_back() -> None:
    async with stand() as run:
        assert await run.press("d") == []
    assert run.app.return_value == Farewell(
        "The run continues. Come back with: kinetics-tui attach '/data/my kinetics'", 0
    )


async def test_ctrl_q_detaches_too() -> None:
    async with stand() as run:
        assert await run.press("ctrl+q") == []
    assert run.app.return_value is not None
    assert run.app.return_value.code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_stopping_asks_first(key: str) -> None:
    async with stand() as run:
        assert await run.press(key) == []
        assert run.shown == "ConfirmScreen"
        assert "Stop the run?" in run.text


@pytest.mark.parametrize("keys", [("escape",), ("g",), ("enter",)])
async def test_the_question_can_be_closed_without_harm(keys: tuple[str, ...]) -> None:
    async with stand() as run:
        assert await run.press("q", *keys) == []
        assert run.shown == "RunScreen"
        assert run.app.return_value is None


@pytest.mark.parametrize("keys", [("q", "s"), ("ctrl+c", "s"), ("q", "up", "up", "enter")])
async def test_a_confirmed_stop_is_sent_and_the_app_leaves_when_the_engine_has_stopped(
    keys: tuple[str, ...],
) -> None:
    async with stand() as run:
        assert await run.press(*keys) == [Stop()]
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.STOPPING))
        assert " STOPPING " in run.rows[0]
        assert not run.left
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.STOPPED))
    assert run.app.return_value is not None
    assert run.app.return_value.code == 3
    assert run.app.return_value.line.startswith(
        "Stopped: 131,271 of 278,373 clips done, 3,124 failed, 105,293 left, "
    )


async def test_a_stop_counts_even_if_the_engine_is_gone_before_it_says_so() -> None:
    async with stand() as run:
        await run.press("q", "s")
        run.link.connected = False
        await run.tick()
    assert run.app.return_value is not None
    assert run.app.return_value.line.startswith("Stopped")


async def test_a_refused_stop_keeps_the_app_open() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="Not now.")]
        await run.press("q", "s")
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.DONE))
        assert run.app.return_value is None


@pytest.mark.parametrize("keys", [("q", "d"), ("ctrl+c", "ctrl+c")])
async def test_the_question_can_be_answered_by_detaching(keys: tuple[str, ...]) -> None:
    async with stand() as run:
        assert await run.press(*keys) == []
    assert run.app.return_value is not None
    assert "attach" in run.app.return_value.line


@pytest.mark.parametrize(
    "keys",
    [("g", "g"), ("enter", "enter"), ("escape", "escape", "escape"), ("g", "escape"), ("g", "s")],
)
async def test_the_question_closes_once_however_fast_the_keys_come(keys: tuple[str, ...]) -> None:
    async with stand() as run:
        await run.press("q")
        assert await run.burst(*keys) == []
        assert run.shown == "RunScreen"
        assert not run.left


async def test_a_stop_confirmed_twice_is_sent_once() -> None:
    async with stand() as run:
        await run.press("q")
        assert await run.burst("s", "s") == [Stop()]
        assert run.shown == "RunScreen"


@pytest.mark.parametrize("opens", ["question_mark", "ctrl+p"])
async def test_help_and_palette_close_once_however_fast_the_keys_come(opens: str) -> None:
    async with stand() as run:
        await run.press(opens)
        assert run.shown != "RunScreen"
        await run.burst("escape", "escape", "escape")
        assert run.shown == "RunScreen"


async def test_the_choice_of_theme_closes_once_however_fast_the_keys_come() -> None:
    async with stand() as run:
        run.app.search_themes()
        await run.pilot.pause()
        assert run.shown == "Palette"
        await run.burst("escape", "escape")
        assert run.shown == "RunScreen"


@pytest.mark.parametrize(("action", "opened"), [("ask_to_leave", "ConfirmScreen"), ("help", "HelpScreen")])
async def test_a_dialog_opens_once_however_fast_the_keys_come(action: str, opened: str) -> None:
    async with stand() as run:
        await run.screen.run_action(action)
        await run.screen.run_action(action)
        await run.pilot.pause()
        assert run.shown == opened
        await run.press("escape")
        assert run.shown == "RunScreen"


async def test_keys_to_leave_may_come_twice() -> None:
    async with stand() as run:
        await run.burst("d", "d")
    assert run.app.return_value is not None


@pytest.mark.parametrize("key", ["x", "space", "plus", "f"])
async def test_what_is_typed_after_leaving_changes_nothing(key: str) -> None:
    async with stand() as run:
        assert await run.burst("d", key) == []
        assert len(run.app.screen_stack) == 2
        assert not any(worker.group == "commands" for worker in run.app.workers)
    assert run.app.return_value is not None


async def test_a_run_that_is_done_says_so_and_q_leaves_without_asking() -> None:
    async with stand(size=(80, 24)) as run:
        await run.fold(*finished())
        run.link.connected = False
        await run.tick()
        assert " DONE " in run.rows[0]
        panels, _, log = run.text.lower().partition(" 5 log ")
        assert [part.count("every clip is settled") for part in (panels, log)] == [1, 1]
        assert "q leave" in run.rows[-1]
        await run.press("q")
    assert run.app.return_value is not None
    assert run.app.return_value.code == 0
    assert run.app.return_value.line.startswith("Done: 236,568 of ")


async def test_a_run_stopped_elsewhere_stays_on_screen() -> None:
    async with stand() as run:
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.STOPPED))
        assert "105,293 clips are left. Press space to" in run.text
        assert "kinetics-tui run '/data/my kinetics'" in run.text
        assert run.app.return_value is None


async def test_space_starts_the_engine_of_a_stopped_run_once() -> None:
    async with stand(StatusChanged(at=NOW, status=EngineStatus.STOPPED)) as run:
        run.link.connected = False
        await run.tick()
        assert "space continue" in run.rows[-1]
        assert await run.press("space") == []
        assert run.link.started == 1
        assert "Starting the engine" in run.said
        run.link.connected = True
        await run.fold(StatusChanged(at=NOW, status=EngineStatus.RUNNING))
        assert await run.press("space") == [Pause()]
    assert run.link.started == 1


@pytest.mark.parametrize(
    "error", [EngineError("No room: make some."), EngineDiedError("It died: see its log.")]
)
async def test_an_engine_that_cannot_be_started_says_why(error: Exception) -> None:
    async with stand(StatusChanged(at=NOW, status=EngineStatus.STOPPED)) as run:
        run.link.connected, run.link.start_fails = False, error
        await run.press("space")
        assert str(error) in run.said
        assert "STOPPED" in run.rows[0]


async def test_nothing_is_started_where_no_clip_is_left() -> None:
    async with stand() as run:
        await run.fold(*finished())
        run.link.connected = False
        await run.tick()
        assert "space" not in run.rows[-1]
        await run.press("space")
        assert run.link.started == 0


async def test_space_starts_an_engine_that_is_gone() -> None:
    async with stand() as run:
        run.link.connected = False
        await run.tick()
        assert "press space to continue" in " ".join(run.text.split())
        await run.press("space")
        assert run.link.started == 1


async def test_no_second_engine_is_offered_beside_one_that_does_not_answer() -> None:
    async with stand() as run:
        run.link.silent_since = NOW - 6
        await run.fold(StatusChanged(at=NOW - 6, status=EngineStatus.RUNNING))
        assert "space" not in run.rows[-1]
        await run.press("space")
        assert run.link.started == 0


# -- help and palette ------------------------------------------------------------------------------


async def test_the_help_names_every_key() -> None:
    async with stand(size=(120, 80)) as run:
        await run.press("question_mark")
        assert run.shown == "HelpScreen"
        for key in KEYS:
            assert key.description in run.text
        await run.press("end")
        for word in ("COOLING DOWN", "DISCONNECTED"):
            assert word in run.text
        await run.press("escape")
        assert run.shown == "RunScreen"


def test_every_key_has_an_id_of_its_own_and_a_tooltip() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert all(key.tooltip for key in KEYS)


@pytest.mark.parametrize(
    ("query", "command"),
    [
        ("pace account", SetPace(per_hour=Preset.ACCOUNT)),
        ("pace guest", SetPace(per_hour=Preset.GUEST)),
        ("pace unlimited", SetPace(per_hour=None)),
        ("workers 32", SetWorkers(workers=32)),
        ("split test switch on", SwitchSplit(split="test", enabled=True)),
        ("retry private", Retry(categories=(Category.PRIVATE,))),
        ("may work now", Retry(categories=(Category.WORKER_CRASHED,))),
        ("pause now", Pause(now=True)),
    ],
)
async def test_the_palette_finds_commands_by_name(query: str, command: AnyCommand) -> None:
    async with stand() as run:
        provider = RunCommands(run.screen)
        hits = [hit async for hit in provider.search(query)]
        best = max(hits, key=lambda hit: hit.score)
        result = best.command()
        if result is not None:
            await result
        await run.pilot.pause()
        assert run.link.commands == [command]


async def test_the_palette_opens_and_runs_a_command() -> None:
    async with stand() as run:
        await run.press("ctrl+p")
        await run.press(*"unlimited")
        await run.pilot.pause(0.3)
        await run.press("enter")
        await run.pilot.pause(0.3)
        assert run.link.commands == [SetPace(per_hour=None)]


async def test_the_palette_offers_no_retry_without_failures() -> None:
    async with stand() as run:
        run.link.state.failures.clear()
        provider = RunCommands(run.screen)
        names = [str(hit.text) async for hit in provider.discover()]
        assert not [name for name in names if name.startswith("Retry")]
        assert "Pause now" in names


# -- notices ---------------------------------------------------------------------------------------


def throttled(at: float, *, probe: bool = False) -> NetworkChanged:
    return NetworkChanged(
        at=at,
        network=NetworkState(
            name=WLAN, label="wlan0", signal=Category.BOT_CHECK, step=1, until=at + 900, in_use=True
        ),
        news=NetworkNews.PROBE_REFUSED if probe else NetworkNews.THROTTLED,
    )


async def test_a_turn_of_the_run_is_called_once_and_shown_in_one_line() -> None:
    called: list[str] = []
    async with stand() as run:
        run.screen._on_notice = called.append
        run.clock.now += 10
        await run.fold(throttled(NOW + 9))
        assert run.said.startswith("! YouTube throttles wlan0: bot check.")
        await run.tick()
        assert called == ["Kinetics-400: YouTube throttles wlan0: bot check."]
        await run.fold(throttled(NOW + 10, probe=True))
        assert called[1:] == ["Kinetics-400: The probe by wlan0 was refused: bot check."]


async def test_what_was_before_the_app_began_calls_nobody() -> None:
    called: list[str] = []
    async with stand(throttled(NOW - 3600)) as run:
        run.screen._on_notice = called.append
        await run.tick()
        await run.fold(throttled(NOW - 5))
        assert called == []
        assert "throttles" not in run.said


async def test_a_call_is_seen_on_the_network_screen_and_under_a_dialog_too() -> None:
    called: list[str] = []
    async with stand() as run:
        run.screen._on_notice = called.append
        await run.press("n")
        run.clock.now += 10
        await run.fold(throttled(NOW + 9))
        assert run.said.startswith("! YouTube throttles wlan0: bot check.")
        await run.press("question_mark")
        await run.fold(StatusChanged(at=NOW + 12, status=EngineStatus.DONE))
        assert called[1:] == [
            "Kinetics-400: The run is through: 131,271 of 278,373 clips done, 3,124 failed, 105,293 left, "
            "38,685 switched off (test)."
        ]
        await run.press("escape")
        assert run.said.startswith(
            "The run is through: 131,271 of 278,373 clips done, 3,124 failed, 105,293 left, "
            "38,685 switched off (test)."
        )


# -- time and repainting ---------------------------------------------------------------------------


async def test_the_countdown_ticks_without_any_event() -> None:
    async with stand(*cooling(until=NOW + 600), size=(80, 16)) as run:
        assert "10:00  COOLING DOWN" in run.text
        run.clock.now += 1
        await run.tick()
        assert "09:59  COOLING DOWN" in run.text


async def test_a_change_of_state_is_shown_within_the_second() -> None:
    async with stand() as run:
        run.clock.now += 0.1
        await run.fold(*cooling())
        assert " COOLING DOWN " in run.rows[0]
        assert "━ 4 Throttle" in run.text
        run.clock.now += 0.1
        await run.fold(network(), StatusChanged(at=NOW, status=EngineStatus.RUNNING))
        assert "─ 4 Throttle" in run.text


async def test_nothing_is_composed_when_nothing_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand() as run:
        composed: list[object] = []
        monkeypatch.setattr(run.screen._stage, "show", lambda *moment, spare, urgent: composed.append(moment))
        run.clock.now += 0.4
        await run.tick()
        assert composed == []
        run.clock.now += 1
        await run.tick()
        assert len(composed) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    ("status", "reason", "last_words"),
    [
        (EngineStatus.PAUSED, Reason(Why.SAFE), "keeps its cooldown."),
        (EngineStatus.PAUSING, Reason(Why.FINISHING), "back at once."),
        (EngineStatus.DONE, Reason(Why.SETTLED), "or leave (q)."),
        (EngineStatus.STOPPED, Reason(Why.LEFT, 470), "'/data/my kinetics'"),
        (
            EngineStatus.OFFLINE,
            Reason(Why.OFFLINE),
            "for another network.",
        ),
    ],
)
async def test_instructions_are_whole_on_every_terminal(
    status: EngineStatus, reason: Reason, last_words: str, size: tuple[int, int]
) -> None:
    async with stand(StatusChanged(at=NOW, status=status, reason=reason), size=size) as run:
        panel = run.screen.query_one("#throttle").region
        rows = [row[panel.x : panel.right].strip("│ ") for row in run.rows[panel.y : panel.bottom]]
        assert last_words in " ".join(" ".join(rows).split())
        assert "…" not in "".join(rows)


async def test_an_engine_that_is_gone_looks_gone() -> None:
    async with stand(size=(80, 24)) as run:
        run.link.connected = False
        run.clock.now += 30
        await run.tick()
        before = [row for row in run.rows[1:] if row.strip()]
        assert "engine not answering; last seen 14:02:11" in run.text
        assert "clips/min" not in run.text
        assert "done in" not in run.text
        run.clock.now += 300
        await run.tick()
        assert [row for row in run.rows[1:] if row.strip()] == before


@pytest.mark.parametrize("keys", ["q", "?", "na", "f?", "r?"])
async def test_what_is_below_a_dialog_fits_the_terminal(keys: str) -> None:
    async with stand(*cooling(), size=(80, 24)) as run:
        await run.press(*keys)
        assert run.app.screen.is_modal
        await resize(run.pilot, 120, 40)
        await run.pilot.pause()
        below = run.app.screen_stack[-2]
        assert any(strip.text.endswith(("╮", "┓")) for strip in below._compositor.render_strips())
        await resize(run.pilot, 80, 24)
        await run.pilot.pause()
        assert not any(strip.text.endswith(("╮", "┓")) for strip in below._compositor.render_strips())


async def test_panels_stand_still_under_a_dialog_and_catch_up_after_it() -> None:
    async with stand() as run:
        await run.press("question_mark")
        await run.fold(*paused())
        await run.press("escape")
        assert " PAUSED - safe" in run.rows[0]
