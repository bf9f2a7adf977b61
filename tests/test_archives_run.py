"""A hostile mirror and the whole program: every whole clip arrives once, and YouTube gives the rest."""

from __future__ import annotations

import json
import random
import signal
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import psutil
import pytest

from kinetics_tui.annotations.releases import find_release
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import CLIP_S, SOURCE_S, Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from kinetics_tui.tui.setup.estimate import archives_of, count_clips
from tests.archive_mirror import CHUNK_BYTES, ArchiveMirror, odd_member, tar_of, zip_of
from tests.program import Program
from tests.upkeep.conftest import make_clip
from tests.upkeep.tree import tree
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
Packed = list[tuple[str, bytes]]


@pytest.fixture
def mirror() -> Iterator[ArchiveMirror]:
    with ArchiveMirror() as mirror:
        yield mirror


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip as an archive has it."""
    path = tmp_path_factory.mktemp("copy") / "copy.mp4"
    make_clip(Clip("aaaaaaaaaaa", 5, 5 + CLIP_S), path)
    return path.read_bytes()


def name_of(clip: Clip) -> str:
    return f"{clip.youtube_id}_{clip.time_start:06.0f}_{clip.time_end:06.0f}.mp4"


def processes_of(folder: Path) -> list[psutil.Process]:
    """What runs on a dataset still."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]


class Hostile:
    """A mirror of these clips; ``whole`` are those that it holds whole somewhere, and what comes of each."""

    def __init__(self, mirror: ArchiveMirror, clips: Sequence[Clip], copy: bytes, folder: Path) -> None:
        self.outside = folder / "outside_aaaaaaaaaaa_000001_000011.mp4"
        put = iter(clips)
        noise = random.Random(18)

        def pack(count: int, into: str = "./", content: bytes = copy) -> Packed:
            found = [next(put) for _ in range(count)]
            self.whole += found if content is copy else []
            return [(f"{into}{name_of(clip)}", content) for clip in found]

        def padding(size: int = 600_000) -> tuple[str, bytes]:
            return "README", noise.randbytes(size)

        self.whole: list[Clip] = []
        far = "../" * 12 + str(self.outside).lstrip("/")
        odd = [
            odd_member("link_aaaaaaa_000001_000011.mp4", tarfile.SYMTYPE),
            odd_member("hard_aaaaaaa_000001_000011.mp4", tarfile.LNKTYPE),
            odd_member("device_aaaaa_000001_000011.mp4", tarfile.CHRTYPE),
        ]
        evil = [(far, copy), (str(self.outside), copy), ("._" + name_of(clips[0]), b"macOS")]
        files = mirror.files
        files["part_0.tar.gz"] = tar_of([*evil, *pack(4), padding(), *pack(2)], odd=odd)
        files["part_1.tar.gz"] = tar_of([*pack(2, "a/long/path/"), padding(), *pack(2)], "w")
        files["air drumming (all).tar.gz"] = tar_of([padding(), *pack(3, "air drumming/")])
        broken = [*pack(1, content=b""), *pack(1, content=copy[: len(copy) // 2])]
        self.whole += [clip for clip in clips if any(name_of(clip) in name for name, _ in broken)]
        files["part_2.tar.gz"] = tar_of([*broken, padding(), *pack(1)])
        files["replacement_for_corrupted.tgz"] = tar_of(
            [(name.replace("./", "replacement/"), copy) for name, _ in broken]
        )
        before = tar_of([padding(), *((name, b"of another version") for name, _ in pack(0)), padding()])
        files["part_3.tar.gz"] = before
        self.after = tar_of([padding(), *pack(3), padding()])
        files["extra.zip"] = zip_of([padding(), *pack(2, ""), (name_of(clips[0]), b"damaged")])
        self.lost = [clip for clip in clips if clip not in self.whole]
        lost = [(name_of(clip), copy[: len(copy) // 3]) for clip in self.lost[:1]]
        files["part_4.tar.gz"] = tar_of([*lost, ("x" * 11 + "_000001_000011.mp4", copy), padding()])
        mirror.cut_once = {"part_1.tar.gz": 300_000, "air drumming (all).tar.gz": 200_000}
        mirror.cut_once["part_3.tar.gz"] = len(before) // 2
        mirror.swap_after["part_3.tar.gz"] = self.after
        files["empty.tar.gz"] = b""
        files["page.tar.gz"] = b"<html>Moved</html>"
        files["gone.tar.gz"] = b"gone"
        mirror.statuses["gone.tar.gz"] = 404


def test_every_whole_clip_of_a_hostile_mirror_arrives_once_though_all_is_killed_and_youtube_gives_the_rest(
    program: Program, serve: Serve, mirror: ArchiveMirror, copy: bytes
) -> None:
    demo, youtube = serve(24)
    # The one clip that YouTube has not comes out of an archive.
    clips = sorted(demo.clips, key=lambda clip: clip.time_start < SOURCE_S - CLIP_S)
    hostile = Hostile(mirror, clips, copy, program.folder)
    assert len(hostile.whole) == 21
    before = tree(program.folder)
    mirror.slow_s = 0.05
    flags = [
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        *("--archives", mirror.list_url, "--workers", "2", "--pace", "unlimited", "--retry", "1s,1s"),
        f"--yt-dlp={youtube.yt_dlp_options()}",
    ]
    view = program.start("run", str(program.dataset), *flags, "--source", "archives", "--headless")
    until(lambda: program.is_running() or view.poll() is not None)
    assert view.poll() is None, view.communicate()
    until(lambda: program.state().done >= 6)
    engine = psutil.Process(program.status()["pid"])
    family = [engine, *engine.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGKILL)
    view.kill()
    view.communicate()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    killed_at = program.status()["done"]
    assert 6 <= killed_at < 21
    mirror.slow_s = 0.0

    again = program("run", str(program.dataset), "--headless", timeout_s=240)
    assert again.returncode == 0, again.stderr
    status = program.status()
    assert (status["done"], status["pending"]) == (21, 0)
    assert status["failures"] == {"archive unreachable": 2, "damaged in the archive": 1}
    assert youtube.requests == []

    changed = {"part_3.tar.gz"}
    whole_bytes = sum(len(content) for name, content in mirror.files.items() if name not in changed)
    sent_bytes = sum(size for name, size in mirror.sent_of.items() if name not in changed)
    in_flight_bytes = 3 * CHUNK_BYTES
    assert sent_bytes <= 1.02 * whole_bytes + in_flight_bytes

    rest = program("run", str(program.dataset), "--source", "archives,youtube", "--headless", timeout_s=240)
    assert rest.returncode == 0, rest.stderr
    status = program.status()
    assert (status["state"], status["done"], status["pending"], status["failures"]) == ("done", 24, 0, {})

    verify_all(program, demo, hostile, copy)
    of_program = {str(program.dataset), *(str(program.folder / f"xdg_{kind}_home") for kind in KINDS)}
    after = tree(program.folder)
    outside = {path for path in after if not any(path.startswith(own) for own in of_program)}
    assert outside == set(before)
    assert {path: after[path] for path in before} == before
    assert not hostile.outside.exists()
    inside = {path.name for path in (program.dataset / ".kinetics-tui").iterdir()}
    assert not {"scratch", "archives"} & inside, inside
    until(lambda: not processes_of(program.dataset), 20)


KINDS = ("config", "cache", "state")


def verify_all(program: Program, demo: Demo, hostile: Hostile, copy: bytes) -> None:
    """Each clip is there once, plays, and stands once in the ledger, with where it comes from."""
    files = sorted(program.dataset.glob("*/*/*.mp4"))
    assert {file.relative_to(program.dataset).as_posix() for file in files} == {
        clip_path(LayoutName.ACTIVITYNET, clip).as_posix() for clip in demo.clips
    }
    from_archives = {clip.key for clip in hostile.whole}
    with Ledger.open(program.dataset, read_only=True) as ledger:
        done = [one for one in ledger.settled() if one.attempt.made is not None]
        assert Counter(one.clip.key for one in done) == Counter(clip.key for clip in demo.clips)
        for one in done:
            made = one.attempt.made
            assert made is not None
            assert bool(made.archive) == (one.clip.key in from_archives), one.clip
        assert sum(split.done for split in ledger.split_counts()) == len(demo.clips)
    for clip in demo.clips:
        path = program.dataset / clip_path(LayoutName.ACTIVITYNET, clip)
        if clip.key in from_archives:
            assert path.read_bytes() == copy
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 200
    checked = program("check", str(program.dataset), "--json", timeout_s=180)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout.splitlines()[-1]) is not None


def test_archives_of_classes_take_what_set_up_reckons_with(
    program: Program, mirror: ArchiveMirror, copy: bytes
) -> None:
    classes, wanted, missing = ("archery", "bowling", "zumba"), {"archery", "bowling"}, 20
    clips = [
        Clip(f"{number:011d}", 5.0, 5.0 + CLIP_S, "train", classes[number // 15]) for number in range(45)
    ]
    for label in classes:
        held = [clip for number, clip in enumerate(clips) if clip.label == label and number != missing]
        mirror.files[f"{label}.tar.gz"] = tar_of([(f"./{name_of(clip)}", copy) for clip in held])
    rows = (f"{clip.label},{clip.youtube_id},{clip.time_start},{clip.time_end}" for clip in clips)
    (program.folder / "train.csv").write_text("\n".join(["label,youtube_id,time_start,time_end", *rows]))
    (program.folder / "mine.toml").write_text(
        f"""
        title = "Mine"
        classes = ["archery", "bowling", "zumba"]
        mirror_bytes = {sum(map(len, mirror.files.values()))}
        splits = {{ train = 45 }}
        mirror_clips = {{ train = 44 }}
        annotations = {{ train = "train.csv" }}
        [[archives]]
        address = "{mirror.list_url}"
        split = "train"
        holds = "class"
        """
    )
    release = find_release(str(program.folder / "mine.toml"))
    reckoned = archives_of(release, count_clips(clips), ["train"], wanted, clips=30)
    assert reckoned is not None

    selected = [flag for label in sorted(wanted) for flag in ("--class", label)]
    done = program(
        *("run", str(program.dataset), "--release", "mine.toml", *selected, "--source", "archives"),
        *("--workers", "2", "--headless"),
    )
    assert done.returncode == 0, done.stderr
    assert sorted(mirror.names_got()) == ["archery.tar.gz", "bowling.tar.gz"]
    assert reckoned.archives == len(wanted)
    assert reckoned.size_bytes == pytest.approx(mirror.sent_bytes, rel=0.1)
    assert reckoned.clips == pytest.approx(program.status()["done"], rel=0.1)
