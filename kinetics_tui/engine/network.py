"""Networks: the ways out to the internet, the unit of throttling, pace and cooldown."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import msgspec
import psutil

NO_ROUTE = "no default route"


class Network(msgspec.Struct, frozen=True):
    """One way out. ``name`` is what the ledger knows it by; ``label`` what people read.

    ``kind`` is ``default route``, ``source address`` or ``proxy``. Names never carry a password.
    """

    name: str
    label: str
    kind: str = "default route"


FAR_ADDRESSES = ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses from the blocks reserved for documentation (RFC 5737, RFC 3849): nobody is there."""


def default_route_address() -> str | None:
    """The address this machine's default route leaves by, None where there is no route.

    A connected UDP socket sends nothing; it only makes the kernel choose.
    """
    for family, far_address in FAR_ADDRESSES:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far_address, 9))
            except OSError:
                continue
            address: str = probe.getsockname()[0]
        if not ipaddress.ip_address(address).is_unspecified:
            return address
    return None


def interface_of(address: str) -> str:
    """Name of the interface that holds an address, empty where none does."""
    for interface, addresses in psutil.net_if_addrs().items():
        if any(entry.address.partition("%")[0] == address for entry in addresses):
            return interface
    return ""


def network_in_use(source_address: str | None, proxy: str | None) -> Network:
    """The network that requests leave by, given yt-dlp's own source address and proxy options."""
    if proxy:
        where = public_proxy(proxy)
        return Network(f"proxy {where}", f"proxy {where}", "proxy")
    if source_address and not ipaddress.ip_address(source_address).is_unspecified:
        label = f"{interface_of(source_address)} {source_address}".strip()
        return Network(f"source {source_address}", label, "source address")
    address = default_route_address()
    if address is None:
        return Network(NO_ROUTE, NO_ROUTE)
    return Network(f"default {address}", f"{interface_of(address)} {address}".strip())


def public_proxy(proxy: str) -> str:
    """A proxy's address without the user and password in it."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
