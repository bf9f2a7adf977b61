"""The archives of a dataset: those still to be read, the most wanted clips a byte first, and the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.annotations.releases import USUAL_ARCHIVE_BYTES
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Coverage, Expected
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options

USUAL_BYTES = USUAL_ARCHIVE_BYTES
USUAL_CLIPS = 990
"""And one of which nobody knows what is in it counts as full of clips, after those of which that is known."""


class ToRead(msgspec.Struct, frozen=True):
    """An archive and what is expected of it."""

    archive: ArchiveRow
    expected: Expected


def to_read(dataset: Path, tried: Collection[int]) -> list[ToRead]:
    """The archives that may hold wanted clips, in the order of reading, without those of numbers ``tried``.

    Opens the ledger for itself, so that a thread may do it. Raises DatasetError.
    """
    with Ledger.open(dataset, read_only=True) as ledger:
        return _in_order(ledger, [one for one in ledger.archives() if one.id not in tried])


def _in_order(ledger: Ledger, archives: Sequence[ArchiveRow]) -> list[ToRead]:
    expected = ledger.expected(archives)
    found = [ToRead(one, expected[one.id]) for one in archives if expected[one.id].clips != 0]
    return sorted(found, key=_rank)


class Overview(msgspec.Struct, frozen=True):
    """All that is known of a dataset's archives.

    Those ``to_read`` come in the order of reading; in ``others`` nothing is that is wanted. ``members`` is
    how many clips were seen in each, by its number; ``done`` how many clips of the dataset are here.
    """

    options: Options
    done: int
    coverage: Coverage
    to_read: list[ToRead]
    others: list[ArchiveRow]
    members: dict[int, int]


def overview(ledger: Ledger) -> Overview:
    """The archives of a dataset as the ledger knows them. Raises DatasetError."""
    archives = ledger.archives()
    coming = _in_order(ledger, archives)
    read = {one.archive.id for one in coming}
    return Overview(
        options=ledger.options,
        done=sum(split.done for split in ledger.split_counts()),
        coverage=ledger.coverage(archives),
        to_read=coming,
        others=[one for one in archives if one.id not in read],
        members=ledger.member_counts(),
    )


def _rank(one: ToRead) -> tuple[bool, bool, float]:
    """What replaces others goes first, what nobody knows anything of last."""
    archive, clips = one.archive, one.expected.clips
    worth = (USUAL_CLIPS if clips is None else clips) / (archive.size_bytes or USUAL_BYTES)
    return not archive.replaces, clips is None, -worth


def may_hold(archive: ArchiveRow, clip: Clip) -> bool:
    """True if nothing that is known of an archive, which was not passed, speaks against this clip in it."""
    if archive.label and archive.label != clip.label:
        return False
    if archive.split and archive.split != clip.split:
        return False
    within = archive.first_name[:11] <= clip.youtube_id <= archive.last_name[:11]
    return not archive.last_name or within


def left_bytes(archives: Sequence[ToRead]) -> int:
    """The bytes of these archives, as far as they are known."""
    return sum(one.archive.size_bytes or 0 for one in archives)
