"""A run made up for the tests, and a link to it that only notes what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger.clip_lists import read_done, read_done_classes, read_history, read_page
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.engine.client.client import read_pictures
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.clip_queries import (
    ClipHistory,
    DonePage,
    DoneQuery,
    FailedPage,
    FailedQuery,
    HistoryQuery,
    Pictures,
    PicturesQuery,
)
from kinetics_tui.model.commands import AnyCommand, Reply
from kinetics_tui.model.events import (
    AnyEvent,
    ArchivesChanged,
    ArchiveState,
    ClipFailed,
    ClipProgress,
    ClipStarted,
    DiskMeasured,
    EngineStatus,
    HostChanged,
    NetworkChanged,
    OptionsChanged,
    Phase,
    RunOpened,
    SplitCounts,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import (
    Family,
    HostState,
    HostStatus,
    NetworkKind,
    NetworkState,
    NetworkStatus,
    PastThrottle,
)
from kinetics_tui.model.options import COOLDOWN_STEPS_S, LayoutName, Trim
from kinetics_tui.model.reasons import Reason, Why
from kinetics_tui.model.state import RunState
from tests.clip_figures import clip_done
from tests.network_events import listing

NOW = datetime(2026, 8, 25, 14, 2, 11, tzinfo=UTC).timestamp()
WLAN, CABLE, CABLE6, PHONE = "192.168.1.23", "10.0.0.7", "2001:db8::5", "socks5://127.0.0.1:1080"
"""Names of networks: the one in use, one that cools down, an open one, an added proxy."""
LABELS = ("air drumming", "abseiling", "archery", "bee keeping", "playing accordion", "tai chi", "zumba")
PHASES = (Phase.DOWNLOAD, Phase.TRIM, Phase.RESOLVE, Phase.DOWNLOAD, Phase.VERIFY, Phase.DOWNLOAD)


class FakeLink:
    """Stands in for the engine's client: tests fold events in, and read the commands sent."""

    def __init__(self, events: Iterable[AnyEvent] = ()) -> None:
        self.state = RunState()
        self.connected = True
        self.silent_since: float | None = None
        self.version = 0
        self.commands: list[AnyCommand] = []
        self.replies: list[Reply | Exception] = []
        """Answers to give, the first first; without any, every command is granted in silence."""
        self.before_reply: tuple[AnyEvent, ...] = ()
        """What is told before each answer."""
        self.started = 0
        """The number of times that it was asked to start the engine, which comes to nothing by itself."""
        self.start_fails: Exception | None = None
        self.dataset: Path | None = None
        """Whose ledger is read for failed clips; without one there are none."""
        self.queries: list[FailedQuery] = []
        self.done_queries: list[DoneQuery] = []
        self.pictured: list[PicturesQuery] = []
        self.fold(*events)

    def fold(self, *events: AnyEvent) -> None:
        self.state.apply_all(events)
        self.version += len(events)

    async def follow(self) -> None:
        await asyncio.Event().wait()

    async def start(self) -> None:
        self.started += 1
        if self.start_fails is not None:
            raise self.start_fails

    async def send(self, command: AnyCommand) -> Reply:
        self.commands.append(command)
        self.fold(*self.before_reply)
        answer = self.replies.pop(0) if self.replies else Reply(id=command.id, ok=True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def failed_clips(self, query: FailedQuery) -> FailedPage:
        self.queries.append(query)
        if self.dataset is None:
            return FailedPage(total=0, first=0, rows=(), by_category={}, by_label={})
        with closing(connect(self.dataset, read_only=True)) as database:
            return read_page(database, query)

    async def history(self, clip_id: int) -> ClipHistory:
        if self.dataset is None:
            return ClipHistory(attempts=())
        with closing(connect(self.dataset, read_only=True)) as database:
            return read_history(database, HistoryQuery(clip_id=clip_id))

    async def done_clips(self, query: DoneQuery) -> DonePage:
        self.done_queries.append(query)
        if self.dataset is None:
            return DonePage(total=0, first=0, rows=())
        with closing(connect(self.dataset, read_only=True)) as database:
            return read_done(database, query)

    async def done_classes(self) -> dict[str, int]:
        if self.dataset is None:
            return {}
        with closing(connect(self.dataset, read_only=True)) as database:
            return read_done_classes(database)

    async def pictures(self, query: PicturesQuery) -> Pictures:
        self.pictured.append(query)
        return await read_pictures(self.dataset or Path("/"), query)


def clip(number: int, split: str = "train") -> Clip:
    return Clip(f"0wR5jVB-W{number:02}", 417.0 + number, 427.0 + number, split, LABELS[number % len(LABELS)])


def opened(workers: int = 16, now: float = NOW) -> list[AnyEvent]:
    """A run of Kinetics-400 some days old: every panel has something to show."""
    minute = int(now // 60)
    by_minute = {minute - ago: 4 + (ago * 7) % 4 for ago in range(119) if not 55 <= ago <= 70}
    events: list[AnyEvent] = [
        RunOpened(
            at=now,
            dataset="/data/my kinetics",
            title="Kinetics-400",
            pid=4242,
            started_at=now - 3 * 86400,
            splits=(
                SplitCounts("train", 219_782, done=112_345, failed=2_700),
                SplitCounts("val", 19_906, done=18_900, failed=420),
                SplitCounts("test", 38_685, enabled=False),
            ),
            failures={
                Category.VIDEO_NOT_AVAILABLE: 2150,
                Category.CONTENT_WARNING: 497,
                Category.HTTP_404: 191,
                Category.COPYRIGHT: 136,
                Category.REMOVED_BY_USER: 68,
                Category.PRIVATE: 41,
                Category.VIOLATING_TERMS: 26,
                Category.ACCOUNT_TERMINATED: 9,
                Category.WORKER_CRASHED: 2,
            },
            retried={Category.TIMEOUT: 12, Category.FORBIDDEN: 3},
            total_bytes=138_000_000_000,
            wire_bytes=170_000_000_000,
            done_by_minute=by_minute,
            throttled_at=(now - 62 * 60,),
            recent=tuple((now - 12.0 * ago, 1, 1_400_000) for ago in range(24, 0, -1)),
        ),
        OptionsChanged(
            at=now,
            workers=workers,
            pace_per_hour=300.0,
            height_px=360,
            trim=Trim.EXACT,
            layout=LayoutName.ACTIVITYNET,
            audio=True,
            budget_per_hour=900.0,
        ),
        DiskMeasured(at=now, free_bytes=402_000_000_000),
        *listed(at=now),
        network(),
        StatusChanged(at=now - 3600, status=EngineStatus.RUNNING),
        *log_of_clips(now),
    ]
    for slot in range(1, workers + 1):
        events.append(WorkerStarted(at=now - 60, slot=slot, pid=5000 + slot))
        events += at_work(slot, now)
    return events


def at_work(slot: int, now: float = NOW) -> list[AnyEvent]:
    if slot % 5 == 4:
        return [WorkerIdle(at=now, slot=slot, phase=Phase.PACE, until=now + 11)]
    phase = PHASES[slot % len(PHASES)]
    speed = 1_100_000.0 + 10_000 * slot if phase is Phase.DOWNLOAD else 0.0
    fraction = 0.0 if phase is Phase.RESOLVE else (slot * 13 % 100) / 100
    return [
        ClipStarted(at=now - slot % 9, slot=slot, clip=clip(slot)),
        ClipProgress(
            at=now, slot=slot, phase=phase, fraction=fraction, wire_bytes=slot * 90_000, bytes_per_s=speed
        ),
    ]


def log_of_clips(now: float = NOW) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    for number in range(30):
        at = now - 120 + 4 * number
        if number % 7 == 3:
            failed = ClipFailed(
                at=at,
                slot=1,
                clip=clip(number, "val"),
                category=Category.PRIVATE,
                message="Private",
                settled=True,
            )
            events.append(failed)
        else:
            events.append(
                clip_done(at=at, slot=1, clip=clip(number), duration_s=10.0, output_bytes=1_100_000)
            )
    return events


def network(
    status: NetworkStatus = NetworkStatus.OPEN,
    *,
    until: float | None = None,
    step: int = 0,
    signal: Category | None = None,
    last_throttle_at: float | None = NOW - 62 * 60,
    clips: int = 12_345,
    workers_allowed: int | None = None,
    allowed_per_hour: float | None = 300.0,
    learned_per_hour: float | None = None,
    budget_per_hour: float | None = 900.0,
) -> NetworkChanged:
    return NetworkChanged(
        at=NOW,
        network=msgspec.structs.replace(
            listed_networks()[0],
            status=status,
            signal=signal,
            until=until,
            step=step,
            steps_s=COOLDOWN_STEPS_S,
            clips_since_throttle=clips,
            last_throttle_at=last_throttle_at,
            workers_allowed=workers_allowed,
            allowed_per_hour=allowed_per_hour,
            learned_per_hour=learned_per_hour,
            budget_per_hour=budget_per_hour,
        ),
    )


def used_now(state: NetworkState, at: float = NOW) -> list[AnyEvent]:
    """The run has gone over to another network than the one that it began with."""
    before = msgspec.structs.replace(listed_networks(at=at)[0], in_use=False)
    return listing(at, (before, msgspec.structs.replace(state, in_use=True)))


def listed(*more: NetworkState, at: float = NOW) -> list[AnyEvent]:
    """The engine lists its networks, and some more."""
    return listing(at, listed_networks(*more, at=at))


def listed_networks(*more: NetworkState, at: float = NOW) -> tuple[NetworkState, ...]:
    """Networks of every kind: in use, open, cooling, an added proxy, and two that are not here."""
    hour_s, day_s = 3600.0, 86400.0
    return (
        NetworkState(
            name=WLAN,
            label="wlan0 192.168.1.23",
            kind=NetworkKind.DEFAULT_ROUTE,
            family=Family.IPV4,
            in_use=True,
            sessions=14,
            clips=98310,
            clips_since_throttle=12345,
            last_throttle_at=at - 62 * 60,
            throttles=(
                PastThrottle(
                    at=at - 41 * day_s,
                    signal=Category.TOO_MANY_REQUESTS,
                    clips=61204,
                    steps=3,
                    took_s=4.2 * hour_s,
                ),
                PastThrottle(at=at - 3 * day_s, signal=Category.BOT_CHECK, clips=21870, took_s=902.0),
                PastThrottle(
                    at=at - 62 * 60, signal=Category.SESSION_LIMIT, clips=2891, steps=1, took_s=900.0
                ),
            ),
        ),
        NetworkState(
            name=CABLE,
            label="eth0 10.0.0.7",
            kind=NetworkKind.SOURCE_ADDRESS,
            family=Family.IPV4,
            status=NetworkStatus.COOLING,
            signal=Category.SESSION_LIMIT,
            until=at + 2 * hour_s + 37 * 60 + 49,
            step=2,
            sessions=2,
            clips=9412,
            last_throttle_at=at - 23 * 60,
            learned_per_hour=240.0,
            throttles=(PastThrottle(at=at - 23 * 60, signal=Category.SESSION_LIMIT, clips=9412, steps=2),),
        ),
        NetworkState(
            name=CABLE6,
            label="eth0 2001:db8::5",
            kind=NetworkKind.SOURCE_ADDRESS,
            family=Family.IPV6,
            sessions=1,
            clips=530,
        ),
        NetworkState(
            name=PHONE,
            label=f"phone {PHONE}",
            kind=NetworkKind.PROXY,
            given_as="phone",
            sessions=3,
            clips=12018,
            clips_since_throttle=4018,
            last_throttle_at=at - 2.1 * day_s,
            learned_per_hour=290.0,
            throttles=(
                PastThrottle(
                    at=at - 2.1 * day_s,
                    signal=Category.ADDRESS_BLOCKED,
                    clips=8000,
                    steps=2,
                    took_s=4800.0,
                ),
            ),
        ),
        NetworkState(
            name="usb0",
            label="tether usb0",
            kind=NetworkKind.INTERFACE,
            family=Family.UNKNOWN,
            given_as="tether",
            present=False,
        ),
        NetworkState(
            name="172.20.10.4",
            label="wlan0 172.20.10.4",
            kind=NetworkKind.DEFAULT_ROUTE,
            family=Family.IPV4,
            status=NetworkStatus.COOLING,
            signal=Category.CAPTCHA,
            until=at + 4.52 * day_s,
            step=8,
            present=False,
            sessions=1,
            clips=1204,
            last_throttle_at=at - 40 * 60,
            throttles=(PastThrottle(at=at - 40 * 60, signal=Category.CAPTCHA, clips=1204, steps=8),),
        ),
        *more,
    )


def at_rest(at: float = NOW) -> list[AnyEvent]:
    """No clip is in hand."""
    return [WorkerIdle(at=at, slot=slot) for slot in range(1, 17)]


def cooling(until: float = NOW + 2 * 3600 + 37 * 60 + 49, at: float = NOW) -> list[AnyEvent]:
    """What the engine says when YouTube has throttled the network."""
    return [
        network(
            NetworkStatus.COOLING,
            until=until,
            step=2,
            signal=Category.SESSION_LIMIT,
            last_throttle_at=at - 600,
            clips=0,
        ),
        StatusChanged(at=at, status=EngineStatus.COOLING),
        *at_rest(at),
    ]


def switching(at: float = NOW) -> list[AnyEvent]:
    """What the engine says of a switch while the clips in hand finish by the old network."""
    reason = Reason(Why.SWITCHING, 13, "wlan0 192.168.1.23")
    return [
        *used_now(
            msgspec.structs.replace(
                network(NetworkStatus.PROBING, last_throttle_at=None, clips=0).network,
                name=PHONE,
                label=f"phone {PHONE}",
                kind=NetworkKind.PROXY,
                family=Family.UNKNOWN,
            ),
            at,
        ),
        StatusChanged(at=at, status=EngineStatus.SWITCHING, reason=reason),
    ]


def paused(at: float = NOW) -> list[AnyEvent]:
    return [*at_rest(at), StatusChanged(at=at, status=EngineStatus.PAUSED)]


def reading(at: float = NOW, **fields: object) -> ArchivesChanged:
    """The archives at work: one of which it is known what it holds, one guessed at, one that waits."""
    states = (
        ArchiveState(
            name="train/part_3.tar.gz",
            size_bytes=1_500_000_000,
            got_bytes=915_000_000,
            bytes_per_s=11_800_000.0,
            found=598,
            wanted=981,
            known=True,
        ),
        ArchiveState(
            name="train/part_4.tar.gz",
            size_bytes=1_450_000_000,
            got_bytes=261_000_000,
            bytes_per_s=9_100_000.0,
            found=171,
            wanted=990,
        ),
        ArchiveState(name="val/part_0.tar.gz", found=12, waits="HTTP 503; again in 15 s"),
    )
    event = ArchivesChanged(
        at=at,
        turn=True,
        reading=states,
        passed=2,
        total=20,
        left_bytes=27_000_000_000,
        bytes_per_s=20_000_000.0,
        then_youtube=True,
        taken=4_211,
        damaged=12,
        unwanted=3,
    )
    return msgspec.structs.replace(event, **fields)


def from_archives(at: float = NOW) -> list[AnyEvent]:
    """What the engine says while it is the archives' turn: no worker waits for anything but copies."""
    idle = [WorkerIdle(at=at, slot=slot) for slot in range(4, 17)]
    reason = Reason(Why.ARCHIVES)
    return [*idle, reading(at), StatusChanged(at=at, status=EngineStatus.RUNNING, reason=reason)]


def finished(at: float = NOW) -> list[AnyEvent]:
    """What the engine says at the end of a run: every clip of the splits switched on is settled."""
    first, *others = opened(now=at)
    assert isinstance(first, RunOpened)
    splits = tuple(
        msgspec.structs.replace(split, done=split.total - split.failed) if split.enabled else split
        for split in first.splits
    )
    return [
        msgspec.structs.replace(first, splits=splits),
        *(event for event in others if isinstance(event, NetworkChanged)),
        StatusChanged(at=at, status=EngineStatus.DONE, reason=Reason(Why.SETTLED)),
    ]


LAB, FARM, NODE = "lab2", "render-farm", "node17-3"
"""Names of hosts: one at work, one that is away, one of another version."""


def host_states(at: float = NOW) -> tuple[HostState, ...]:
    """Hosts of every kind: at work, away, refused, met before, and one that has left."""
    met = partial(HostState, version="0.5.0", yt_dlp="2026.10.26")
    refusal = "The engine is Kinetics TUI 0.5.0, this host 0.4.0: pip install kinetics-tui==0.5.0"
    return (
        met(
            name=LAB,
            address="10.0.0.12",
            workers=8,
            ready=8,
            networks=(f"{LAB} 10.0.0.12", PHONE),
            clips=1204,
            last_word="takes part with 8 workers",
            said_at=at - 7260,
        ),
        met(
            name=FARM,
            status=HostStatus.AWAY,
            address="10.0.0.40",
            workers=4,
            networks=(f"{FARM} 10.0.0.40",),
            clips=310,
            in_place=True,
            last_word="is away: nothing is heard of it",
            said_at=at - 42,
        ),
        HostState(
            name=NODE,
            status=HostStatus.REFUSED,
            address="10.0.1.17",
            version="0.4.0",
            yt_dlp="2026.10.26",
            last_word=refusal,
            said_at=at - 5,
        ),
        HostState(name="old-laptop", status=HostStatus.AWAY),
        met(name="desk", status=HostStatus.LEFT, clips=12, last_word="left the run", said_at=at - 600),
    )


def hosts(*states: HostState, at: float = NOW) -> list[AnyEvent]:
    """The engine tells of these hosts; the workers of those that are here, or away, have clips in hand."""
    events: list[AnyEvent] = []
    for index, host in enumerate(states or host_states(at)):
        events.append(HostChanged(at=at, host=host))
        for place in range(1, host.workers + 1):
            slot = 100 * (index + 1) + place
            events.append(WorkerStarted(at=at - 60, slot=slot, pid=9000 + slot, host=host.name, place=place))
            events += at_work(slot, at)
    return events


def with_hosts(at: float = NOW) -> list[AnyEvent]:
    """A run that listens, five hosts of it, and the networks of those that have been here."""
    led = partial(NetworkState, family=Family.IPV4, in_use=True, allowed_per_hour=300.0)
    return [
        msgspec.structs.replace(
            next(event for event in opened(now=at) if isinstance(event, OptionsChanged)), listen=":7300"
        ),
        *listing(
            at,
            [
                led(
                    name=f"{LAB} 10.0.0.12",
                    label=f"{LAB} eth0 10.0.0.12",
                    status=NetworkStatus.COOLING,
                    signal=Category.SESSION_LIMIT,
                    until=at + 761,
                    clips=1104,
                ),
                led(
                    name=f"{FARM} 10.0.0.40",
                    label=f"{FARM} eno1 10.0.0.40",
                    status=NetworkStatus.OFFLINE,
                    clips=310,
                ),
            ],
        ),
        *hosts(at=at),
    ]
