"""A clip made of its copy in an archive: as it is where that is what was asked for, else smaller or silent.

Whoever packed an archive cut its clips himself: a copy is held against its segment by its length alone, and
has to decode from end to end.
"""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import av

from kinetics_tui.media.cut.cut import trim
from kinetics_tui.media.cut.mp4_copy import copy_into_mp4, is_matroska, is_mp4
from kinetics_tui.media.cut.order import Job, Media, Progress
from kinetics_tui.media.failures import ClipFailure, is_of_disk
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.make.attempt import OnProgress, made_with
from kinetics_tui.media.verify import USUAL_FRAME_S, Facts, compare, verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import Options, Trim

_FIRST_BYTES = 8


def take_copy(
    clip: Clip,
    copy: Path,
    archive: str,
    output: Path,
    options: Options,
    on_progress: OnProgress,
    guard: Guard,
) -> tuple[MadeFile, Spent]:
    """Make the clip at ``output`` of its copy, which may be gone after that.

    Raises ClipFailure: DAMAGED_IN_ARCHIVE where the copy is not whole, not of the segment's length, or no
    clip at all. OSError where it cannot be read or written.
    """
    started = time.monotonic()

    def tell(phase: Phase, fraction: float) -> None:
        guard.check()
        on_progress(phase, min(1.0, fraction), 0, 0.0)

    tell(Phase.VERIFY, 0.0)
    facts = _read(copy, output)
    frame_s = 1 / facts.fps if facts.fps else USUAL_FRAME_S
    longer_s = facts.duration_s - clip.duration_s
    if abs(longer_s) > max(options.tolerance_s, frame_s):
        due = f"it lasts {facts.duration_s:.2f} s where {clip.duration_s:.2f} s are due"
        raise _damaged(due)
    took = facts
    trim_started = time.monotonic()
    mode = _to_be_made(facts, options)
    if mode is not None:
        facts = _made_again(copy, output, facts, options, mode, lambda fraction: tell(Phase.TRIM, fraction))
    elif not output.exists():
        _put(copy, output)
    made = facts.made_file(
        output.stat().st_size,
        short=longer_s < -frame_s,
        exact=longer_s <= frame_s,
        source_height_px=took.height_px,
        source_fps=took.fps,
        made_with=made_with(mode) if mode is not None else "",
        archive=archive,
    )
    return made, Spent(trim_s=time.monotonic() - trim_started, download_s=trim_started - started)


def _read(copy: Path, output: Path) -> Facts:
    """Verify a copy; one that is WebM or Matroska is put into an MP4 file at ``output`` first."""
    with copy.open("rb") as file:
        first = file.read(_FIRST_BYTES)
    path = copy
    try:
        if is_matroska(first):
            if why_not := copy_into_mp4(str(copy), str(output)):
                raise _damaged(why_not)
            path = output
        elif not is_mp4(first):
            raise _damaged("it is empty" if not first else "it is no MP4, WebM or Matroska file")
        return verify(path)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and is_of_disk(error):
            raise
        raise _damaged(error.strerror or type(error).__name__) from error
    except ClipFailure as failure:
        if failure.category is not Category.TRIM_FAILED:
            raise
        raise _damaged(
            failure.message.removeprefix("The clip did not verify: ").removesuffix(".")
        ) from failure


def _put(copy: Path, output: Path) -> None:
    try:
        # Should this process be killed, the copy is still there for another.
        output.hardlink_to(copy)
    except OSError:
        copy.rename(output)


def _to_be_made(facts: Facts, options: Options) -> Trim | None:
    """How to make it again, as the options ask for; None where it is as they do."""
    if min(facts.width_px, facts.height_px) > _largest_px(options):
        return Trim.EXACT
    return Trim.COPY if facts.sound and not options.audio else None


def _largest_px(options: Options) -> int:
    """The shorter side that a clip may have."""
    return min(options.height_px, options.short_side_px or options.height_px)


def _made_again(
    copy: Path, output: Path, facts: Facts, options: Options, mode: Trim, on_progress: Progress
) -> Facts:
    made = output.with_name(f"made-{output.name}")
    source = output if output.exists() else copy
    media = Media(open=lambda: av.open(str(source), "r"))
    with media.open() as container:
        stream = container.streams.video[0]
        start_s = (stream.start_time or 0) * (stream.time_base or Fraction(1))
    job = Job(
        video=media,
        audio=media if options.audio else None,
        start_s=start_s,
        end_s=start_s + Fraction(facts.duration_s).limit_denominator(90_000),
        mode=mode,
        short_side_px=_largest_px(options) if mode is Trim.EXACT else None,
    )
    cut = trim(job, made, on_progress)
    after = verify(made, decode=cut.mode is Trim.EXACT, strict=True)
    compare(after, duration_s=cut.duration_s, audio_s=cut.audio_s, frames=cut.frames)
    made.replace(output)
    return after


def _damaged(why: str) -> ClipFailure:
    return ClipFailure(Category.DAMAGED_IN_ARCHIVE, f"The copy in the archive is not whole: {why}.")
