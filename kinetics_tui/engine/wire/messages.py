"""Messages between engine and host: plain data, each field with its bounds, as JSON over the line of theirs.

What a host says of a clip counts only under the lease that the clip went out by.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kinetics_tui.engine.workers.messages import Assign, Cancelled, Failed, Finished, Progress
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.made import Count
from kinetics_tui.model.network import Family, NetworkKind
from kinetics_tui.model.options import WORKERS, Options

MOST_NETWORKS = 32
MOST_LEASES = WORKERS[1] * 2
PING_S = 3.0
"""Both sides say something at least so often."""
SILENT_S = 15.0
"""One of which nothing was heard for so long is gone: the engine takes its clips back, a host calls again."""

Text = Annotated[str, msgspec.Meta(max_length=2000)]
Name = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Place = Annotated[int, msgspec.Meta(ge=1, le=WORKERS[1])]
"""A worker of a host, counted from 1."""


class HostMessage(msgspec.Struct, frozen=True, tag_field="message", kw_only=True):
    """A line between the engine and one host."""


class Ping(HostMessage, frozen=True, tag="ping"):
    """From either: still there."""


# -- from the host -----------------------------------------------------------------------------------


class HostNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """A network of a host; ``key`` is what the host calls it. Its route never leaves the host.

    ``name`` is the address or proxy that it leads out by; ``behind`` is what the user calls the address that
    this and others lead out by (empty: its own). ``present``: the host can use it now.
    """

    key: Name
    name: Name
    label: Name
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    family: Family = Family.UNKNOWN
    behind: Name = ""
    present: bool = True


Networks = Annotated[tuple[HostNetwork, ...], msgspec.Meta(max_length=MOST_NETWORKS)]


class Held(msgspec.Struct, frozen=True):
    """A lease that a host still has in hand, or the result of, as it calls again."""

    place: Place
    lease: Number
    pid: Count = 0


class Hello(HostMessage, frozen=True, tag="hello"):
    """The first word of a host: who it is, what it can do, and what it has in hand from before."""

    version: Name
    yt_dlp: Name
    name: Name
    workers: Place
    networks: Networks
    held: Annotated[tuple[Held, ...], msgspec.Meta(max_length=MOST_LEASES)] = ()
    token: Name = ""
    """Read where the dataset folder should be: the same as the engine's where it is that folder."""
    instance: Name = ""
    """Of this start of the host's program: another one of the same name is another machine's."""


class NetworksNow(HostMessage, frozen=True, tag="networks"):
    """The networks of the host, where they changed."""

    networks: Networks


class WorkerUp(HostMessage, frozen=True, tag="worker-up"):
    """A worker is ready for its first clip."""

    place: Place
    pid: Count


class WorkerGone(HostMessage, frozen=True, tag="worker-gone"):
    """A worker is gone, with the clip of this lease (0: none); ``how`` is empty where it was meant to go."""

    place: Place
    lease: Number = 0
    how: Text = ""
    from_outside: bool = False


class ProgressOf(msgspec.Struct, frozen=True):
    """The progress of the clip that a worker has in hand."""

    place: Place
    lease: Number
    progress: Progress


class ProgressNow(HostMessage, frozen=True, tag="progress-now"):
    """The progress of all workers of the host, at most once a second."""

    clips: Annotated[tuple[ProgressOf, ...], msgspec.Meta(max_length=WORKERS[1])]


class Result(HostMessage, frozen=True, tag="result"):
    """The last word on a clip.

    Of one that is finished, its file comes after it, in pieces, of so many bytes with this SHA-256; or it
    lies in the dataset folder already (``in_place``), under the number of its lease.
    """

    place: Place
    lease: Number
    said: Finished | Failed | Cancelled
    size_bytes: Number = 0
    sha256: Digest = "0" * 64
    in_place: bool = False


class Checked(HostMessage, frozen=True, tag="checked"):
    """The answer to a request by one of its networks."""

    number: Number
    answer: CheckAnswer


class Note(HostMessage, frozen=True, tag="note"):
    """A line for the log of the run."""

    text: Text


class Leaving(HostMessage, frozen=True, tag="leaving"):
    """The host ends, as its user wants it."""


FromHost = (
    Ping | Hello | NetworksNow | WorkerUp | WorkerGone | ProgressNow | Result | Checked | Note | Leaving
)

# -- from the engine ---------------------------------------------------------------------------------


class Welcome(HostMessage, frozen=True, tag="welcome"):
    """The host takes part. Of the leases that it has, those in ``keep`` still hold: all others are void.

    ``in_place``: the host sees the dataset folder, and its results go there, not over the line.
    """

    options: Options
    workers: Place
    title: Text = ""
    keep: tuple[Number, ...] = ()
    in_place: bool = False


class Refused(HostMessage, frozen=True, tag="refused"):
    """The host does not take part, and why; ``for_good``: nor if it asks again as it is."""

    why: Text
    for_good: bool = True


class Work(HostMessage, frozen=True, tag="work"):
    """To the worker with this ``pid``: make this clip under this lease, by the network of this key."""

    place: Place
    pid: Count
    lease: Number
    network: Name
    assign: Assign


class LetGo(HostMessage, frozen=True, tag="let-go"):
    """To a worker: let go of the clip of this lease, as ``Cancel`` says; ``kill``: or be killed."""

    place: Place
    lease: Number
    network_only: bool = False
    kill: bool = False


class Got(HostMessage, frozen=True, tag="got"):
    """The result under this lease is in the books, or void: its file may go."""

    lease: Number


class Resize(HostMessage, frozen=True, tag="resize"):
    """Run so many workers."""

    workers: Place


class NewOptions(HostMessage, frozen=True, tag="new-options"):
    """The options of workers that begin from now on."""

    options: Options


class Ask(HostMessage, frozen=True, tag="ask"):
    """Send one request for a video by one of the networks, and tell the answer."""

    number: Number
    network: Name
    youtube_id: Name
    media: bool = False


class Bye(HostMessage, frozen=True, tag="bye"):
    """The run is over, or, where it says ``removed``, goes on without this host: it ends."""

    why: Text
    removed: bool = False


ToHost = Ping | Welcome | Refused | Work | LetGo | Got | Resize | NewOptions | Ask | Bye
