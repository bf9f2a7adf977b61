"""The network that a way out leads to right now: requests by it leave through that one."""

from __future__ import annotations

import ipaddress
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import psutil

from kinetics_tui.engine.networks.network import NO_ROUTE, Network
from kinetics_tui.model.network import Family, NetworkKind, Route, Way, family_of, public_proxy

YOUTUBE = "www.youtube.com"

FAR_ADDRESSES = {
    Family.IPV4: (socket.AF_INET, "198.51.100.1"),
    Family.IPV6: (socket.AF_INET6, "2001:db8::1"),
}
"""Addresses from the blocks reserved for documentation (RFC 5737, RFC 3849): nobody is there."""

ANY_ADDRESS = {Family.IPV4: "0.0.0.0", Family.IPV6: "::"}  # noqa: S104 - to send from, not to listen at
"""Sending from these means: by the default route, over this family alone."""


def way_of_params(params: Mapping[str, Any]) -> Way:
    """The way that yt-dlp's own options ask for, or else the environment's proxy, or the default route."""
    proxy, source_address = params.get("proxy"), params.get("source_address")
    if proxy:
        return Way(kind=NetworkKind.PROXY, target=proxy)
    if source_address:
        family = family_of(source_address)
        if ipaddress.ip_address(source_address).is_unspecified:
            return Way(family=family)
        return Way(kind=NetworkKind.SOURCE_ADDRESS, target=source_address, family=family)
    environment = urllib.request.getproxies()
    proxy_of_environment = environment.get("https") or environment.get("all")
    if proxy is None and proxy_of_environment and not urllib.request.proxy_bypass(YOUTUBE):
        return Way(kind=NetworkKind.PROXY, target=proxy_of_environment)
    return Way()


def network_of(way: Way, given_as: str = "") -> Network:
    """The network that a way leads to now; ``given_as`` is what the user calls it."""
    match way.kind:
        case NetworkKind.PROXY:
            return _proxy(way, given_as)
        case NetworkKind.DEFAULT_ROUTE:
            return _default_route(way, given_as)
        case NetworkKind.INTERFACE:
            address = _address_of(way.target, way.family)
        case NetworkKind.SOURCE_ADDRESS:
            address = way.target if is_ours(way.target) else None
    if address is None:
        words = dict.fromkeys(word for word in (given_as, way.target) if word)
        name = way.target if way.kind is NetworkKind.INTERFACE else name_of(way.target)
        return Network(name=name, label=" ".join(words), kind=way.kind, family=way.family, present=False)
    return _direct(way, given_as, address, address)


def _proxy(way: Way, given_as: str) -> Network:
    name = public_proxy(way.target)
    words = dict.fromkeys(word for word in (given_as, name) if word)
    return Network(name=name, label=" ".join(words), kind=way.kind, route=Route(proxy=way.target))


def _default_route(way: Way, given_as: str) -> Network:
    families = [way.family] if way.family else [Family.IPV4, Family.IPV6]
    for family in families:
        address = default_route_address(family)
        if address is not None:
            return _direct(way, given_as, address, ANY_ADDRESS[family])
    source_address = ANY_ADDRESS[way.family] if way.family else None
    route = Route(source_address=source_address, proxy="")
    return Network(name=NO_ROUTE, label=NO_ROUTE, family=way.family, route=route, present=False)


def _direct(way: Way, given_as: str, address: str, source_address: str) -> Network:
    words = dict.fromkeys(word for word in (given_as, interface_of(address), address) if word)
    return Network(
        name=name_of(address),
        label=" ".join(words),
        kind=way.kind,
        family=family_of(address),
        route=Route(source_address=source_address, proxy=""),
    )


def name_of(address: str) -> str:
    """The name of the unit that YouTube is taken to throttle.

    An IPv4 address, or the /64 of an IPv6 address.
    """
    if family_of(address) is Family.IPV4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def default_route_address(family: Family) -> str | None:
    """The address this machine's default route leaves by, None where there is no such route.

    A connected UDP socket sends nothing; it only makes the kernel choose.
    """
    number, far_address = FAR_ADDRESSES[family]
    try:
        with socket.socket(number, socket.SOCK_DGRAM) as probe:
            probe.connect((far_address, 9))
            address: str = probe.getsockname()[0]
    except OSError:
        return None
    return None if ipaddress.ip_address(address).is_unspecified else address


def is_ours(address: str) -> bool:
    """True if this machine can send from an address."""
    number, _ = FAR_ADDRESSES[family_of(address)]
    try:
        with socket.socket(number, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def interface_of(address: str) -> str:
    """Name of the interface that holds an address, empty where none does."""
    for interface, entry, _ in addresses():
        if entry == address:
            return interface
    return ""


def _address_of(interface: str, family: Family) -> str | None:
    """The address that requests by an interface leave from: IPv4 where it has both and none is asked for."""
    found = {
        family_of(address): address
        for name, address, usable in reversed(list(addresses()))
        if name == interface and usable
    }
    return found.get(family) if family else found.get(Family.IPV4) or found.get(Family.IPV6)


def discovered_ways() -> Iterator[Way]:
    """The ways out that the machine itself offers: its default routes, then every other address it has."""
    seen = set()
    for family in (Family.IPV4, Family.IPV6):
        address = default_route_address(family)
        if address is not None:
            seen.add(name_of(address))
            yield Way(family=family)
    for _, address, usable in addresses():
        if usable and name_of(address) not in seen:
            seen.add(name_of(address))
            yield Way(kind=NetworkKind.SOURCE_ADDRESS, target=address, family=family_of(address))


def addresses() -> Iterator[tuple[str, str, bool]]:
    """Interfaces with their addresses, and whether the internet can be asked from these."""
    try:
        interfaces, statistics = psutil.net_if_addrs(), psutil.net_if_stats()
    except OSError:
        return
    for interface, entries in interfaces.items():
        up = interface in statistics and statistics[interface].isup
        for entry in entries:
            if entry.family in (socket.AF_INET, socket.AF_INET6):
                text = entry.address.partition("%")[0]
                address = ipaddress.ip_address(text)
                yield interface, text, up and not (address.is_loopback or address.is_link_local)
