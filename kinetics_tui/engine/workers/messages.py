"""Messages between engine and worker: one JSON object a line over a socket pair of their own."""

from __future__ import annotations

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Count, MadeFile, Seconds, Spent
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Extras, Resolve


class Message(msgspec.Struct, frozen=True, tag_field="message", kw_only=True):
    """A line between the engine and one worker."""


class ClipMessage(Message, frozen=True):
    """A line about the clip of this number in the ledger."""

    clip_id: Count


class Assign(ClipMessage, frozen=True, tag="assign"):
    """To the worker: make this clip; ``path`` is relative to the dataset folder.

    Every byte of it leaves by ``route``: a clip comes by one network from its first request to its last.
    YouTube is asked for it by the way ``first`` before any other.
    ``extract``: it is here already, and these are to be made of it; nothing is requested. ``copy``: it is to
    be made of this file, which was in ``archive``; nothing is requested either. ``arrived``: it was made by a
    host, and this file with this ``sha256`` is to be verified, held against ``made`` and put in its place.
    """

    clip: Clip
    path: str
    route: Route = Route()
    first: Resolve = Resolve.LEAN
    extract: Extras | None = None
    copy: str = ""
    archive: str = ""
    arrived: str = ""
    sha256: str = ""
    made: MadeFile | None = None


class Cancel(Message, frozen=True, tag="cancel"):
    """To the worker: let go of the clip. ``network_only``: not where all its bytes are here already."""

    network_only: bool = False


class Ready(Message, frozen=True, tag="ready"):
    """From the worker: waiting for its first clip."""


class Progress(ClipMessage, frozen=True, tag="progress"):
    """From the worker, at most 4 times a second."""

    phase: Phase
    fraction: float
    wire_bytes: Count
    bytes_per_s: float


class Finished(ClipMessage, frozen=True, tag="finished"):
    """From the worker: the clip was verified and has its final name.

    ``seen_as`` is the address by which YouTube saw the requests, where it told.
    """

    made: MadeFile
    spent: Spent
    seen_as: str = ""


class Failed(ClipMessage, frozen=True, tag="failed"):
    """From the worker: the clip did not come through."""

    category: Category
    text: str
    spent: Spent
    retry_after_s: Seconds | None = None


class Taken(ClipMessage, frozen=True, tag="taken"):
    """From the worker: so many frames and, if it has any, the sound were made of the clip."""

    frames: Count = 0
    sound: bool = False


class Cancelled(ClipMessage, frozen=True, tag="cancelled"):
    """From the worker: let go of the clip, nothing of it is left."""


ToWorker = Assign | Cancel
Ended = Finished | Taken | Failed | Cancelled
"""The last word on a clip: the worker's hand is free."""
FromWorker = Ready | Progress | Ended
