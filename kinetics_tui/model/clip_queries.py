"""Clips as a view asks for them and gets them: lists a page at a time, attempts at one, and its pictures.

The lists are of clips that failed, with all that was tried, and of those that are done.
"""

from __future__ import annotations

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import PictureKind


class FailedQuery(msgspec.Struct, frozen=True, tag="page", kw_only=True):
    """Which failed clips are wanted, and which part of their list.

    ``category`` and ``label`` None mean any; of ``text`` every word must occur in a clip's name, label,
    split, category or message, in any case. The part is ``around`` places to both sides of the clip with
    the ledger id ``anchor``; where that is not in the list, of place ``place``.
    """

    category: Category | None = None
    label: str | None = None
    text: str = ""
    anchor: int | None = None
    place: int = 0
    around: int = 200


class FailedClip(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that stands as failed; ``id`` is its number in the ledger.

    ``at`` is when the attempt that settled it ended, in seconds since the epoch, ``message`` what that one
    said, ``attempts`` how many were held against it.
    """

    id: int
    clip: Clip
    category: Category
    attempts: int
    at: float
    message: str


class FailedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list of failed clips, which begins with the one that failed last.

    ``total`` of them are as wanted; ``rows`` are those from place ``first`` on, counted from 0.
    ``by_category`` and ``by_label`` count all clips that stand as failed, whatever was wanted.
    """

    total: int
    first: int
    rows: tuple[FailedClip, ...]
    by_category: dict[Category, int]
    by_label: dict[str, int]


class HistoryQuery(msgspec.Struct, frozen=True, tag="history", kw_only=True):
    """A query for every attempt at one clip, by its number in the ledger."""

    clip_id: int


class PastAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a clip.

    ``at`` is its end, in seconds since the epoch, ``took_s`` how long it was in a worker's hand, ``outcome``
    what became of the clip (done, failed, retry, returned), ``network`` what it went out by.
    """

    at: float
    outcome: str
    category: Category | None
    message: str
    took_s: float
    wire_bytes: int
    network: str


class ClipHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The last tries at a clip, the last one first, and how many there were before them."""

    attempts: tuple[PastAttempt, ...]
    earlier: int = 0


class DoneQuery(msgspec.Struct, frozen=True, tag="done", kw_only=True):
    """Which clips that are done are wanted, and which part of their list.

    ``split`` and ``label`` None mean any; of ``text`` every word must occur in a clip's video id or label,
    in any case. The part is ``around`` places to both sides of the clip with the ledger id ``anchor``;
    where that is not in the list, of place ``place``.
    """

    split: str | None = None
    label: str | None = None
    text: str = ""
    anchor: int | None = None
    place: int = 0
    around: int = 200


class DoneClip(msgspec.Struct, frozen=True, kw_only=True):
    """A clip whose file is on the disk; ``id`` is its number in the ledger.

    ``path`` is the file, POSIX style, relative to the dataset folder, ``made`` what it was recorded to be.
    ``at`` is when it was done, in seconds since the epoch; ``network`` is what it came by, and empty where
    the file lay there already, or comes from an archive.
    """

    id: int
    clip: Clip
    path: str
    at: float
    made: MadeFile
    network: str


class DonePage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list of clips that are done, which begins with the newest.

    ``total`` of them are as wanted; ``rows`` are those from place ``first`` on, counted from 0.
    """

    total: int
    first: int
    rows: tuple[DoneClip, ...]


class ClassesQuery(msgspec.Struct, frozen=True, tag="classes", kw_only=True):
    """A query for the number of clips of each class that are done."""


Query = FailedQuery | HistoryQuery | DoneQuery | ClassesQuery
Answer = FailedPage | ClipHistory | DonePage | dict[str, int]


class PicturesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query for pictures out of a clip at even times.

    ``path`` is its file, relative to the dataset folder. Each picture fits into ``width_px`` and
    ``height_px``, and is as ``kind`` takes it.
    """

    path: str
    count: int
    width_px: int
    height_px: int
    kind: PictureKind = PictureKind.BLOCKS


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures out of a clip in their order, each as rows of pixels of three bytes: red, green, blue.

    For a terminal with graphics they are as ``base.graphics`` makes them of those.
    ``problem`` says in one sentence why there are none, or fewer than wanted.
    """

    width_px: int = 0
    height_px: int = 0
    pictures: tuple[bytes, ...] = ()
    problem: str = ""
