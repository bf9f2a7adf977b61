"""What is made of a clip once it is here: frames and sound, and where they go in the dataset folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

import msgspec

FRAMES_FOLDER = "frames"
SOUND_FOLDER = "sound"


class SoundFormat(StrEnum):
    """How sound is stored beside the clips; the value is the suffix of its files."""

    WAV = "wav"
    MP3 = "mp3"
    OPUS = "opus"


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of every clip.

    ``frames_fps`` pictures a second (None: none), scaled down to ``frames_short_side_px`` (None: as the
    clip), and ``sound`` as a file of its own (None: none).
    """

    frames_fps: float | None = None
    frames_short_side_px: int | None = None
    sound: SoundFormat | None = None

    @property
    def any(self) -> bool:
        return self.frames_fps is not None or self.sound is not None


def frames_path(clip_path: str) -> PurePosixPath:
    """The folder of a clip's frames, ``000001.jpg`` and so on; both relative to the dataset folder."""
    return PurePosixPath(FRAMES_FOLDER) / PurePosixPath(clip_path).with_suffix("")


def sound_path(clip_path: str, sound: SoundFormat) -> PurePosixPath:
    """The file of a clip's sound; both relative to the dataset folder."""
    return PurePosixPath(SOUND_FOLDER) / PurePosixPath(clip_path).with_suffix(f".{sound}")
