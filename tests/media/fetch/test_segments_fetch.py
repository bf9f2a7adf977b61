"""Clips of videos that come in pieces by a manifest, as real packagers write them: by the real extractor."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from tests.media.media_studio import FPS, LENGTH_S, Sources, Studio, frame_numbers, made, sound_offset_s
from tests.media.pieces import JUMP_S, LAYOUTS, PIECE_S, VIDEO, needed_bytes, put_in_pieces

BETWEEN_KEYFRAMES = "TS with sound, pieces between keyframes"
TWO_CLOCKS = "fMP4, separate sound, two clocks"
USUAL = "fMP4, separate sound"
MOST = 1.10
START_S = 23.4
"""The ten seconds from here hold the jump of those layouts that have one."""
STARTS_S = (0.4, 49.9, 56.7)
EVERY = list(itertools.product(LAYOUTS, (START_S, *STARTS_S)))
# Each layout in the middle, and near the start, at the end or beyond it.
SHORT = [(name, START_S) for name in LAYOUTS]
SHORT += [(name, STARTS_S[number % len(STARTS_S)]) for number, name in enumerate(LAYOUTS)]
SEAMS_S = (float(PIECE_S), float(JUMP_S), JUMP_S - 10.0)
"""A clip from here begins and ends where a piece does; one begins at the jump, one ends there."""
SHORT += [(name, s) for name in (USUAL, "TS with sound", "TS with sound, a jump", "DASH") for s in SEAMS_S]


@pytest.fixture(scope="module")
def in_pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same video in every layout."""
    folder = tmp_path_factory.mktemp("pieces")
    return {name: put_in_pieces(layout, folder / str(n)) for n, (name, layout) in enumerate(LAYOUTS.items())}


def add(studio: Studio, folder: Path, sources: Sources | None = None, failure: Failure | None = None) -> str:
    return studio.add(sources or {}, folder=folder, length_s=LENGTH_S, failure=failure)


def sent_bytes(studio: Studio, video: str) -> int:
    return sum(size for _, size in studio.media_requests(video))


def check(path: Path, start_s: float, end_s: float, *, sound_off_s: float = 0.002) -> None:
    """The clip at ``path`` has the pictures of these times of the source, and their sound."""
    first, behind = round(start_s * FPS), round(min(end_s, LENGTH_S) * FPS)
    assert frame_numbers(path) == list(range(first, behind))
    assert abs(sound_offset_s(path, first / FPS)) < sound_off_s


def check_clip(studio: Studio, folder: Path, layout: str, start_s: float) -> None:
    video = add(studio, folder)
    file, path = studio.make(studio.maker(), video, start_s)
    # Where nothing tells how clocks stand to each other, both begin with their first packet: of sound, one
    # packet in front is the encoder's.
    check(path, start_s, start_s + 10, sound_off_s=0.025 if layout == TWO_CLOCKS else 0.002)
    assert file.sound
    assert file.short == (start_s + 10 > LENGTH_S)
    # Pieces that do not begin with a keyframe are looked for one by one.
    if layout != BETWEEN_KEYFRAMES:
        least = needed_bytes(folder, LAYOUTS[layout], start_s, start_s + 10)
        assert sent_bytes(studio, video) <= MOST * least
    assert studio.left_over() == [path]


@pytest.mark.parametrize(("layout", "start_s"), SHORT)
def test_a_clip_costs_the_pieces_that_cover_it_and_is_exact(
    studio: Studio, in_pieces: dict[str, Path], layout: str, start_s: float
) -> None:
    check_clip(studio, in_pieces[layout], layout, start_s)


@pytest.mark.torture
@pytest.mark.parametrize(("layout", "start_s"), [*EVERY, *itertools.product(LAYOUTS, SEAMS_S)])
def test_every_layout_at_every_place(
    studio: Studio, in_pieces: dict[str, Path], layout: str, start_s: float
) -> None:
    check_clip(studio, in_pieces[layout], layout, start_s)


@pytest.mark.parametrize("layout", ["TS with sound", "TS with sound, a jump", USUAL])
def test_packets_are_copied_from_pieces_too(studio: Studio, in_pieces: dict[str, Path], layout: str) -> None:
    _, path = studio.make(studio.maker(trim="copy"), add(studio, in_pieces[layout]), START_S)
    numbers = frame_numbers(path)
    assert numbers == list(range(20 * FPS, 20 * FPS + len(numbers)))
    assert abs(numbers[-1] - (START_S + 10) * FPS) <= 4
    assert abs(sound_offset_s(path, 20.0)) < 0.002


def test_durations_that_are_off_make_the_same_clip(
    studio: Studio, in_pieces: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "off"
    shutil.copytree(in_pieces[USUAL], folder)
    for playlist in folder.glob("itag/*/index.m3u8"):
        text = re.sub(r"#EXTINF:[\d.]+", "#EXTINF:4", playlist.read_text())
        playlist.write_text(re.sub(r"#EXTINF:4(,\n.*\n)#EXTINF:4", r"#EXTINF:4\1#EXTINF:6", text))
    _, path = studio.make(studio.maker(), add(studio, folder), START_S)
    check(path, START_S, START_S + 10)


def test_plain_sound_stays_in_step_with_pictures_in_pieces(studio: Studio, tmp_path: Path) -> None:
    folder = put_in_pieces(LAYOUTS["DASH"], tmp_path / "dash")
    video = add(studio, folder, {140: made(Kind.DASH_AUDIO)})
    made_file, path = studio.make(studio.maker(), video, START_S)
    assert made_file.source_itags.endswith("+140")
    check(path, START_S, START_S + 10)


def test_a_list_that_may_go_on_is_fetched_whole(
    studio: Studio, in_pieces: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "open"
    shutil.copytree(in_pieces["TS with sound"], folder)
    for playlist in folder.glob("itag/*/index.m3u8"):
        playlist.write_text(playlist.read_text().replace("#EXT-X-ENDLIST\n", ""))
    video = add(studio, folder)
    _, path = studio.make(studio.maker(), video, START_S, START_S + 2)
    check(path, START_S, START_S + 2)
    assert sent_bytes(studio, video) > 0.9 * sum(file.stat().st_size for file in folder.glob("itag/*/*.ts"))


def test_a_clip_behind_the_end_costs_no_piece(studio: Studio, in_pieces: dict[str, Path]) -> None:
    video = studio.add({}, folder=in_pieces[USUAL], length_s=0)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video, 200.0)
    assert caught.value.category is Category.SHORT_SOURCE
    assert sent_bytes(studio, video) < 10_000


@pytest.mark.parametrize("layout", ["TS with sound", "fMP4, separate sound, ranges"])
def test_a_refused_address_is_asked_for_once_more_and_nothing_is_fetched_twice(
    studio: Studio, in_pieces: dict[str, Path], layout: str
) -> None:
    video = add(studio, in_pieces[layout], failure=Failure(Case.MEDIA_EXPIRED, times=1))
    _, path = studio.make(studio.maker(), video, START_S)
    check(path, START_S, START_S + 10)
    assert studio.youtube.count("player", video) == 2
    assert sent_bytes(studio, video) <= MOST * needed_bytes(
        in_pieces[layout], LAYOUTS[layout], START_S, START_S + 10
    )


@pytest.mark.parametrize("case", [Case.MEDIA_RANGE_IGNORED, Case.MEDIA_RESET, Case.MEDIA_EARLY_CLOSE])
def test_pieces_come_from_servers_without_ranges_and_over_broken_lines(
    studio: Studio, in_pieces: dict[str, Path], case: Case
) -> None:
    times = None if case is Case.MEDIA_RANGE_IGNORED else 3
    video = add(studio, in_pieces[USUAL], failure=Failure(case, times=times))
    _, path = studio.make(studio.maker(), video, START_S, START_S + 2)
    check(path, START_S, START_S + 2)


def test_a_piece_that_is_gone_has_its_category(
    studio: Studio, in_pieces: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "holes"
    shutil.copytree(in_pieces[USUAL], folder)
    (folder / f"itag/{VIDEO}/0-005.m4s").unlink()
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), add(studio, folder), START_S)
    assert caught.value.category is Category.HTTP_404


def test_progress_of_pieces_only_goes_forward_and_counts_every_byte(
    studio: Studio, in_pieces: dict[str, Path]
) -> None:
    told: list[tuple[Phase, float, int, float]] = []
    video = add(studio, in_pieces[USUAL])
    studio.make(studio.maker(), video, START_S, on_progress=lambda *progress: told.append(progress))
    fractions = [fraction for phase, fraction, *_ in told if phase is Phase.DOWNLOAD]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.6
    playlists = [seen.sent_bytes for seen in studio.youtube.requests if seen.kind == "manifest"]
    assert told[-1][2] == studio.spent.wire_bytes == sent_bytes(studio, video) + sum(playlists[1:])
