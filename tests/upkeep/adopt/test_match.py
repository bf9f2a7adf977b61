"""Whether a file from elsewhere is its clip, by its length and its sound."""

from __future__ import annotations

import pytest

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.rows import ClipStatus
from kinetics_tui.media.verify import Facts
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.adopt.match import Fit, fit
from kinetics_tui.upkeep.adopt.result import Fate
from tests.clip_figures import file_of

ACCOUNT = Account(3, Clip("aaaaaaaaaaa", 5, 15, "val", "archery"), "a.mp4", ClipStatus.FAILED)


def facts(duration_s: float, audio_s: float = 0.0) -> Facts:
    return Facts(duration_s=duration_s, audio_s=audio_s, frames=300, width_px=320, height_px=180, fps=30)


def fitted(
    duration_s: float, made: MadeFile | None = None, tolerance_s: float = 0.0, **options: object
) -> Fit:
    return fit(ACCOUNT, facts(duration_s), Options(**options), made=made, tolerance_s=tolerance_s)  # type: ignore[arg-type]  # options by name


@pytest.mark.parametrize("duration_s", [9.97, 10.0, 10.03])
def test_a_file_of_its_segments_length_to_one_frame_fits(duration_s: float) -> None:
    assert fitted(duration_s) == Fit()


def test_others_are_too_short_or_too_long() -> None:
    assert fitted(9.5).fate is Fate.TOO_SHORT
    assert fitted(12.0).fate is Fate.TOO_LONG
    assert fitted(12.0, trim=Trim.COPY).fate is None


def test_within_the_tolerance_they_are_taken_as_what_they_are() -> None:
    assert fitted(9.5, tolerance_s=1.0) == Fit(short=True)
    assert fitted(10.5, tolerance_s=1.0) == Fit(exact=False)
    assert fitted(12.0, tolerance_s=1.0).fate is Fate.TOO_LONG


def test_a_ledger_that_knows_its_video_to_end_early_is_believed() -> None:
    short = file_of(duration_s=6.0, short=True)
    assert fitted(6.0, made=short) == Fit(short=True)
    assert fitted(4.0, made=short).fate is Fate.TOO_SHORT


def test_what_was_cut_inexactly_elsewhere_is_so_here() -> None:
    assert fitted(10.0, made=file_of(duration_s=10.0, exact=False)) == Fit(exact=False)


def test_sound_is_refused_where_the_dataset_leaves_it_out() -> None:
    one = fit(ACCOUNT, facts(10.0, 10.0), Options(audio=False), made=None, tolerance_s=0.0)
    assert one.fate is Fate.SOUND
