"""The network screen: every key, what it asks, the command that goes to the engine, and what is seen."""

from __future__ import annotations

import random

import msgspec
import pytest
from textual.events import MouseScrollUp
from textual.widgets import Static

from kinetics_tui.model.commands import (
    AddNetwork,
    AnyCommand,
    CheckNetwork,
    ForgetNetwork,
    Pause,
    ProbeNow,
    Reply,
    SetPace,
    SwitchNetwork,
    UseNetworks,
    WaitLonger,
)
from kinetics_tui.model.events import (
    AnyEvent,
    EngineStatus,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
    StatusChanged,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.tui.networks.screen import KEYS, WORDS, NetworksScreen
from kinetics_tui.tui.parts.palette import RunCommands
from tests.network_events import listing
from tests.tui.run_fakes import (
    CABLE,
    CABLE6,
    NOW,
    PHONE,
    WLAN,
    at_rest,
    cooling,
    finished,
    listed,
    listed_networks,
    network,
    paused,
    used_now,
)
from tests.tui.run_stand import Stand, stand

SMALL = (80, 24)
IN_USE, COOLS, OPEN, ADDED, TETHER, ELSEWHERE = range(6)
"""How often ``down`` leads to each of the made-up networks."""


def many(count: int) -> list[AnyEvent]:
    more = (
        NetworkState(
            name=f"10.9.{n // 250}.{n % 250}",
            label=f"veth{n} 10.9.{n // 250}.{n % 250}",
            kind=NetworkKind.SOURCE_ADDRESS,
            family=Family.IPV4,
            clips=n,
        )
        for n in range(count)
    )
    return listed(*more)


async def at(run: Stand, place: int) -> None:
    """Open the screen with the cursor at one of the networks."""
    await run.press("n", *["down"] * place)
    assert run.shown == "NetworksScreen"


def cursor(run: Stand) -> str:
    """The row of the cursor."""
    return next((row for row in run.rows if row.lstrip("│ ").startswith("›")), "").strip("│ ")


def dialog(run: Stand) -> str:
    """What the dialog on top says, its lines put together."""
    text = run.app.screen.query_one(".dialog-text", Static)
    return str(text.content)


def networks_screen(run: Stand) -> NetworksScreen:
    screen = run.app.screen_stack[2]
    assert isinstance(screen, NetworksScreen)
    return screen


# -- what is seen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
async def test_n_shows_all_networks_with_the_details_of_the_one_at_the_cursor(size: tuple[int, int]) -> None:
    async with stand(size=size) as run:
        await run.press("n")
        assert "Networks  6" in run.text
        assert cursor(run).startswith("›* wlan0 192.168.1.23")
        assert "default route, IPv4, in use" in run.text
        assert "too many requests (429)" in run.text
        await run.press("down", "down", "down")
        assert cursor(run).startswith("›  phone socks5://127.0.0.1")
        assert "learned pace 290/h" in run.text
        assert " RUNNING " in run.rows[0]
        await run.press("up", "home", "up")
        assert cursor(run).startswith("›* wlan0")
        await run.press("end", "down")
        assert cursor(run).startswith("›  wlan0 172.20.10.4")


@pytest.mark.parametrize("key", ["escape", "n", "q", "ctrl+c"])
async def test_it_closes_by_several_keys_and_does_no_harm(key: str) -> None:
    async with stand() as run:
        before = run.text
        await run.press("n")
        screen = networks_screen(run)
        assert await run.press(key) == []
        assert run.shown == "RunScreen"
        assert run.text == before
        screen.action_back()
        await run.pilot.pause()
        assert run.shown == "RunScreen"
        assert not run.left


async def test_countdowns_go_on_while_it_is_open() -> None:
    async with stand(size=SMALL) as run:
        await run.press("n", "down")
        assert "COOLING     2:37:49" in cursor(run)
        run.clock.now += 1
        await run.tick()
        assert "COOLING     2:37:48" in cursor(run)
        assert "(2:37:48 left, step 2)" in run.text


async def test_a_change_of_a_network_is_seen_at_once_and_the_cursor_stays_with_its_network() -> None:
    async with stand() as run:
        await at(run, ADDED)
        run.clock.now += 0.1
        await run.fold(
            *used_now(
                msgspec.structs.replace(
                    network(NetworkStatus.PROBING).network,
                    name=PHONE,
                    label=f"phone {PHONE}",
                    kind=NetworkKind.PROXY,
                )
            )
        )
        assert cursor(run).startswith("›* phone socks5://127.0.0.1:1080")
        assert "PROBING" in cursor(run)
        assert "phone socks5" in run.rows[0]


async def test_the_cursor_goes_to_the_next_network_when_its_own_is_gone() -> None:
    async with stand() as run:
        await at(run, ADDED)
        (phone,) = (network for network in listed_networks() if network.name == PHONE)
        await run.fold(NetworkChanged(at=NOW, network=phone, news=NetworkNews.FORGOTTEN))
        assert cursor(run).startswith("›  tether usb0")


async def test_hundreds_of_networks_scroll_under_the_cursor() -> None:
    async with stand(*many(300), size=SMALL) as run:
        await run.press("n", "pagedown", "pagedown")
        first, last = cursor(run), run.text
        await run.press("end")
        assert cursor(run).startswith("›  wlan0 172.20.10.4"), "those that are not here come last"
        assert "of 306" in run.text
        assert "veth299 10.9.1.49" in run.text
        await run.press("home", "pagedown", "pagedown")
        assert (cursor(run), run.text) == (first, last)
        await run.press("pageup", "pageup", "pageup", "pageup")
        assert cursor(run).startswith("›* wlan0 192.168.1.23")


async def test_wherever_the_cursor_goes_it_is_in_view() -> None:
    chance = random.Random(3)
    async with stand(*many(60), size=(60, 16)) as run:
        await run.press("n")
        for _ in range(40):
            await run.press(chance.choice(["up", "down", "pageup", "pagedown", "home", "end"]))
            screen = networks_screen(run)
            highlighted = screen._list.highlighted
            assert highlighted is not None
            assert highlighted.label[:12] in cursor(run)


async def test_a_click_puts_the_cursor_on_a_network_and_the_wheel_moves_it() -> None:
    async with stand() as run:
        await run.press("n")
        await run.pilot.click("#networks", offset=(10, 4))
        await run.pilot.pause()
        assert cursor(run).startswith("›  phone")
        await run.pilot._post_mouse_events([MouseScrollUp], "#networks", offset=(10, 4))
        await run.pilot.pause()
        assert cursor(run).startswith("›  eth0 2001")
        assert run.link.commands == []


async def test_a_network_screen_before_anything_is_known_says_so() -> None:
    async with stand() as run:
        run.link.state.networks.clear()
        assert await run.press("n", "down", "enter", "c", "x") == []
        assert "no network is known yet" in run.text


# -- switch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "finish"), [("f", True), ("b", False)], ids=["finish the clips", "put them back"]
)
async def test_enter_asks_what_becomes_of_the_clips_in_hand(key: str, finish: bool) -> None:
    async with stand() as run:
        await at(run, ADDED)
        assert await run.press("enter") == []
        assert run.shown == "ConfirmScreen"
        assert "Switch to phone socks5://127.0.0.1:1080?" in run.text
        assert "13 clips are in hand by wlan0 192.168.1.23." in run.text
        assert "finish the 13 clips in hand first" in run.text
        assert "put them back at once" in run.text
        assert await run.press(key) == [SwitchNetwork(way=PHONE, finish=finish)]
        assert run.shown == "NetworksScreen"


@pytest.mark.parametrize("keys", [("g",), ("escape",), ("enter",), ("enter", "enter")])
async def test_the_question_can_be_closed_without_a_switch(keys: tuple[str, ...]) -> None:
    async with stand() as run:
        await at(run, ADDED)
        await run.press("enter")
        assert await run.burst(*keys) == []
        assert run.shown == "NetworksScreen"


async def test_one_clip_in_hand_is_spoken_of_as_one() -> None:
    async with stand(workers=1) as run:
        await at(run, ADDED)
        await run.press("enter")
        assert "1 clip is in hand by" in run.text
        assert "finish the clip in hand first" in run.text
        assert "put it back at once" in run.text


async def test_without_a_clip_in_hand_nothing_is_asked() -> None:
    async with stand(*at_rest()) as run:
        await at(run, OPEN)
        assert await run.press("enter") == [SwitchNetwork(way=CABLE6, finish=True)]
        assert run.shown == "NetworksScreen"


async def test_a_network_that_cools_down_is_said_to_send_nothing_and_until_when() -> None:
    sentence = "eth0 10.0.0.7 cools down until 16:40: nothing will be sent until then."
    async with stand() as run:
        await at(run, COOLS)
        await run.press("enter")
        assert sentence in dialog(run)
        await run.press("escape")
        await run.fold(*at_rest())
        assert await run.press("enter") == [SwitchNetwork(way=CABLE, finish=True)]
        assert run.said.startswith(sentence)


async def test_a_cooldown_that_is_over_is_no_reason_to_warn() -> None:
    async with stand(*at_rest()) as run:
        run.clock.now += 86_400
        await at(run, COOLS)
        assert "over" in cursor(run)
        assert await run.press("enter") == [SwitchNetwork(way=CABLE, finish=True)]
        assert "cools down" not in run.said


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (IN_USE, "wlan0 192.168.1.23 is in use already."),
        (TETHER, "tether usb0 is not here: connect it, then switch."),
    ],
)
async def test_what_cannot_be_switched_to_says_why(place: int, sentence: str) -> None:
    async with stand() as run:
        await at(run, place)
        assert await run.press("enter") == []
        assert run.said.startswith(f"! {sentence}")


async def test_a_refused_switch_says_why_even_after_the_screen_is_closed() -> None:
    async with stand(*at_rest()) as run:
        run.link.replies = [Reply(id=0, ok=False, message="The run goes out by phone already.")]
        await at(run, ADDED)
        await run.press("enter")
        assert run.said.startswith("! The run goes out by phone already.")
        await run.press("escape")
        assert run.said.startswith("! The run goes out by phone already.")


@pytest.mark.parametrize(("place", "action"), [(ADDED, "switch"), (COOLS, "check"), (IN_USE, "add")])
async def test_a_question_is_asked_once_however_fast_the_keys_come(place: int, action: str) -> None:
    async with stand() as run:
        await at(run, place)
        screen = networks_screen(run)
        for again in (action, action, "switch", "check", "add", "forget"):
            await screen.run_action(again)
        await run.pilot.pause()
        assert len(run.app.screen_stack) == 4
        assert run.link.commands == []
        await run.press("escape")
        assert run.shown == "NetworksScreen"


@pytest.mark.parametrize("in_hand", [0, 3])
async def test_u_uses_a_network_too_without_a_question(in_hand: int) -> None:
    events = listed() if in_hand else [*at_rest(), *listed()]
    async with stand(*events) as s:
        await s.press("n", *["down"] * OPEN)
        (command,) = await s.press("u")
        assert isinstance(command, UseNetworks)
        assert command.ways[0] == WLAN
        assert len(command.ways) == 2


async def test_u_takes_a_network_out_of_use_and_asks_what_becomes_of_clips_in_hand() -> None:
    two = [msgspec.structs.replace(known, in_use=known.name in (WLAN, CABLE)) for known in listed_networks()]
    async with stand(*listing(NOW, tuple(two))) as s:
        assert await s.press("n", "u") == []
        assert "in hand" in s.asked
        (command,) = await s.press("f")
        assert isinstance(command, SwitchNetwork)
        assert (command.way, command.finish) == (CABLE, True)


async def test_p_and_e_are_for_the_cooldown_of_the_network_at_the_cursor() -> None:
    cools = {"status": NetworkStatus.COOLING, "until": NOW + 900, "step": 1, "steps_s": (900.0, 3600.0)}
    two = [
        msgspec.structs.replace(known, in_use=True, **(cools if known.name == CABLE else {}))
        if known.name in (WLAN, CABLE)
        else known
        for known in listed_networks()
    ]
    async with stand(*listing(NOW, tuple(two))) as s:
        await s.press("n")
        assert await s.press("p") == await s.press("e") == []
        assert "Nothing to wait for: wlan0 192.168.1.23 is not cooling down in this run." in s.said
        await s.press("down")
        assert await s.press("p") == []
        assert "cools down for 1 h" in dialog(s)
        assert await s.press("p") == [ProbeNow(network=CABLE)]
        assert await s.press("e") == []
        assert "15 min longer" in dialog(s)
        assert await s.press("e") == [WaitLonger(seconds=900.0, network=CABLE)]


async def test_u_does_not_take_the_only_network_out_of_use() -> None:
    async with stand(*listed()) as s:
        assert await s.press("n", "u") == []
        assert "the only network in use" in s.said


async def test_the_header_follows_a_switch() -> None:
    async with stand() as run:
        await run.press("n")
        reason = Reason(Why.SWITCHING, 13, "wlan0 192.168.1.23")
        await run.fold(
            StatusChanged(at=NOW, status=EngineStatus.SWITCHING, reason=reason),
            NetworkChanged(at=NOW, network=NetworkState(name="before", label="wlan0"), news=NetworkNews.LEFT),
        )
        assert run.rows[0].startswith(" SWITCHING - 13 clips in hand ")
        await run.press("escape")
        assert "13 clips in hand still by wlan0" in run.text


# -- check -----------------------------------------------------------------------------------------


def came_of_it(name: str, label: str, *, ok: bool = True) -> NetworkChecked:
    text = f"YouTube answers by {label} (0.4 s)." if ok else f"No answer by {label}: Session limit."
    return NetworkChecked(at=NOW, name=name, label=label, ok=ok, text=text)


async def test_c_sends_one_request_and_shows_what_comes_of_it() -> None:
    async with stand(size=SMALL) as run:
        await at(run, OPEN)
        assert await run.press("c") == [CheckNetwork(name=CABLE6)]
        assert " checking eth0 2001:db8::5: one request is on its way ..." in run.text
        assert await run.press("c") == []
        assert run.said.startswith("! eth0 2001:db8::5 is being checked already.")
        await run.fold(came_of_it(CABLE6, "eth0 2001:db8::5"))
        assert " check 14:02:11  ok  YouTube answers by eth0 2001:db8::5 (0.4 s)." in run.text
        assert "checking" not in run.text


async def test_a_network_that_cools_down_is_checked_only_when_that_is_wanted() -> None:
    async with stand() as run:
        await at(run, COOLS)
        assert await run.press("c") == []
        assert "Check eth0 10.0.0.7 while it cools down?" in run.text
        assert "A request now may prolong the block." in dialog(run)
        assert await run.press("g") == []
        await run.press("c")
        assert await run.press("c") == [CheckNetwork(name=CABLE)]
        await run.fold(came_of_it(CABLE, "eth0 10.0.0.7", ok=False))
        assert "!  No answer by eth0 10.0.0.7: Session limit." in run.text


async def test_a_proxy_is_named_in_full_where_it_is_asked_whether_to_check_it() -> None:
    proxy = NetworkState(
        name=PHONE, label=PHONE, kind=NetworkKind.PROXY, status=NetworkStatus.COOLING, until=NOW + 600, step=1
    )
    async with stand(NetworkChanged(at=NOW, network=proxy)) as run:
        run.screen.networks.check(PHONE)
        await run.pilot.pause()
        assert f"{PHONE} cools down until 14:12. A request" in " ".join(dialog(run).split())


async def test_a_refused_check_is_under_way_no_more() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="There is no clip to ask YouTube for.")]
        await at(run, OPEN)
        await run.press("c")
        assert run.said.startswith("! There is no clip to ask YouTube for.")
        assert "checking" not in run.text
        assert await run.press("c") == [CheckNetwork(name=CABLE6)]


async def test_a_check_that_nothing_comes_of_is_not_waited_for_for_ever() -> None:
    async with stand() as run:
        await at(run, OPEN)
        await run.press("c")
        run.clock.now += 181
        await run.tick()
        assert "checking" not in run.text
        assert await run.press("c") == [CheckNetwork(name=CABLE6)]
        run.link.connected = False
        await run.tick()
        assert "checking" not in run.text


async def test_a_network_that_is_not_here_cannot_be_checked() -> None:
    async with stand() as run:
        await at(run, TETHER)
        assert await run.press("c") == []
        assert run.said.startswith("! tether usb0 is not here: connect it, then check.")


# -- add and forget --------------------------------------------------------------------------------


async def test_a_asks_for_a_network_and_adds_it() -> None:
    async with stand() as run:
        await run.press("n", "a")
        assert run.shown == "AddNetworkScreen"
        keys = [*"cafe", "enter", *"usb1", "enter"]
        assert await run.press(*keys) == [AddNetwork(way="usb1", given_as="cafe")]
        assert run.shown == "NetworksScreen"


async def test_what_the_engine_refuses_to_add_can_be_mended() -> None:
    async with stand() as run:
        run.link.replies = [Reply(id=0, ok=False, message="There is no interface usb1.")]
        await run.press("n", "a", *"cafe", "tab", *"usb1", "enter")
        assert run.shown == "AddNetworkScreen"
        assert "! There is no interface usb1." in run.text
        assert "cafe" in run.text
        assert await run.press("backspace", "2", "enter") == [AddNetwork(way="usb2", given_as="cafe")]


async def test_a_refusal_does_not_break_into_another_dialog() -> None:
    async with stand() as run:
        await run.press("n", "a", *"cafe", "tab", *"usb1")
        command = AddNetwork(way="usb1", given_as="cafe")
        run.screen.networks._addition_refused(command, "No.")
        await run.pilot.pause()
        assert len(run.app.screen_stack) == 4


async def test_escape_adds_nothing() -> None:
    async with stand() as run:
        await run.press("n", "a", *"cafe")
        assert await run.press("escape") == []
        assert run.shown == "NetworksScreen"


async def test_z_goes_back_to_the_network_before() -> None:
    async with stand(*at_rest()) as run:
        await at(run, OPEN)
        assert await run.press("enter") == [SwitchNetwork(way=CABLE6)]
        assert run.said == "Everything goes by eth0 2001:db8::5 from now on. z undoes it."
        assert run.rows[-1].startswith(" z undo  ")
        assert await run.press("z") == [SwitchNetwork(way=WLAN)]
        assert run.said.startswith("Undone. Everything goes by wlan0 ")


@pytest.mark.parametrize("key", ["x", "delete"])
async def test_an_added_network_can_be_forgotten(key: str) -> None:
    async with stand() as run:
        await at(run, ADDED)
        assert "x forget" in run.rows[-1]
        assert await run.press(key) == []
        assert "Forget phone socks5://127.0.0.1:1080?" in run.text
        assert await run.press("enter", key, "x") == [ForgetNetwork(name=PHONE)]


async def test_what_cannot_be_forgotten_says_why() -> None:
    async with stand() as run:
        await at(run, IN_USE)
        assert "x forget" not in run.rows[-1]
        assert await run.press("x") == []
        assert run.said.startswith("! wlan0 192.168.1.23 is in use: switch to another network first.")
        run.link.replies = [Reply(id=0, ok=False, message="Only networks that were added can be forgotten.")]
        assert await run.press("down", "x") == [ForgetNetwork(name=CABLE)]
        assert run.said.startswith("! Only networks that were added can be forgotten.")


# -- keys, help, palette ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "hints"),
    [
        (IN_USE, " esc back  c check  a add"),
        (OPEN, " enter switch  u use too  esc back  c check  a add"),
        (ADDED, " enter switch  u use too  esc back  c check  a add"),
        (TETHER, " esc back  a add  x forget"),
    ],
)
async def test_the_keys_offered_are_those_that_do_something_at_the_cursor(place: int, hints: str) -> None:
    async with stand(size=SMALL) as run:
        await at(run, place)
        assert run.rows[-1].startswith(hints + "  ")
        assert run.rows[-1].rstrip().endswith("? help  ^p palette")


@pytest.mark.parametrize(
    ("status", "connected", "why"),
    [
        (EngineStatus.STOPPING, True, "! The run is stopping"),
        (EngineStatus.STOPPED, False, "! No engine runs. For the next run: kinetics-tui switch "),
    ],
)
async def test_nothing_is_offered_or_asked_where_no_engine_can_be_told(
    status: EngineStatus, connected: bool, why: str
) -> None:
    async with stand(size=SMALL) as run:
        await at(run, ADDED)
        run.link.connected = connected
        await run.fold(StatusChanged(at=NOW, status=status))
        assert run.rows[-1].startswith(" esc back  ↑↓ move  ")
        for key in ("enter", "u", "c", "a", "x", "p", "e"):
            assert await run.press(key) == []
            assert run.shown == "NetworksScreen"
            assert run.said.startswith(why)


async def test_the_help_names_every_key_and_word() -> None:
    async with stand(size=(120, 60)) as run:
        await run.press("n", "question_mark")
        assert run.shown == "HelpScreen"
        for key in KEYS:
            assert key.description in run.text
        for word, _ in WORDS:
            assert word in run.text
        await run.press("escape")
        assert run.shown == "NetworksScreen"


def test_every_key_has_an_id_of_its_own_and_a_tooltip() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert all(key.tooltip for key in KEYS)


async def palette(run: Stand) -> dict[str, object]:
    screen = run.app.screen
    return {str(hit.text): hit.command async for hit in RunCommands(screen).discover()}


@pytest.mark.parametrize("opened", [False, True])
async def test_the_palette_switches_checks_adds_and_forgets_by_name(opened: bool) -> None:
    async with stand() as run:
        await run.press(*["n"] * opened)
        offers = {name for name in await palette(run) if name.startswith("Network:")}
        assert offers == {
            "Network: switch to eth0 10.0.0.7",
            "Network: switch to eth0 2001:db8::5",
            "Network: switch to phone socks5://127.0.0.1:1080",
            "Network: add ...",
            "Network: check wlan0 192.168.1.23",
            "Network: check eth0 10.0.0.7",
            "Network: check eth0 2001:db8::5",
            "Network: check phone socks5://127.0.0.1:1080",
            "Network: forget phone socks5://127.0.0.1:1080",
            "Network: forget tether usb0",
        }


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    ("typed", "keys", "commands", "shown"),
    [
        ("switch to phone", ("b",), [SwitchNetwork(way=PHONE, finish=False)], None),
        ("check phone", (), [CheckNetwork(name=PHONE)], "NetworksScreen"),
        ("forget phone", ("x",), [ForgetNetwork(name=PHONE)], None),
        ("network: add", (*"u1", "tab", *"usb1", "enter"), [AddNetwork(way="usb1", given_as="u1")], None),
        ("pause now", (), [Pause(now=True)], None),
        ("pace: unlimited", (), [SetPace(per_hour=None)], None),
    ],
)
async def test_a_command_of_the_palette_is_carried_out_from_both_screens(
    opened: bool, typed: str, keys: tuple[str, ...], commands: list[AnyCommand], shown: str | None
) -> None:
    async with stand() as run:
        await run.press(*["n"] * opened, "ctrl+p", *typed)
        await run.pilot.pause(0.3)
        await run.press("enter")
        await run.pilot.pause(0.3)
        await run.press(*keys)
        assert run.link.commands == commands
        assert run.shown == (shown or ("NetworksScreen" if opened else "RunScreen"))


async def test_the_palette_offers_the_steering_of_the_run_here_too() -> None:
    async with stand(*cooling()) as run:
        await run.press("n")
        names = set(await palette(run))
        assert {"Pause or resume", "Pause now", "Probe now", "Wait longer", "Detach", "Back"} <= names
        assert "Splits in full" not in names
        assert "Leave" not in [command.title for command in run.app.get_system_commands(run.app.screen)]


async def test_ctrl_q_detaches_from_here_too() -> None:
    async with stand() as run:
        await run.press("n", "ctrl+q")
    assert run.app.return_value is not None
    assert run.app.return_value.code == 0


@pytest.mark.parametrize("scene", ["running", "cooling", "paused", "done"])
async def test_n_is_offered_where_it_helps(scene: str) -> None:
    events = {"running": [], "cooling": cooling(), "paused": paused(), "done": finished()}[scene]
    words = {
        "running": "n networks",
        "cooling": "n switch",
        "paused": "n switch network",
        "done": "n networks",
    }
    async with stand(*events, size=SMALL) as run:
        assert f"{words.get(scene, 'n networks')}  " in run.rows[-1]
        await run.press("n")
        assert run.shown == "NetworksScreen"


async def test_names_that_anyone_may_have_given_reach_the_terminal_clean() -> None:
    evil = NetworkState(
        name="\x1b]52;c;aGk=\x07",
        label="\x1b[2J" + "弾き語り" * 40 + "\u202e\n",
        kind=NetworkKind.PROXY,
        given_as="\x07",
        signal=Category.CAPTCHA,
    )
    async with stand(*listed(evil), size=SMALL) as run:
        await run.press("n", "end", "up", "up")
        await run.press("enter")
        assert run.shown == "ConfirmScreen"
        assert all(character.isprintable() for row in run.rows for character in row)
        await run.press("escape")
        assert all(character.isprintable() for row in run.rows for character in row)
        assert all(name.isprintable() for name in await palette(run))


async def test_while_it_is_open_the_run_below_goes_on_to_be_seen_in_the_title() -> None:
    titles: list[str] = []
    async with stand() as run:
        run.screen._on_title = titles.append
        await run.press("n")
        await run.fold(*paused())
        assert titles[-1].startswith("PAUSED")
        await run.press("escape")
        assert " PAUSED - safe" in run.rows[0]
