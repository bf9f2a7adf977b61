"""Everything that a user may set: the one place where an option, its bounds and its words are declared.

Options and Extras are kept with the dataset, Selection says which clips it is made of, AppOptions are the
user's own. The flags, the settings file with its example, the environment variables and the limits of the
set-up screen all come from what is declared here beside each field.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import msgspec

from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S, pace_text

FRAMES_FOLDER = "frames"
SOUND_FOLDER = "sound"
FRAMES_FPS = (0.01, 120.0)
SHORT_SIDES_PX = (16, 4320)
HEIGHTS_PX = (144, 4320)
WORKERS = (1, 64)
ARCHIVES_AT_ONCE = (1, 4)
TOLERANCES_S = (0.0, 60.0)
"""The least and the most that an option may be."""


class Opt(NamedTuple):
    """The spelling, reading and words of an option, beside the type and the default of its field.

    ``key`` is its name in the settings file (empty: that of the field); the environment variable is spelled
    after it, and the flag too unless ``flag`` says otherwise; ``alias`` is another name for that. ``off`` is
    a name that means the opposite. ``help`` is that of the flag (empty: there is none), ``comment`` that of
    the settings file (empty: as ``help`` without the default); ``{low}``, ``{high}`` and ``{default}`` in
    them stand for the bounds and the default. ``example`` is the default as the settings file shows it, where
    a word is clearer than the value. ``reads`` names an entry of ``settings.values.KINDS``; without it the
    type and the bounds say how a value is read. Options of a ``group`` stand together in the settings file.
    ``names`` says of which kind of names the values are, by an entry of ``cli.completion.NAMES``; ``several``
    that the flag may be given again for one more.
    """

    metavar: str = ""
    help: str = ""
    comment: str = ""
    key: str = ""
    flag: str = ""
    alias: str = ""
    off: str = ""
    bounds: tuple[float, float] | None = None
    example: str | None = None
    reads: str = ""
    group: int = 0
    names: str = ""
    several: bool = False


class Option(NamedTuple):
    """A field that can be set: its type without None, its default, and what is declared of it."""

    field: str
    kind: Any
    may_be_none: bool
    default: Any
    opt: Opt

    @property
    def name(self) -> str:
        """The name in the settings file and of the value that the flag gives."""
        return self.opt.key or self.field

    @property
    def flag(self) -> str:
        """The flag with its dashes."""
        return "--" + (self.opt.flag or self.opt.off or self.name).replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag and its other name, with dashes."""
        return (self.flag, f"--{self.opt.alias}") if self.opt.alias else (self.flag,)

    def words(self, text: str, default: str) -> str:
        """``help`` or ``comment`` with the bounds and the default in their places."""
        low, high = self.opt.bounds or (None, None)
        return text.format(low=low, high=high, default=default)


def options_in(*structs: type[msgspec.Struct]) -> dict[str, Option]:
    """The options that the fields of structs declare, by name; group by group, in the order of fields."""
    found = []
    for struct in structs:
        types, declared = get_type_hints(struct), get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            kind = types[field.name]
            may_be_none = NoneType in get_args(kind)
            for opt in getattr(declared[field.name], "__metadata__", ()):
                if isinstance(opt, Opt):
                    plain = get_args(kind)[0] if may_be_none else kind
                    found.append(Option(field.name, plain, may_be_none, field.default, opt))
    return {option.name: option for option in sorted(found, key=lambda option: option.opt.group)}


Fps = Annotated[float, msgspec.Meta(ge=FRAMES_FPS[0], le=FRAMES_FPS[1])]
ShortSide = Annotated[int, msgspec.Meta(ge=SHORT_SIDES_PX[0], le=SHORT_SIDES_PX[1])]


class SoundFormat(StrEnum):
    """The formats of sound beside the clips; the value is the suffix of its files."""

    WAV = "wav"
    MP3 = "mp3"
    OPUS = "opus"


class FramesKind(msgspec.Struct, frozen=True):
    """``fps`` pictures a second, scaled down to ``short_side_px`` (None: as the clip)."""

    fps: Fps
    short_side_px: ShortSide | None = None


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """Frames and sound that are made of every clip once it is here.

    ``frames_fps`` pictures a second (None: none), scaled down to ``frames_short_side_px`` (None: as the
    clip), and ``sound`` as a file of its own (None: none). ``frames_before``: such frames were wanted last.
    """

    frames_fps: Annotated[
        Fps | None,
        Opt("FPS", "So many pictures a second as JPEG; none: no more.", key="frames", bounds=FRAMES_FPS),
    ] = None
    frames_short_side_px: Annotated[
        ShortSide | None,
        Opt(
            "PX",
            "Scale pictures down to this short side; none: as the clip.",
            key="short_side",
            bounds=SHORT_SIDES_PX,
        ),
    ] = None
    sound: Annotated[SoundFormat | None, Opt("FORMAT", "Sound as wav, mp3 or opus; none: no more.")] = None
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


class Preset(StrEnum):
    """Paces with a name: budgets of page and player requests, which YouTube is said to count."""

    GUEST = "guest"
    ACCOUNT = "account"


BUDGETS = {Preset.GUEST: 900.0, Preset.ACCOUNT: 3600.0}
"""Requests an hour, a tenth below what yt-dlp's wiki reports that YouTube bears: not measured here."""
LEAN_REQUESTS = 1.0
FULL_REQUESTS = 3.0
"""Page and player requests of one clip: of one client without the page, and of yt-dlp's defaults."""

PaceLimit = float | Preset | None
"""Clips an hour, or a budget of requests that has a name; None: unlimited."""
PACES: dict[str, Preset | None] = {**{str(preset): preset for preset in Preset}, "unlimited": None}
"""The paces that have a name."""


def clips_per_hour(pace: PaceLimit, requests_per_clip: float | None = None) -> float | None:
    """Clips an hour that a pace lets out; while it is not known what a clip costs, at the full cost."""
    if isinstance(pace, Preset):
        return BUDGETS[pace] / (requests_per_clip or FULL_REQUESTS)
    return pace


def budget_text(preset: Preset) -> str:
    """A budget in both numbers: ``900 requests/h: about 900 clips lean, 300 full``."""
    lean, full = (clips_per_hour(preset, cost) for cost in (LEAN_REQUESTS, FULL_REQUESTS))
    return f"{BUDGETS[preset]:,.0f} requests/h: about {lean:,.0f} clips lean, {full:,.0f} full"


def named_pace_text(per_hour: float | None, budget_per_hour: float | None) -> str:
    """A pace in clips, and the budget of requests that it comes from: ``300/h on guest's 900 requests``."""
    if budget_per_hour is None:
        return pace_text(per_hour)
    whose = next((f"{preset}'s " for preset, budget in BUDGETS.items() if budget == budget_per_hour), "")
    return f"{pace_text(per_hour)} on {whose}{budget_per_hour:,.0f} requests"


COOLDOWN_STEPS_S = (15 * MINUTE_S, HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S, 2 * DAY_S, 5 * DAY_S)
RETRY_STEPS_S = (30.0, 5 * MINUTE_S, HOUR_S)


class Trim(StrEnum):
    """The ways to cut the annotated seconds out."""

    EXACT = "exact"
    """Decoded and encoded again: starts on the frame of ``time_start``."""
    COPY = "copy"
    """Packets copied: starts on the keyframe before ``time_start``; cheap and inexact."""


class Resolve(StrEnum):
    """The ways to ask YouTube for a video."""

    AUTO = "auto"
    """Lean first, then in full where that may know more; the other way round where lean keeps failing."""
    LEAN = "lean"
    """By the client of yt-dlp's own that needs neither page nor JavaScript nor token: one request."""
    FULL = "full"
    """As yt-dlp does by default: page, several clients, JavaScript."""


class LoggedOut(StrEnum):
    """What becomes of a run where the login in an account's cookies ends."""

    HOLD = "hold"
    """Nothing is handed out until they are renewed."""
    GUEST = "guest"
    """The run goes on without them."""


class Source(StrEnum):
    """The places that clips come from."""

    YOUTUBE = "youtube"
    ARCHIVES = "archives"
    """Those of the release's mirror, or the user's own."""


SOURCES = (
    (Source.YOUTUBE,),
    (Source.ARCHIVES,),
    (Source.ARCHIVES, Source.YOUTUBE),
    (Source.YOUTUBE, Source.ARCHIVES),
)
"""The orders of sources that there are: the second gets what the first has not."""


class LayoutName(StrEnum):
    """Where a clip's file goes, named after the readers that expect it there."""

    ACTIVITYNET = "activitynet"
    SHOWMAX = "showmax"
    TORCHVISION = "torchvision"


class Theme(StrEnum):
    """The colours of the app; ``auto`` goes by the terminal."""

    AUTO = "auto"
    DARK = "dark"
    ANSI = "ansi"


class PictureKind(StrEnum):
    """The way in which the app shows pictures of clips; ``auto`` goes by the terminal."""

    AUTO = "auto"
    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    NONE = "none"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run.

    ``height_px`` is YouTube's tier at most: the shorter side of the source; ``short_side_px`` scales the clip
    down to that short side (None: as the source). ``pace_per_hour`` is clips asked for an hour, or a budget
    of requests (None: unlimited); ``learn_pace``: a network whose throttles taught a lower one is held to
    that. ``cooldown_steps_s`` and ``retry_steps_s`` are the waits after a throttle and after each transient
    failure of a clip. ``resolve`` is how YouTube is asked for a video; ``logged_out`` is for runs with an
    account's cookies. ``sources`` are asked one after the other. ``archives`` are addresses, files and
    folders in place of the release's own archives; ``max_archive_bytes`` is the most that is fetched of
    archives, ``max_disk_bytes`` what they may take on disk beside the clips, ``max_bytes_per_s`` what they
    may take of the line (None: no bound). A copy in an archive may be shorter or longer than its segment by
    ``tolerance_s``. ``yt_dlp`` are yt-dlp's own command-line options, which may carry secrets: they go into
    the ledger, never into events or logs. ``listen`` is where hosts call (empty: none take part). Into the
    ledger alone goes ``notify`` as well, the Apprise addresses that are told of the turns of the run.
    ``extras`` are made of each clip that is done.
    """

    workers: Annotated[
        int,
        Opt("N", "Worker processes, {low} to {high} ({default}).", bounds=WORKERS),
    ] = 16
    height_px: Annotated[
        int,
        Opt(
            "PX",
            "YouTube's tier at most: the shorter side ({default}).",
            "YouTube's tier at most: the shorter side of the source, in pixels",
            key="height",
            alias="resolution",
            bounds=HEIGHTS_PX,
        ),
    ] = 360
    trim: Annotated[
        Trim,
        Opt(
            "HOW",
            "exact, or copy: cheap and inexact ({default}).",
            "exact: starts on the annotated frame; copy: on the keyframe before, no encoding",
        ),
    ] = Trim.EXACT
    layout: Annotated[
        LayoutName,
        Opt("NAME", "activitynet, showmax or torchvision ({default})."),
    ] = LayoutName.ACTIVITYNET
    audio: Annotated[bool, Opt(help="Leave the sound out.", off="no_audio")] = True
    short_side_px: Annotated[
        int | None,
        Opt(
            "PX",
            "Scale down to this short side in pixels.",
            "scale clips down to this short side, in pixels",
            key="short_side",
            bounds=SHORT_SIDES_PX,
        ),
    ] = None
    pace_per_hour: Annotated[
        PaceLimit,
        Opt(
            "PACE",
            f"guest ({budget_text(Preset.GUEST)}), account ({budget_text(Preset.ACCOUNT)}), unlimited, or "
            "clips an hour.",
            "guest or account (budgets of requests), unlimited, or clips an hour",
            key="pace",
            reads="pace",
            example="guest",
        ),
    ] = Preset.GUEST
    learn_pace: Annotated[
        bool,
        Opt(comment="hold a network to the lower pace that its throttles taught"),
    ] = True
    cooldown_steps_s: Annotated[
        tuple[float, ...],
        Opt(
            "TIMES",
            "Waits after a throttle: 15m,1h,3h,...",
            "waits after one throttle upon another",
            key="cooldown",
            reads="rising durations",
            example="15m,1h,3h,6h,12h,24h,48h,5d",
        ),
    ] = COOLDOWN_STEPS_S
    retry_steps_s: Annotated[
        tuple[float, ...],
        Opt(
            "TIMES",
            "Waits after a passing failure: {default}.",
            "waits after each transient failure of a clip; none: no second try",
            key="retry",
            reads="durations or none",
        ),
    ] = RETRY_STEPS_S
    clip_deadline_s: Annotated[
        float,
        Opt(
            "TIME",
            "How long one clip may take ({default}).",
            "a clip that takes longer is given up for now",
            key="deadline",
            reads="duration",
        ),
    ] = 15 * MINUTE_S
    resolve: Annotated[
        Resolve,
        Opt(
            "HOW",
            "auto, lean (one request a clip) or full (yt-dlp's defaults) ({default}).",
            "how YouTube is asked; auto: lean (one request), in full where that may know more",
        ),
    ] = Resolve.AUTO
    logged_out: Annotated[
        LoggedOut,
        Opt(
            "HOW",
            "Where the login in cookies ends: hold, or go on as guest ({default}).",
            "where the login in an account's cookies ends: hold, or go on as guest",
        ),
    ] = LoggedOut.HOLD
    sources: Annotated[
        tuple[Source, ...],
        Opt(
            "ORDER",
            "youtube, archives, archives,youtube or youtube,archives ({default}).",
            "youtube, archives, or both in the order that they are asked: archives,youtube",
            key="source",
            reads="sources",
        ),
    ] = (Source.YOUTUBE,)
    archives: Annotated[
        tuple[str, ...],
        Opt(
            "PLACE",
            "An archive, a list of some, or a folder, instead of the release's own.",
            "addresses, files and folders instead of the release's own archives",
            reads="places",
            example="",
            names="file",
            several=True,
        ),
    ] = ()
    archives_at_once: Annotated[
        int,
        Opt("N", "Archives on their way at once, {low} to {high} ({default}).", bounds=ARCHIVES_AT_ONCE),
    ] = 3
    keep_archives: Annotated[bool, Opt(help="Keep each archive that was fetched, beside the clips.")] = False
    max_archive_bytes: Annotated[
        float | None,
        Opt("SIZE", "Archives of so much at most: 200GB; none: all.", key="max_gb", reads="size or none"),
    ] = None
    max_disk_bytes: Annotated[
        float | None,
        Opt(
            "SIZE",
            "Disk for archives on their way: 10GB.",
            key="max_disk",
            reads="size or none",
        ),
    ] = None
    max_bytes_per_s: Annotated[
        float | None,
        Opt(
            "RATE",
            "Line for archives: 12MB/s; none: all.",
            key="max_rate",
            reads="size or none",
        ),
    ] = None
    tolerance_s: Annotated[
        float,
        Opt(
            "S",
            "How much an archive's copy may be shorter or longer ({default}).",
            "seconds by which a copy in an archive may be shorter or longer than its segment",
            key="tolerance",
            bounds=TOLERANCES_S,
        ),
    ] = 0.5
    yt_dlp: Annotated[
        tuple[str, ...],
        Opt(
            "OPTIONS",
            "yt-dlp's own options in one string, for every request.",
            'yt-dlp\'s own options, such as "--proxy socks5://127.0.0.1:1080"',
            reads="yt-dlp",
        ),
    ] = ()
    listen: Annotated[
        str,
        Opt(
            "ADDRESS",
            "Let other machines take part: ADDRESS[:PORT], :PORT for any of this one; none.",
            "where other machines call that take part in the run: address:port, or none",
            reads="listen",
        ),
    ] = ""
    notify: Annotated[
        tuple[str, ...],
        Opt(
            comment='the same by Apprise, with no terminal open: ["ntfy://topic", "mailto://..."]',
            reads="notify",
            example="",
            group=2,
        ),
    ] = ()
    extras: Extras = Extras()


class NamedWay(NamedTuple):
    """A way out that the user names, as ``model.network.parse_way`` reads it.

    ``same`` is the name of another one that leads out by the same address (empty: it has its own).
    """

    way: str
    same: str = ""


class AppOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options that hold for every dataset of a user: how the app looks and calls, and the names of networks.

    ``networks`` are those that the user named, the ones that others are the same as first.
    """

    theme: Annotated[
        Theme,
        Opt(comment="auto, dark, or ansi for terminals of 16 colours", group=1),
    ] = Theme.AUTO
    refresh_hz: Annotated[
        float,
        Opt(comment="repaints a second, {low} to {high}", key="refresh", bounds=(0.2, 5), group=1),
    ] = 4.0
    pictures: Annotated[
        PictureKind,
        Opt(comment="of clips: auto, kitty, sixel, blocks (any terminal) or none", group=1),
    ] = PictureKind.AUTO
    progress_s: Annotated[
        float | None,
        Opt(
            "TIME",
            "Without a screen: a line of totals so often; none: no such lines ({default}).",
            "without a screen: a line of totals so often; none: no such lines",
            key="progress",
            reads="duration or none",
            group=1,
        ),
    ] = MINUTE_S
    mouse: Annotated[bool, Opt(comment="false: less traffic on a slow line", group=1)] = True
    bell: Annotated[
        bool,
        Opt(comment="ring when throttled, probe refused, cooldown over, disk full, held, through", group=2),
    ] = False
    desktop: Annotated[
        bool,
        Opt(comment="the same as a notice of your own desktop, where the terminal passes it on", group=2),
    ] = False
    networks: Annotated[dict[str, NamedWay], Opt(reads="networks", group=3)] = {}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which clips are wanted: release or annotation files, narrowed by split, class, category, number.

    Empty tuples mean "all". ``per_class`` draws that many clips of each class with ``seed``;
    ``limit`` keeps the first so many clips of what is left.
    """

    release: Annotated[
        str,
        Opt("NAME", "kinetics-400, -600, -700 or -700-2020, or your own by its .toml file.", names="release"),
    ] = ""
    annotations: Annotated[
        tuple[str, ...],
        Opt("FILE", "Annotation files (CSV, JSON, tar.gz).", names="file"),
    ] = ()
    splits: Annotated[
        tuple[str, ...],
        Opt("NAME", "Splits: train, val, test (all).", flag="split", names="split"),
    ] = ()
    classes: Annotated[
        tuple[str, ...],
        Opt("NAME", "Classes by name (all).", flag="class", names="class"),
    ] = ()
    categories: Annotated[
        tuple[str, ...],
        Opt("NAME", "Categories of classes (all).", flag="category", names="class category"),
    ] = ()
    per_class: Annotated[
        int | None,
        Opt("N", "So many clips of each class; none: all.", reads="count"),
    ] = None
    seed: Annotated[int, Opt("N", "Which clips --per-class draws ({default}).")] = 0
    limit: Annotated[int | None, Opt("N", "At most so many clips; none: all.", reads="count")] = None


class Outlets(msgspec.Struct, frozen=True, kw_only=True):
    """The networks that a run goes out by, by any of their names; empty: as the dataset was last told."""

    networks: Annotated[
        tuple[str, ...],
        Opt("NAME", "Go out by it; several at once if repeated.", flag="network", names="network"),
    ] = ()
