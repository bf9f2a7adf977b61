"""The hosts screen: every key, what it asks, the command that goes to the engine, and what is seen."""

from __future__ import annotations

import msgspec
import pytest

from kinetics_tui.model.commands import AdmitHost, RemoveHost, Reply, SetHostWorkers
from kinetics_tui.model.events import EngineStatus, HostChanged, NetworkChanged, OptionsChanged, StatusChanged
from kinetics_tui.model.network import HostState, HostStatus, NetworkStatus
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.tui.hosts.screen import KEYS, WORDS
from kinetics_tui.tui.parts.palette import RunCommands
from tests.tui.run_fakes import FARM, LAB, NODE, NOW, PHONE, finished, host_states, hosts, opened, with_hosts
from tests.tui.run_stand import Stand, stand

SMALL, WIDE = (80, 24), (120, 40)
LAB_STATE = host_states()[0]


def cursor(run: Stand) -> str:
    """The row of the cursor."""
    return next((row for row in run.rows if row.lstrip("│ ").startswith("›")), "").strip("│ ")


async def at(run: Stand, place: int) -> None:
    """Open the screen with the cursor at one of the hosts."""
    await run.press("h", *["down"] * place)
    assert run.shown == "HostsScreen"


def copied(run: Stand) -> str:
    return run.app.clipboard


# -- what is seen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_h_shows_every_host_with_the_details_of_the_one_at_the_cursor(size: tuple[int, int]) -> None:
    async with stand(*with_hosts(), size=size) as run:
        await run.press("h")
        assert "Hosts  5, 1 here" in run.text
        first = cursor(run)
        assert first.startswith(f"› {LAB} ")
        for word in ("HERE", "8 of 8", "1,204", "COOLING 12:41 +1"):
            assert word in first
        assert "2 h ago: takes part with 8 workers" in run.text
        assert f"{LAB} eth0 10.0.0.12" in run.text
        await run.press("down")
        assert cursor(run).startswith(f"› {FARM} ")
        assert "AWAY: nothing is heard of it." in run.text
        assert "in place: it sees the dataset folder" in run.text
        await run.press("end", "up")
        assert cursor(run).startswith(f"› {NODE} ")
        assert "pip install kinetics-tui==0.5.0" in " ".join(run.text.replace("│", " ").split())


async def test_a_wide_list_has_more_of_each_host() -> None:
    async with stand(*with_hosts(), size=(200, 60)) as run:
        await run.press("h")
        for word in ("10.0.0.12", "by line", "0.5.0", "takes part with 8 workers"):
            assert word in cursor(run)


async def test_the_pace_of_a_host_is_told_only_where_its_networks_are_its_own() -> None:
    own = HostState(name="lab3", workers=1, networks=("lab3 10.0.0.13",))
    async with stand(*with_hosts(), *hosts(own), size=(200, 60)) as run:
        await run.press("h")
        assert "clips/min" not in run.text
        networks = msgspec.structs.replace(LAB_STATE, networks=(f"{LAB} 10.0.0.12",))
        await run.fold(HostChanged(at=NOW, host=networks))
        await run.press("up")
        assert "0.0 clips/min" in run.text


async def test_a_network_of_a_host_by_which_nothing_goes_is_told() -> None:
    async with stand(*with_hosts(), size=SMALL) as run:
        await run.press("h")
        known = run.link.state.networks[f"{LAB} 10.0.0.12"]
        idle = msgspec.structs.replace(known, in_use=False, status=NetworkStatus.OPEN, until=None)
        await run.fold(NetworkChanged(at=NOW, network=idle))
        run.clock.now += 1
        await run.tick()
        assert "NOT IN USE" in cursor(run)


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_without_hosts_it_is_said_how_to_get_one_in(size: tuple[int, int]) -> None:
    async with stand(size=size) as run:
        await run.press("h")
        text = " ".join(run.text.replace("│", " ").split())
        assert "No other machine takes part in this run." in text
        assert "kinetics-tui run '/data/my kinetics' --listen ADDRESS" in text
        assert "--connect-file kinetics.connect" in text
        assert "kinetics-tui host --connect kinetics.connect --name lab2 --workers 8" in text
        assert "kinetics-tui help hosts." in text
        await run.press("y")
        assert copied(run) == "kinetics-tui run '/data/my kinetics' --listen ADDRESS"
        options = next(event for event in opened() if isinstance(event, OptionsChanged))
        await run.fold(msgspec.structs.replace(options, listen="10.0.0.7:7300"))
        text = " ".join(run.text.replace("│", " ").split())
        assert "listens at 10.0.0.7:7300" in text
        assert "has to listen" not in text
        await run.press("y")
        assert copied(run) == "kinetics-tui hosts '/data/my kinetics' --connect-file kinetics.connect"
        await run.press("Y")
        assert copied(run) == "kinetics-tui host --connect kinetics.connect --name lab2 --workers 8"


async def test_where_no_engine_runs_no_host_is_here() -> None:
    async with stand(*with_hosts(), *finished(), *hosts(*host_states())) as run:
        run.link.connected = False
        await at(run, 0)
        assert "Hosts  5, 0 here" in run.text
        assert "AWAY: no engine runs that it could call." in run.text
        assert await run.press("plus") == []
        assert "No engine runs. For the next run: kinetics-tui hosts" in run.said


async def test_the_cursor_stays_with_its_host() -> None:
    async with stand(*with_hosts()) as run:
        await at(run, 1)
        assert cursor(run).startswith(f"› {FARM} ")
        back = msgspec.structs.replace(host_states()[1], status=HostStatus.HERE, name=FARM)
        await run.fold(*hosts(HostState(name="a-first"), HostState(name="b-second")))
        await run.fold(HostChanged(at=NOW, host=back))
        assert cursor(run).startswith(f"› {FARM} ")
        await run.fold(HostChanged(at=NOW, host=back, removed=True))
        assert cursor(run)
        assert FARM not in cursor(run)


# -- what is done ----------------------------------------------------------------------------------


async def test_plus_and_minus_change_the_workers_of_the_host_as_fast_as_they_are_pressed() -> None:
    async with stand(*with_hosts()) as run:
        await at(run, 0)
        sent = await run.press("plus", "plus", "minus")
        assert [command.workers for command in sent if isinstance(command, SetHostWorkers)] == [9, 10, 9]
        assert "lab2 runs 9 workers from now on. z undoes it." in run.said
        await run.fold(HostChanged(at=NOW, host=msgspec.structs.replace(LAB_STATE, workers=9)))
        assert await run.press("z") == [SetHostWorkers(host=LAB, workers=8)]


async def test_a_host_that_is_away_or_has_its_most_is_told_nothing() -> None:
    full = msgspec.structs.replace(LAB_STATE, workers=64)
    async with stand(*with_hosts(), HostChanged(at=NOW, host=full)) as run:
        await at(run, 0)
        assert await run.press("plus") == []
        assert "1 to 64 workers" in run.said
        await run.press("down")
        assert await run.press("minus") == []
        assert f"{FARM} is not here" in run.said


async def test_a_refusal_is_shown_and_the_next_key_counts_from_what_is() -> None:
    async with stand(*with_hosts()) as run:
        await at(run, 0)
        run.link.replies.append(Reply(id=0, ok=False, message="There is no host 'lab2' here."))
        await run.press("plus")
        assert "There is no host" in run.said
        assert await run.press("plus") == [SetHostWorkers(host=LAB, workers=9)]


@pytest.mark.parametrize(("answer", "sent"), [("x", [RemoveHost(host=LAB)]), ("g", []), ("escape", [])])
async def test_removing_asks_first(answer: str, sent: list[RemoveHost]) -> None:
    async with stand(*with_hosts(), size=SMALL) as run:
        await at(run, 0)
        assert await run.press("x") == []
        assert "none of its name is let in any more" in run.asked
        assert await run.press(answer) == sent
        assert ("takes part no more" in run.said) == bool(sent)


async def test_a_removed_host_is_let_in_again() -> None:
    async with stand(*with_hosts()) as run:
        await at(run, 3)
        assert cursor(run).startswith(f"› {NODE} ")
        assert "a let it in" in run.rows[-1]
        assert await run.press("a") == [AdmitHost(host=NODE)]
        assert f"{NODE} may take part again" in run.said
        await run.press("home")
        assert await run.press("a") == []
        assert f"{LAB} takes part already." in run.said


async def test_n_leads_to_the_networks_of_the_host() -> None:
    async with stand(*with_hosts(), size=SMALL) as run:
        await at(run, 0)
        await run.press("n")
        assert run.shown == "NetworksScreen"
        assert cursor(run).startswith(f"›* {LAB} eth0 10.0.0.12")
        await run.press("escape", "end", "n")
        assert run.shown == "HostsScreen"
        assert "No network of desk is known." in run.said


@pytest.mark.parametrize("key", ["escape", "h", "q", "ctrl+c"])
async def test_every_way_back_leads_to_the_run(key: str) -> None:
    async with stand(*with_hosts()) as run:
        await run.press("h", key)
        assert run.shown == "RunScreen"


async def test_a_run_that_is_stopping_is_told_nothing() -> None:
    stopping = StatusChanged(at=NOW, status=EngineStatus.STOPPING, reason=Reason(Why.NONE))
    async with stand(*with_hosts(), stopping) as run:
        await at(run, 0)
        assert await run.press("plus", "x", "a") == []
        assert "The run is stopping" in run.said


async def test_the_palette_removes_hosts_by_name_from_every_screen() -> None:
    async with stand(*with_hosts()) as run:
        for key in ("h", "f"):
            await run.press(key)
            provider = RunCommands(run.app.screen)
            offers = {offer.name: offer for offer in provider._offers()}
            assert {f"Host: remove {LAB}", f"Host: let {NODE} in again"} <= set(offers)
            offers[f"Host: remove {FARM}"].run()
            await run.pilot.pause()
            assert await run.press("x") == [RemoveHost(host=FARM)]
            await run.press("escape")


async def test_the_help_has_every_key_and_word() -> None:
    async with stand(size=(120, 70)) as run:
        await run.press("h", "question_mark")
        for key in KEYS:
            assert key.description in run.text
        for word, _ in WORDS:
            assert word in run.text


# -- the run screen --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_the_run_screen_says_on_how_many_hosts_workers_are_and_who_is_away(
    size: tuple[int, int],
) -> None:
    async with stand(*with_hosts(), size=size) as run:
        assert f"{FARM} AWAY" in run.rows[0]
        assert "Workers  16 + 12 on 2 hosts" in run.text
        assert "render-f…" not in run.rows[0]
        await run.press("2")
        assert f"{LAB}·8 " in run.text


async def test_a_host_that_is_back_is_missed_no_more() -> None:
    async with stand(*with_hosts()) as run:
        back = msgspec.structs.replace(host_states()[1], status=HostStatus.HERE)
        await run.fold(HostChanged(at=NOW, host=back))
        run.clock.now += 2
        await run.tick()
        assert "AWAY" not in run.rows[0]
        assert "on 2 hosts" in run.text


def test_the_made_up_networks_are_those_of_the_hosts() -> None:
    assert PHONE in LAB_STATE.networks
