"""One go at one clip: resolve, plan, fetch, trim, verify, all below one private folder.

With the file go the programs that made it, by name and version: other programs make other bytes of the same
clip.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import yt_dlp.version

from kinetics_tui import __version__
from kinetics_tui.media.cut.cut import VIDEO_OPTIONS, trim
from kinetics_tui.media.cut.order import Cut, Job, Media
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.fragments_fetch import UnclearPiecesError, download
from kinetics_tui.media.fetch.segments_fetch import SegmentTrack
from kinetics_tui.media.fetch.track import Renewal, Track
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.verify import compare, verify
from kinetics_tui.media.youtube.ladder import Ladder
from kinetics_tui.media.youtube.resolve import Resolver, Source, Stream
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import Options, Resolve, Trim

_X264_CORE = re.compile(rb"x264 - (core \d+(?: r\d+)?)")


@functools.cache
def made_with(mode: Trim) -> str:
    """Programs and versions behind clips of this mode, as a manifest carries them."""
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    names = [
        f"kinetics-tui {__version__}",
        f"yt-dlp {yt_dlp.version.__version__}",
        f"PyAV {av.__version__}",
        f"libavcodec {codec}",
    ]
    if mode is Trim.EXACT:
        settings = " ".join(f"{name}={value}" for name, value in VIDEO_OPTIONS.items())
        names.append(f"x264 {_x264_core()} {settings}".replace("  ", " "))
    return ", ".join(names)


def _x264_core() -> str:
    """The version of x264, which it tells in the pictures that it encodes alone; empty where it does not."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width = encoder.height = 16
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(1)
    packets = [*encoder.encode(av.VideoFrame(16, 16, "yuv420p")), *encoder.encode(None)]
    found = _X264_CORE.search(b"".join(map(bytes, packets)))
    return found[1].decode() if found else ""


OnProgress = Callable[[Phase, float, int, float], None]
"""Told the phase, its fraction, the wire bytes of the clip so far, and bytes a second."""

LENGTH_TOLERANCE_S = 2.0
"""YouTube tells a video's length in whole seconds, and rounds it either way."""
SLACK_S = (Fraction(0), Fraction(1), Fraction(15))
"""An index may be off: where pictures are missing at an end, look so much further."""
CLIP_NAME = "clip.mp4"


class Attempt:
    """One go at one clip."""

    def __init__(
        self,
        options: Options,
        resolver: Resolver,
        ladder: Ladder,
        clip: Clip,
        folder: Path,
        on_progress: OnProgress,
        guard: Guard,
        first: Resolve,
    ) -> None:
        self._options = options
        self._resolver = resolver
        self._ladder = ladder
        self._first = first
        self._clip = clip
        self._folder = folder
        self._on_progress = on_progress
        self._guard = guard
        self._wire_bytes = 0
        self._expected_bytes = 0
        self._download_started = 0.0
        self._phase = Phase.RESOLVE
        self._fraction = 0.0
        self.output = folder / CLIP_NAME

    def run(self) -> tuple[MadeFile, Spent]:
        """Make the clip at ``output``; the time in all is for whoever puts it in its place."""
        started = time.monotonic()
        self._tell(Phase.RESOLVE, 0.0)
        source, downloaded, cut = self._fetched()
        resolved, trimmed = self._download_started, time.monotonic()

        self._tell(Phase.VERIFY, 0.0)
        facts = verify(self.output, decode=cut.mode is Trim.EXACT, strict=True)
        compare(facts, duration_s=cut.duration_s, audio_s=cut.audio_s, frames=cut.frames)
        self._guard.check()
        self._tell(Phase.VERIFY, 1.0)
        made = facts.made_file(
            self.output.stat().st_size,
            short=cut.short,
            exact=cut.mode is Trim.EXACT,
            source_itags="+".join(source.itags),
            source_height_px=source.video.height_px or 0,
            source_fps=source.video.fps or 0.0,
            made_with=made_with(cut.mode),
        )
        return made, Spent(
            resolve_s=resolved - started,
            download_s=downloaded - resolved,
            trim_s=trimmed - downloaded,
            wire_bytes=self._wire_bytes,
            asked=source.asked,
        )

    def _fetched(self) -> tuple[Source, float, Cut]:
        """Resolve, fetch and cut; what it was made of, when the fetching was over, and the cut.

        Where YouTube refuses the media, other clients and then other formats are tried.
        """
        refused: list[Source] = []
        for rung in self._ladder.rungs():
            self._tell(Phase.RESOLVE, 0.0)
            source = self._ladder.resolve(rung, self._clip.youtube_id, self._first, refused)
            if source.duration_s and self._clip.time_start >= source.duration_s + LENGTH_TOLERANCE_S:
                raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
            self._wait_until_available(source)
            self._download_started = time.monotonic()
            self._tell(Phase.DOWNLOAD, 0.0)
            try:
                downloaded, cut = self._fetched_from(source, refused_before=bool(refused))
            except ClipFailure as failure:
                if failure.category is not Category.FORBIDDEN:
                    raise
                refused.append(source)
                continue
            self._ladder.worked(rung, refused)
            return source, downloaded, cut
        self._ladder.failed()
        raise ClipFailure(Category.FORBIDDEN, "YouTube refused the media by every way.")

    def _fetched_from(self, source: Source, *, refused_before: bool) -> tuple[float, Cut]:
        """Fetch and cut; returns when the fetching was over, on the monotonic clock, and the cut."""
        try:
            return self._by_ranges(source, Renewal(self._resolver, source, refused_before=refused_before))
        except UnclearPiecesError:
            self._download_whole(source)
            return time.monotonic(), self._cut_whole(source)

    # -- files with ranges, and pieces --------------------------------------------------------------

    def _by_ranges(self, source: Source, renewal: Renewal) -> tuple[float, Cut]:
        """The same, of the bytes that cover the clip. Raises UnclearPiecesError where they cannot be told."""
        tracks = self._tracks(source, renewal)
        for track in tracks:
            track.read_index()
        start_s, end_s = self._segment([track.start_s for track in tracks])
        if (source_end_s := tracks[0].end_s) is not None and source_end_s <= start_s:
            raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
        downloaded = 0.0
        for slack_s in SLACK_S:
            for track in tracks:
                track.plan(start_s - slack_s, end_s + slack_s)
            self._expected_bytes = self._wire_bytes + sum(track.missing_bytes() for track in tracks)
            for track in tracks:
                track.fetch()
            downloaded = downloaded or time.monotonic()
            video, audio = tracks[0], tracks[-1]
            try:
                cut = self._trim(start_s, end_s, video.media(), audio.media())
            except ClipFailure as failure:
                if failure.category is not Category.SHORT_SOURCE or not self._is_within(source):
                    raise
                continue
            if not (cut.short and video.more_behind) and not (cut.late and video.more_before):
                return downloaded, cut
        raise ClipFailure(Category.TRIM_FAILED, "Pictures are missing from the bytes that should hold them.")

    def _tracks(self, source: Source, renewal: Renewal) -> list[Track | SegmentTrack]:
        session = self._resolver.session
        tracks: list[Track | SegmentTrack] = []
        for stream in (source.video, source.audio):
            if stream is None:
                continue
            if not stream.fragmented:
                tracks.append(Track(session, stream, source.duration_s, self._guard, renewal, self._got))
                continue
            leader = tracks[0] if tracks and isinstance(tracks[0], SegmentTrack) else None
            tracks.append(SegmentTrack(session, stream, self._guard, renewal, self._got, leader))
        return tracks

    def _is_within(self, source: Source) -> bool:
        """True if the clip starts well before the video's end, by what YouTube says of its length."""
        length_s = source.duration_s
        return length_s is not None and self._clip.time_start < length_s - LENGTH_TOLERANCE_S

    def _segment(self, starts_s: list[Fraction]) -> tuple[Fraction, Fraction]:
        """The clip's times as the source's streams write them: a source's clock may not start at 0."""
        origin_s = max(Fraction(0), min(starts_s))
        start_ms, end_ms = round(self._clip.time_start * 1000), round(self._clip.time_end * 1000)
        return origin_s + Fraction(start_ms, 1000), origin_s + Fraction(end_ms, 1000)

    def _trim(self, start_s: Fraction, end_s: Fraction, video: Media, audio: Media) -> Cut:
        self._tell(Phase.TRIM, 0.0)
        job = Job(
            video=video,
            audio=audio if self._options.audio else None,
            start_s=start_s,
            end_s=end_s,
            mode=self._options.trim,
            short_side_px=self._options.short_side_px,
        )
        return trim(job, self.output, self._trimmed)

    # -- pieces whose list is not clear ------------------------------------------------------------

    def _download_whole(self, source: Source) -> None:
        streams = [stream for stream in (source.video, source.audio) if stream]
        for number, stream in enumerate(streams):
            before = self._wire_bytes

            def follow(size: int, total: int | None, before: int = before, number: int = number) -> None:
                self._wire_bytes = before + size
                part = min(1.0, size / total) if total else 0.0
                self._tell(Phase.DOWNLOAD, (number + part) / len(streams))

            download(self._resolver.session, stream, self._file(stream), self._guard, follow)

    def _cut_whole(self, source: Source) -> Cut:
        def media(stream: Stream) -> Media:
            return Media(open=lambda: av.open(str(self._file(stream)), "r"))

        video, audio = media(source.video), media(source.audio or source.video)
        with video.open() as pictures, audio.open() as sound:
            starts_s = [
                (stream.start_time or 0) * (stream.time_base or Fraction(1))
                for stream in (*pictures.streams.video[:1], *sound.streams.audio[:1])
            ]
        # What encoders put before the first picture, of sound, does not move the video's beginning.
        begins_s = starts_s[:1] if min(starts_s, default=0) > 0 else starts_s
        return self._trim(*self._segment(begins_s or [Fraction(0)]), video, audio)

    def _file(self, stream: Stream) -> Path:
        kind = "video" if stream.vcodec else "audio"
        return self._folder / f"{kind}.{stream.ext if stream.ext.isalnum() else 'bin'}"

    # -- progress ------------------------------------------------------------------------------------

    def _wait_until_available(self, source: Source) -> None:
        for stream in (source.video, source.audio):
            if stream and stream.available_at:
                self._guard.sleep(max(0.0, stream.available_at - time.time()))

    def _got(self, size_bytes: int) -> None:
        self._wire_bytes += size_bytes
        if self._phase is Phase.DOWNLOAD and self._expected_bytes:
            self._fraction = min(1.0, self._wire_bytes / self._expected_bytes)
        self._tell(self._phase, self._fraction)

    def _trimmed(self, fraction: float) -> None:
        self._guard.check()
        self._tell(Phase.TRIM, min(1.0, fraction))

    def _tell(self, phase: Phase, fraction: float) -> None:
        self._phase, self._fraction = phase, fraction
        took_s = time.monotonic() - self._download_started
        rate = self._wire_bytes / took_s if phase is Phase.DOWNLOAD and took_s > 0 else 0.0
        self._on_progress(phase, fraction, self._wire_bytes, rate)
