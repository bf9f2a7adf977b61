"""One clip's way against the loopback YouTube: frame by frame, byte by byte."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.containers import read_cues
from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.media.make.attempt import made_with
from kinetics_tui.media.verify import Facts, verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Trim
from tests.media.media_studio import FPS, Sources, Studio, boxes, frame_numbers, made, sound_offset_s
from tests.media.needed import needed_bytes

FRAME_S = 1 / FPS


@pytest.mark.parametrize(
    ("packing", "start_s"),
    [
        ("dash", 0.0),
        ("dash", 20.0),  # on a keyframe, and on the seam of two fragments
        ("dash", 33.4),
        ("dash", 49.95),  # up to the last picture but one, between two frames
        ("progressive", 0.0),
        ("progressive", 20.0),
        ("progressive", 33.4),
        ("progressive", 50.0),
        ("progressive-tail", 0.0),
        ("progressive-tail", 34.95),  # just before a keyframe
        ("webm", 0.0),
        ("webm", 20.0),
        ("webm", 33.4),
    ],
)
def test_clip_holds_the_segment_to_the_frame_with_its_sound(
    studio: Studio, packings: Mapping[str, Sources], packing: str, start_s: float
) -> None:
    video = studio.add(packings[packing])
    file, path = studio.make(studio.maker(), video, start_s)
    first = round(start_s * FPS)
    assert frame_numbers(path) == list(range(first, first + 10 * FPS))
    assert abs(sound_offset_s(path, first / FPS)) < 0.002
    assert boxes(path).index("moov") < boxes(path).index("mdat")
    assert abs(file.duration_s - 10) <= FRAME_S
    assert (file.width_px, file.height_px, file.fps) == (320, 180, FPS)
    assert verify(path).frames == 10 * FPS
    assert file.sound
    assert not file.short
    assert file.output_bytes == path.stat().st_size
    assert studio.left_over() == [path]


def test_clip_tells_what_it_was_made_from_and_with(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash)
    made_one, _ = studio.make(studio.maker(), video, 5.0)
    assert (made_one.source_itags, made_one.source_height_px, made_one.source_fps) == ("134+140", 180, FPS)
    assert made_one.made_with == made_with(Trim.EXACT)


@pytest.mark.parametrize(("packing", "most_requests"), [("dash", 4), ("progressive", 3), ("webm", 4)])
@pytest.mark.parametrize("start_s", [0.0, 20.0, 33.4, 57.0])
def test_only_the_index_and_what_covers_the_clip_are_fetched(
    studio: Studio, packings: Mapping[str, Sources], packing: str, most_requests: int, start_s: float
) -> None:
    video = studio.add(packings[packing])
    studio.make(studio.maker(), video, start_s)
    requests = studio.media_requests(video)
    assert len(requests) <= most_requests
    assert studio.spent.wire_bytes == sum(size for _, size in requests)
    whole = sum(source.size_bytes for source in packings[packing].values())
    # Twelve fragments of five seconds: ten seconds touch at most three of them, of sound four.
    share = {"dash": 4 / 12, "webm": 5 / 12, "progressive": 4 / 12}[packing]
    assert studio.spent.wire_bytes < share * whole + 32 * 1024
    assert studio.youtube.count("player") == 1


@pytest.mark.parametrize("start_s", [0.0, 20.0, 33.4])
def test_fetching_costs_a_twentieth_more_than_fragments_and_index(studio: Studio, start_s: float) -> None:
    sources = {134: made(Kind.DASH_VIDEO, width_px=640, height_px=360), 140: made(Kind.DASH_AUDIO)}
    studio.make(studio.maker(trim="copy"), studio.add(sources), start_s)
    needed = sum(needed_bytes(source, start_s, start_s + 10) for source in sources.values())
    assert studio.spent.wire_bytes <= 1.05 * needed


@pytest.mark.parametrize("trim", ["exact", "copy"])
@pytest.mark.parametrize("behind_s", [0.01, 0.03, 0.06, 0.09, 0.12])
def test_a_clip_just_behind_a_seam_of_the_sound_takes_no_request_more(
    studio: Studio, packings: Mapping[str, Sources], trim: str, behind_s: float
) -> None:
    index = read_cues(packings["webm"][251].path.read_bytes())
    assert index is not None
    seam_s = next(float(cue.time_s) for cue in index.cues if cue.time_s > 25)
    video = studio.add(packings["webm"])
    studio.make(studio.maker(trim=trim), video, round(seam_s + behind_s, 3))
    assert len(studio.media_requests(video)) == 4


def test_late_clip_of_a_long_video_costs_its_index_and_no_more(studio: Studio) -> None:
    shape = {"duration_s": 24_000, "period_s": 40, "fps": 8, "width_px": 160, "height_px": 90}
    sources = {160: made(Kind.DASH_VIDEO, **shape), 140: made(Kind.DASH_AUDIO, **shape)}
    video = studio.add(sources)
    _, path = studio.make(studio.maker(), video, 23_770.0)
    assert len(studio.media_requests(video)) <= 5
    assert frame_numbers(path) == [(23_770 % 40) * 8 + number for number in range(80)]
    # 12 bytes of index for each of 4,800 fragments of pictures and of sound.
    assert studio.spent.wire_bytes < 2 * 4_800 * 12 + 450_000


def test_segment_beyond_the_end_gives_the_part_there_is(studio: Studio, dash: Sources) -> None:
    file, path = studio.make(studio.maker(), studio.add(dash), 56.0)
    assert file.short
    assert frame_numbers(path) == list(range(56 * FPS, 60 * FPS))
    assert abs(file.duration_s - 4) <= FRAME_S


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
@pytest.mark.parametrize("start_s", [60.5, 200.0])
def test_segment_behind_the_end_is_a_short_source(
    studio: Studio, packings: Mapping[str, Sources], packing: str, start_s: float
) -> None:
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), studio.add(packings[packing]), start_s)
    assert caught.value.category is Category.SHORT_SOURCE
    assert studio.left_over() == []


def test_segment_far_behind_the_end_costs_no_media(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash)
    with pytest.raises(ClipFailure):
        studio.make(studio.maker(), video, 200.0)
    assert studio.media_requests(video) == []


def test_segment_of_fractional_length_keeps_it(studio: Studio, dash: Sources) -> None:
    file, path = studio.make(studio.maker(), studio.add(dash), 12.345, 17.1)
    assert abs(file.duration_s - 4.755) <= FRAME_S
    assert frame_numbers(path)[0] == round(12.345 * FPS)


def test_video_without_sound_makes_a_silent_clip(studio: Studio, dash: Sources) -> None:
    file, path = studio.make(studio.maker(), studio.add({134: dash[134]}), 20.0, 23.0)
    assert not file.sound
    assert frame_numbers(path) == list(range(600, 690))


@pytest.mark.parametrize("packing", ["dash", "progressive"])
def test_without_audio_no_sound_is_kept(
    studio: Studio, packings: Mapping[str, Sources], packing: str
) -> None:
    video = studio.add(packings[packing])
    file, _ = studio.make(studio.maker(audio=False), video, 20.0, 23.0)
    assert not file.sound
    assert 140 not in [itag for itag, _ in studio.media_requests(video)]


def test_short_side_scales_down_and_never_up(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash)
    file, path = studio.make(studio.maker(short_side_px=128), video, 20.0, 22.0)
    assert (file.width_px, file.height_px) == (228, 128)
    assert frame_numbers(path) == list(range(600, 660))
    file, _ = studio.make(studio.maker(short_side_px=256), video, 30.0, 32.0)
    assert (file.width_px, file.height_px) == (320, 180)


def test_height_chooses_the_format(studio: Studio, dash: Sources) -> None:
    small = made(Kind.DASH_VIDEO, width_px=256, height_px=144)
    video = studio.add({160: small, **dash})
    file, _ = studio.make(studio.maker(height_px=144), video, 20.0, 22.0)
    assert file.height_px == 144
    assert 134 not in [itag for itag, _ in studio.media_requests(video)]


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
def test_copy_starts_on_the_keyframe_before_and_reaches_the_end(
    studio: Studio, packings: Mapping[str, Sources], packing: str
) -> None:
    video = studio.add(packings[packing])
    file, path = studio.make(studio.maker(trim="copy"), video, 33.4)
    numbers = frame_numbers(path)
    assert numbers[0] == 30 * FPS
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert abs(numbers[-1] - 43.4 * FPS) <= 4
    assert abs(sound_offset_s(path, 30.0)) < 0.002
    assert boxes(path).index("moov") < boxes(path).index("mdat")
    assert file.duration_s == pytest.approx(13.4, abs=0.15)


def test_pieces_by_a_manifest_make_the_same_clip(studio: Studio) -> None:
    sources = {134: made(Kind.DASH_VIDEO), 140: made(Kind.DASH_AUDIO)}
    video = studio.add(sources, hls=True)
    _, path = studio.make(studio.maker("-f", "bv[protocol^=m3u8]+ba[protocol^=m3u8]"), video, 20.0, 25.0)
    assert frame_numbers(path) == list(range(600, 750))
    assert abs(sound_offset_s(path, 20.0)) < 0.002
    assert studio.spent.wire_bytes > 0
    assert studio.left_over() == [path]


# -- what is in place already ----------------------------------------------------------------------------


def test_clip_in_place_is_kept_without_a_request(studio: Studio, dash: Sources) -> None:
    video, maker = studio.add(dash), studio.maker()
    made_file, path = studio.make(maker, video, 20.0, 22.0)
    before = path.stat()
    assert studio.spent.requests == 1
    found, _ = studio.make(maker, video, 20.0, 22.0)
    assert path.stat() == before
    assert (studio.spent.wire_bytes, studio.spent.requests) == (0, 0)
    assert (found.duration_s, found.output_bytes) == (made_file.duration_s, made_file.output_bytes)
    assert studio.youtube.count("player") == 1


def test_damaged_or_cut_off_file_in_place_is_made_anew(studio: Studio, dash: Sources) -> None:
    video, maker = studio.add(dash), studio.maker()
    _, path = studio.make(maker, video, 20.0, 22.0)
    path.write_bytes(path.read_bytes()[:-20_000])
    _, path = studio.make(maker, video, 20.0, 22.0)
    assert frame_numbers(path) == list(range(600, 660))


# -- progress, cancelling, deadlines ----------------------------------------------------------------------


def test_progress_runs_through_the_phases_and_only_forward(studio: Studio, dash: Sources) -> None:
    told: list[tuple[Phase, float, int, float]] = []
    studio.make(studio.maker(), studio.add(dash), 20.0, on_progress=lambda *progress: told.append(progress))
    order = [Phase.RESOLVE, Phase.DOWNLOAD, Phase.TRIM, Phase.VERIFY]
    assert list(dict.fromkeys(phase for phase, *_ in told)) == order
    for phase in order:
        fractions = [fraction for told_phase, fraction, *_ in told if told_phase is phase]
        assert fractions == sorted(fractions)
        assert all(0 <= fraction <= 1 for fraction in fractions)
    assert max(fraction for phase, fraction, *_ in told if phase is Phase.DOWNLOAD) == 1.0
    assert told[-1][2] == studio.spent.wire_bytes
    assert any(rate > 0 for phase, _, _, rate in told if phase is Phase.DOWNLOAD)


@pytest.mark.parametrize("phase", [Phase.RESOLVE, Phase.DOWNLOAD, Phase.TRIM, Phase.VERIFY])
def test_cancelled_clip_leaves_nothing_behind(studio: Studio, dash: Sources, phase: Phase) -> None:
    reached: list[Phase] = []
    with pytest.raises(ClipCancelled):
        studio.make(
            studio.maker(),
            studio.add(dash),
            20.0,
            on_progress=lambda now, *_: reached.append(now),
            cancelled=lambda: phase in reached,
        )
    assert studio.left_over() == []
    assert list(studio.scratch.iterdir()) == []


def test_abort_from_another_thread_ends_a_stalled_fetch_at_once(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_STALL, after_bytes=6_000))
    maker = studio.maker()

    def abort_when_stalled() -> None:
        while not any(size == 6_000 for _, size in studio.media_requests(video)):
            time.sleep(0.01)
        time.sleep(0.1)
        maker.abort()

    thread = threading.Thread(target=abort_when_stalled)
    thread.start()
    started = time.monotonic()
    with pytest.raises(ClipCancelled):
        studio.make(maker, video, 20.0)
    thread.join()
    assert time.monotonic() - started < 3
    assert studio.left_over() == []


def test_deadline_ends_a_slow_clip_as_timeout(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_SLOW, bytes_per_s=20_000))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video, 20.0, deadline_s=1.0)
    assert caught.value.category is Category.TIMEOUT
    assert studio.left_over() == []


# -- the disk ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "category"),
    [
        (errno.ENOSPC, Category.DISK_FULL),
        (errno.EDQUOT, Category.DISK_FULL),
        *[(number, Category.NOT_WRITABLE) for number in (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)],
        *[(number, Category.NOT_WRITABLE) for number in (errno.ESTALE, errno.ENXIO, errno.ENODEV)],
        *[(number, Category.TRIM_FAILED) for number in (errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG)],
        *[(number, Category.TRIM_FAILED) for number in (errno.ECONNRESET, errno.ETIMEDOUT, errno.ENOENT)],
    ],
)
def test_disk_errors_are_told_apart(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch, number: int, category: Category
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), studio.add(dash), 20.0, 21.0)
    assert caught.value.category is category
    assert studio.left_over() == []


@pytest.mark.parametrize("trim", ["exact", "copy"])
def test_a_clip_that_went_away_with_its_folder_before_it_was_verified_is_put_back(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch, trim: str
) -> None:
    def verify_what_is_gone(path: Path, *, decode: bool, strict: bool) -> Facts:
        path.unlink()
        return verify(path, decode=decode, strict=strict)

    monkeypatch.setattr("kinetics_tui.media.make.attempt.verify", verify_what_is_gone)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(trim=trim), studio.add(dash), 20.0, 21.0)
    assert caught.value.category is Category.NOT_WRITABLE
    assert studio.left_over() == []


def test_a_file_in_the_way_of_one_class_holds_up_one_clip(studio: Studio, dash: Sources) -> None:
    (studio.folder / "val").mkdir(parents=True)
    (studio.folder / "val" / "a label").touch()
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), studio.add(dash), 20.0, 21.0)
    assert caught.value.category is Category.TRIM_FAILED
    assert "exists" in caught.value.message


def test_full_disk_met_while_writing_is_disk_full(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.setattr("kinetics_tui.media.make.attempt.CLIP_NAME", str(full))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), studio.add(dash), 20.0, 21.0)
    assert caught.value.category is Category.DISK_FULL


def test_id_that_is_none_reaches_neither_shell_nor_network(studio: Studio) -> None:
    clip = Clip("$(touch x)/..", 0.0, 10.0)
    with pytest.raises(ClipFailure) as caught:
        studio.maker().make(clip, studio.folder / "x.mp4", studio.scratch, lambda *_: None)
    assert caught.value.category is Category.VIDEO_NOT_AVAILABLE
    assert studio.youtube.requests == []


# -- sections close behind the index -----------------------------------------------------------------------


@pytest.mark.parametrize("start_s", range(12))
def test_a_section_near_the_index_is_found_in_small_media_too(studio: Studio, start_s: int) -> None:
    # libav reads over a gap of less than its buffer instead of seeking behind it.
    shape = {"width_px": 256, "height_px": 144, "fps": 8, "crf": 28}
    video_id = studio.add({134: made(Kind.DASH_VIDEO, **shape), 140: made(Kind.DASH_AUDIO)})
    _, path = studio.make(studio.maker(), video_id, start_s)
    assert frame_numbers(path) == list(range(8 * start_s, 8 * start_s + 80))
