"""Events about networks, as an engine publishes them one by one."""

from __future__ import annotations

from collections.abc import Iterable

from kinetics_tui.model.events import AnyEvent, NetworkChanged
from kinetics_tui.model.network import NetworkState


def listing(at: float, networks: Iterable[NetworkState]) -> list[AnyEvent]:
    """Each of these networks as it is."""
    return [NetworkChanged(at=at, network=network) for network in networks]
