"""What a server of media can do to a client: the right ten seconds come of it, or a reason."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import msgspec

from kinetics_tui.demo.media import Kind, read_frame_number
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.verify import verify
from kinetics_tui.model.failure import Category
from tests.media.media_studio import FPS, Sources, Studio, made

START_S, END_S = 6.0, 16.0
VIDEO_S = 20
DEADLINE_S = 20.0
LATE_S = 3.0
"""A deadline is looked at between two steps of the work; on a busy machine they take this long."""
QUICK = ("--socket-timeout", "0.5")

DONE = None
"""What came of a clip: nothing failed."""
GONE_ON = frozenset({DONE, Category.TIMEOUT})
BAD_BYTES = frozenset({DONE, Category.TRIM_FAILED, Category.MISCELLANEOUS, Category.SHORT_SOURCE})
STRANGE = frozenset({DONE, Category.MISCELLANEOUS, Category.TRIM_FAILED, Category.TIMEOUT})


class Harm(msgspec.Struct, frozen=True):
    """One thing that a server does, and what may come of it when it does so always.

    ``passes``: done once, it must not hinder the clip.
    """

    failure: Failure
    outcomes: frozenset[Category | None]
    passes: bool = False


HARMS = {
    "reset before the answer": Harm(Failure(Case.MEDIA_HANG_UP), GONE_ON, True),
    "reset in the body": Harm(Failure(Case.MEDIA_RESET), GONE_ON, True),
    "stall before the answer": Harm(Failure(Case.MEDIA_NO_ANSWER), GONE_ON, True),
    "stall in the body": Harm(Failure(Case.MEDIA_STALL), GONE_ON, True),
    "clean close too early": Harm(Failure(Case.MEDIA_EARLY_CLOSE), GONE_ON, True),
    "length too long": Harm(Failure(Case.MEDIA_LENGTH_LONG, after_bytes=999), GONE_ON, True),
    "length too short": Harm(Failure(Case.MEDIA_LENGTH_SHORT, after_bytes=999), STRANGE),
    "range ignored": Harm(Failure(Case.MEDIA_RANGE_IGNORED), STRANGE),
    "another range": Harm(Failure(Case.MEDIA_OTHER_RANGE, after_bytes=1000), STRANGE),
    "other bytes than it says": Harm(Failure(Case.MEDIA_SHIFTED, after_bytes=1000), BAD_BYTES),
    "status 403": Harm(Failure(Case.MEDIA_403), frozenset({Category.FORBIDDEN}), True),
    "status 404": Harm(Failure(Case.MEDIA_404), frozenset({Category.HTTP_404})),
    "status 429": Harm(Failure(Case.MEDIA_429), frozenset({Category.TOO_MANY_REQUESTS})),
    "status 503": Harm(Failure(Case.MEDIA_503), frozenset({Category.HTTP_503}), True),
    "html in place of media": Harm(Failure(Case.MEDIA_HTML), STRANGE - {DONE}),
    "redirect in a circle": Harm(Failure(Case.MEDIA_REDIRECT), STRANGE - {DONE}),
    "everything scrambled": Harm(Failure(Case.MEDIA_SCRAMBLED, after_bytes=0), BAD_BYTES - {DONE}),
    "pictures scrambled": Harm(Failure(Case.MEDIA_CORRUPTED, after_bytes=0), BAD_BYTES),
    "1 kB a second": Harm(Failure(Case.MEDIA_SLOW, bytes_per_s=1000), frozenset({Category.TIMEOUT})),
}
PASSING = {name: harm for name, harm in HARMS.items() if harm.passes}


def offered() -> Mapping[str, Sources]:
    """The same small video in every packing."""
    shape = {"duration_s": VIDEO_S, "width_px": 256, "height_px": 144, "preset": "veryfast"}
    dash = {134: made(Kind.DASH_VIDEO, **shape), 140: made(Kind.DASH_AUDIO, duration_s=VIDEO_S)}
    return {
        "dash": dash,
        "progressive": {18: made(Kind.PROGRESSIVE, **shape)},
        "progressive, index behind": {18: made(Kind.PROGRESSIVE_TAIL, **shape)},
        "webm": {243: made(Kind.WEBM_VIDEO, **shape), 251: made(Kind.WEBM_AUDIO, duration_s=VIDEO_S)},
        "hls": dash,
    }


class Outcome(msgspec.Struct, frozen=True):
    """What came of a clip, after a look at everything that is there of it."""

    category: Category | None
    message: str
    took_s: float


def attempt(
    studio: Studio, packing: str, failure: Failure | None, *yt_dlp: str, deadline_s: float = DEADLINE_S
) -> Outcome:
    """Have a clip made from a video that fails so; it is right, or there is nothing left of it."""
    video_id = studio.add(offered()[packing], failure=failure, hls=packing == "hls")
    maker = studio.maker(*(yt_dlp or QUICK))
    started = time.monotonic()
    try:
        _, path = studio.make(maker, video_id, START_S, END_S, deadline_s=deadline_s)
    except ClipFailure as failed:
        outcome = Outcome(failed.category, failed.message, time.monotonic() - started)
    else:
        outcome = Outcome(DONE, "", time.monotonic() - started)
        check_right(path, round(START_S * FPS), round(END_S * FPS))
        path.unlink()
    finally:
        maker.close()
    assert studio.left_over() == []
    assert not studio.scratch.exists() or list(studio.scratch.iterdir()) == []
    assert outcome.took_s < deadline_s + LATE_S, outcome
    return outcome


def check_right(path: Path, first: int, behind: int) -> None:
    """The clip at ``path`` plays, and shows the source's pictures from ``first`` to before ``behind``."""
    facts = verify(path)
    assert facts.frames == behind - first
    assert facts.sound
    numbers = {}
    with av.open(str(path)) as container:
        for at, frame in enumerate(container.decode(video=0)):
            if at in (0, facts.frames // 2, facts.frames - 1):
                numbers[at] = read_frame_number(frame)
    assert numbers == {at: first + at for at in (0, facts.frames // 2, facts.frames - 1)}


def places(packing: str) -> range:
    """Which media requests of a clip may be harmed: the index, and those behind it."""
    return range(4 if packing in ("dash", "webm", "hls") else 2)


# -- damage ------------------------------------------------------------------------------------------------


class Damage(msgspec.Struct, frozen=True):
    """Other bytes in one of a video's files."""

    itag: int
    damage: dict[int, int]


def damages(studio: Studio, packing: str, rounds: int, seed: int, *, longest: int) -> Iterator[Damage]:
    """Random damage of 1 to ``longest`` bytes in what a clip fetches, for every other one a single byte."""
    chance = random.Random(seed)
    video_id = studio.add(offered()[packing], hls=packing == "hls")
    _, path = studio.make(studio.maker(), video_id, START_S, END_S)
    path.unlink()
    spans = [
        (seen.itag, seen.start, seen.sent_bytes)
        for seen in studio.youtube.requests
        if seen.kind == "media" and seen.video_id == video_id
    ]
    for number in range(rounds):
        itag, start, size = chance.choices(spans, [size for *_, size in spans])[0]
        assert itag is not None
        assert start is not None
        place = start + chance.randrange(size)
        length = chance.randint(2, longest) if number % 2 and longest > 1 else 1
        yield Damage(itag, {place + at: chance.randrange(1, 256) for at in range(length)})


def tally_damage(studio: Studio, packing: str, rounds: int, seed: int, *, longest: int = 64) -> Counter[str]:
    """How many clips of damaged media fail, and how many are called done.

    Those that are called done are "right" where every picture is legible and the one that it should be,
    "wrong picture" where one is not, and "wrong time" where there are too few, or another moment's.
    """
    counts: Counter[str] = Counter()
    maker = studio.maker(*QUICK)
    for damage in damages(studio, packing, rounds, seed, longest=longest):
        failure = Failure(Case.MEDIA_DAMAGED, itag=damage.itag, damage=damage.damage)
        video_id = studio.add(offered()[packing], failure=failure, hls=packing == "hls")
        try:
            _, path = studio.make(maker, video_id, START_S, END_S, deadline_s=DEADLINE_S)
        except ClipFailure as failed:
            counts[failed.category.value] += 1
        else:
            counts[_look(path)] += 1
            path.unlink()
        assert studio.left_over() == []
    return counts


def _look(path: Path) -> str:
    verify(path)
    first, behind = round(START_S * FPS), round(END_S * FPS)
    numbers: list[int | None] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            try:
                numbers.append(read_frame_number(frame))
            except ValueError:
                numbers.append(None)
    wanted = list(range(first, behind))
    if numbers == wanted:
        return "right"
    misplaced = sum(
        number is not None and number != due and number in range(FPS * VIDEO_S)
        for number, due in zip(numbers, wanted, strict=False)
    )
    return "wrong picture" if len(numbers) == len(wanted) and misplaced < len(wanted) // 2 else "wrong time"
