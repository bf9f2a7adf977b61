"""What is made of a clip once it is here: frames and sound, and where they go in the dataset folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

import msgspec

FRAMES_FOLDER = "frames"
SOUND_FOLDER = "sound"
SLOWEST_FPS, FASTEST_FPS = 0.01, 120.0
SMALLEST_PX, LARGEST_PX = 16, 4320

Fps = Annotated[float, msgspec.Meta(ge=SLOWEST_FPS, le=FASTEST_FPS)]
ShortSide = Annotated[int, msgspec.Meta(ge=SMALLEST_PX, le=LARGEST_PX)]


class SoundFormat(StrEnum):
    """How sound is stored beside the clips; the value is the suffix of its files."""

    WAV = "wav"
    MP3 = "mp3"
    OPUS = "opus"


class FramesKind(msgspec.Struct, frozen=True):
    """``fps`` pictures a second, scaled down to ``short_side_px`` (None: as the clip)."""

    fps: Fps
    short_side_px: ShortSide | None = None


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of every clip.

    ``frames_fps`` pictures a second (None: none), scaled down to ``frames_short_side_px`` (None: as the
    clip), and ``sound`` as a file of its own (None: none). ``frames_before``: such frames were wanted last.
    """

    frames_fps: Fps | None = None
    frames_short_side_px: ShortSide | None = None
    sound: SoundFormat | None = None
    frames_before: FramesKind | None = None

    @property
    def frames(self) -> FramesKind | None:
        """The kind of frames that are wanted."""
        return None if self.frames_fps is None else FramesKind(self.frames_fps, self.frames_short_side_px)

    @property
    def any(self) -> bool:
        return self.frames_fps is not None or self.sound is not None


def frames_path(clip_path: str) -> PurePosixPath:
    """The folder of a clip's frames, ``000001.jpg`` and so on; both relative to the dataset folder."""
    return PurePosixPath(FRAMES_FOLDER) / PurePosixPath(clip_path).with_suffix("")


def sound_path(clip_path: str, sound: SoundFormat) -> PurePosixPath:
    """The file of a clip's sound; both relative to the dataset folder."""
    return PurePosixPath(SOUND_FOLDER) / PurePosixPath(clip_path).with_suffix(f".{sound}")
