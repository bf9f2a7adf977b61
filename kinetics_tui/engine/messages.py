"""What engine and worker say to each other: one JSON object a line over a socket pair of their own."""

from __future__ import annotations

import msgspec

from kinetics_tui.media.route import Route
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category


class Message(msgspec.Struct, frozen=True, tag_field="message", kw_only=True):
    """A line between the engine and one worker."""


class Assign(Message, frozen=True, tag="assign"):
    """To the worker: make this clip; ``path`` is relative to the dataset folder.

    Every byte of it leaves by ``route``: a clip comes by one network from its first request to its last.
    """

    clip_id: int
    clip: Clip
    path: str
    route: Route = Route()


class Cancel(Message, frozen=True, tag="cancel"):
    """To the worker: let go of the clip. ``network_only``: not where all its bytes are here already."""

    network_only: bool = False


class Ready(Message, frozen=True, tag="ready"):
    """From the worker: waiting for its first clip."""


class Progress(Message, frozen=True, tag="progress"):
    """From the worker, at most 4 times a second."""

    clip_id: int
    phase: Phase
    fraction: float
    wire_bytes: int
    bytes_per_s: float


class Finished(Message, frozen=True, tag="finished"):
    """From the worker: the clip was verified and has its final name."""

    clip_id: int
    total_s: float
    resolve_s: float
    download_s: float
    trim_s: float
    wire_bytes: int
    output_bytes: int
    duration_s: float
    width_px: int
    height_px: int
    fps: float
    sound: bool
    short: bool
    exact: bool


class Failed(Message, frozen=True, tag="failed"):
    """From the worker: the clip did not come through."""

    clip_id: int
    total_s: float
    category: Category
    text: str
    resolve_s: float = 0.0
    download_s: float = 0.0
    trim_s: float = 0.0
    wire_bytes: int = 0
    retry_after_s: float | None = None


class Cancelled(Message, frozen=True, tag="cancelled"):
    """From the worker: let go of the clip, nothing of it is left."""

    clip_id: int


ToWorker = Assign | Cancel
FromWorker = Ready | Progress | Finished | Failed | Cancelled
