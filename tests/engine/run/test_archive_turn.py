"""The archives' turn in a run: real readers, a mirror on the loopback, and workers that do as a copy says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from kinetics_tui.dataset.folder import archives_path, scratch_path
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives import reading as reading_module
from kinetics_tui.engine.run import disk as disk_module
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Pause, Resume, Retry, SwitchSplit
from kinetics_tui.model.events import ArchivesChanged, ClipDone, ClipStarted, EngineStatus, Logged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Source
from tests.archive_mirror import ArchiveMirror, tar_of, zip_of
from tests.children import children_running
from tests.engine.engine_clips import clip, some_clips
from tests.engine.engine_run import Run

ARCHIVES, YOUTUBE = Source.ARCHIVES, Source.YOUTUBE
WHOLE = b"whole" * 1000
BIG = bytes(range(256)) * 4096

Begin = Callable[..., contextlib.AbstractAsyncContextManager[Run]]


def name_of(clip: Clip) -> str:
    return f"{clip.youtube_id}_{clip.time_start:06.0f}_{clip.time_end:06.0f}.mp4"


def files_of(clips: Sequence[Clip], content: bytes = WHOLE) -> list[tuple[str, bytes]]:
    return [(name_of(one), content) for one in clips]


@pytest.fixture
def mirror() -> Iterator[ArchiveMirror]:
    with ArchiveMirror() as mirror:
        yield mirror


@pytest.fixture
def begin(make_ledger: Callable[..., Ledger], mirror: ArchiveMirror, tmp_path: Path) -> Begin:
    """Begins a run on these clips and all that the mirror has; ``about``: what is known of archives."""

    @contextlib.asynccontextmanager
    async def begin(
        clips: Sequence[Clip],
        *sources: Source,
        about: dict[str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> AsyncIterator[Run]:
        chosen = {"workers": 2, "pace_per_hour": None, "sources": sources or (ARCHIVES,), **options}
        ledger = make_ledger(list(clips), **chosen)
        ledger.set_archives(rows_of(mirror, about or {}))
        async with going(ledger, tmp_path / "set") as run:
            yield run

    return begin


def rows_of(mirror: ArchiveMirror, about: dict[str, dict[str, Any]]) -> list[ArchiveRow]:
    return [
        ArchiveRow(
            address=f"{mirror.url}/{name}", name=name, **{"size_bytes": len(content), **about.get(name, {})}
        )
        for name, content in mirror.files.items()
    ]


@contextlib.asynccontextmanager
async def going(ledger: Ledger, dataset: Path) -> AsyncIterator[Run]:
    run = Run(ledger, dataset)
    await run.engine.open()
    task = asyncio.create_task(run.engine.run())
    try:
        yield run
    finally:
        run.engine.stop()
        await task
        assert not scratch_path(dataset).exists()
        assert not readers()


def readers() -> list[psutil.Process]:
    return children_running(reading_module.READER[-1])


async def until_done(run: Run, seconds: float = 60.0) -> None:
    await run.until(lambda: run.state.status is EngineStatus.DONE, seconds)


def agrees(run: Run, *, done: int, failures: dict[Category, int] | None = None) -> None:
    """The run's own counts and those of the ledger are these."""
    expected = failures or {}
    assert (run.state.done, dict(run.state.failures), run.state.left) == (done, expected, 0)
    with Ledger.open(run.engine._context.dataset, read_only=True) as ledger:
        counts = ledger.split_counts()
        assert sum(split.done for split in counts) == done
        assert sum(split.failed for split in counts) == sum(expected.values())
        assert sum(settled.attempt.made is not None for settled in ledger.settled()) == done


def asked_of_youtube(run: Run) -> int:
    return sum(done.network != "" for done in run.told(ClipDone))


def most_at_once(run: Run) -> int:
    """The most archives that were on their way at once."""
    return max(len(told.reading) for told in run.told(ArchivesChanged))


def parts_of(run: Run) -> list[str]:
    return sorted(path.name for path in archives_path(run.engine._context.dataset).glob("*"))


async def test_archives_alone_give_what_they_hold_and_the_rest_fails_by_its_reason(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(10)
    mirror.files["a.tar.gz"] = tar_of([*files_of(clips[:7]), (name_of(clips[7]), b"damaged")])
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=7, failures={Category.DAMAGED_IN_ARCHIVE: 1, Category.NOT_IN_ARCHIVES: 2})
        assert asked_of_youtube(run) == 0
        assert {done.made.archive for done in run.told(ClipDone)} == {"a.tar.gz"}
        assert run.state.archives.taken == 7
        assert run.state.archives.damaged == 1
        assert parts_of(run) == []


async def test_archives_come_first_and_youtube_gets_the_rest_and_what_is_damaged(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(10)
    mirror.files["a.tar"] = tar_of([*files_of(clips[:6]), (name_of(clips[6]), b"damaged")], "w")
    async with begin(clips, ARCHIVES, YOUTUBE) as run:
        await until_done(run)
        agrees(run, done=10)
        order = [done.made.archive for done in run.told(ClipDone)]
        assert order == ["a.tar"] * 6 + [""] * 4


async def test_archives_come_last_and_give_what_youtube_has_lost(begin: Begin, mirror: ArchiveMirror) -> None:
    lost = [clip("P", number) for number in range(4)]
    kept = some_clips(5)
    mirror.files["a.zip"] = zip_of(files_of([*lost[:3], *kept]))
    async with begin([*lost, *kept], YOUTUBE, ARCHIVES) as run:
        await until_done(run)
        agrees(run, done=8, failures={Category.PRIVATE: 1})
        order = [done.made.archive for done in run.told(ClipDone)]
        assert order == [""] * 5 + ["a.zip"] * 3


async def test_no_archive_is_read_where_youtube_gave_everything(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(5)
    mirror.files["a.tar.gz"] = tar_of(files_of(clips))
    async with begin(clips, YOUTUBE, ARCHIVES) as run:
        await until_done(run)
        agrees(run, done=5)
    assert mirror.names_got() == []


async def test_nothing_is_asked_of_youtube_while_archives_are_read(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(6)
    mirror.files["a.tar.gz"] = tar_of(files_of(clips[:2]))
    mirror.hangs.add("a.tar.gz")
    async with begin(clips, ARCHIVES, YOUTUBE) as run:
        await run.until(lambda: bool(mirror.names_got()))
        await asyncio.sleep(1)
        assert run.told(ClipStarted) == []
        assert run.state.archives.turn
        assert run.state.status is EngineStatus.RUNNING


async def test_a_clip_that_lies_in_three_archives_comes_once(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(12)
    for name in ("a.tar.gz", "b.tar", "c.zip"):
        pack = zip_of if name.endswith("zip") else lambda files: tar_of(files, "w")
        mirror.files[name] = pack(files_of(clips))
    async with begin(clips, archives_at_once=3) as run:
        await until_done(run)
        agrees(run, done=12)
        assert len(run.told(ClipDone)) == 12


async def test_the_copy_of_another_archive_is_taken_where_the_first_is_damaged_whichever_comes_first(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    # All are read at once: each copy that comes while another is in hand has to be kept for its turn.
    clips = some_clips(12)
    for name, content in (("a.tar", b"damaged"), ("b.tar", b"damaged"), ("c.tar", WHOLE)):
        mirror.files[name] = tar_of(files_of(clips, content), "w")
    async with begin(clips, archives_at_once=3) as run:
        await until_done(run)
        agrees(run, done=12)
        assert {done.made.archive for done in run.told(ClipDone)} == {"c.tar"}


async def test_a_clip_twice_in_an_archive_is_taken_from_where_it_is_whole(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(1)
    mirror.files["a.tar"] = tar_of(files_of(clips, b"damaged") + files_of(clips), "w")
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=1)


async def test_a_copy_that_takes_down_its_workers_counts_as_damaged_and_the_others_go_on(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(6)
    mirror.files["a.tar"] = tar_of([(name_of(clips[0]), b"dies"), *files_of(clips[1:])], "w")
    async with begin(clips, ARCHIVES, YOUTUBE) as run:
        await until_done(run)
        agrees(run, done=6)
        assert asked_of_youtube(run) == 1


async def test_an_archive_that_cannot_be_reached_fails_its_clips_as_that_and_nothing_else(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(9)
    mirror.files["good.tar"] = tar_of(files_of(clips[:3]), "w")
    mirror.files["gone.tar"] = tar_of(files_of(clips[3:6]), "w")
    mirror.statuses["gone.tar"] = 403
    yoga = {"label": "yoga"}
    async with begin(clips, about={"gone.tar": yoga}) as run:
        await until_done(run)
        left = {one.label for one in clips[3:]}
        assert left == {"abseiling", "archery", "yoga"}
        agrees(run, done=3, failures={Category.ARCHIVE_UNREACHABLE: 2, Category.NOT_IN_ARCHIVES: 4})


@pytest.mark.parametrize(
    "content", [b"", b"<html><body>Not found</body></html>" * 100, b"\x1f\x8b", b"PK\x03\x04 and no zip"]
)
async def test_what_is_no_archive_is_told_and_the_others_are_read(
    begin: Begin, mirror: ArchiveMirror, content: bytes
) -> None:
    clips = some_clips(3)
    mirror.files["bad.tar.gz"] = content
    mirror.files["good.tar.gz"] = tar_of(files_of(clips[:2]))
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=2, failures={Category.ARCHIVE_UNREACHABLE: 1})
        assert any("bad.tar.gz could not be read" in told.text for told in run.told(Logged))
        assert parts_of(run) == []


async def test_an_archive_that_is_cut_off_gives_what_came_before(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(6)
    whole = tar_of(files_of(clips, os.urandom(100_000)))
    mirror.files["a.tar.gz"] = whole[: len(whole) // 2]
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=2, failures={Category.ARCHIVE_UNREACHABLE: 4})


async def test_a_reader_that_is_killed_is_begun_again_and_goes_on_with_what_came(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(20)
    mirror.files["a.tar"] = content = tar_of(files_of(clips, BIG[:200_000]), "w")
    mirror.slow_s = 0.02
    async with begin(clips) as run:
        await run.until(lambda: run.state.done >= 3)
        readers()[0].kill()
        await until_done(run)
        agrees(run, done=20)
    assert mirror.sent_bytes <= 1.02 * len(content) + 256 * 1024
    assert len(mirror.names_got()) == 2


async def test_an_archive_whose_reader_dies_every_time_is_given_up(
    begin: Begin, mirror: ArchiveMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "READER", ("/bin/sh", "-c", "echo no JSON; read x; kill -9 $$"))
    mirror.files["a.tar"] = tar_of(files_of(some_clips(1)), "w")
    async with begin(some_clips(1)) as run:
        await until_done(run)
        agrees(run, done=0, failures={Category.ARCHIVE_UNREACHABLE: 1})


async def test_a_reader_that_hangs_is_replaced(
    begin: Begin, mirror: ArchiveMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "SILENT_S", 3.0)
    clips = some_clips(10)
    mirror.files["a.tar"] = tar_of(files_of(clips, BIG[:200_000]), "w")
    mirror.slow_s = 0.02
    async with begin(clips) as run:
        await run.until(lambda: run.state.done >= 2)
        readers()[0].send_signal(signal.SIGSTOP)
        await until_done(run)
        agrees(run, done=10)


async def test_a_server_that_gives_nothing_ends_no_run_and_is_told(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(4)
    mirror.files["a.tar"] = tar_of(files_of(clips), "w")
    mirror.statuses["a.tar"] = 503
    async with begin(clips) as run:
        await run.until(lambda: any(one.waits for one in run.state.archives.reading))
        assert "HTTP 503" in run.state.archives.reading[0].waits
        mirror.statuses.clear()
        await until_done(run)
        agrees(run, done=4)


async def test_a_pause_ends_the_reading_and_what_came_is_not_fetched_again(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(20)
    mirror.files["a.tar.gz"] = content = tar_of([(name_of(one), os.urandom(150_000)) for one in clips])
    mirror.slow_s = 0.01
    async with begin(clips) as run:
        await run.until(lambda: run.state.done >= 3)
        run.engine.obey(Pause())
        await run.until(lambda: run.state.status is EngineStatus.PAUSED)
        await run.until(lambda: not readers())
        assert parts_of(run) == ["1.part", "1.part.json"]
        done = run.state.done
        await asyncio.sleep(1)
        assert run.state.done == done
        run.engine.obey(Resume())
        await until_done(run)
        agrees(run, done=20)
        assert parts_of(run) == []
    assert mirror.sent_bytes <= 1.02 * len(content) + 256 * 1024


@pytest.mark.parametrize("now", [False, True])
async def test_a_pause_harms_no_copy_that_is_in_hand(begin: Begin, mirror: ArchiveMirror, now: bool) -> None:
    clips = some_clips(8)
    mirror.files["a.tar"] = tar_of(files_of(clips, b"slow" * 1000), "w")
    async with begin(clips, workers=1) as run:
        await run.until(lambda: bool(run.told(ClipStarted)))
        for _ in range(3):
            run.engine.obey(Pause(now=now))
            await run.until(lambda: run.state.status is EngineStatus.PAUSED)
            run.engine.obey(Resume())
            await run.until(lambda: run.state.status is EngineStatus.RUNNING)
            await run.until(lambda: bool(run.state.workers) and run.told(ClipStarted)[-1].at > 0)
        await until_done(run)
        agrees(run, done=8)
        assert EngineStatus.HELD not in [status.status for status in run.events if hasattr(status, "status")]


async def test_a_run_that_is_stopped_in_the_middle_goes_on_from_there(
    begin: Begin, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    clips = some_clips(20)
    mirror.files["a.tar"] = content = tar_of(files_of(clips, BIG[:200_000]), "w")
    mirror.slow_s = 0.02
    async with begin(clips) as run:
        await run.until(lambda: run.state.done >= 3)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert ledger.archives()[0].wire_bytes > 0
    mirror.slow_s = 0.0
    with Ledger.open(tmp_path / "set") as ledger:
        async with going(ledger, tmp_path / "set") as run:
            await until_done(run)
            agrees(run, done=20)
    assert mirror.sent_bytes <= 1.02 * len(content) + 256 * 1024


async def test_archives_that_are_kept_are_not_fetched_again_and_their_members_stay_known(
    begin: Begin, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    clips = some_clips(8)
    mirror.files["a.tar.gz"] = content = tar_of([*files_of(clips[:7]), (name_of(clips[7]), b"damaged")])
    async with begin(clips, keep_archives=True) as run:
        await until_done(run)
        assert parts_of(run) == ["a.tar.gz"]
    sent_bytes = mirror.sent_bytes
    with Ledger.open(tmp_path / "set") as ledger:
        assert ledger.archives()[0].passed
        validator = ledger.archives()[0].validator
        ledger.reopen([1, 2])
        async with going(ledger, tmp_path / "set") as run:
            await until_done(run)
            agrees(run, done=8 - 1, failures={Category.DAMAGED_IN_ARCHIVE: 1})
        assert (ledger.archives()[0].passed, ledger.archives()[0].validator) == (True, validator)
    assert mirror.sent_bytes == sent_bytes
    assert (archives_path(tmp_path / "set") / "a.tar.gz").read_bytes() == content


async def test_no_more_is_fetched_than_max_gb_allows(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(6)
    for number, name in enumerate(("a.tar", "b.tar", "c.tar")):
        mirror.files[name] = tar_of(files_of(clips[2 * number : 2 * number + 2], BIG), "w")
    size = len(mirror.files["a.tar"])
    async with begin(clips, max_archive_bytes=2.5 * size) as run:
        await until_done(run)
        agrees(run, done=4, failures={Category.ARCHIVE_UNREACHABLE: 2})
        assert any("--max-gb leaves no room for it" in told.text for told in run.told(Logged))
    assert mirror.sent_bytes == 2 * size


async def test_archives_on_the_disk_stay_within_max_disk(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(8)
    for number, name in enumerate(("a.tar", "b.tar", "c.tar", "d.tar")):
        mirror.files[name] = tar_of(files_of(clips[2 * number : 2 * number + 2], BIG), "w")
    mirror.files["large.tar"] = tar_of([("readme", BIG * 8)], "w")
    size = len(mirror.files["a.tar"])
    async with begin([*clips, *some_clips(1, "train")], max_disk_bytes=2.5 * size, archives_at_once=4) as run:
        await until_done(run)
        agrees(run, done=8, failures={Category.ARCHIVE_UNREACHABLE: 1})
        assert any("it is larger than --max-disk" in told.text for told in run.told(Logged))
    assert most_at_once(run) <= 2


async def test_an_archive_has_all_of_the_line_that_archives_may_take_once_it_is_the_last(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(2)
    mirror.files["a.tar"] = tar_of(files_of(clips[:1], BIG[:200_000]), "w")
    mirror.files["b.tar"] = tar_of(files_of(clips[1:], BIG), "w")
    async with begin(clips, max_bytes_per_s=400_000.0, archives_at_once=4) as run:
        readings = run.engine._archives._readings
        await run.until(lambda: [reading._limit for reading in readings] == [200_000.0] * 2)
        await run.until(lambda: [reading._limit for reading in readings] == [400_000.0])
        await until_done(run)
        agrees(run, done=2)


async def test_on_a_small_disk_no_more_archives_are_begun_than_there_is_room_for(
    begin: Begin, mirror: ArchiveMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, size = some_clips(4), 2 * len(BIG)
    for number, one in enumerate(clips):
        mirror.files[f"{number}.tar"] = tar_of(files_of([one], BIG * 2), "w")
    mirror.slow_s = 0.002

    def room(dataset: Path) -> SimpleNamespace:
        parts = sum(part.stat().st_size for part in archives_path(dataset).glob("*.part"))
        return SimpleNamespace(total=20_000_000, used=0, free=5 * size - parts)  # two, and their clips

    monkeypatch.setattr(f"{disk_module.__name__}.shutil.disk_usage", room)
    async with begin(clips, archives_at_once=4) as run:
        await until_done(run)
        agrees(run, done=4)
    assert most_at_once(run) <= 2


async def test_a_disk_that_is_full_holds_the_run_and_takes_nothing_from_the_clips(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(5)
    mirror.files["a.tar"] = tar_of([(name_of(clips[0]), b"full"), *files_of(clips[1:])], "w")
    async with begin(clips) as run:
        await run.until(lambda: run.state.status is EngineStatus.DISK_FULL)
        assert run.state.failed == 0
        await run.until(lambda: not run.engine._archives._copies)


async def test_a_split_that_is_switched_off_meanwhile_is_left_alone_and_comes_when_it_is_on_again(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    val, train = some_clips(10), some_clips(10, "train")
    mirror.files["a.tar"] = tar_of(files_of([*val, *train], BIG[:200_000]), "w")
    mirror.slow_s = 0.02
    async with begin([*val, *train]) as run:
        await run.until(lambda: run.state.done >= 2)
        run.engine.obey(SwitchSplit(split="train", enabled=False))
        await until_done(run)
        off = run.state.splits["train"].done
        assert (run.state.splits["val"].done, run.state.failed) == (10, 0)
        assert off < 10
        run.engine.obey(SwitchSplit(split="train", enabled=True))
        await run.until(lambda: run.state.done == 20, 60)
        await until_done(run)
        agrees(run, done=20)


async def test_a_clip_that_failed_comes_out_of_an_archive_when_it_is_tried_again(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(4)
    mirror.files["a.tar"] = tar_of(files_of(clips[:2]), "w")
    mirror.files["b.tar"] = tar_of(files_of(clips[2:]), "w")
    mirror.statuses["b.tar"] = 404
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=2, failures={Category.ARCHIVE_UNREACHABLE: 2})
        mirror.statuses.clear()
        reply = run.engine.obey(Retry(categories=(Category.ARCHIVE_UNREACHABLE,)))
        assert reply.ok
        await run.until(lambda: run.state.done == 4)
        await until_done(run)
        agrees(run, done=4)


async def test_a_damaged_copy_is_tried_again_where_that_is_asked_for(
    begin: Begin, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    clips = some_clips(2)
    mirror.files["a.tar"] = tar_of([(name_of(clips[0]), b"damaged"), (name_of(clips[1]), WHOLE)], "w")
    async with begin(clips, keep_archives=True) as run:
        await until_done(run)
        agrees(run, done=1, failures={Category.DAMAGED_IN_ARCHIVE: 1})
        kept = archives_path(tmp_path / "set") / "a.tar"
        kept.write_bytes(tar_of(files_of(clips), "w"))  # as a larger tolerance takes it
        run.engine.obey(Retry(categories=(Category.DAMAGED_IN_ARCHIVE,)))
        await run.until(lambda: run.state.done == 2)


async def test_an_archive_that_changed_since_it_was_passed_is_read_to_its_end(
    begin: Begin, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    clips = some_clips(6)
    mirror.files["a.tar"] = tar_of(files_of(clips), "w")
    async with begin(clips) as run:
        await until_done(run)
    mirror.files["a.tar"] = tar_of(files_of([*clips[3:], *some_clips(3, "train"), *clips[:3]], BIG), "w")
    with Ledger.open(tmp_path / "set") as ledger:
        ledger.reopen([1, 2])
        async with going(ledger, tmp_path / "set") as run:
            await until_done(run)
            agrees(run, done=6)


async def test_only_as_much_of_a_known_archive_is_fetched_as_is_wanted(
    begin: Begin, mirror: ArchiveMirror, tmp_path: Path
) -> None:
    clips = some_clips(40)
    mirror.files["a.tar"] = content = tar_of(files_of(clips, BIG[:100_000]), "w")
    async with begin(clips) as run:
        await until_done(run)
        agrees(run, done=40)
    before, mirror.slow_s = mirror.sent_bytes, 0.01
    with Ledger.open(tmp_path / "set") as ledger:
        ledger.reopen([1, 2])
        async with going(ledger, tmp_path / "set") as run:
            await until_done(run)
            agrees(run, done=40)
    assert mirror.sent_bytes - before < len(content) // 2


@pytest.mark.parametrize("kind", ["zip", "folder"])
async def test_a_known_zip_or_folder_is_looked_through_whatever_the_order_in_it(
    make_ledger: Callable[..., Ledger], tmp_path: Path, kind: str
) -> None:
    clips = some_clips(6)
    files = [(name_of(one), WHOLE * (6 - number)) for number, one in enumerate(clips)]
    place = tmp_path / f"mine.{kind}"
    if kind == "zip":
        place.write_bytes(zip_of(files, packing=8))
    else:
        place.mkdir()
        for name, content in files:
            (place / name).write_bytes(content)
    ledger = make_ledger(clips, workers=2, pace_per_hour=None, sources=(ARCHIVES,))
    ledger.set_archives([ArchiveRow(address=str(place), name="mine")])
    async with going(ledger, tmp_path / "set") as run:
        await until_done(run)
        agrees(run, done=6)
    ledger.reopen([5, 6])
    async with going(ledger, tmp_path / "set") as run:
        await until_done(run)
        agrees(run, done=6)
    assert place.exists()


async def test_what_came_of_an_archive_that_is_wanted_no_more_is_removed(
    begin: Begin, mirror: ArchiveMirror
) -> None:
    clips = some_clips(2)
    mirror.files["a.tar"] = tar_of(files_of(clips), "w")
    async with begin(clips) as run:
        folder = archives_path(run.engine._context.dataset)
        folder.mkdir(exist_ok=True)
        (folder / "77.part").write_bytes(b"half")
        (folder / "77.part.json").write_bytes(b"{}")
        await until_done(run)
        assert parts_of(run) == []


async def test_nothing_more_is_fetched_once_every_clip_is_there(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(3)
    mirror.files["a.tar"] = tar_of(files_of(some_clips(41, "train"), BIG), "w")
    mirror.files["b.tar"] = tar_of([*files_of(clips), *files_of(some_clips(40, "train"), BIG)], "w")
    mirror.slow_s = 0.02
    async with begin(clips, archives_at_once=1) as run:
        await until_done(run)
        agrees(run, done=3)
        assert parts_of(run) == []
    assert mirror.names_got() == ["b.tar"]
    assert mirror.sent_bytes < 10 * len(BIG)


async def test_of_20000_members_the_three_that_are_wanted_come(begin: Begin, mirror: ArchiveMirror) -> None:
    clips = some_clips(3)
    others = [Clip(f"x{number:010d}", 1, 11) for number in range(20_000)]
    mirror.files["a.tar"] = tar_of(files_of([*others[:9000], *clips, *others[9000:]], b"x"), "w")
    async with begin([*clips, *some_clips(1, "train")]) as run:
        await until_done(run)
        agrees(run, done=3, failures={Category.NOT_IN_ARCHIVES: 1})
        last = run.told(ArchivesChanged)[-1]
        assert (last.taken, last.unwanted, last.passed, last.total) == (3, 20_000, 1, 1)
