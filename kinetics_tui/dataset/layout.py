"""Where a clip's file goes inside the dataset folder.

Labels, splits and ids come from files that anyone may have written, so each becomes one harmless
component of a path. The ledger keeps no paths, it computes them here: a change to what this module
returns for a clip needs a new version of the ledger.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from enum import IntEnum
from pathlib import PurePosixPath

from kinetics_tui.dataset.folder import FAILED_FILE, STATS_FILE
from kinetics_tui.model.clip import TEST, VAL, Clip
from kinetics_tui.model.options import LayoutName

MAX_COMPONENT_BYTES = 200
"""Room for the suffix of a file and of its scratch copy below the 255 bytes of most file systems."""

SUFFIX = ".mp4"

_FOLDERS = 4096
"""So many folders are remembered: all of a release, whose clips come hundreds to a folder."""

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_MARK = re.compile(r"~[0-9a-f]{12}\Z")
# Separators, and what exFAT and Windows refuse: a dataset may lie on an external drive.
_REFUSED = frozenset('/\\:*?"<>|')
# Control, format (bidi marks, zero widths) and surrogate characters, line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|\Z)", re.IGNORECASE)
_OURS = frozenset({STATS_FILE, FAILED_FILE})


class Naming(IntEnum):
    """The ways to name a clip's file; the ledger keeps the number."""

    PLAIN = 0
    """As the layout has it."""
    TIMED = 1
    """With the times, where the layout would leave them out: another clip of the video is in the folder."""
    MARKED = 2
    """With a mark of its own: some file systems ignore capitals, and another id differs in these alone."""


def safe_component(text: str) -> str:
    """One path component for ``text``: itself where it is harmless, else cleaned and marked.

    The mark, ``~`` and 12 digits of a hash of ``text``, keeps different texts apart.
    """
    clean = "".join(map(_safe_character, text))
    if not clean or clean[0] in "-. ":
        clean = "_" + clean[1:]
    if _RESERVED.match(clean):
        clean = "_" + clean
    if clean == text and not _needs_mark(text):
        return text
    return _marked(clean, text)


def clip_path(layout: LayoutName, clip: Clip, naming: Naming = Naming.PLAIN) -> PurePosixPath:
    """The path of a clip's file, relative to the dataset folder."""
    return clip_folder(layout, clip.split, clip.label) / _file_name(layout, clip, naming)


def same_to_some(path: PurePosixPath) -> str:
    """The common form of paths that some file systems take for one.

    Those of macOS and Windows ignore capitals, and how accented letters are put together.
    """
    return _folded(str(path))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


@functools.lru_cache(maxsize=_FOLDERS)
def clip_folder(layout: LayoutName, split: str, label: str) -> PurePosixPath:
    """The folder of a clip's file, relative to the dataset folder."""
    folder = PurePosixPath(_split_folder(layout, split))
    if not label or (layout is LayoutName.SHOWMAX and split == TEST):
        return folder
    return folder / _label_folder(layout, label)


def _safe_character(character: str) -> str:
    if character in _REFUSED or unicodedata.category(character) in _REFUSED_CATEGORIES:
        return "_"
    return character


def _needs_mark(text: str) -> bool:
    """True if a text of harmless characters cannot stand as it is."""
    return (
        text[-1] in ". "
        or _MARK.search(text) is not None  # it may be another text's marked form
        or len(text.encode()) > MAX_COMPONENT_BYTES
    )


def _marked(clean: str, original: str) -> str:
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()
    mark = f"~{digest[:12]}"
    room = MAX_COMPONENT_BYTES - len(mark)
    return clean.encode()[:room].decode(errors="ignore") + mark


def _split_folder(layout: LayoutName, split: str) -> str:
    if layout is LayoutName.SHOWMAX and split == VAL:
        return "valid"
    component = safe_component(split)
    return _marked(component, split) if _folded(component) in _OURS else component


def _label_folder(layout: LayoutName, label: str) -> str:
    if layout is not LayoutName.ACTIVITYNET:
        label = label.replace(" ", "_")
    if layout is LayoutName.TORCHVISION:
        label = re.sub(r"['()]", "", label)
    component = safe_component(label)
    # A folder named like a clip could stand where the file of a clip without a label has to go.
    return _marked(component, label) if _folded(component).endswith(SUFFIX) else component


def _file_name(layout: LayoutName, clip: Clip, naming: Naming) -> str:
    # An id that cannot be YouTube's may be anything: its mark keeps it apart on every file system.
    if naming is Naming.MARKED or not _YOUTUBE_ID.fullmatch(clip.youtube_id):
        return _marked(safe_component(clip.name), clip.name) + SUFFIX
    if layout is LayoutName.SHOWMAX and naming is Naming.PLAIN:
        return clip.youtube_id + SUFFIX
    return clip.name + SUFFIX
