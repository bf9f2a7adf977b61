"""Networks that YouTube sees at one address are one, once it is sure."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.networks.seen import SURE_AFTER, SeenAddresses

HOME, LAB = "198.51.100.7", "203.0.113.9"


def saw(seen: SeenAddresses, network: str, address: str, times: int = SURE_AFTER) -> str | None:
    """What follows from the last of so many clips by a network of ``a`` and ``b``."""
    found = None
    for _ in range(times):
        found = seen.saw(network, address, ["a", "b"])
    return found


def test_two_networks_seen_at_one_address_again_and_again_are_one() -> None:
    seen = SeenAddresses()
    assert saw(seen, "a", HOME) is None
    assert saw(seen, "b", HOME, SURE_AFTER - 1) is None
    assert seen.saw("b", HOME, ["a", "b"]) == "a"


def test_two_networks_seen_at_addresses_of_their_own_are_two() -> None:
    seen = SeenAddresses()
    assert saw(seen, "a", HOME) is None
    assert saw(seen, "b", LAB, 9) is None


def test_an_address_that_changes_by_turns_says_nothing() -> None:
    seen = SeenAddresses()
    assert saw(seen, "a", HOME) is None
    for address in (HOME, LAB, HOME, LAB):
        assert seen.saw("b", address, ["a", "b"]) is None


def test_addresses_of_one_ipv6_network_are_one() -> None:
    seen = SeenAddresses()
    assert saw(seen, "a", "2001:db8:1:2::5") is None
    assert saw(seen, "b", "2001:db8:1:2::6") == "a"


@pytest.mark.parametrize("address", ["", "YouTube", "1.2.3", "1.2.3.4.5"])
def test_what_is_no_address_says_nothing(address: str) -> None:
    seen = SeenAddresses()
    assert saw(seen, "a", address) is None
    assert saw(seen, "b", address) is None


def test_a_network_that_was_forgotten_begins_again() -> None:
    seen = SeenAddresses()
    saw(seen, "a", HOME)
    seen.forget("a")
    assert saw(seen, "b", HOME) is None
