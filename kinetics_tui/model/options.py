"""How a run works: everything that the user may set and that is kept with the dataset."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kinetics_tui.model.extras import Extras

GUEST_PER_HOUR = 300.0
ACCOUNT_PER_HOUR = 2000.0
"""Videos an hour that YouTube lets a guest session and an account have (yt-dlp's wiki)."""

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 86400.0

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
