"""Commands: what a view may ask of the engine. One JSON object a line, its type under ``command``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Extras, PaceLimit


class Command(msgspec.Struct, frozen=True, tag_field="command", kw_only=True):
    """Something asked of the engine; ``id`` comes back in the reply.

    Whoever asked has given up by ``deadline``: after that it is refused, not carried out. It is a time of
    ``time.monotonic``, which all processes of a machine share and nobody can set. None: there is none.
    """

    id: int = 0
    deadline: float | None = None


class Ping(Command, frozen=True, tag="ping"):
    """Answer, and do nothing else."""


class Subscribe(Command, frozen=True, tag="subscribe"):
    """Send the run as it stands, as events, and every event from now on (``live``) or no more."""

    live: bool = True


class Pause(Command, frozen=True, tag="pause"):
    """Hand out no more clips; ``now`` also puts the clips in hand back at once."""

    now: bool = False


class Resume(Command, frozen=True, tag="resume"):
    """Go on after a pause."""


class Stop(Command, frozen=True, tag="stop"):
    """Put the clips in hand back and end the engine."""


class SetWorkers(Command, frozen=True, tag="set-workers"):
    """Run with ``workers`` workers, 1 to 64."""

    workers: int


class SetPace(Command, frozen=True, tag="set-pace"):
    """Ask for at most ``per_hour`` clips an hour, or keep to a budget of requests (None: unlimited)."""

    per_hour: PaceLimit


class WantExtras(Command, frozen=True, tag="want-extras"):
    """Have these made of every clip from now on, of those that are here too; others no longer."""

    extras: Extras


class SwitchSplit(Command, frozen=True, tag="switch-split"):
    """Hand out clips of a split, or no longer."""

    split: str
    enabled: bool


class ProbeNow(Command, frozen=True, tag="probe-now"):
    """Do not wait for the end of the cooldown: send one clip now.

    ``network`` is the name of one in use; empty: the one whose cooldown ends first.
    """

    network: str = ""


class WaitLonger(Command, frozen=True, tag="wait-longer"):
    """Add ``seconds`` to the cooldown; ``network`` as of ``ProbeNow``."""

    seconds: float
    network: str = ""


class SwitchNetwork(Command, frozen=True, tag="switch-network"):
    """Send everything by another network from now on.

    ``way`` is the name of a listed network, or a way as ``parse_way`` reads it. ``finish``: the clips in
    hand are finished by the old network first; else they go back at once.
    """

    way: str
    finish: bool = True


class UseNetworks(Command, frozen=True, tag="use-networks"):
    """Send by all of these networks from now on, each at its own pace, and by no other.

    ``ways`` and ``finish`` are as in ``SwitchNetwork``.
    """

    ways: tuple[str, ...]
    finish: bool = True


def use_command(names: tuple[str, ...], *, finish: bool = True) -> SwitchNetwork | UseNetworks:
    """The command to go out by these networks and no other."""
    if len(names) == 1:
        return SwitchNetwork(way=names[0], finish=finish)
    return UseNetworks(ways=names, finish=finish)


class AddNetwork(Command, frozen=True, tag="add-network"):
    """List a network that the user calls ``given_as`` (empty: nothing); ``way`` as ``parse_way`` reads it.

    ``same`` is the name of a listed one that leads out by the same address (empty: it has its own).
    """

    way: str
    given_as: str = ""
    same: str = ""


class ForgetNetwork(Command, frozen=True, tag="forget-network"):
    """List a network that was added no longer; what the ledger knows of it stays."""

    name: str


class CheckNetwork(Command, frozen=True, tag="check-network"):
    """Send one request by a listed network; ``NetworkChecked`` tells what came of it."""

    name: str


class SetHostWorkers(Command, frozen=True, tag="set-host-workers"):
    """Run so many workers on a host from now on."""

    host: str
    workers: int


class RemoveHost(Command, frozen=True, tag="remove-host"):
    """Have a host leave the run, and let none of its name in any more; its clips go back."""

    host: str


class AdmitHost(Command, frozen=True, tag="admit-host"):
    """Let a host of this name in again that was removed."""

    host: str


ClipId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A clip's number in the ledger, as far as SQLite counts."""


class Retry(Command, frozen=True, tag="retry"):
    """Make clips that stand as failed pending again; the reply counts them.

    They are those of these categories, of these classes (``labels``) and with these ids in the ledger,
    where the three narrow each other; an empty one narrows nothing. With all of them empty none is meant.
    """

    categories: tuple[Category, ...] = ()
    labels: tuple[str, ...] = ()
    clip_ids: tuple[ClipId, ...] = ()


AnyCommand = (
    Ping
    | Subscribe
    | Pause
    | Resume
    | Stop
    | SetWorkers
    | SetPace
    | WantExtras
    | SwitchSplit
    | ProbeNow
    | WaitLonger
    | SwitchNetwork
    | UseNetworks
    | AddNetwork
    | ForgetNetwork
    | CheckNetwork
    | SetHostWorkers
    | RemoveHost
    | AdmitHost
    | Retry
)


class Reply(msgspec.Struct, frozen=True, tag_field="event", tag="reply"):
    """The engine's answer to the command with this ``id``; ``message`` is one plain sentence.

    ``retried`` counts the clips that are pending again, by category. It comes down the same line as the
    events, and is told from them in the same way.
    """

    id: int
    ok: bool
    message: str = ""
    retried: dict[Category, int] = {}
