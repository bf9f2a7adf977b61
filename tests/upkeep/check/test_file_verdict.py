"""A file that plays is held against what was recorded of it, or else against its segment."""

from __future__ import annotations

import pytest

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.rows import ClipStatus
from kinetics_tui.media.verify import Facts
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.check.file_verdict import judge
from kinetics_tui.upkeep.check.findings import Fault
from tests.clip_figures import file_of

SIZE_BYTES = 5000


def made(duration_s: float = 10, *, sound: bool = True, short: bool = False, exact: bool = True) -> MadeFile:
    return file_of(duration_s=duration_s, sound=sound, short=short, exact=exact)


def account(recorded: MadeFile | None, status: ClipStatus = ClipStatus.DONE) -> Account:
    return Account(1, Clip("aaaaaaaaaaa", 0, 10), "all/a.mp4", status, SIZE_BYTES, made=recorded)


def facts(duration_s: float, *, sound: bool = True) -> Facts:
    audio_s = duration_s if sound else 0.0
    return Facts(duration_s=duration_s, audio_s=audio_s, frames=250, width_px=320, height_px=180, fps=25)


@pytest.mark.parametrize(
    ("recorded", "found", "fault"),
    [
        (made(), facts(10.03), None),
        (made(), facts(9.97), None),
        (made(), facts(10.05), Fault.WRONG_LENGTH),
        (made(), facts(9.95), Fault.WRONG_LENGTH),
        (made(6.2, short=True), facts(6.2), None),
        (made(6.2, short=True), facts(10), None),
        (made(6.2, short=True), facts(7), Fault.WRONG_LENGTH),
        (made(12, exact=False), facts(12), None),
        (made(12, exact=False), facts(9), Fault.WRONG_LENGTH),
        (made(), facts(10, sound=False), Fault.WRONG_SOUND),
        (made(sound=False), facts(10), None),  # more than was recorded, and what the options ask for
    ],
)
def test_a_done_clip_is_judged_by_what_was_recorded(
    recorded: MadeFile, found: Facts, fault: Fault | None
) -> None:
    assert judge(account(recorded), found, SIZE_BYTES, Options()).fault is fault


def test_sound_that_is_not_wanted_is_a_fault_unless_the_clip_was_made_with_it() -> None:
    silent = Options(audio=False)
    assert judge(account(made(sound=False)), facts(10), SIZE_BYTES, silent).fault is Fault.WRONG_SOUND
    assert judge(account(made(sound=True)), facts(10), SIZE_BYTES, silent).fault is None


def test_another_size_alone_is_told_of() -> None:
    assert judge(account(made()), facts(10), SIZE_BYTES + 1, Options()).fault is Fault.SIZE_DIFFERS


def test_the_size_of_another_clip_outweighs_all_else() -> None:
    assert judge(account(made()), facts(10), 6000, Options(), anothers=True).fault is Fault.MISPLACED


@pytest.mark.parametrize("status", [ClipStatus.PENDING, ClipStatus.WAITING, ClipStatus.FAILED])
@pytest.mark.parametrize(
    ("duration_s", "trim", "fault"),
    [
        (10, Trim.EXACT, Fault.FOUND),
        (12, Trim.EXACT, Fault.WRONG_LENGTH),
        (12, Trim.COPY, Fault.FOUND),
        (6, Trim.COPY, Fault.WRONG_LENGTH),
    ],
)
def test_a_clip_that_is_not_done_is_judged_by_its_segment(
    status: ClipStatus, duration_s: float, trim: Trim, fault: Fault
) -> None:
    verdict = judge(account(None, status), facts(duration_s), SIZE_BYTES, Options(trim=trim))
    assert verdict.fault is fault


def test_in_a_rebuild_a_short_file_counts_as_one_whose_video_ended() -> None:
    verdict = judge(account(None), facts(6), SIZE_BYTES, Options(), take_short=True)
    assert (verdict.fault, verdict.short) == (Fault.FOUND, True)
    long = judge(account(None), facts(12), SIZE_BYTES, Options(), take_short=True)
    assert long.fault is Fault.WRONG_LENGTH
