"""What the tests of annotations share: the excerpts of real files, and writers of made-up ones."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kinetics_tui.annotations.row_rules import Annotations, BadRow

DATA = Path(__file__).parent / "data"

HEADER = "label,youtube_id,time_start,time_end,split"
ROW = "archery,AAAAAAAAAAA,10,20,val"


def where(rows: Sequence[BadRow]) -> list[int]:
    """The lines of bad rows."""
    return [row.line for row in rows]


def names(annotations: Annotations) -> list[str]:
    """The names of the clips, in order."""
    return [clip.name for clip in annotations.clips]


def entry(label: str | None = "archery", start: object = 10, end: object = 20, subset: str = "val") -> object:
    """One entry of a JSON annotation file."""
    annotation: dict[str, object] = {"segment": [start, end]}
    if label is not None:
        annotation["label"] = label
    return {"annotations": annotation, "duration": 10.0, "subset": subset, "url": "https://example.org"}


def json_bytes(entries: Mapping[str, object]) -> bytes:
    return json.dumps(entries, indent=4).encode()


def member(name: str, content: bytes | str = b"") -> tuple[tarfile.TarInfo, bytes]:
    """A plain file for ``tar_bytes``."""
    data = content.encode() if isinstance(content, str) else content
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info, data


def tar_bytes(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A .tar.gz of these members, the same whenever it is made: tests are named after such bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)
