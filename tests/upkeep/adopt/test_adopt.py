"""Clips that exist already are taken over from any layout; all else is refused and left alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import av
import pytest

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipStatus, Outcome
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.media.verify import verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName, Selection
from kinetics_tui.upkeep.adopt.adopt import adopt
from kinetics_tui.upkeep.adopt.result import Adopted, Adoption, Fate, LinkMode
from kinetics_tui.upkeep.adopt.take import Adopting
from kinetics_tui.upkeep.check.check import Checking, check
from kinetics_tui.upkeep.check.rebuild import Wanted
from tests.upkeep.conftest import CLIPS, DONE, SHORT
from tests.upkeep.tree import statuses, tree

Finished = Callable[[LayoutName], Path]
WHOLE = [clip for clip in DONE if clip != SHORT]


def folder(clip: Clip) -> str:
    return clip.label.replace(" ", "_")


LAYOUTS: dict[str, Callable[[Clip], str]] = {
    "cvdf": lambda clip: f"{clip.split}/{clip.name}.mp4",
    "activitynet": lambda clip: str(clip_path(LayoutName.ACTIVITYNET, clip)),
    "torchvision": lambda clip: f"k/{clip_path(LayoutName.TORCHVISION, clip)}",
    "mmaction2": lambda clip: f"videos_{clip.split}/{folder(clip)}/{clip.name}.mp4",
    "showmax": lambda clip: str(clip_path(LayoutName.SHOWMAX, clip)),
    "piaxar": lambda clip: (
        f"clips/{folder(clip)}/{clip.youtube_id}_{clip.time_start:g}_{clip.duration_s:g}.mp4"
    ),
}


def lay_out(
    finished: Finished, source: Path, layout: Callable[[Clip], str], clips: list[Clip] = WHOLE
) -> Path:
    for clip in clips:
        path = source / layout(clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(finished(LayoutName.ACTIVITYNET) / clip_path(LayoutName.ACTIVITYNET, clip), path)
    return source


@pytest.fixture
def source(tmp_path: Path, finished: Finished) -> Path:
    return lay_out(finished, tmp_path / "old", LAYOUTS["cvdf"])


def adopted(dataset: Path, source: Path, **how: Any) -> Adoption:
    return adopt(dataset, Adopting(source=source, workers=2, **how))


def counts(adoption: Adoption) -> dict[str, int]:
    return {fate.value: count for fate, count in adoption.counts.items() if count}


@pytest.mark.parametrize(
    ("layout", "link"), [*((layout, LinkMode.HARD) for layout in LAYOUTS), ("cvdf", LinkMode.COPY)]
)
def test_clips_are_taken_from_every_layout_and_are_whole(
    tmp_path: Path, target: Path, finished: Finished, layout: str, link: LinkMode
) -> None:
    source = lay_out(finished, tmp_path / "old", LAYOUTS[layout])
    before = tree(source)
    assert counts(adopted(target, source, link=link)) == {"taken": len(WHOLE)}
    assert tree(source) == before
    assert check(target, Checking(workers=2)).whole == len(WHOLE)
    done = {name for name, (status, _) in statuses(target).items() if status == ClipStatus.DONE}
    assert done == {clip.name for clip in WHOLE}


def test_an_adopted_clip_says_so_and_its_video_is_no_witness(target: Path, source: Path) -> None:
    adopted(target, source)
    with Ledger.open(target, read_only=True) as ledger:
        attempts = [one.attempt for one in ledger.settled() if one.attempt.outcome is Outcome.DONE]
        assert {one.message for one in attempts} == {f"Adopted: {LAYOUTS['cvdf'](clip)}" for clip in WHOLE}
        assert sum(one.spent.wire_bytes for one in attempts) == 0
        assert ledger.newest_done() == []
        assert ledger.failure_counts() == {}
    assert (target / "stats.csv").read_text().count("success") == len(WHOLE)


def test_a_dry_run_tells_the_same_and_changes_nothing(target: Path, source: Path) -> None:
    before = tree(target), tree(source)
    assert counts(adopted(target, source, dry_run=True)) == {"taken": len(WHOLE)}
    assert (tree(target), tree(source)) == before


def test_a_dry_run_is_told_beside_an_engine_and_an_adoption_refused(target: Path, source: Path) -> None:
    with WriterLock(target):
        assert counts(adopted(target, source, dry_run=True)) == {"taken": len(WHOLE)}
        with pytest.raises(EngineError, match="already runs"):
            adopted(target, source)
    assert ClipStatus.DONE not in {status for status, _ in statuses(target).values()}


def test_once_more_finds_all_of_it_there(target: Path, source: Path) -> None:
    adopted(target, source)
    before = tree(target)
    assert counts(adopted(target, source)) == {"there already": len(WHOLE)}
    assert tree(target) == before


@pytest.mark.parametrize("layout", [LayoutName.ACTIVITYNET, LayoutName.SHOWMAX])
def test_another_dataset_of_ours_is_believed_about_short_clips_and_names_without_times(
    target: Path, finished: Finished, layout: LayoutName
) -> None:
    before = tree(finished(layout))
    adoption = adopted(target, finished(layout))
    assert (counts(adoption), adoption.short) == ({"taken": len(DONE)}, 1)
    assert tree(finished(layout)) == before
    assert check(target, Checking(workers=2)).whole == len(DONE)


def test_labels_of_the_dataset_win_over_those_of_another_release(
    tmp_path: Path, target: Path, finished: Finished
) -> None:
    source = lay_out(finished, tmp_path / "old", lambda clip: f"val/another name/{clip.name}.mp4")
    assert counts(adopted(target, source)) == {"taken": len(WHOLE)}
    assert all((target / clip_path(LayoutName.ACTIVITYNET, clip)).is_file() for clip in WHOLE)


def test_what_is_no_clip_of_the_dataset_is_refused_and_left_alone(
    tmp_path: Path, target: Path, finished: Finished, source: Path
) -> None:
    good = source / LAYOUTS["cvdf"](WHOLE[0])
    (source / "notes.txt").write_text("about these clips")
    (source / "holidays.mp4").write_bytes(b"")
    (source / "hhhhhhhhhhh_000001_000003.mp4").write_bytes(b"")
    os.truncate(source / LAYOUTS["cvdf"](WHOLE[1]), 5000)
    shutil.copy(good, source / "ggggggggggg_000030_000032.mp4")  # the length is right: who can tell
    shutil.copy(
        finished(LayoutName.ACTIVITYNET) / clip_path(LayoutName.ACTIVITYNET, SHORT),
        source / f"{SHORT.name}.mp4",
    )
    before = tree(source)
    adoption = adopted(target, source)
    assert counts(adoption) == {
        "taken": 4,
        "does not play": 1,
        "no clip's name": 1,
        "not in the selection": 1,
        "too short": 1,
    }
    assert adoption.others == 1
    assert tree(source) == before
    assert counts(adopted(target, source, tolerance_s=2.0))["taken"] == 1
    assert check(target, Checking(workers=2)).left == 0


def test_links_devices_and_hostile_names_are_harmless(
    tmp_path: Path, target: Path, finished: Finished
) -> None:
    inside = lay_out(finished, tmp_path / "elsewhere", LAYOUTS["cvdf"])
    source = tmp_path / "old"
    source.mkdir()
    (source / "loop").symlink_to(source)
    (source / "elsewhere").symlink_to(inside)
    (source / f"{WHOLE[0].name}.mp4").symlink_to(inside / LAYOUTS["cvdf"](WHOLE[0]))
    os.mkfifo(source / f"{WHOLE[1].name}.mp4")
    (source / "\x1b[2J\n..").mkdir()
    (source / "\x1b[2J\n.." / f"{WHOLE[2].name}.mp4").write_text("ffconcat version 1.0\nfile '/etc/passwd'\n")
    odd = os.fsencode(source) + b"/\xff\xfe"
    os.mkdir(odd)  # noqa: PTH102 -- a name that is no text
    shutil.copy(inside / LAYOUTS["cvdf"](WHOLE[3]), os.fsdecode(odd + b"/" + f"{WHOLE[3].name}.mp4".encode()))
    adoption = adopted(target, source)
    assert counts(adoption) == {"no file": 2, "does not play": 1, "cannot be read": 1}
    assert list(target.rglob("*.mp4")) == []


def test_one_file_under_two_names_is_one_clip_only(target: Path, source: Path) -> None:
    os.link(source / LAYOUTS["cvdf"](WHOLE[0]), source / "ggggggggggg_000030_000032.mp4")
    assert counts(adopted(target, source)) == {"taken": len(WHOLE), "another clip's": 1}


def test_of_two_files_of_a_clip_the_first_good_one_is_taken(target: Path, source: Path) -> None:
    shutil.copytree(source / "val", source / "zzz" / "val")
    assert counts(adopted(target, source)) == {"taken": len(WHOLE), "there already": 2}


def test_a_file_that_has_its_place_before_the_ledger_knows_is_entered(target: Path, source: Path) -> None:
    """As after a kill between the two."""
    placed = target / clip_path(LayoutName.ACTIVITYNET, WHOLE[0])
    placed.parent.mkdir(parents=True)
    os.link(source / LAYOUTS["cvdf"](WHOLE[0]), placed)
    adoption = adopted(target, source)
    assert (counts(adoption), adoption.found) == ({"taken": len(WHOLE)}, 1)
    assert check(target, Checking(workers=2)).whole == len(WHOLE)


def test_something_else_in_a_clips_place_is_left_there(target: Path, source: Path) -> None:
    placed = target / clip_path(LayoutName.ACTIVITYNET, WHOLE[0])
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"half a clip")
    adoption = adopted(target, source)
    assert counts(adoption) == {"taken": len(WHOLE) - 1, "cannot be put there": 1}
    assert "check --repair" in adoption.first[Fate.NOT_PLACED][0].why
    assert placed.read_bytes() == b"half a clip"


def test_stopped_anywhere_it_goes_on_where_it_was(target: Path, source: Path) -> None:
    settled: list[Adopted] = []
    adoption = adopted(target, source, on_settled=settled.append, stopped=lambda: len(settled) >= 2)
    assert adoption.interrupted
    first = adoption.counts[Fate.TAKEN]
    assert 0 < first < len(WHOLE)
    assert check(target, Checking(workers=2)).whole == first
    assert adopted(target, source).counts[Fate.TAKEN] == len(WHOLE) - first


def test_a_ledger_is_made_where_the_user_says_what_it_holds(tmp_path: Path, source: Path) -> None:
    dataset = tmp_path / "new"
    with pytest.raises(DatasetError, match="--annotations"):
        adopted(dataset, source)
    assert not dataset.exists()
    wanted = Wanted("Custom dataset", Selection(), CLIPS)
    before = tree(tmp_path)
    assert counts(adopted(dataset, source, wanted=lambda: wanted, dry_run=True)) == {"taken": len(WHOLE)}
    assert tree(tmp_path) == before
    assert counts(adopted(dataset, source, wanted=lambda: wanted)) == {"taken": len(WHOLE)}
    assert len(statuses(dataset)) == len(CLIPS)


def test_a_dry_run_where_the_ledger_is_lost_finds_what_is_in_its_place(target: Path, source: Path) -> None:
    adopted(target, source)
    shutil.rmtree(target / ".kinetics-tui")
    before = tree(target)
    wanted = Wanted("Custom dataset", Selection(), CLIPS)
    rehearsed = adopted(target, source, wanted=lambda: wanted, dry_run=True)
    assert tree(target) == before
    assert counts(rehearsed) == counts(adopted(target, source, wanted=lambda: wanted))


def test_folders_in_one_another_are_refused(target: Path, source: Path, tmp_path: Path) -> None:
    (target / "val").mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    for folder in (target, target / "val", tmp_path, link):
        with pytest.raises(DatasetError, match="in one another"):
            adopted(target, folder)
    with pytest.raises(DatasetError, match="neither a folder nor an archive"):
        adopted(target, source / "nowhere")


def test_clips_left_out_of_the_selection_are_refused(target: Path, source: Path) -> None:
    with Ledger.open(target) as ledger:
        ledger.set_selection(Selection(splits=("train",)), [clip for clip in CLIPS if clip.split == "train"])
    assert counts(adopted(target, source)) == {"taken": 1, "not in the selection": 3}


def test_quick_decodes_nothing_and_still_knows_lengths(target: Path, source: Path) -> None:
    path = source / LAYOUTS["cvdf"](WHOLE[0])
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + 3000
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    assert counts(adopted(target, source, dry_run=True))["does not play"] == 1
    assert counts(adopted(target, source, dry_run=True, quick=True)) == {"taken": len(WHOLE)}


# -- files that are no MP4 ------------------------------------------------------------------------


def packed_as(source: Path, suffix: str, clips: list[Clip] = WHOLE) -> None:
    """Have clips in Matroska in place of MP4, packet by packet."""
    for clip in clips:
        path = source / LAYOUTS["cvdf"](clip)
        with av.open(str(path)) as old, av.open(str(path.with_suffix(suffix)), "w", format="matroska") as new:
            copies = {one.index: new.add_stream_from_template(one) for one in old.streams}
            for packet in old.demux():
                if packet.dts is not None:
                    packet.stream = copies[packet.stream.index]
                    new.mux(packet)
        path.unlink()


def encoded_as(source: Path, clip: Clip, codec: str) -> None:
    """Have a clip in WebM in place of MP4: its pictures by another codec, and sound in Opus."""
    path = source / LAYOUTS["cvdf"](clip)
    with av.open(str(path)) as old, av.open(str(path.with_suffix(".webm")), "w") as new:
        was = old.streams.video[0]
        video = cast("av.VideoStream", new.add_stream(codec, rate=was.average_rate))
        video.width, video.height, video.pix_fmt = was.width, was.height, "yuv420p"
        sound = new.add_stream("libopus", rate=48_000)
        for frame in old.decode(was):
            new.mux(video.encode(frame))
        new.mux(video.encode(None))
        old.seek(0)
        for heard in old.decode(old.streams.audio[0]):
            new.mux(sound.encode(heard))
        new.mux(sound.encode(None))
    path.unlink()


@pytest.mark.parametrize("suffix", [".mkv", ".MKV"])
@pytest.mark.parametrize("link", list(LinkMode))
def test_the_content_of_matroska_files_is_taken_as_it_is(
    target: Path, source: Path, finished: Finished, suffix: str, link: LinkMode
) -> None:
    packed_as(source, suffix)
    before = tree(source)
    assert counts(adopted(target, source, dry_run=True)) == {"taken": len(WHOLE)}
    adoption = adopted(target, source, link=link)
    assert (counts(adoption), adoption.rewritten) == ({"taken": len(WHOLE)}, len(WHOLE))
    assert tree(source) == before
    assert check(target, Checking(workers=2)).whole == len(WHOLE)
    assert not list((target / ".kinetics-tui").rglob("adopt-*"))
    for clip in WHOLE:
        mine = clip_path(LayoutName.ACTIVITYNET, clip)
        ours, theirs = verify(target / mine), verify(finished(LayoutName.ACTIVITYNET) / mine)
        assert (ours.frames, ours.sound) == (theirs.frames, theirs.sound)
        assert ours.duration_s == pytest.approx(theirs.duration_s, abs=0.02)
    assert counts(adopted(target, source)) == {"there already": len(WHOLE)}


def test_a_webm_of_codecs_that_mp4_holds_is_taken_and_others_are_said(target: Path, source: Path) -> None:
    encoded_as(source, WHOLE[0], "libvpx-vp9")
    encoded_as(source, WHOLE[1], "libvpx")
    told: list[Adopted] = []
    adoption = adopted(target, source, on_settled=told.append)
    assert counts(adoption) == {"taken": len(WHOLE) - 1, "no content for .mp4": 1}
    (refused,) = [one for one in told if one.fate is Fate.NO_MP4]
    assert "vp8" in refused.why
    assert check(target, Checking(workers=2)).whole == len(WHOLE) - 1


def test_a_matroska_name_on_something_else_is_refused(target: Path, source: Path, tmp_path: Path) -> None:
    for clip, content in zip(WHOLE, (b"", b"#EXTM3U\n", b"\x1aE\xdf\xa3" + bytes(99)), strict=False):
        path = source / LAYOUTS["cvdf"](clip)
        path.unlink()
        path.with_suffix(".mkv").write_bytes(content)
    assert counts(adopted(target, source)) == {"taken": len(WHOLE) - 3, "does not play": 3}
