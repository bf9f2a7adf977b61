"""The command palette of the run screen: every command, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import counted
from kinetics_tui.model.commands import (
    AdmitHost,
    AnyCommand,
    RemoveHost,
    Retry,
    SetPace,
    SetWorkers,
    SwitchSplit,
)
from kinetics_tui.model.failure import Category, Kind, by_count
from kinetics_tui.model.options import PACES, budget_text
from kinetics_tui.tui.parts.dialogs import Answer
from kinetics_tui.tui.parts.network_words import can_be_forgotten, known_networks, label_of, state_word
from kinetics_tui.tui.parts.view_state import Link, Looking

STEERS = ("pause_or_resume", "pause_now", "probe_now", "wait_longer", "workers", "detach")
"""The actions that screens on the run screen offer of its keys."""
_WORKER_COUNTS = (1, 4, 8, 16, 32, 64)


class NetworkSteering(Protocol):
    """The actions on networks from any screen on a run; each is named as the engine knows it."""

    @property
    def checking(self) -> str:
        """The label of the network whose check has no answer yet, else empty."""

    def switch(self, name: str) -> None:
        """Send everything by this network."""

    def use(self, name: str) -> None:
        """Send by it beside those in use, or by it no more."""

    def check(self, name: str) -> None:
        """Send one request by it."""

    def probe(self, name: str) -> None:
        """Do not wait for the end of its cooldown."""

    def wait_longer(self, name: str) -> None:
        """Add to its cooldown."""

    def add(self) -> None:
        """Ask for a network, and list it."""

    def forget(self, name: str) -> None:
        """List it no longer."""


@runtime_checkable
class Steering(Protocol):
    """A screen that steers a run."""

    link: Link
    looking: Looking

    @property
    def networks(self) -> NetworkSteering:
        """The actions on networks."""

    def open_networks(self) -> None:
        """Show the network screen, unless it is this one."""

    def send(
        self, command: AnyCommand, *, refused: Callable[[str], None] | None = None, said: str = ""
    ) -> None:
        """Ask the engine for something; ``refused`` is told why not, else that is shown, or ``said``."""

    def ask_first(
        self, title: str, text: str, answer: Answer, command: AnyCommand, *, said: str = ""
    ) -> None:
        """Ask before a command that cannot be taken back; ``said`` is shown where it is done."""

    @property
    def can_undo(self) -> bool:
        """True if the last command can be taken back."""

    def action_undo(self) -> None:
        """Take it back."""

    def offered_bindings(self) -> list[Binding]:
        """The keys that do something now."""

    async def act(self, action: str) -> None:
        """Do what a key does."""


class Offer(NamedTuple):
    """One command of the palette."""

    name: str
    help: str
    run: Callable[[], object]


def offers(screen: Steering) -> Iterator[Offer]:
    """The offers of the palette: all that can be asked of the run on ``screen`` as it stands."""
    for binding in screen.offered_bindings():
        act = partial(screen.act, binding.action)
        yield Offer(binding.description.capitalize(), binding.tooltip, act)
    for name, preset in PACES.items():
        text = f"{budget_text(preset)}." if preset else "YouTube will throttle sooner."
        yield _sending(screen, f"Pace: {name}", text, SetPace(per_hour=preset))
    for count in _WORKER_COUNTS:
        yield _sending(
            screen, f"Workers: {count}", "How many clips are fetched at a time.", SetWorkers(workers=count)
        )
    for split in screen.link.state.splits.values():
        title = f"Split {for_screen(split.name)}: switch {'off' if split.enabled else 'on'}"
        command = SwitchSplit(split=split.name, enabled=not split.enabled)
        yield _sending(screen, title, f"{split.left:,} left.", command)
    yield from _networks(screen)
    yield from _hosts(screen)
    yield from _retries(screen)


def _networks(screen: Steering) -> Iterator[Offer]:
    networks = known_networks(screen.link.state)
    for info in networks:
        if info.present and not info.in_use:
            text = f"{state_word(info)}. Send everything by it from now on."
            yield Offer(
                f"Network: switch to {label_of(info)}", text, partial(screen.networks.switch, info.name)
            )
    yield Offer("Network: add ...", "List an interface, an address or a proxy.", screen.networks.add)
    for info in networks:
        if info.present:
            act = partial(_check, screen, info.name)
            yield Offer(f"Network: check {label_of(info)}", "Send one request by it.", act)
    for info in networks:
        if can_be_forgotten(info):
            act = partial(screen.networks.forget, info.name)
            yield Offer(f"Network: forget {label_of(info)}", "List it no longer.", act)


def _check(screen: Steering, name: str) -> None:
    # What comes of it is shown there.
    screen.open_networks()
    screen.networks.check(name)


def _hosts(screen: Steering) -> Iterator[Offer]:
    for host in screen.link.state.hosts.values():
        if host.status.shut_out:
            yield _sending(screen, f"Host: let {host.name} in again", "", AdmitHost(host=host.name))
        else:
            act = partial(ask_to_remove_host, screen, host.name)
            yield Offer(f"Host: remove {host.name}", "Let none of its name in any more.", act)


def ask_to_remove_host(screen: Steering, name: str) -> None:
    """Have a host leave, once it is said that this is meant."""
    text = "Its clips go back, its program there ends, and none of its name is let in any more."
    command, answer = RemoveHost(host=name), Answer("x", "remove it", "yes")
    screen.ask_first(
        f"Remove {name}?", text, answer, command, said=f"{name} takes part no more, and is not let in."
    )


def _retries(screen: Steering) -> Iterator[Offer]:
    failures = by_count(screen.link.state.failures)
    transient = tuple(category for category, _ in failures if category.kind is not Kind.PERMANENT)
    groups: list[tuple[str, str, tuple[Category, ...]]] = [
        ("Retry: all failed clips", "Permanent ones too.", tuple(category for category, _ in failures)),
        ("Retry: failures that may work now", "All but the permanent ones.", transient),
        *((f"Retry: {category.value}", category.advice, (category,)) for category, _ in failures),
    ]
    counts = dict(failures)
    for name, text, categories in groups:
        if categories:
            clips = counted(sum(counts[category] for category in categories), "clip")
            yield _sending(screen, f"{name} ({clips})", text, Retry(categories=categories))


def _sending(
    screen: Steering,
    name: str,
    text: str,
    command: SetPace | SetWorkers | SwitchSplit | Retry | AdmitHost,
) -> Offer:
    return Offer(name, text, lambda: screen.send(command))


class RunCommands(Provider):
    """Feeds the palette while a run is on screen."""

    async def discover(self) -> Hits:
        for offer in self._offers():
            yield DiscoveryHit(offer.name, offer.run, help=offer.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers():
            score = matcher.match(offer.name)
            if score > 0:
                yield Hit(score, matcher.highlight(offer.name), offer.run, help=offer.help)

    def _offers(self) -> Iterator[Offer]:
        if isinstance(self.screen, Steering):
            yield from offers(self.screen)
