"""The networks of a run in the order that people look for them, and the words for them."""

from __future__ import annotations

from datetime import tzinfo

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import HOUR_S, step_text, until_text
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState

NOT_HERE = "not here"

_WAYS = {
    NetworkKind.DEFAULT_ROUTE: "default",
    NetworkKind.INTERFACE: "interface",
    NetworkKind.SOURCE_ADDRESS: "address",
    NetworkKind.PROXY: "proxy",
    NetworkKind.HOST: "host",
}
_SIGNALS = {
    Category.TOO_MANY_REQUESTS: "429",
    Category.SESSION_LIMIT: "session",
    Category.BOT_CHECK: "bot",
    Category.ADDRESS_BLOCKED: "blocked",
}


def known_networks(state: RunState) -> list[NetworkState]:
    """Every network: the one in use first, then those that can be used now, then the rest."""
    return sorted(state.networks.values(), key=lambda info: (not info.in_use, not info.present))


def label_of(info: NetworkState) -> str:
    """The label that people read, harmless to a terminal; never empty."""
    return for_screen(info.label or info.name) or "network without a name"


def state_word(info: NetworkState) -> str:
    """The standing of a network in one word; of one that cannot be used now only that."""
    if not info.present and not info.in_use:
        return NOT_HERE
    return info.status.value.upper()


def way_words(info: NetworkState) -> str:
    """By what requests go out, and the address family: ``interface IPv4``."""
    return f"{_WAYS[info.kind]} {info.family}".rstrip()


def signal_word(signal: Category) -> str:
    """A throttle signal, short enough for a column."""
    return _SIGNALS.get(signal, signal.value)


def last_signal(info: NetworkState) -> Category | None:
    """The signal of the last throttle, as far as it is known."""
    return info.throttles[-1].signal if info.throttles else info.signal


def left_s(info: NetworkState, now: float) -> float | None:
    """Seconds that it still waits, 0 where that is over; None where it does not."""
    return None if info.waits_until is None else max(0.0, info.waits_until - now)


def can_be_forgotten(info: NetworkState) -> bool:
    """True if it may be one that was added: the machine names neither networks nor proxies by itself."""
    added = bool(info.given_as) or info.kind in (NetworkKind.PROXY, NetworkKind.INTERFACE)
    return added and not info.in_use


def can_be_hurried(info: NetworkState) -> bool:
    """True if its cooldown can be ended early or made longer: it is in use, and cools down."""
    return info.in_use and info.status is NetworkStatus.COOLING and bool(info.steps_s)


def longer_wait_s(network: NetworkState) -> float:
    """The seconds that one "wait longer" adds: the step that the network is on, once more."""
    steps = network.steps_s
    return steps[min(network.step, len(steps)) - 1] if steps and network.step > 0 else HOUR_S


def probe_text(network: NetworkState) -> str:
    """What a probe before the end of its cooldown may cost."""
    next_s = network.steps_s[min(network.step, len(network.steps_s) - 1)]
    return f"One clip goes first. If YouTube refuses it, the network cools down for {step_text(next_s)}."


def longer_text(network: NetworkState, until: float, now: float, zone: tzinfo | None) -> str:
    """When a cooldown that ends ``until`` then would end after one "wait longer"."""
    longer_s = longer_wait_s(network)
    ends, before = (until_text(at, now, zone) for at in (until + longer_s, until))
    return f"{step_text(longer_s)} longer: the cooldown then ends {ends} instead of {before}."
