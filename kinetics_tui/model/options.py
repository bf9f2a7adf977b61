"""How a run works: everything that the user may set and that is kept with the dataset.

What is made of a clip once it is here: frames and sound, and where they go in the dataset folder.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

import msgspec

from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S

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


GUEST_PER_HOUR = 300.0
ACCOUNT_PER_HOUR = 2000.0
"""Videos an hour that YouTube lets a guest session and an account have (yt-dlp's wiki)."""


COOLDOWN_STEPS_S = (15 * MINUTE_S, HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S, 2 * DAY_S, 5 * DAY_S)
RETRY_STEPS_S = (30.0, 5 * MINUTE_S, HOUR_S)


class Trim(StrEnum):
    """How the annotated seconds are cut out."""

    EXACT = "exact"
    """Decoded and encoded again: starts on the frame of ``time_start``."""
    COPY = "copy"
    """Packets copied: starts on the keyframe before ``time_start``; cheap and inexact."""


class LayoutName(StrEnum):
    """Where a clip's file goes, named after the readers that expect it there."""

    ACTIVITYNET = "activitynet"
    SHOWMAX = "showmax"
    TORCHVISION = "torchvision"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run.

    ``height_px`` is the largest source height asked for; ``short_side_px`` scales the clip down to
    that short side (None: as the source). ``pace_per_hour`` is videos resolved an hour (None:
    unlimited); ``learn_pace``: a network whose throttles taught a lower one is held to that.
    ``cooldown_steps_s`` and ``retry_steps_s`` are the waits after a throttle and after each transient
    failure of a clip. ``yt_dlp`` are yt-dlp's own command-line options, which may
    carry secrets: they go into the ledger, never into events or logs. So do ``notify``, the Apprise
    addresses that are told of the turns of the run. ``extras`` are made of each clip that is done.
    """

    workers: int = 16
    height_px: int = 360
    trim: Trim = Trim.EXACT
    layout: LayoutName = LayoutName.ACTIVITYNET
    audio: bool = True
    short_side_px: int | None = None
    pace_per_hour: float | None = GUEST_PER_HOUR
    learn_pace: bool = True
    cooldown_steps_s: tuple[float, ...] = COOLDOWN_STEPS_S
    retry_steps_s: tuple[float, ...] = RETRY_STEPS_S
    clip_deadline_s: float = 15 * MINUTE_S
    yt_dlp: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    extras: Extras = Extras()


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which clips are wanted: release or annotation files, narrowed by split, class, category, number.

    Empty tuples mean "all". ``per_class`` draws that many clips of each class with ``seed``;
    ``limit`` keeps the first so many clips of what is left.
    """

    release: str = ""
    annotations: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    per_class: int | None = None
    seed: int = 0
    limit: int | None = None
