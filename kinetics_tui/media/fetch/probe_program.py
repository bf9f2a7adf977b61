"""Asks YouTube for one video by one route, and says what came of it.

``python -m kinetics_tui.media.fetch.probe_program`` is a program of its own: whatever it meets, the run
goes on. It reads one ``CheckRequest`` as JSON from standard input, resolves the video once, with ``media``
also fetches what a clip would fetch first of it, and prints one ``CheckAnswer`` as a line of JSON.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import UserError
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Resolve

if TYPE_CHECKING:
    from kinetics_tui.media.youtube.resolve import Resolver, Source

PUBLIC_VIDEOS = ("jNQXAC9IVRw", "dQw4w9WgXcQ")
"""Videos that are there as long as YouTube is: witnesses where no clip has come through yet."""
NO_REQUEST = 2
READING_S = 30.0
"""Seconds to wait for the request on standard input."""


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The video to ask for, and the way; ``yt_dlp`` and ``route`` may carry secrets.

    ``deadline_s`` is how many seconds the program may take, from its start on.
    """

    yt_dlp: tuple[str, ...] = ()
    route: Route | None = None
    youtube_id: str
    height_px: int = 360
    audio: bool = True
    resolve: Resolve = Resolve.AUTO
    media: bool = False
    deadline_s: float = 30.0


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a check. ``text`` is one plain sentence without secrets, ``said`` YouTube's own words.

    ``ok``: YouTube answered, and nothing in the answer speaks against the network; ``category`` is then
    what it says of the video, None where it gave the video. Not ``ok``: a throttle, no way to YouTube, or
    an answer from which nothing follows; None where the request could not be sent at all.
    """

    ok: bool
    category: Category | None
    text: str
    said: str = ""
    took_s: float

    @property
    def signal(self) -> Category | None:
        """The throttle that it shows, None where it shows none."""
        category = self.category
        return category if category is not None and category.kind is Kind.THROTTLE else None


def main() -> int:
    """Ask once; the exit code is 0 when an answer was printed, 2 when there was no request to be read."""
    started = time.monotonic()
    answer_fd = _own_standard_output()
    said: list[bytes] = []
    reading = threading.Thread(target=lambda: said.append(sys.stdin.buffer.read()), daemon=True)
    reading.start()
    reading.join(READING_S)
    try:
        request = from_json(said[0] if said else b"", CheckRequest)
    except msgspec.DecodeError:
        print("A check is to be told what to ask for: one CheckRequest as JSON.", file=sys.stderr)  # noqa: T201
        return NO_REQUEST
    answers: list[CheckAnswer] = []
    # Nothing that stands still in there can hold up the answer.
    asking = threading.Thread(target=lambda: answers.append(ask(request)), daemon=True)
    asking.start()
    asking.join(max(0.0, started + request.deadline_s - time.monotonic()))
    answer = answers[0] if answers else _late(request)
    answer = msgspec.structs.replace(answer, took_s=round(time.monotonic() - started, 3))
    os.write(answer_fd, to_json(answer) + b"\n")
    return 0


def ask(request: CheckRequest) -> CheckAnswer:
    """Resolve the video once. Whatever goes wrong is an answer too."""
    # Here, so that those who only pass the question on need no yt-dlp.
    from kinetics_tui.media.failures import ClipFailure
    from kinetics_tui.media.youtube.resolve import Resolver

    # The last one given wins: what fails is not asked a second time.
    args = (*request.yt_dlp, "--extractor-retries", "0")
    try:
        way = request.resolve
        with closing(
            Resolver(args, height_px=request.height_px, audio=request.audio, resolve=way)
        ) as resolver:
            resolver.switch_network(request.route)
            if request.media:
                _fetch_beginning(resolver, request.youtube_id)
            else:
                resolver.resolve(request.youtube_id)
    except ClipFailure as failure:
        return _judged(failure.category, failure.message)
    except UserError:  # The options were checked when they were given; its text may quote them.
        return CheckAnswer(ok=False, category=None, text="yt-dlp cannot use its options.", took_s=0.0)
    except Exception as error:  # noqa: BLE001 - its text may hold anything, secrets as well
        text = f"The check failed: {type(error).__name__}."
        return CheckAnswer(ok=False, category=Category.MISCELLANEOUS, text=text, took_s=0.0)
    return CheckAnswer(ok=True, category=None, text="YouTube answers.", took_s=0.0)


def _fetch_beginning(resolver: Resolver, youtube_id: str) -> None:
    """Fetch what a clip would fetch first, by each way that a clip may try. Raises ClipFailure.

    An address that is refused is not asked for anew: so few requests say enough.
    """
    from kinetics_tui.media.failures import ClipFailure
    from kinetics_tui.media.fetch.plan import read_index
    from kinetics_tui.media.fetch.ranges_fetch import RangeReader
    from kinetics_tui.media.guard import Guard
    from kinetics_tui.media.youtube.ladder import Ladder

    ladder = Ladder(resolver)
    refused: list[Source] = []
    for rung in ladder.rungs():
        source = ladder.resolve(rung, youtube_id, Resolve.LEAN, refused)
        try:
            for stream in (source.video, source.audio):
                if stream is not None and not stream.fragmented:
                    read_index(RangeReader(resolver.session, stream, Guard()), source.duration_s)
        except ClipFailure as failure:
            if failure.category is not Category.FORBIDDEN:
                raise
            refused.append(source)
        else:
            return
    raise ClipFailure(Category.FORBIDDEN, "403 on media")


def _judged(category: Category, message: str) -> CheckAnswer:
    of_the_video = category.kind is Kind.PERMANENT or category is Category.LIVE_OR_PREMIERE
    text = f"YouTube answers; of this video it says: {message}" if of_the_video else message
    return CheckAnswer(ok=of_the_video, category=category, text=text, said=message, took_s=0.0)


def _late(request: CheckRequest) -> CheckAnswer:
    text = f"No answer came within {request.deadline_s:g} s."
    return CheckAnswer(ok=False, category=Category.TIMEOUT, text=text, took_s=0.0)


def _own_standard_output() -> int:
    """Standard output for the answer alone: whatever anybody else prints goes to standard error."""
    answer_fd = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answer_fd


if __name__ == "__main__":
    os._exit(main())  # at once: a thread that still asks must not hold up the end
