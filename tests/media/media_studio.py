"""A loopback YouTube with numbered media in every packing, and clips read back frame by frame."""

from __future__ import annotations

import getpass
import itertools
import tempfile
from array import array
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import av
import msgspec

from kinetics_tui.demo.media import Kind, Source, SourceSpec, cached_source, match_sound, read_frame_number
from kinetics_tui.demo.videos import Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.media.make.attempt import OnProgress
from kinetics_tui.media.make.clip_maker import ClipMaker
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.made import NOTHING_SPENT, MadeFile
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Options

FPS = 30
LENGTH_S = 60
Sources = Mapping[int, Source]


def made(kind: Kind, **shape: object) -> Source:
    """A source of the tests' usual shape, made once and kept between runs."""
    usual: dict[str, object] = {"duration_s": LENGTH_S, "fps": FPS, "width_px": 320, "height_px": 180}
    folder = Path(tempfile.gettempdir()) / f"kinetics-tui-test-sources-{getpass.getuser()}"
    return cached_source(folder, msgspec.convert({"kind": kind, **usual, **shape}, SourceSpec))


class Studio:
    """A loopback YouTube and what is made from it, below one folder."""

    def __init__(self, youtube: LoopbackYouTube, videos: dict[str, Video], folder: Path) -> None:
        self.youtube = youtube
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.spent = NOTHING_SPENT
        """By the clip that was made last."""
        self._videos = videos
        self._numbers = itertools.count()
        self._stack = ExitStack()

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    def add(self, sources: Sources, **fields: object) -> str:
        """Put a video up; returns its id."""
        video_id = f"video{next(self._numbers):06d}"
        length_s = max((source.spec.duration_s for source in sources.values()), default=0.0)
        video = Video(video_id, f"video {video_id}", length_s, sources)
        self._videos[video_id] = msgspec.structs.replace(video, **fields)
        return video_id

    def direct_args(self, clients: str = "visionos") -> tuple[str, ...]:
        """yt-dlp's options for the loopback YouTube, to be asked without a proxy as these of its clients."""
        return tuple(
            arg.replace("player_client=visionos", f"player_client={clients}")
            for arg in self.youtube.direct_args()
        )

    def maker(self, *yt_dlp: str, clients: str | None = None, **options: object) -> ClipMaker:
        """A maker whose requests go to the loopback YouTube; by default they are all of yt-dlp's own.

        With ``clients`` they need no proxy, and may take a route.
        """
        args = self.youtube.yt_dlp_args() if clients is None else self.direct_args(clients)
        maker = ClipMaker(msgspec.convert({"yt_dlp": (*args, *yt_dlp), **options}, Options))
        self._stack.callback(maker.close)
        return maker

    def path(self, clip: Clip) -> Path:
        return self.folder / "val" / "a label" / f"{clip.name}.mp4"

    def make(
        self,
        maker: ClipMaker,
        video_id: str,
        start_s: float,
        end_s: float | None = None,
        *,
        on_progress: OnProgress | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        deadline_s: float | None = None,
        route: Route | None = None,
    ) -> tuple[MadeFile, Path]:
        """Make a clip of ten seconds, or up to ``end_s``: its file and where that is; see ``spent`` too."""
        clip = Clip(video_id, start_s, start_s + 10 if end_s is None else end_s)
        file, self.spent = maker.make(
            clip,
            self.path(clip),
            self.scratch,
            on_progress or (lambda phase, fraction, wire_bytes, bytes_per_s: None),
            cancelled,
            deadline_s,
            route,
        )
        return file, self.path(clip)

    def media_requests(self, video_id: str) -> list[tuple[int | None, int]]:
        """(itag, bytes sent) of all media requests for a video."""
        return [
            (seen.itag, seen.sent_bytes)
            for seen in self.youtube.requests
            if seen.kind == "media" and seen.video_id == video_id
        ]

    def left_over(self) -> list[Path]:
        """Files of unfinished clips, and clips."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def close(self) -> None:
        self._stack.close()


def frame_numbers(path: Path) -> list[int]:
    """The number drawn into each picture of a clip."""
    with av.open(str(path)) as container:
        return [read_frame_number(frame) for frame in container.decode(video=0)]


def sound_offset_s(path: Path, expected_s: float, at_s: float = 1.0) -> float:
    """How much later than it should be the sound of a clip is, measured ``at_s`` into it.

    ``expected_s`` is the time of the source at which the clip starts.
    """
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
        samples = array("f")
        for frame in container.decode(stream):
            for piece in resampler.resample(frame):
                if not samples:
                    assert piece.pts is not None
                    assert piece.time_base is not None
                    expected_s += float(piece.pts * piece.time_base)
                samples.frombytes(bytes(piece.planes[0])[: 4 * piece.samples])
        rate_hz = stream.rate
    begin = round(at_s * rate_hz)
    match = match_sound(samples[begin : begin + rate_hz], rate_hz, expected_s + at_s)
    assert match.score > 0.8, match
    return match.offset_s


def boxes(path: Path) -> list[str]:
    """The names of an MP4's outermost boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4])
    return names
