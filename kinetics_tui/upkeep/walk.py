"""Files below a folder, listed as bytes: names may be of any encoding."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

Stopped = Callable[[], bool]


def _pass_over(_folder: bytes, _error: OSError) -> None:
    pass


def files_below(
    top: Path,
    stopped: Stopped,
    *,
    leave_out: Collection[str] = (),
    marked: str = "",
    on_unreadable: Callable[[bytes, OSError], None] = _pass_over,
) -> Iterator[bytes]:
    """The paths of all files below ``top``, relative to it. Links to folders are not followed.

    ``leave_out`` are names at the top that are passed over, ``marked`` a name in a folder below that has all
    of that passed over; ``on_unreadable`` is told of folders that cannot be listed.
    Raises OSError where ``top`` itself is one.
    """
    folders: list[bytes] = [b""]
    root, mark = os.fsencode(top), os.fsencode(marked)
    while folders and not stopped():
        folder = folders.pop()
        try:
            entries = os.scandir(os.path.join(root, folder))  # noqa: PTH118 -- bytes: names may be of any encoding
        except OSError as error:
            if not folder:
                raise
            on_unreadable(folder, error)
            continue
        with entries:
            found = list(entries)
            if folder and any(entry.name == mark for entry in found):
                continue
            for entry in found:
                if not folder and os.fsdecode(entry.name) in leave_out:
                    continue
                path = os.path.join(folder, entry.name)  # noqa: PTH118
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif not (entry.is_symlink() and entry.is_dir()):
                    yield path
