"""The dialog that asks for a network: what it says of what is typed, and what it returns."""

from __future__ import annotations

import pytest
from textual import events

from kinetics_tui.model.commands import AddNetwork, AnyCommand
from tests.tui.run_stand import Stand, stand

SECRET = "socks5://me:secret@10.0.0.9:1080"


def said(run: Stand) -> str:
    """What the dialog shows, its lines put together."""
    place = run.app.screen.query_one(".dialog").content_region
    inside = (row[place.x : place.right] for row in run.rows[place.y : place.bottom])
    return " ".join(" ".join(inside).split())


async def still(run: Stand) -> None:
    """Let the entries stand still for long enough to be found fault with."""
    await run.pilot.pause(0.8)


async def paste_way(run: Stand, text: str) -> None:
    """Open the dialog and put ``text`` into the network's field."""
    await run.press("n", "a", "tab")
    run.app.post_message(events.Paste(text))
    await run.pilot.pause()
    await run.pilot.pause()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("wlan0", "An interface."),
        ("192.168.1.23", "A source address (IPv4)."),
        ("2001:db8::5", "A source address (IPv6)."),
        ("default", "The default route."),
        ("socks5://host:1080", "A proxy."),
        (SECRET, "A proxy. Listed as socks5://10.0.0.9:1080, its user and password stay out of sight."),
    ],
)
async def test_what_was_typed_is_told_back(text: str, meaning: str) -> None:
    async with stand() as run:
        await paste_way(run, text)
        assert meaning in said(run)
        assert "!" not in said(run)
        assert await run.press("enter") == [AddNetwork(way=text)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not a way", "! 'not a way' is no network; give an interface (wlan0), an address"),
        ("ftp://host:1", "! That is no proxy's URL; it begins with http://"),
        ("0.0.0.0", "! 0.0.0.0 is no address that requests can be sent from."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_sent(text: str, sentence: str) -> None:
    async with stand() as run:
        await paste_way(run, text)
        await still(run)
        assert sentence in said(run)
        assert await run.press("enter", "enter") == []
        assert run.shown == "AddNetworkScreen"
        await run.press("escape")
        assert run.shown == "NetworksScreen"


async def test_half_of_an_address_is_no_mistake_yet() -> None:
    async with stand() as run:
        await run.press("n", "a", "tab", *"192.168")
        assert "!" not in said(run)
        assert await run.press("enter") == []
        assert "! '192.168' is no network" in said(run), "enter asks for an answer at once"
        await run.press(*".1.23")
        assert "!" not in said(run)


async def test_a_name_that_cannot_be_is_refused_at_its_own_field() -> None:
    async with stand() as run:
        await run.press("n", "a", *"default", "tab", *"wlan1", "enter")
        assert "! A network cannot be called 'default'" in said(run)
        await run.press("shift+tab", *["backspace"] * 7)
        assert await run.press("enter") == [AddNetwork(way="wlan1")]


async def test_enter_in_the_name_goes_on_to_the_network_which_has_to_be_given() -> None:
    async with stand() as run:
        assert await run.press("n", "a", *"cafe", "enter", "enter") == []
        assert "! Give an interface, an address of this machine, or the URL of a proxy." in said(run)
        assert await run.press(*"usb0", "enter") == [AddNetwork(way="usb0", given_as="cafe")]


async def test_up_and_down_go_from_field_to_field() -> None:
    async with stand() as run:
        await run.press("n", "a", "down", *"usb0", "up", *"cafe")
        assert await run.press("enter") == [AddNetwork(way="usb0", given_as="cafe")]


async def test_a_proxy_s_password_is_seen_while_it_is_typed_and_nowhere_else() -> None:
    sent: list[AnyCommand] = []
    async with stand() as run:
        await paste_way(run, SECRET)
        assert SECRET in run.text, "shown as typed"
        sent += await run.press("enter")
        assert "secret" not in run.text
        assert run.shown == "NetworksScreen"
        await run.press("a")
        assert "secret" not in run.text, "asked anew, the field is empty"
    assert sent == [AddNetwork(way=SECRET)]
