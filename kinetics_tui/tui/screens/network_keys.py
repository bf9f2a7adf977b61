"""The keys of the network screen, and which of them the bottom line offers."""

from __future__ import annotations

from kinetics_tui.model.network import NetworkInfo
from kinetics_tui.tui.known_networks import can_be_forgotten
from kinetics_tui.tui.screens.run_keys import bind
from kinetics_tui.tui.widgets.key_bar import Hint

KEYS = (
    bind("networks", "up", "move(-1)", "up", "To the network above.", shown_as="↑"),
    bind("networks", "down", "move(1)", "down", "To the network below.", shown_as="↓"),
    bind("networks", "pageup", "page(-1)", "page up", "A page up the list.", shown_as="PgUp"),
    bind("networks", "pagedown", "page(1)", "page down", "A page down the list.", shown_as="PgDn"),
    bind("networks", "home", "to_end(False)", "to the start", "To the first network."),
    bind("networks", "end", "to_end(True)", "to the end", "To the last network."),
    bind(
        "networks",
        "enter",
        "switch",
        "switch to it",
        "Send everything by this network from now on; asks what becomes of clips in hand.",
    ),
    bind("networks", "c", "check", "check it", "Send one request by this network, and see what comes of it."),
    bind("networks", "a", "add", "add a network", "List an interface, an address or a proxy."),
    bind(
        "networks",
        "x,delete",
        "forget",
        "forget it",
        "List a network that was added no longer; what is known of it is kept.",
    ),
    bind("networks", "escape,n,q,ctrl+c", "back", "back", "Back to the run.", shown_as="esc n q"),
    bind(
        "networks", "question_mark", "help", "help", "What the keys do and what the words mean.", shown_as="?"
    ),
)
"""Every key, in the order of the help."""

WORDS = (
    ("OPEN", "Nothing speaks against it."),
    ("COOLING", "YouTube refused it: nothing is sent by it until its cooldown is over."),
    ("PROBING", "One clip goes first; if it comes through, the others follow."),
    ("RAMPING", "The probe came through; workers come back a few at a time."),
    ("OFFLINE", "It is in use and leads nowhere; the run goes on when it does again."),
    ("not here", "Met before, but this machine cannot use it now."),
    ("*", "The network in use."),
    ("left", "What is left of its cooldown; over: it is ready for a probe."),
    ("learned", "The videos an hour that its throttles taught it to bear."),
    ("steps", "Cooldowns one upon the other until YouTube answered again."),
)
"""The words of the network screen."""


def hints(info: NetworkInfo | None) -> list[Hint]:
    """The keys that do something with the network at the cursor, then those that always do."""
    offered = []
    if info is not None and info.present and not info.in_use:
        offered.append(Hint("enter", "switch to it", "switch"))
    if info is not None and info.present:
        offered.append(Hint("c", "check", "check"))
    offered.append(Hint("a", "add", "add"))
    if info is not None and can_be_forgotten(info):
        offered.append(Hint("x", "forget", "forget"))
    return [*offered, Hint("esc", "back", "back"), Hint("↑↓", "move", "move(1)")]
