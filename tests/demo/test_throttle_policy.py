from __future__ import annotations

from kinetics_tui.demo.site import AfterClips, Open, Throttled
from kinetics_tui.demo.videos import Case, Failure

SIGNAL = Failure(Case.SESSION_LIMIT)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_open_site_refuses_nothing() -> None:
    assert Open().signal("127.0.0.1") is None


def test_a_throttle_lasts_its_time_and_counts_knocks() -> None:
    clock = Clock()
    policy = Throttled(SIGNAL, 30, clock=clock)
    assert policy.signal("127.0.0.1") is SIGNAL
    clock.now += 29.9
    assert policy.signal("127.0.0.1") is SIGNAL
    clock.now += 0.1
    assert policy.signal("127.0.0.1") is None
    assert policy.knocks == 2


def test_a_throttle_of_one_address_leaves_others_to_the_policy_before() -> None:
    other = Failure(Case.BOT_CHECK)
    policy = Throttled(SIGNAL, 30, client_address="127.0.0.1", afterwards=Throttled(other, 60))
    assert policy.signal("127.0.0.1") is SIGNAL
    assert policy.signal("127.0.0.2") is other


def test_after_so_many_clips_comes_a_block_and_then_as_many_again() -> None:
    clock = Clock()
    policy = AfterClips(2, SIGNAL, 30, clock=clock)
    assert [policy.signal("a") for _ in range(4)] == [None, None, SIGNAL, SIGNAL]
    clock.now += 30
    assert [policy.signal("a") for _ in range(3)] == [None, None, SIGNAL]
    assert policy.knocks == 3


def test_knocking_does_not_make_a_block_longer() -> None:
    clock = Clock()
    policy = AfterClips(1, SIGNAL, 30, clock=clock)
    policy.signal("a")
    for _ in range(3):
        assert policy.signal("a") is SIGNAL
        clock.now += 10
    assert policy.signal("a") is None


def test_addresses_are_counted_apart() -> None:
    policy = AfterClips(1, SIGNAL, 30)
    assert [policy.signal(address) for address in "abab"] == [None, None, SIGNAL, SIGNAL]


def test_blocks_may_be_limited_in_number() -> None:
    clock = Clock()
    policy = AfterClips(1, SIGNAL, 30, blocks=1, clock=clock)
    assert [policy.signal("a") for _ in range(2)] == [None, SIGNAL]
    clock.now += 30
    assert [policy.signal("a") for _ in range(5)] == [None] * 5
