"""Reads annotation files of every shape that Kinetics comes in; see ``read_annotations``."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from kinetics_tui.annotations.archives import GZIP_MAGIC, MAX_MEMBER_BYTES, read_members
from kinetics_tui.annotations.csv_rows import read_csv
from kinetics_tui.annotations.json_rows import read_json
from kinetics_tui.annotations.row_rules import Annotations, BadRow, Heap, shown, split_of_stem
from kinetics_tui.base.errors import AnnotationError

__all__ = ["Annotations", "BadRow", "read_annotations"]

_begins_like_json = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[)').match


class _Source(NamedTuple):
    """One file, or one member of an archive; ``name`` is how messages call it."""

    name: str
    stem: str
    data: bytes


def read_annotations(paths: Sequence[Path], on_progress: Callable[[int], None] | None = None) -> Annotations:
    """The clips of several annotation files, each of them once, in the order of the files.

    Takes CSV with or without header, label and split, JSON, and ``.tar.gz`` of these. Rows without a
    split get the one that the file is named after (``val.csv``), else ``all``. ``on_progress`` is
    told now and then how many clips there are so far.

    Rows that cannot be clips and rows that name a clip again are listed in the result. Raises
    AnnotationError where a file cannot be read or holds no usable row.
    """
    heap = Heap()
    for path in paths:
        used_before, bad_before = heap.rows_used, len(heap.bad_rows)
        for source in _sources(path, heap):
            _read_source(source, heap, on_progress)
        if heap.rows_used == used_before:
            raise AnnotationError(_nothing_usable(str(path), heap.bad_rows[bad_before:]))
    if on_progress is not None:
        on_progress(len(heap.clips))
    return heap.annotations(tuple(str(path) for path in paths))


def _sources(path: Path, heap: Heap) -> Iterator[_Source]:
    data = _read_file(path)
    if not data.startswith(GZIP_MAGIC):
        yield _Source(str(path), path.stem, data)
        return
    del data

    def refuse(member: str, why: str) -> None:
        heap.refuse(f"{path}:{shown(member)[1:-1]}", 0, f"not read: {why}")

    for member, content in read_members(path, refuse):
        yield _Source(f"{path}:{shown(member)[1:-1]}", PurePosixPath(member).stem, content)


def _read_file(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AnnotationError(f"{path} is a folder; give the annotation files in it.")
        if not stat.S_ISREG(status.st_mode):
            raise AnnotationError(f"{path} is not a plain file; save it as one and give that.")
        if status.st_size > MAX_MEMBER_BYTES:
            raise AnnotationError(
                f"{path} has {status.st_size:,} bytes, more than any annotation file; give another file."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise AnnotationError(f"{path} does not exist; check the path of the annotation file.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise AnnotationError(f"{path} cannot be read ({why}); check the path and its permissions.") from None


def _read_source(source: _Source, heap: Heap, on_progress: Callable[[int], None] | None) -> None:
    used_before, bad_before = heap.rows_used, len(heap.bad_rows)
    default_split = split_of_stem(source.stem)
    if _begins_like_json(source.data):
        read_json(source.data, source.name, default_split, heap, on_progress)
    else:
        read_csv(source.data, source.name, default_split, heap, on_progress)
    if heap.rows_used == used_before:
        raise AnnotationError(_nothing_usable(source.name, heap.bad_rows[bad_before:]))


def _nothing_usable(name: str, bad_rows: list[BadRow]) -> str:
    if not bad_rows:
        return f"{name} holds no annotation row; give a file with at least one."
    first = bad_rows[0]
    place = f"{name} line {first.line}" if first.line else name
    return f"{place}: {first.why}, and no other row is usable either; give an annotation file."
