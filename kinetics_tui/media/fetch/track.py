"""One media file of a clip's source: its index, the section that is needed of it, its bytes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from kinetics_tui.media.cut.order import Media
from kinetics_tui.media.cut.sound import fetched_lead_s
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.plan import Index, Section, View, open_view, read_index
from kinetics_tui.media.fetch.ranges_fetch import RangeReader
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Resolver, Source, Stream
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Resolve


class Renewal:
    """New addresses for a video's media after YouTube refused one: resolved again, once for all files.

    Not so where another way of the same clip was ``refused_before``: it is no old address then.
    """

    def __init__(self, resolver: Resolver, source: Source, *, refused_before: bool = False) -> None:
        self._resolver = resolver
        self._source = source
        self._refused_before = refused_before
        self._renewed = False

    def __call__(self, refused: Stream) -> Stream:
        """Another address of the file behind ``refused``. Raises ClipFailure where there is none."""
        if not self._renewed and not self._refused_before:
            self._source = self._resolver.resolve(self._source.youtube_id, self._source.asked or Resolve.LEAN)
            self._renewed = True
        for stream in (self._source.video, self._source.audio):
            if stream and stream.itag == refused.itag and stream.url != refused.url:
                return stream
        raise ClipFailure(Category.FORBIDDEN, "YouTube refused the media address twice.")


class Track:
    """One media file: read its index, plan a section, fetch it, hand it to PyAV."""

    def __init__(
        self,
        session: Session,
        stream: Stream,
        duration_s: float | None,
        guard: Guard,
        renewal: Renewal,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._duration_s = duration_s
        self._lead_s = (
            fetched_lead_s(stream.acodec, stream.sound_hz) if stream.vcodec is None else Fraction(0)
        )
        self._reader = RangeReader(session, stream, guard, renew=renewal, on_bytes=on_bytes)
        self._index: Index | None = None
        self._section: Section | None = None

    def read_index(self) -> None:
        """Fetch and read the file's index."""
        self._index = read_index(self._reader, self._duration_s)

    @property
    def start_s(self) -> Fraction:
        """The file's first moment, as it writes it."""
        return self._index.start_s if self._index else Fraction(0)

    @property
    def end_s(self) -> Fraction | None:
        """The file's end, where its index says it."""
        return self._index.end_s if self._index else None

    def plan(self, start_s: Fraction, end_s: Fraction) -> None:
        """Find the bytes that cover these times."""
        self._section = self._index.cover(start_s - self._lead_s, end_s) if self._index else None

    def missing_bytes(self) -> int:
        """The number of bytes of the plan that are still to be fetched."""
        section = self._section
        return self._reader.missing_bytes(section.start, section.end) if section else 0

    def fetch(self) -> None:
        """Fetch what the plan needs. Raises ClipFailure where it is not what the index says."""
        if self._section and self._index:
            start, end = self._section.start, self._section.end
            self._index.check(self._section, self._reader.read(start, end - start))

    @property
    def more_before(self) -> bool:
        """True if the file goes on before the section in a way that PyAV is not shown."""
        return self._section is not None and not self._section.from_start

    @property
    def more_behind(self) -> bool:
        """The same, behind it."""
        return self._section is not None and not self._section.to_end

    def media(self) -> Media:
        """The file for the trimming: may be opened several times."""
        section = self._section
        if self._index is None or section is None:
            return Media(open=lambda: open_view(View(self._reader), sealed=False))
        if self._index.hidden_from is None:
            end = section.end if self._index.ends_anywhere else None
            return Media(open=lambda: open_view(View(self._reader, end=end)))
        hidden = (self._index.hidden_from, section.start)
        return Media(
            open=lambda: open_view(View(self._reader, hidden=hidden, end=section.end)), seekable=False
        )
