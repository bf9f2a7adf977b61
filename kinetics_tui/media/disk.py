"""Errors of the disk that clips are written to, told from those of a clip, its media or the line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import av

from kinetics_tui.media.failures import ClipFailure, clean_message
from kinetics_tui.model.failure import Category

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_WRITABLE = frozenset(
    {
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ESTALE,
        errno.ENXIO,
        errno.ENODEV,
        errno.EFBIG,  # a clip is small: what is too big for the limit of a process, every clip is
    }
)
_LIBAV_SAYS_OF_MEDIA = frozenset({errno.EPERM, errno.EIO})
"""libav's codes for "-1" and for a file that ends too early."""


def is_of_disk(error: OSError) -> bool:
    """Whether ``error`` is of the disk written to, whichever clip is in hand."""
    if isinstance(error, av.FFmpegError) and error.errno in _LIBAV_SAYS_OF_MEDIA:
        return False
    return error.errno in FULL | NOT_WRITABLE


def failure_of(error: OSError, final_path: Path, scratch_dir: Path) -> ClipFailure:
    """What an error of the system means for a clip on its way to ``final_path`` by ``scratch_dir``.

    DISK_FULL and NOT_WRITABLE hold up the whole run, so that only what would meet every clip is one.
    """
    reason = clean_message(error.strerror or str(error)) or type(error).__name__
    if error.errno in FULL:
        return ClipFailure(Category.DISK_FULL, f"The disk is full: {reason}.")
    # What was made here and is not there any more went with its folder, which may be back by now.
    gone = error.errno == errno.ENOENT and (_is_below(scratch_dir, error) or not scratch_dir.exists())
    if gone or (is_of_disk(error) and _is_ours(error.filename, final_path, scratch_dir)):
        return ClipFailure(Category.NOT_WRITABLE, f"The clip cannot be written: {reason}.")
    return ClipFailure(Category.TRIM_FAILED, f"The clip cannot be made: {reason}.")


def _is_below(folder: Path, error: OSError) -> bool:
    name = error.filename
    return isinstance(name, str | bytes) and Path(os.fsdecode(name)).is_relative_to(folder)


def _is_ours(filename: object, final_path: Path, scratch_dir: Path) -> bool:
    """Whether the file that an error names is one that a clip is written to; it may name none."""
    if not isinstance(filename, str | bytes):
        return True
    path = Path(os.fsdecode(filename))
    return path.is_relative_to(scratch_dir) or path in (final_path, *final_path.parents, *scratch_dir.parents)
