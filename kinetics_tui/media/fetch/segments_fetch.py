"""One stream of a clip's source that comes in pieces by a manifest: only the pieces that cover the clip.

A list of pieces has rounded or nominal durations, and a stream's clock may begin anywhere and jump where the
list says so. So the first piece of each run tells, by its first few kilobytes, how that run's clock stands to
the list's; and what was fetched is looked over for the first picture that can be decoded, and the last one.
Pieces of one run behind each other are a file as it is; otherwise their packets are put on one clock.
"""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

import av
import msgspec
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError, RequestError

from kinetics_tui.media.containers import EBML
from kinetics_tui.media.cut.order import Media
from kinetics_tui.media.cut.sound import fetched_lead_s
from kinetics_tui.media.failures import ClipFailure, classify
from kinetics_tui.media.fetch.fragments_fetch import (
    PLAYLIST_PROTOCOLS,
    Piece,
    Place,
    Stretch,
    check_piece,
    joined,
    on_one_clock,
    read_fragments,
    read_playlist,
    stretches,
)
from kinetics_tui.media.fetch.ranges_fetch import FRUITLESS_TRIES, RangeReader
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.structure import damaged
from kinetics_tui.media.youtube.resolve import Stream
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.model.failure import Category

LONGEST_LIST_BYTES = 16 * 1024 * 1024
HEADS_BYTES = {"video": (4 * 1024, 32 * 1024), "audio": (2 * 1024, 16 * 1024)}
"""So much of a run's first piece is fetched to learn its first time; where that is too little, all of it."""
WEBM_PADDING_BYTES = 1024 * 1024
"""libav tells the time of a WebM's block only where it is there to its end, whatever is in it."""
ROUNDING_S = Fraction(1, 20)
"""Durations are rounded: a clip that begins this little before a piece is first looked for in it."""
SAME_CLOCK_S = 1
"""Streams that begin this close to each other have the same clock."""
SOUND_GAP_S = Fraction(1, 2)
"""Where sound is missing for longer, it is not in the piece before either."""
MORE_PIECES = 3
"""So many are fetched beyond those that should do, one after the other."""


class SegmentTrack:
    """One stream in pieces: read the list, choose pieces, fetch them, hand them to PyAV.

    Does for such a stream what :class:`Track` does for a plain file. ``leader`` is the stream of the pictures
    that belong to this one's sound: it sets the clock, and where both have the same one they stay in step.
    """

    def __init__(
        self,
        session: Session,
        stream: Stream,
        guard: Guard,
        renewal: Callable[[Stream], Stream],
        on_bytes: Callable[[int], None],
        leader: SegmentTrack | None = None,
    ) -> None:
        self._session = session
        self._stream = stream
        self._guard = guard
        self._renewal = renewal
        self._on_bytes = on_bytes
        self._leader = leader
        self._kind = "audio" if stream.vcodec is None else "video"
        self._lead_s = (
            fetched_lead_s(stream.acodec, stream.sound_hz) if stream.vcodec is None else Fraction(0)
        )
        self._pieces: list[Piece] = []
        self._urls: list[str] = []
        self._url_numbers: dict[str, int] = {}
        self._readers: dict[int, RangeReader] = {}
        self._begins_s: dict[int, Fraction] = {}
        self._shifts_s: dict[int, Fraction] = {}
        self._start_s = self._end_s = Fraction(0)
        self._first = self._last = 0

    # -- the list ------------------------------------------------------------------------------------

    def read_index(self) -> None:
        """Fetch and read the list of pieces. Raises UnclearPiecesError where that does not tell enough."""
        self._read_list()
        own_s = self._run_begin_s(0)
        leader_s = self._leader._run_begin_s(0) if self._leader else own_s
        self._shifts_s[0] = Fraction(0) if abs(own_s - leader_s) < SAME_CLOCK_S else leader_s - own_s

    def _read_list(self) -> None:
        if self._stream.protocol in PLAYLIST_PROTOCOLS:
            self._pieces = read_playlist(*self._playlist())
        else:
            self._pieces = read_fragments(self._stream.info)
        places = [place for piece in self._pieces for place in (piece.init, piece.place) if place]
        self._urls = list(dict.fromkeys(place.url for place in places))
        self._url_numbers |= {url: number for number, url in enumerate(self._urls)}

    def _playlist(self) -> tuple[str, str]:
        """The text of the playlist, and its address. Raises ClipFailure."""
        for left in reversed(range(FRUITLESS_TRIES)):
            self._guard.check()
            try:
                with self._session.urlopen(Request(self._stream.url, headers=self._stream.headers)) as answer:
                    body = answer.read(LONGEST_LIST_BYTES)
                    length = answer.get_header("Content-Length") or ""
                    # What is packed for the way counts as such.
                    self._on_bytes(int(length) if length.isdecimal() else len(body))
                    return body.decode("utf-8", "replace"), answer.url
            except RequestError as error:
                self._guard.check()
                if not left or (isinstance(error, HTTPError) and error.status < 500):
                    raise classify(error, self._session.last_trouble) from error
        raise AssertionError("the last try returns or raises")

    @property
    def start_s(self) -> Fraction:
        """The stream's first moment, on the clock of the pictures."""
        own_s = self._list_begin_s
        # Encoders put a little sound before the first picture: it does not move the video's beginning.
        return max(own_s, self._leader.start_s) if self._leader and own_s > 0 else own_s

    @property
    def end_s(self) -> Fraction | None:
        """The stream's end, as well as rounded durations tell it."""
        return self._list_begin_s + self._pieces[-1].end_s + SAME_CLOCK_S

    @property
    def _list_begin_s(self) -> Fraction:
        """When the list begins, on the clock of the pictures."""
        return self._run_begin_s(0) + self._shifts_s[0]

    def _run_begin_s(self, run: int) -> Fraction:
        """The first time in a run, as the stream writes it: the clock of its list begins there."""
        if run not in self._begins_s:
            piece = next(piece for piece in self._pieces if piece.run == run)
            self._begins_s[run] = self._first_s(piece)
        return self._begins_s[run]

    def _first_s(self, piece: Piece) -> Fraction:
        init = self._bytes(piece.init) if piece.init else b""
        for size in HEADS_BYTES[self._kind]:
            head = init + self._bytes(piece.place, size)
            if head.startswith(EBML.to_bytes(4)):
                head += bytes(WEBM_PADDING_BYTES)
            try:
                return stretches(head)[self._kind].begin_s
            except (av.FFmpegError, KeyError):
                continue  # too little of it to tell
        found = self._look_over(init + self._bytes(piece.place))
        if self._kind not in found:
            raise ClipFailure(Category.TRIM_FAILED, f"The media hold no {self._kind}.")
        return found[self._kind].begin_s

    def _shift_s(self, run: int) -> Fraction:
        """What a time of a run has to be moved by to stand on the clock of the pictures."""
        if run not in self._shifts_s:
            begin_s = self._run_begin_s(run)
            leader = self._leader
            if leader and run <= leader._pieces[-1].run:
                leader_s = leader._run_begin_s(run)
                same = abs(begin_s - leader_s) < SAME_CLOCK_S
                self._shifts_s[run] = leader._shift_s(run) + (0 if same else leader_s - begin_s)
            else:
                piece = next(piece for piece in self._pieces if piece.run == run)
                self._shifts_s[run] = self._list_begin_s + piece.start_s - begin_s
        return self._shifts_s[run]

    # -- bytes ---------------------------------------------------------------------------------------

    def _reader(self, place: Place) -> RangeReader:
        number = self._url_numbers[place.url]
        if number not in self._readers:
            stream = msgspec.structs.replace(self._stream, url=self._urls[number], size_bytes=None)
            self._readers[number] = RangeReader(
                self._session,
                stream,
                self._guard,
                renew=self._renew,
                on_bytes=self._on_bytes,
                any_length=place.span is None,
            )
        return self._readers[number]

    def _renew(self, refused: Stream) -> Stream:
        """Another address of what was refused: from the list of the same stream, resolved again."""
        number, pieces = self._url_numbers[refused.url], len(self._pieces)
        if self._urls[number] == refused.url:
            self._stream = self._renewal(self._stream)
            self._read_list()
        if len(self._pieces) != pieces or self._urls[number] == refused.url:
            raise ClipFailure(Category.FORBIDDEN, "YouTube refused the media address twice.")
        return msgspec.structs.replace(self._stream, url=self._urls[number], size_bytes=None)

    def _bytes(self, place: Place, most: int | None = None) -> bytes:
        """The bytes of ``place``, at ``most`` so many of its first; fetched where they are not there yet."""
        reader = self._reader(place)
        if place.span is None:
            return reader.read_whole() if most is None else reader.read(0, most)
        start, end = place.span
        size = end - start if most is None else min(most, end - start)
        found = reader.read(start, size)
        if len(found) < size:
            raise damaged("a piece is not where its list says")
        return found

    # -- pieces for a clip ---------------------------------------------------------------------------

    def plan(self, start_s: Fraction, end_s: Fraction) -> None:
        """Find the pieces that should cover these times."""
        self._start_s, self._end_s = start_s, end_s
        zero_s = self._list_begin_s
        starts_s, ends_s = zip(*((piece.start_s, piece.end_s) for piece in self._pieces), strict=True)
        self._first = max(0, bisect_right(starts_s, start_s - self._lead_s - zero_s + ROUNDING_S) - 1)
        self._last = min(len(ends_s) - 1, bisect_left(ends_s, end_s - zero_s - ROUNDING_S))
        self._last = max(self._first, self._last)

    def missing_bytes(self) -> int:
        """The number of bytes of the plan that are still to be fetched; of whole files an estimate."""
        total = 0
        for piece in self._chosen:
            reader, span = self._reader(piece.place), piece.place.span
            if span or reader.size_bytes:
                total += reader.missing_bytes(*(span or (0, reader.size_bytes or 0)))
            else:
                rate_bytes = (self._stream.info.get("tbr") or 0) * 1000 / 8
                total += round(rate_bytes * float(piece.end_s - piece.start_s))
        return total

    @property
    def _chosen(self) -> Sequence[Piece]:
        return self._pieces[self._first : self._last + 1]

    def fetch(self) -> None:
        """Fetch the planned pieces, and one or the other more where they begin or end short of the plan."""
        for _ in range(MORE_PIECES + 1):
            for place in joined(self._chosen):
                self._bytes(place)
            for piece in self._chosen:
                check_piece(piece, self._bytes(piece.place))
            runs = [(run, self._look_over(data)) for run, data in self._runs()]
            self._join_clocks(runs)
            self._check_clock(*runs[0])
            if self._first and self._begins_late(*runs[0]):
                self._first -= 1
            elif self.more_behind and self._ends_early(*runs[-1]):
                self._last += 1
            else:
                return

    def _join_clocks(self, runs: Sequence[tuple[int, dict[str, Stretch]]]) -> None:
        """Have a run that follows another begin where that ends: more exact than the list's durations are."""
        for (before, earlier), (run, _) in pairwise(runs):
            if self._kind == "video" and self._kind in earlier:
                end_s = earlier[self._kind].end_s + self._shift_s(before)
                self._shifts_s[run] = end_s - self._run_begin_s(run)

    def _check_clock(self, run: int, found: dict[str, Stretch]) -> None:
        """Raise ClipFailure where the media are at another time than the list says."""
        longest_s = max(piece.end_s - piece.start_s for piece in self._pieces)
        due_s = self._list_begin_s + self._chosen[0].start_s
        if self._kind in found:
            off_s = abs(found[self._kind].begin_s + self._shift_s(run) - due_s)
            if off_s > longest_s + SAME_CLOCK_S:
                raise damaged("their clock is not that of the list of their pieces")

    def _begins_late(self, run: int, found: dict[str, Stretch]) -> bool:
        start_s = self._start_s - self._shift_s(run)
        pictures, sound = found.get("video"), found.get("audio")
        if pictures and (not pictures.from_keyframe or pictures.begin_s > start_s + pictures.packet_s / 2):
            return True
        if sound is None or self._pieces[self._first - 1].run != run:
            return False  # behind a jump the encoder begins anew: what stands before it has no lead for this
        # A manifest may not tell how long a packet is: now that is known.
        lead_s = self._lead_s if self._stream.acodec == "opus" else min(self._lead_s, sound.packet_s)
        return 0 < sound.begin_s - (start_s - lead_s) < SOUND_GAP_S

    def _ends_early(self, run: int, found: dict[str, Stretch]) -> bool:
        late_s = self._end_s - self._shift_s(run)
        pictures, sound = found.get("video"), found.get("audio")
        if pictures and pictures.end_s < late_s - pictures.packet_s / 2:
            return True
        if sound is None or self._pieces[self._last + 1].run != run:
            return False
        return 0 < late_s - sound.end_s < SOUND_GAP_S

    def _runs(self) -> Iterator[tuple[int, bytes]]:
        """The chosen pieces of each run as one file, initialisation in front."""
        for run, pieces in groupby(self._chosen, key=lambda piece: piece.run):
            own = list(pieces)
            places = [place for place in (own[0].init, *(piece.place for piece in own)) if place]
            yield run, b"".join(map(self._bytes, places))

    def _look_over(self, data: bytes) -> dict[str, Stretch]:
        try:
            return stretches(data)
        except av.FFmpegError as error:
            raise damaged(error.strerror or type(error).__name__) from error

    @property
    def more_before(self) -> bool:
        """True if the stream goes on before the chosen pieces."""
        return self._first > 0

    @property
    def more_behind(self) -> bool:
        """The same, behind them."""
        return self._last + 1 < len(self._pieces)

    def media(self) -> Media:
        """The chosen pieces for the trimming: may be opened several times."""
        runs = list(self._runs())
        data = runs[0][1]
        if len(runs) > 1 or self._shift_s(runs[0][0]):
            data = on_one_clock([(self._shift_s(run), part) for run, part in runs])
        return Media(open=lambda: av.open(io.BytesIO(data), "r"), seekable=False)
