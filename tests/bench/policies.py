"""How four clients fare with limits that they do not know: the bench of the throttle's and pace's rules."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.bench.clients import Client, Ours, client_of_2019, constant_retry, fixed_sleep
from tests.bench.report import Cell, Column, Report
from tests.bench.youtubes import ANEW, DAY_S, HOUR_S, Budgets, HourlyBudget, Sessions, Trust, YouTube, replay

KNOCK_S = 60.0
"""A request sent into a block makes it a minute longer: mild, so as not to put the impatient at a
disadvantage that nobody has measured. The bench ``penalties`` shows other lengths."""


class Scenario(msgspec.Struct, frozen=True):
    """A made-up YouTube, given the length a knock adds in seconds and a seed; and for how many days.

    The days are those that Kinetics-700 (650,000 clips) takes at the limit, but a month at the least,
    as all that is to be learned is learned within; and three months of the record, that each of its
    sessions may come up more than once.
    """

    name: str
    days: float
    youtube: Callable[[float, int], YouTube]


class Outcome(msgspec.Struct, frozen=True):
    """What a client got out of a scenario."""

    clips_a_day: float
    share: float
    refused: int
    most_at_one_go: int


GUEST = Scenario("300 an hour, else 1 h", 90, lambda knock_s, _: HourlyBudget(300, HOUR_S, knock_s))
ACCOUNT = Scenario(
    "2,000 an hour, else 12 h", 30, lambda knock_s, _: HourlyBudget(2000, 12 * HOUR_S, knock_s)
)
SESSIONS = Scenario("3,000 a session, then 1 h", 30, lambda knock_s, _: Sessions((3000,), (HOUR_S,), knock_s))
RECORD = Scenario("record of 2019, a cause", 30, lambda knock_s, _: Trust(knock_s))
REPLAY = Scenario("record of 2019, replayed", 90, lambda knock_s, seed: replay(seed, knock_s))
STRICT_REPLAY = Scenario("the same, a knock begins it anew", 90, lambda _, seed: replay(seed, ANEW))
SCENARIOS = (GUEST, ACCOUNT, SESSIONS, RECORD, REPLAY, STRICT_REPLAY)


class Counting(msgspec.Struct, frozen=True):
    """A made-up YouTube that counts requests, videos or both; and a clip's cost before and after a turn."""

    name: str
    requests: int | None
    videos: int | None
    costs: tuple[int, int]

    @property
    def cost(self) -> str:
        """The cost of a clip in words."""
        before, after = self.costs
        return f"{before}" if before == after else f"{before}, then {after}"


COUNTING_DAYS = 14
COUNTED = (("1,000 requests", 1000, None), ("300 videos", None, 300), ("both", 1000, 300))
COUNTINGS = tuple(
    Counting(name, requests, videos, costs)
    for name, requests, videos in COUNTED
    for costs in ((1, 1), (3, 3), (1, 3), (3, 1))
)


def counted(scenario: Counting, client: Ours) -> Outcome:
    """Run our client against a hidden limit on requests, videos or both; costs turn halfway."""
    youtube = Budgets(scenario.requests, scenario.videos, scenario.costs, COUNTING_DAYS / 2 * DAY_S, KNOCK_S)
    return _outcome(youtube, client, COUNTING_DAYS)


def counting(seed: int) -> Report:
    """How the learned pace fares where it is not known whether requests or videos are counted."""
    rows: list[tuple[Cell, ...]] = []
    for scenario in COUNTINGS:
        got = counted(scenario, Ours(at_one_go=1))
        rows.append(
            (scenario.name, scenario.cost, got.clips_a_day, got.share, got.refused, got.most_at_one_go)
        )
    return Report(
        columns=(
            Column("an hour, else 1 h", "limit"),
            Column("requests a clip", "cost"),
            *_GOT,
        ),
        rows=tuple(rows),
        notes=(
            f"Virtual time, {COUNTING_DAYS} days, no pace of the user's; a change of cost comes halfway.",
            "`python -m tests.bench counting`",
        ),
    )


CLIENTS: dict[str, Callable[[], Client]] = {
    "2019": lambda: client_of_2019,
    "sleeps an hour": lambda: fixed_sleep,
    "retries at once": lambda: constant_retry,
    "ours": Ours,
}


def outcome(scenario: Scenario, client: Client, seed: int, knock_s: float = KNOCK_S) -> Outcome:
    """Run one client through one scenario."""
    return _outcome(scenario.youtube(knock_s, seed), client, scenario.days)


def _outcome(youtube: YouTube, client: Client, days: float) -> Outcome:
    clips = client(youtube, days * DAY_S)
    return Outcome(
        clips_a_day=clips / days,
        share=clips / youtube.allowed(days),
        refused=youtube.refused,
        most_at_one_go=youtube.most_at_one_go,
    )


def policies(seed: int) -> Report:
    """All clients in all scenarios."""
    rows = []
    for scenario in SCENARIOS:
        for name, make in CLIENTS.items():
            got = outcome(scenario, make(), seed)
            rows.append((scenario.name, name, got.clips_a_day, got.share, got.refused, got.most_at_one_go))
    return Report(
        columns=(
            *_NAMES,
            *_GOT,
        ),
        rows=tuple(rows),
        notes=(
            f"Virtual time, {_days()} days, seed {seed}; a request into a block adds {KNOCK_S:g} s to it, "
            "in the last scenario it begins it anew.",
            "`python -m tests.bench policies`",
        ),
    )


PENALTIES_S = {"nothing": 0.0, "1 min": 60.0, "10 min": 600.0, "1 h": 3600.0, "begins anew": ANEW}
"""What a request into a block adds to it."""


def penalties(seed: int) -> Report:
    """How what a request into a block costs changes the result."""
    rows: list[tuple[Cell, ...]] = []
    for scenario in SCENARIOS[:-1]:
        for name, make in CLIENTS.items():
            shares = (outcome(scenario, make(), seed, knock_s).share for knock_s in PENALTIES_S.values())
            rows.append((scenario.name, name, *shares))
    return Report(
        columns=(
            *_NAMES,
            *(Column(name, name.replace(" ", "_"), ".1%") for name in PENALTIES_S),
        ),
        rows=tuple(rows),
        notes=(
            "How much of what the limit allows, by what a request into a block adds to it.",
            f"Virtual time, {_days()} days, seed {seed}.",
            "`python -m tests.bench penalties`",
        ),
    )


_GOT = (
    Column("clips a day", "clips_a_day", ",.0f"),
    Column("of what it allows", "share", ".1%"),
    Column("refused requests", "refused", ",d"),
    Column("most at one go", "most_at_one_go", ",d"),
)
_NAMES = (Column("hidden limit", "limit"), Column("client", "client"))


def _days() -> str:
    return ", ".join(f"{scenario.days:g}" for scenario in SCENARIOS)
