"""The network screen: every network of a run, what is known of it, and the switch to another one.

Beside it stand its keys, and the lines about the last check of a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from textual.binding import Binding
from textual.widget import Widget

from kinetics_tui.base.words import clock_text, when_text
from kinetics_tui.model.network import NetworkState
from kinetics_tui.tui.networks.details import NetworkDetailsPanel
from kinetics_tui.tui.networks.list import NetworksPanel
from kinetics_tui.tui.parts.bars import Hint, bind, help_key, undo_key
from kinetics_tui.tui.parts.canvas import BARS, Canvas, Panel, is_wide, share_out
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.network_words import can_be_forgotten, can_be_hurried, known_networks
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.run_screen_base import OnRunScreen
from kinetics_tui.tui.parts.view_state import STOPPING, Moment

_key = partial(bind, "networks")

KEYS = (
    _key("up", "move(-1)", "up", "To the network above.", shown_as="↑"),
    _key("down", "move(1)", "down", "To the network below.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up the list.", shown_as="PgUp"),
    _key("pagedown", "page(1)", "page down", "A page down the list.", shown_as="PgDn"),
    _key("home", "to_end(False)", "to the start", "To the first network."),
    _key("end", "to_end(True)", "to the end", "To the last network."),
    _key(
        "enter",
        "switch",
        "switch to it",
        "Send everything by this network from now on; asks what becomes of clips in hand.",
    ),
    _key(
        "u",
        "use",
        "use it too",
        "Send by this network beside those in use, each at its own pace; again: by it no more.",
    ),
    _key("p", "probe", "probe it now", "Do not wait for the end of its cooldown: one clip goes first by it."),
    _key("e", "wait_longer", "wait longer", "Add a step to its cooldown."),
    _key("c", "check", "check it", "Send one request by this network, and see what comes of it."),
    _key("a", "add", "add a network", "List an interface, an address or a proxy."),
    _key(
        "x,delete",
        "forget",
        "forget it",
        "List a network that was added no longer; what is known of it is kept.",
    ),
    _key("escape,n,q,ctrl+c", "back", "back", "Back to the run.", shown_as="esc n q"),
    undo_key("networks"),
    help_key("networks"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("OPEN", "Nothing speaks against it."),
    ("COOLING", "YouTube refused it: nothing is sent by it until its cooldown is over."),
    ("PROBING", "One clip goes first; if it comes through, the others follow."),
    ("RAMPING", "The probe came through; workers come back a few at a time."),
    ("OFFLINE", "It is in use and leads nowhere; the run goes on when it does again."),
    ("not here", "Met before, but this machine cannot use it now."),
    ("*", "A network in use."),
    ("left", "What is left of its cooldown; over: it is ready for a probe."),
    ("learned", "The clips an hour that its throttles taught it to bear."),
    ("steps", "Cooldowns one upon the other until YouTube answered again."),
)
"""The words of the network screen."""


def hints(info: NetworkState | None, *, several: bool = False, adds: bool = True) -> list[Hint]:
    """The keys that do something with the network at the cursor, then those that always do.

    ``several``: more than one is in use; ``adds``: one can be added now.
    """
    offered = []
    if info is not None and info.present and not info.in_use:
        offered.append(Hint("enter", "switch to it", "switch", "switch"))
        offered.append(Hint("u", "use it too", "use", "use too"))
    if info is not None and info.in_use and several:
        offered.append(Hint("enter", "only this one", "switch"))
        offered.append(Hint("u", "use no more", "use"))
    if info is not None and can_be_hurried(info):
        offered.append(Hint("p", "probe", "probe"))
        offered.append(Hint("e", "longer", "wait_longer"))
    offered.append(Hint("esc", "back", "back"))
    if info is not None and info.present:
        offered.append(Hint("c", "check", "check"))
    if adds:
        offered.append(Hint("a", "add", "add"))
    if info is not None and can_be_forgotten(info):
        offered.append(Hint("x", "forget", "forget"))
    return [*offered, Hint("↑↓", "move", "move(1)")]


def why_deaf(moment: Moment) -> str:
    """The reason why no engine can be told anything about networks now; empty where one can."""
    if moment.stopping:
        return STOPPING
    if moment.ended and not moment.connected:
        return f"No engine runs. For the next run: {moment.command('switch')} NAME"
    return ""


LINES_MOST = 3


def check_lines(moment: Moment, checking: str, width: int) -> list[Line]:
    """``checking`` is the label of a network that is being checked, else empty."""
    if checking:
        return [Line(f" checking {checking}: one request is on its way ...", Tone.STRONG)]
    checked = moment.state.checked
    if checked is None:
        return []
    at = clock_text(checked.at, moment.zone)
    day = when_text(checked.at, moment.now, moment.zone)
    when = at if at.startswith(day) else day
    text = checked.text if checked.label in checked.text else f"{checked.label}: {checked.text}"
    mark, tone = ("ok", Tone.GOOD) if checked.ok else ("!", Tone.WARN)
    head = Line(f" check {when}  ", Tone.DIM).add(f"{mark}  ", tone)
    first, *rest = paragraph(text, max(1, width - head.width - 1)) or [""]
    lines = [Line().append(head).add(first)]
    return [*lines, *(Line(" " * head.width).add(row) for row in rest)][:LINES_MOST]


class CheckLine(Canvas):
    """One line, or a few where the terminal is narrow; the screen gives it as many as it needs."""

    def __init__(self) -> None:
        super().__init__(id="check")
        self.checking = ""

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return check_lines(moment, self.checking, width)


_DETAILS = 11
"""Lines about one network and six of its throttles."""


def arrange_networks(width: int, height: int, networks: int, said: int) -> dict[str, int]:
    """Rows of the list, of ``said`` lines about a check, and of the details; 0 leaves a part out."""
    rows = max(0, height - BARS)
    frame = 2 if is_wide(width, height) else 1
    listed = frame + max(1, networks)
    steps = (
        ("networks", min(listed, frame + 3)),
        ("said", said),
        ("details", frame + 4),
        ("networks", min(listed, rows // 2)),
        ("details", frame + _DETAILS),
        ("networks", listed),
        ("details", rows),
    )
    return share_out(rows, steps, last="details", least=2, heir="networks")


class NetworksScreen(OnRunScreen):
    """The list, what came of a check, and the details of the network at the cursor.

    ``at`` is the name of the one that it begins at.
    """

    TITLE = "Networks"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS

    def __init__(self, run: Steering, at: str = "") -> None:
        super().__init__(run)
        self._list, self._check, self._details = NetworksPanel(at), CheckLine(), NetworkDetailsPanel()

    def open_networks(self) -> None:
        """This is the network screen."""

    def own_bindings(self) -> list[Binding]:
        """What is done to networks the palette offers by their names, not by the cursor."""
        return [key for key in KEYS if key.action in ("back", "help")]

    # -- looking at the networks ------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        return self._list

    def body_widgets(self) -> Iterable[Widget]:
        return (self._list, self._check, self._details)

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        listed = tuple(
            (info.name, info.status, info.until, info.in_use, info.present, info.given_as)
            for info in moment.state.networks.values()
        )
        return (*super().pressing(moment), listed, moment.state.checked, self.networks.checking)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        if why_deaf(moment):
            return hints(None, adds=False)
        return hints(self._list.highlighted, several=len(moment.state.in_use) > 1)

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._check.checking = self.networks.checking
        urgent = self._arrange(moment) or urgent
        self._list.show(moment, urgent=urgent)
        self._details.info = self._list.highlighted
        for canvas in (self._check, self._details):
            canvas.show(moment, urgent=urgent)
        if urgent:
            # What the keys do depends on the cursor, which may have come to another network.
            self.show_keys(moment)

    def _arrange(self, moment: Moment) -> bool:
        """Give the parts their places; returns whether any of them changed."""
        said = len(check_lines(moment, self._check.checking, self.size.width))
        rooms = arrange_networks(*self.size, len(known_networks(moment.state)), said)
        return self.place(
            (self._list, rooms["networks"]), (self._check, rooms["said"]), (self._details, rooms["details"])
        )

    def on_list_panel_moved(self) -> None:
        self.tick(urgent=True)

    # -- actions ----------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        self._with_highlighted(self.networks.switch)

    def action_use(self) -> None:
        self._with_highlighted(self.networks.use)

    def action_probe(self) -> None:
        self._with_highlighted(self.networks.probe)

    def action_wait_longer(self) -> None:
        self._with_highlighted(self.networks.wait_longer)

    def action_check(self) -> None:
        self._with_highlighted(self.networks.check)
        self.tick(urgent=True)

    def action_add(self) -> None:
        if self._can_tell():
            self.networks.add()

    def action_forget(self) -> None:
        self._with_highlighted(self.networks.forget)

    def _with_highlighted(self, act: Callable[[str], None]) -> None:
        info = self._list.highlighted
        if not self._can_tell():
            return
        if info is None:
            self.notice("No network is known yet.", bad=True)
        else:
            act(info.name)

    def _can_tell(self) -> bool:
        """True if an engine can be told something; if not, why is said."""
        why = why_deaf(self.moment)
        if why:
            self.notice(why, bad=True)
        return not why
