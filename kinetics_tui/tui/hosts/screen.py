"""The hosts screen: the machines that take part in a run, what each of them does, and who is let in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from textual.binding import Binding
from textual.widget import Widget

from kinetics_tui.model.commands import AdmitHost, SetHostWorkers
from kinetics_tui.model.network import HostState, HostStatus
from kinetics_tui.model.options import WORKERS
from kinetics_tui.tui.hosts.details import HostDetailsPanel
from kinetics_tui.tui.hosts.list import CONNECT_FILE, HOST_COMMAND, HostsPanel, networks_of, standing
from kinetics_tui.tui.networks.screen import NetworksScreen
from kinetics_tui.tui.parts.bars import Hint, bind, help_key, undo_key
from kinetics_tui.tui.parts.canvas import BARS, Panel, is_wide, share_out
from kinetics_tui.tui.parts.palette import Steering, ask_to_remove_host
from kinetics_tui.tui.parts.run_screen_base import OnRunScreen
from kinetics_tui.tui.parts.view_state import STOPPING, Moment

_key = partial(bind, "hosts")

KEYS = (
    _key("up", "move(-1)", "up", "To the host above.", shown_as="↑"),
    _key("down", "move(1)", "down", "To the host below.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up the list.", shown_as="PgUp"),
    _key("pagedown", "page(1)", "page down", "A page down the list.", shown_as="PgDn"),
    _key("home", "to_end(False)", "to the start", "To the first host."),
    _key("end", "to_end(True)", "to the end", "To the last host."),
    _key(
        "plus,equals_sign",
        "workers(1)",
        "more workers",
        "One worker more on this host, up to 64.",
        shown_as="+",
    ),
    _key("minus", "workers(-1)", "fewer workers", "One worker fewer on this host, down to 1.", shown_as="-"),
    _key("n", "networks", "its networks", "The network screen, at the first network of this host."),
    _key(
        "x,delete",
        "remove",
        "remove it",
        "Have this host leave, and let none of its name in any more; asks first.",
    ),
    _key("a", "admit", "let it in again", "Let a host of this name in again that was removed."),
    _key("y", "copy_file", "copy the command", "Copy the command that writes what a host needs."),
    _key("Y", "copy_host", "copy the host's", "Copy the command that is typed on the other machine."),
    _key("escape,h,q,ctrl+c", "back", "back", "Back to the run.", shown_as="esc h q"),
    undo_key("hosts"),
    help_key("hosts"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("HERE", "It is connected, and its workers get clips."),
    ("AWAY", "Nothing is heard of it: its clips go back after a while, and it may come back."),
    ("REFUSED", "It asked to take part and may not; its last word says why."),
    ("LEFT", "It said good-bye, was stopped where it runs, or ended with the run."),
    ("REMOVED", "You removed it: none of its name is let in, until a lets it in again."),
    ("workers", "Those that are up, of those that it is to have."),
    ("clips", "Clips that it did since the engine began."),
    ("/min", "Clips a minute; not told of hosts that share a network with others."),
    ("networks", "The standing of its networks; +1: it has another one."),
    ("NOT IN USE", "No clip goes by this network, and its host gets none for it: n, then u."),
    ("clips come", "by line: over the connection; in place: it sees the dataset folder itself."),
)
"""The words of the hosts screen."""


def hints(host: HostState | None, status: HostStatus | None, *, told: bool = True) -> list[Hint]:
    """The keys that do something with the host at the cursor, then those that always do.

    ``told``: an engine can be told something now.
    """
    offered = []
    if host is not None and told:
        if status is HostStatus.HERE:
            offered.append(Hint("+ -", "workers", "workers(1)"))
        if status is not None and status.shut_out:
            offered.append(Hint("a", "let it in", "admit"))
        else:
            offered.append(Hint("x", "remove", "remove"))
    if host is not None and host.networks:
        offered.append(Hint("n", "its networks", "networks", "networks"))
    offered.append(Hint("esc", "back", "back"))
    offered.append(Hint("y", "copy the command", "copy_file", "copy"))
    offered.append(Hint("Y", "the host's", "copy_host"))
    return [*offered, Hint("↑↓", "move", "move(1)")] if host is not None else offered


def why_deaf(moment: Moment) -> str:
    """The reason why no engine can be told anything about hosts now; empty where one can."""
    if moment.stopping:
        return STOPPING
    if moment.ended and not moment.connected:
        return f"No engine runs. For the next run: {moment.command('hosts')} --remove NAME"
    return ""


_DETAILS = 9
"""Lines about one host with two networks."""


def arrange_hosts(width: int, height: int, hosts: int) -> dict[str, int]:
    """Rows of the list and of the details; 0 leaves a part out."""
    rows = max(0, height - BARS)
    if not hosts:
        return {"hosts": rows, "details": 0}
    frame = 2 if is_wide(width, height) else 1
    listed = frame + hosts
    steps = (
        ("hosts", min(listed, frame + 3)),
        ("details", frame + 4),
        ("hosts", min(listed, rows // 2)),
        ("details", frame + _DETAILS),
        ("hosts", listed),
        ("details", rows),
    )
    return share_out(rows, steps, last="details", least=2, heir="hosts")


class HostsScreen(OnRunScreen):
    """The list, and the details of the host at the cursor."""

    TITLE = "Hosts"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS

    def __init__(self, run: Steering) -> None:
        super().__init__(run)
        self._list, self._details = HostsPanel(), HostDetailsPanel()
        self._asked: dict[str, int] = {}
        """Workers asked for, as the engine has not told of them yet."""

    def open_networks(self) -> None:
        """Show the network screen, where nothing else is in front."""
        self._show_networks("")

    def own_bindings(self) -> list[Binding]:
        """What is done to hosts the palette offers by their names, not by the cursor."""
        return [key for key in KEYS if key.action in ("back", "help", "copy_file", "copy_host")]

    # -- looking at the hosts ---------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        return self._list

    def body_widgets(self) -> Iterable[Widget]:
        return (self._list, self._details)

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        listed = tuple(
            (host.name, host.status, host.workers, host.ready) for host in moment.state.hosts.values()
        )
        return (*super().pressing(moment), listed)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        host = self._list.highlighted
        status = None if host is None else standing(host, moment)
        return hints(host, status, told=not why_deaf(moment))

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        rooms = arrange_hosts(*self.size, len(moment.state.hosts))
        urgent = self.place((self._list, rooms["hosts"]), (self._details, rooms["details"])) or urgent
        self._list.show(moment, urgent=urgent)
        self._details.host = self._list.highlighted
        self._details.show(moment, urgent=urgent)
        if urgent:
            # What the keys do depends on the cursor, which may have come to another host.
            self.show_keys(moment)

    def on_list_panel_moved(self) -> None:
        self.tick(urgent=True)

    # -- actions ----------------------------------------------------------------------------------------

    def action_workers(self, more: int) -> None:
        host = self._to_tell()
        if host is None:
            return
        if host.status is not HostStatus.HERE:
            self.notice(f"{host.name} is not here: its workers cannot be changed now.", bad=True)
            return
        # Keys may come faster than the engine tells of the change.
        wanted = self._asked.get(host.name, host.workers) + more
        if not WORKERS[0] <= wanted <= WORKERS[1]:
            self.notice(f"A host has {WORKERS[0]} to {WORKERS[1]} workers.", bad=True)
            return
        self._asked[host.name] = wanted
        self.send(SetHostWorkers(host=host.name, workers=wanted), refused=self._not_done)

    def _not_done(self, sentence: str) -> None:
        self._asked.clear()
        self.notice(sentence, bad=True)

    def tick(self, *, urgent: bool = False, below: bool = False) -> None:
        hosts = self.link.state.hosts
        told = {
            name for name, wanted in self._asked.items() if name in hosts and hosts[name].workers == wanted
        }
        self._asked = {name: wanted for name, wanted in self._asked.items() if name not in told}
        super().tick(urgent=urgent, below=below)

    def action_remove(self) -> None:
        if (host := self._to_tell()) is not None:
            ask_to_remove_host(self, host.name)

    def action_admit(self) -> None:
        host = self._to_tell()
        if host is None:
            return
        if host.status is HostStatus.HERE:
            self.notice(f"{host.name} takes part already.", bad=True)
        else:
            self.send(AdmitHost(host=host.name), said=f"{host.name} may take part again: start it there.")

    def action_networks(self) -> None:
        host = self._list.highlighted
        networks = [] if host is None else networks_of(host, self.link.state)
        if host is not None and not networks:
            self.notice(f"No network of {host.name} is known.", bad=True)
        else:
            self._show_networks(networks[0].name if networks else "")

    def _show_networks(self, at: str) -> None:
        if self.is_active:
            self.app.push_screen(NetworksScreen(self._run, at))

    def action_copy_file(self) -> None:
        moment = self.moment
        if moment.state.options.listen:
            self.copy(f"{moment.command('hosts')} --connect-file {CONNECT_FILE}")
        else:
            self.copy(f"{moment.command('run')} --listen ADDRESS", " with ADDRESS one of this machine's.")

    def action_copy_host(self) -> None:
        self.copy(HOST_COMMAND)

    def _to_tell(self) -> HostState | None:
        """The host at the cursor, if an engine can be told something of it; if not, why is said."""
        host, why = self._list.highlighted, why_deaf(self.moment)
        if why or host is None:
            self.notice(why or "There is no host yet.", bad=True)
            return None
        return host
