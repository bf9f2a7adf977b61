"""What engine and worker say to each other: one JSON object a line over a socket pair of their own.

A worker that went mad may say anything: figures that no ledger holds are no message.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Extras

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Message(msgspec.Struct, frozen=True, tag_field="message", kw_only=True):
    """A line between the engine and one worker."""


class Assign(Message, frozen=True, tag="assign"):
    """To the worker: make this clip; ``path`` is relative to the dataset folder.

    Every byte of it leaves by ``route``: a clip comes by one network from its first request to its last.
    ``extract``: it is here already, and these are to be made of it; nothing is requested.
    """

    clip_id: Count
    clip: Clip
    path: str
    route: Route = Route()
    extract: Extras | None = None


class Cancel(Message, frozen=True, tag="cancel"):
    """To the worker: let go of the clip. ``network_only``: not where all its bytes are here already."""

    network_only: bool = False


class Ready(Message, frozen=True, tag="ready"):
    """From the worker: waiting for its first clip."""


class Progress(Message, frozen=True, tag="progress"):
    """From the worker, at most 4 times a second."""

    clip_id: Count
    phase: Phase
    fraction: float
    wire_bytes: Count
    bytes_per_s: float


class Finished(Message, frozen=True, tag="finished"):
    """From the worker: the clip was verified and has its final name."""

    clip_id: Count
    total_s: Seconds
    resolve_s: Seconds
    download_s: Seconds
    trim_s: Seconds
    wire_bytes: Count
    output_bytes: Count
    duration_s: Seconds
    width_px: Count
    height_px: Count
    fps: float
    sound: bool
    short: bool
    exact: bool
    source_itags: str = ""
    source_height_px: Count = 0
    source_fps: float = 0.0
    made_with: str = ""


class Failed(Message, frozen=True, tag="failed"):
    """From the worker: the clip did not come through."""

    clip_id: Count
    total_s: Seconds
    category: Category
    text: str
    resolve_s: Seconds = 0.0
    download_s: Seconds = 0.0
    trim_s: Seconds = 0.0
    wire_bytes: Count = 0
    retry_after_s: Seconds | None = None


class Taken(Message, frozen=True, tag="taken"):
    """From the worker: so many frames and, if it has any, the sound were made of the clip."""

    clip_id: Count
    frames: Count = 0
    sound: bool = False


class Cancelled(Message, frozen=True, tag="cancelled"):
    """From the worker: let go of the clip, nothing of it is left."""

    clip_id: Count


ToWorker = Assign | Cancel
FromWorker = Ready | Progress | Finished | Taken | Failed | Cancelled
